"""Request bodies: bounded, JSON objects only, and no keys that nobody reads."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from starlette.requests import ClientDisconnect, Request

from rcli.engine.problems import InvalidField, Problem, invalid_request

JSON_LIMIT = 32 << 20
"""Bytes; files beyond it are uploaded, not sent as data: URIs."""

LARGE = 1 << 20
"""Bytes that take milliseconds to parse: in a thread, others come between."""

DEEPEST = 100
"""Lists and objects within each other: coglet reads 127, and its requests add some of their own."""

_NAMES = {str: "string", bool: "boolean", dict: "object", list: "array", int: "integer", float: "number"}


async def read_json(
    request: Request, keys: Mapping[str, type | tuple[type, ...]], required: tuple[str, ...] = ()
) -> dict[str, Any]:
    """The body's object. Raises Problem 413 (too large), 415 (no JSON), 400 (unreadable), 422 (wrong)."""
    media_type = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        raise Problem(415, f"The body must be application/json, not {media_type}")
    content = await read_body(request, JSON_LIMIT) or b"{}"
    body = parse(content) if len(content) < LARGE else await asyncio.to_thread(parse, content)
    if not isinstance(body, dict):
        raise Problem(400, "The body must be a JSON object")
    if fields := [*_unknown(body, keys), *_missing(body, required), *_ill_typed(body, keys)]:
        raise invalid_request(fields)
    return body


async def read_body(request: Request, limit: int) -> bytes:
    """Raises Problem 413 for a body over ``limit`` bytes, before all of it is in memory."""
    if announced_length(request) > limit:
        raise too_large(limit)
    content = bytearray()
    try:
        async for chunk in request.stream():
            content += chunk
            if len(content) > limit:
                raise too_large(limit)
    except ClientDisconnect as exc:
        raise Problem(400, "The body broke off") from exc
    return bytes(content)


def announced_length(request: Request) -> int:
    """The length in bytes that the request announces, 0 for none."""
    announced = request.headers.get("content-length", "")
    return int(announced) if announced.isascii() and announced.isdigit() else 0


def too_large(limit: int) -> Problem:
    return Problem(
        413,
        f"The body must be less than {_amount(limit)} in size",
        hint="shorten the text, or put the file on the web and give the model its address",
        headers={"connection": "close"},
    )


def _amount(limit: int) -> str:
    return f"{limit >> 20}MB" if limit >= 1 << 20 else f"{limit >> 10}KB"


def parse(body: bytes) -> Any:
    """Raises Problem 400 for what JSON in UTF-8 cannot answer either: one such row spoils a whole list."""
    try:
        text = body.decode("utf-8-sig")
        value = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
        # Half a surrogate pair can be written as an escape, but neither stored nor answered as UTF-8.
        if b"\\ud" in body.lower():
            json.dumps(value, ensure_ascii=False).encode()
        # Without so many brackets there is no need to look at the values.
        if body.count(b"[") + body.count(b"{") > DEEPEST:
            check_depth(value)
    except (ValueError, RecursionError) as exc:
        raise Problem(400, f"The body is not readable as JSON: {exc}") from exc
    return value


def check_depth(value: Any) -> None:
    """Raises ValueError for lists and objects nested deeper than DEEPEST."""
    level = [value]
    for _ in range(DEEPEST + 1):
        level = [inner for outer in level if isinstance(outer, dict | list) for inner in _within(outer)]
        if not level:
            return
    raise ValueError(f"it is nested more than {DEEPEST} levels deep")


def _within(outer: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return outer.values() if isinstance(outer, dict) else outer


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"{text[:20]} is too large a number")
    return number


def _unknown(body: Mapping[str, Any], keys: Mapping[str, object]) -> list[InvalidField]:
    return [
        InvalidField("additional_property_not_allowed", key, f"Additional property {key} is not allowed")
        for key in body
        if key not in keys
    ]


def _missing(body: Mapping[str, Any], required: tuple[str, ...]) -> list[InvalidField]:
    return [InvalidField("required", key, f"{key} is required") for key in required if key not in body]


def _ill_typed(body: Mapping[str, Any], keys: Mapping[str, type | tuple[type, ...]]) -> list[InvalidField]:
    fields = []
    for key, kinds in keys.items():
        wanted = kinds if isinstance(kinds, tuple) else (kinds,)
        value = body.get(key)
        if key in body and object not in wanted and type(value) not in wanted:
            expected = " or ".join(_NAMES[kind] for kind in wanted)
            given = _NAMES.get(type(value), "null")
            fields.append(
                InvalidField("invalid_type", key, f"Invalid type. Expected: {expected}, given: {given}")
            )
    return fields
