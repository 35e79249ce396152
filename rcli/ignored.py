"""What a ``.dockerignore`` leaves out, by Docker's rules: the last pattern that matches decides."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

ALWAYS = frozenset({".git", ".venv", ".cog", "__pycache__"})


@dataclass(frozen=True)
class _Rule:
    matches: re.Pattern[str]
    exception: bool


class Ignored:
    """The rules of one ``.dockerignore`` text. Names are relative to the project, with ``/`` inside."""

    def __init__(self, text: str) -> None:
        self._rules = [rule for line in text.splitlines() if (rule := _rule(line))]

    def leaves_out(self, name: str) -> bool:
        """Whether a file or folder is left out; a pattern that matches a folder matches all that is in it."""
        parts = name.split("/")
        if any(part in ALWAYS for part in parts):
            return True
        left_out = False
        for rule in self._rules:
            if left_out == rule.exception and _matches_upwards(rule, parts):
                left_out = not rule.exception
        return left_out

    def may_contain_exceptions(self, name: str) -> bool:
        """Whether a folder that is left out must be searched all the same."""
        inside = any(part in ALWAYS for part in name.split("/"))
        return not inside and any(rule.exception for rule in self._rules)


def _matches_upwards(rule: _Rule, parts: list[str]) -> bool:
    paths = ("/".join(parts[:count]) for count in range(1, len(parts) + 1))
    return any(rule.matches.fullmatch(path) for path in paths)


def _rule(line: str) -> _Rule | None:
    """One line as a rule; None for comments and empty lines."""
    line = line.removeprefix("\ufeff")
    if line.startswith("#") or not line.strip():
        return None
    pattern = line.strip()
    exception = pattern.startswith("!")
    pattern = posixpath.normpath(pattern.removeprefix("!").strip()).lstrip("/")
    return _Rule(_compiled(pattern), exception) if pattern not in ("", ".") else None


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(_expression(pattern), re.DOTALL)
    except re.error:  # a range such as [z-a]: then the brackets mean themselves
        return re.compile(re.escape(pattern))


def _expression(pattern: str) -> str:
    """Docker's wildcards as a regular expression: ``*`` and ``?`` stay within a part, ``**`` crosses them."""
    result, position = "", 0
    while position < len(pattern):
        rest = pattern[position:]
        if rest.startswith("**"):
            slash = rest.startswith("**/")
            result += "(?:.*/)?" if slash else ".*"
            position += 3 if slash else 2
        elif found := re.match(r"\[(\^?)([^\]]+)\]", rest):
            inner = found[2].replace("\\", "\\\\").replace("[", "\\[")
            result += f"[{found[1]}{inner}]"
            position += len(found[0])
        elif rest[0] == "\\" and len(rest) > 1:
            result += re.escape(rest[1])
            position += 2
        else:
            result += {"*": "[^/]*", "?": "[^/]"}.get(rest[0], re.escape(rest[0]))
            position += 1
    return result
