"""From one word of the command line to the JSON value that an input takes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from rcli.errors import InvalidInput
from rcli.services.models.schema import Field
from rcli.services.request import packing
from rcli.services.request.sources import Sources

T = TypeVar("T")

_INTEGER = re.compile(r"[+-]?[0-9]{1,4000}")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_URL = re.compile(r"https?://[^\s/]+\S*|data:[^,\s]*,.*", re.IGNORECASE | re.DOTALL)
_TRUE = frozenset({"true", "yes", "on", "1"})
_FALSE = frozenset({"false", "no", "off", "0"})
_DEEPEST = 100

_WANTED = {
    "text": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "file": "a file or a URL",
    "secret": "a secret text",
    "list": "a list",
    "object": "a JSON object",
    "any": "a value",
}


def wanted(field: Field) -> str:
    """What an input takes, for people: ``a list (each a whole number)``."""
    if field.choices:
        return "one of " + ", ".join(shown(choice) for choice in field.choices)
    if field.variants:
        return " or ".join(dict.fromkeys(wanted(variant) for variant in field.variants))
    if field.item and field.item.kind != "any":
        return f"{_WANTED['list']} (each {wanted(field.item)})"
    return _WANTED[field.kind]


def bounds(field: Field) -> str | None:
    """From where to where a number goes, or how many characters a text has.

    ``1…10``, ``at least 2``, ``up to 80 characters``.
    """
    if told := _range(field.minimum, field.maximum):
        return told
    told = _range(field.min_length, field.max_length)
    return told and f"{told} {'character' if told.endswith(' 1') else 'characters'}"


def typed(field: Field, text: str) -> Any:
    """The value that a text means for this input. Raises InvalidInput, without the input's name."""
    if text == "null" and field.nullable:
        return None
    match field.kind:
        case "integer":
            return _integer(field, text)
        case "number":
            return _number(field, text)
        case "boolean":
            return _boolean(field, text)
        case "object":
            return _object(field, text)
        case "list":
            return _list(field, text)
        case "any" if field.variants:
            return _either(field, text)
    return text


def from_file(field: Field, written: str, sources: Sources) -> Any:
    """What ``@file`` means: a file to send where one is taken, else its text, typed. Raises InvalidInput."""
    match _taker(field):
        case Field(kind="file"):
            return sources.file(written, packing.wanted(field) or sources.archive)
        case Field(kind="any", variants=()):
            return sources.file(written)
        case Field(kind="text"):
            return sources.text(written)
        case Field(kind="secret"):
            # The line break that every editor adds at the end is no part of a secret.
            return sources.text(written).rstrip("\r\n")
    return typed(field, sources.text(written).strip())


def from_files(field: Field, written: Sequence[str], sources: Sources) -> Any:
    """What several ``@file`` mean where one file is taken: an archive of them. Raises InvalidInput.

    None where the input takes no file, or no archive.
    """
    archive = packing.wanted(field) or sources.archive
    if _taker(field).kind != "file" or archive is None:
        return None
    return sources.files(written, field.name, archive)


def from_json(text: str) -> Any:
    """A JSON value. Raises InvalidInput, which does not repeat the text, for anything else."""
    try:
        return sendable(json.loads(text, parse_constant=_refuse_constant))
    except RecursionError as exc:
        raise InvalidInput("nested too deeply") from exc
    except json.JSONDecodeError as exc:
        where = f"character {exc.pos + 1}: {exc.msg}"
        raise InvalidInput(
            f"not JSON ({where})", hint="a text needs quotes in JSON; with = it needs none"
        ) from exc
    except ValueError as exc:  # more digits than Python converts
        raise InvalidInput("a number with too many digits") from exc


def sendable(value: T) -> T:
    """The value itself. Raises InvalidInput for broken Unicode, infinity, dates and deep nests."""
    if any(depth > _DEEPEST for depth in _depths(value)):
        raise InvalidInput("nested too deeply")
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except UnicodeEncodeError as exc:
        raise InvalidInput("not valid Unicode text") from exc
    except (TypeError, ValueError) as exc:
        raise InvalidInput("JSON has no dates and no infinite numbers") from exc
    return value


