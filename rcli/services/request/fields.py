"""The body of a request from words such as ``input[text]=hello`` and ``tags[]=a``. Pure but for files."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from rcli.errors import UsageError
from rcli.records import Json

_KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_LITERAL = re.compile(r"true|false|null|-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?")
_EMPTY = "a[] alone is an empty list; all else is written key=value"


@dataclass(frozen=True)
class Field:
    """``key`` as it was written; ``path`` are its parts, ``""`` for the next of a list."""

    key: str
    path: tuple[str, ...]
    value: Any

    @property
    def text(self) -> str:
        """As a query writes it."""
        return self.value if isinstance(self.value, str) else json.dumps(self.value)


def plain(words: Iterable[str]) -> list[Field]:
    """Fields whose values are texts. Raises UsageError for what is no field."""
    return [_field(word, lambda value: value) for word in words]


def typed(words: Iterable[str], read: Callable[[str], str]) -> list[Field]:
    """Fields whose values are numbers, true, false and null where they look like it, and else texts.

    ``read`` gives the text behind an ``@``. Raises UsageError.
    """

    def value(text: str) -> Any:
        if text.startswith("@"):
            return read(text[1:])
        return json.loads(text) if _LITERAL.fullmatch(text) else text

    return [_field(word, value) for word in words]


def body(fields: Iterable[Field]) -> Json:
    """The JSON object that they make together. Raises UsageError for fields that contradict each other."""
    made: Json = {}
    for field in fields:
        _place(made, field.path, field)
    return made


def _field(word: str, value: Callable[[str], Any]) -> Field:
    key, equals, text = word.partition("=")
    found = _KEY.fullmatch(key)
    if not found or not (equals or key.endswith("[]")):
        raise UsageError(f"{word!r} is no field", hint=_EMPTY)
    path = (found[1], *re.findall(r"\[([^\[\]]*)\]", found[2]))
    return Field(key, path, value(text)) if equals else Field(key, path[:-1], [])


def _place(into: Any, path: tuple[str, ...], field: Field) -> None:
    part, rest = path[0], path[1:]
    if rest:
        _place(_inner(into, part, rest, field), rest, field)
    elif part == "":
        into.append(field.value)
    elif part in into:
        raise UsageError(f"{field.key} is there twice", hint=f"{field.key}[]=… makes a list")
    else:
        into[part] = field.value


def _inner(into: Any, part: str, rest: tuple[str, ...], field: Field) -> Any:
    """The list or object that the rest of a path leads into; in a list an object takes each key once."""
    new: list[Any] | Json = [] if rest[0] == "" else {}
    if part == "":
        last = into[-1] if into else None
        if isinstance(new, dict) and isinstance(last, dict) and not (len(rest) == 1 and rest[0] in last):
            return last
        into.append(new)
        return new
    inner = into.setdefault(part, new)
    if type(inner) is not type(new):
        raise UsageError(f"{field.key} contradicts what was said of {part} before")
    return inner
