"""The lines of ``build.run``: pip's are for uv, what is done already is passed over, the rest is refused."""

from __future__ import annotations

import os
import re
import shlex
import shutil
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from rcli.engine.runtime.installer import BuildError
from rcli.engine.runtime.system_packages import has_package

OPERATORS = frozenset("();<>|&")
PIP = (("pip",), ("pip3",), ("python", "-m", "pip"), ("python3", "-m", "pip"), ("uv", "pip"))
LEAVE_OUT = "do it on this machine, leave the line out of a copy of cog.yaml, then: rcli run . -f copy.yaml"
QUOTE = "quote it: pip install 'numpy<2'"
NAME_IT = "name the file in build.python_requirements"
POINTLESS = frozenset(
    [
        *("--user", "--ignore-installed", "-I", "--prefer-binary", "--no-input"),
        *("--no-warn-script-location", "--disable-pip-version-check"),
    ]
)
"""Options of pip that uv refuses and that make no difference in an environment of its own."""

POINTLESS_WITH_VALUE = frozenset(
    ["--root-user-action", "--progress-bar", "--timeout", "--default-timeout", "--upgrade-strategy"]
)
FILES = frozenset(["-r", "--requirement", "-c", "--constraint", "-e", "--editable"])
LOCAL = re.compile(r"\.{0,2}/.*|\.{1,2}|(?!.*://)[^@]+\.(?:whl|zip|tar\.gz|tgz)")
EXECUTABLE = re.compile(r"[ugoa]*\+r?x|0?7[0-7][57]")
COMMENT = re.compile(r"(?:^|\s)#.*")
SAFE_TO_REMOVE = ("/var/lib/apt/", "/var/cache/apt/", "/root/.cache/", "~/.cache/")


def pip_installs(line: str, environ: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """The arguments of each ``pip install`` in one line.

    Other commands are passed over where this machine is already as they would leave it. Raises BuildError
    for the rest, before anything is done.
    """
    for words in _split(line):
        arguments = _after_pip(words)
        if arguments is not None:
            yield _arguments(line, arguments)
        elif not (_is_plain(words) and is_done(words, environ)):
            raise _refused(line, words, environ)


def is_done(words: Sequence[str], environ: Mapping[str, str]) -> bool:
    """Whether running these words here would change nothing that a model needs."""
    names = [word for word in words[1:] if not word.startswith("-")]
    match [*words]:
        case [] | ["true" | ":" | "echo" | "ldconfig", *_]:
            return True
        case ["sudo", *rest]:
            return is_done(rest, environ)
        case ["apt-get" | "apt", *_]:
            return not _missing(words, environ) and "remove" not in names
        case ["mkdir", *_]:
            return all(Path(name).is_absolute() and Path(name).is_dir() for name in names)
        case ["rm", *_]:
            return all(name.startswith(SAFE_TO_REMOVE) for name in names)
        case ["chmod", mode, *_] if EXECUTABLE.fullmatch(mode):
            return bool(names) and all(os.access(name, os.X_OK) for name in names[1:])
        case ["curl" | "wget", *_]:
            return _is_there(_value(words, ("-o", "--output", "-O", "--output-document")))
        case ["git", "lfs", "install", *_]:
            return shutil.which("git-lfs", path=environ.get("PATH")) is not None
        case ["which", *_] | ["command", "-v", *_]:
            return all(shutil.which(name, path=environ.get("PATH")) for name in names)
    return False


def _after_pip(words: Sequence[str]) -> Sequence[str] | None:
    """What follows ``pip install``, however it is called."""
    for prefix in PIP:
        whole = (*prefix, "install")
        if tuple(words[: len(whole)]) == whole:
            return words[len(whole) :]
    return None


def _arguments(line: str, words: Sequence[str]) -> tuple[str, ...]:
    """Raises BuildError for what needs a shell or the project's files, which no build command sees."""
    if not _is_plain(words):
        raise _needs_container(line, "a shell's operators do", QUOTE)
    for number, word in enumerate(words):
        path = word if number and words[number - 1] in FILES else ""
        if LOCAL.fullmatch(path or word) or (path and "://" not in path):
            raise _needs_container(line, f"the project's {path or word} is not there yet", NAME_IT)
    return tuple(_without_pointless(words))


def _without_pointless(words: Sequence[str]) -> Iterator[str]:
    rest = iter(words)
    for word in rest:
        name, has_value, _ = word.partition("=")
        if name in POINTLESS_WITH_VALUE:
            if not has_value:
                next(rest, None)
        elif word not in POINTLESS:
            yield word


def _is_plain(words: Sequence[str]) -> bool:
    return not any(set(word) <= OPERATORS or "`" in word or "$" in word for word in words if word)


def _missing(words: Sequence[str], environ: Mapping[str, str]) -> list[str]:
    """The packages that an ``apt-get install`` would have to install."""
    names = [word for word in words if not word.startswith("-")]
    if "install" not in names:
        return []
    return [name for name in names[names.index("install") + 1 :] if not has_package(name, environ)]


def _value(words: Sequence[str], options: Sequence[str]) -> str:
    """What follows one of these options; empty if none is there."""
    following = (after for word, after in pairwise(words) if word in options)
    return next(following, "")


def _is_there(path: str) -> bool:
    return Path(path).is_absolute() and Path(path).is_file()


def _split(line: str) -> Iterator[list[str]]:
    """The words of a shell line, divided at ``&&`` and line ends."""
    words: list[str] = []
    try:
        tokens = list(_tokens(line))
    except ValueError as exc:
        raise BuildError(f"build.run: {line!r} is no shell command: {exc}") from exc
    for word in tokens:
        if word == "&&":
            yield words
            words = []
        else:
            words.append(word)
    yield words


def _tokens(text: str) -> Iterator[str]:
    """Words, and ``&&`` at each line's end: a line of its own is a command of its own. Raises ValueError."""
    for line in text.replace("\\\n", " ").strip().split("\n"):
        lexer = shlex.shlex(COMMENT.sub("", line), posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        lexer.commenters = ""  # it would take any # for one, and the fragment of an address has one
        yield from lexer
        yield "&&"


def _refused(line: str, words: Sequence[str], environ: Mapping[str, str]) -> BuildError:
    words = words[1:] if words[0] == "sudo" else words
    if words[0] in ("apt", "apt-get") and _is_plain(words) and (missing := _missing(words, environ)):
        names = " ".join(missing)
        return BuildError(
            f"build.run: {line!r} needs a container, and {names} is not installed here",
            hint=f"sudo apt-get install {names}",
        )
    return _needs_container(line, "only pip install works without one", LEAVE_OUT)


def _needs_container(line: str, why: str, hint: str) -> BuildError:
    return BuildError(f"build.run: {line!r} needs a container: {why}", hint=hint)