def json_types(value: Any) -> tuple[str, ...]:
    """What JSON Schema calls a value; a whole number is a number too, null has no name here."""
    match value:
        case str():
            return ("string",)
        case bool():
            return ("boolean",)
        case int():
            return "integer", "number"
        case float():
            return ("number",)
        case list():
            return ("array",)
        case dict():
            return ("object",)
    return ()


def is_url(text: str) -> bool:
    """Whether a file input can take the text as it is."""
    return bool(_URL.fullmatch(text))


def shown(value: Any) -> str:
    """A value for an error message, cut to 60 characters. Never give it a secret."""
    text = f"'{value}'" if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _range(least: float | None, most: float | None) -> str | None:
    if least is None:
        return None if most is None else f"up to {_figure(most)}"
    return f"at least {_figure(least)}" if most is None else f"{_figure(least)}…{_figure(most)}"


def _figure(value: float) -> str:
    """Whole numbers with all their digits: a seed's bound is no 2.14748e+09."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e16 else f"{value:g}"


def _integer(field: Field, text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise _unfit(field, text)
    return int(text)


def _number(field: Field, text: str) -> int | float:
    """As written: ``2`` stays a whole number, which JSON counts among the numbers."""
    if _INTEGER.fullmatch(text):
        return int(text)
    if not _NUMBER.fullmatch(text) or (number := float(text)) in (float("inf"), float("-inf")):
        raise _unfit(field, text)
    return number


def _boolean(field: Field, text: str) -> bool:
    if text.lower() not in _TRUE | _FALSE:
        raise _unfit(field, text)
    return text.lower() in _TRUE


def _object(field: Field, text: str) -> Any:
    value = from_json(text)
    if not isinstance(value, dict):
        raise _unfit(field, text)
    return value


def _list(field: Field, text: str) -> list[Any]:
    """A JSON list, or one item; a text such as ``[a] b`` that only begins like a list is an item."""
    item = field.item or Field(field.name)
    if text.lstrip().startswith("["):
        try:
            value = from_json(text)
        except InvalidInput:
            if item.kind not in ("text", "any", "secret"):
                raise
        else:
            return value if isinstance(value, list) else [value]
    return [typed(item, text)]


def _either(field: Field, text: str) -> Any:
    """A union takes JSON of one of its types first, else the plain text, else a list with this one item."""
    try:
        value = from_json(text)
    except InvalidInput:
        value = text
    if not isinstance(value, str) and set(json_types(value)) & set(field.types):
        return value
    if "string" in field.types:
        return text
    lists = [variant for variant in field.variants if variant.kind == "list"]
    if not lists:
        raise _unfit(field, text)
    return _list(lists[0], text)


def _taker(field: Field) -> Field:
    """The part of a list or union that an ``@file`` is for."""
    if field.kind == "list":
        return _taker(field.item) if field.item else Field(field.name)
    takers = [_taker(variant) for variant in field.variants]
    by_kind = {taker.kind: taker for taker in reversed(takers)}
    return by_kind.get("file") or by_kind.get("text") or field


def _unfit(field: Field, text: str) -> InvalidInput:
    value = "this" if field.is_secret else shown(text)
    return InvalidInput(f"{value} is not {wanted(field)}")


def _depths(value: Any) -> Iterator[int]:
    """How deep every list and object lies."""
    pending = [(value, 1)]
    while pending:
        part, depth = pending.pop()
        if isinstance(part, dict | list):
            yield depth
            parts = part.values() if isinstance(part, dict) else part
            pending.extend((inner, depth + 1) for inner in parts)


def _refuse_constant(name: str) -> Any:
    raise InvalidInput(f"not JSON ({name} is no JSON number)")
