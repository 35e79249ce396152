"""Cursors: where the last page of a list ended, as an opaque text in the address of the next one."""

from __future__ import annotations

import json
import math
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request

from rcli.engine.problems import Problem

PAGE = 100
"""Rows on one page, as Replicate's."""


def read_cursor(request: Request, kinds: Sequence[type]) -> list[Any] | None:
    """What ``next_page`` put in, None on the first page. Raises Problem 422 for a foreign cursor."""
    text = request.query_params.get("cursor")
    if not text:
        return None
    try:
        values = json.loads(urlsafe_b64decode(text.encode()))
    except (Error, ValueError, RecursionError) as exc:
        raise _unusable() from exc
    if not isinstance(values, list) or [type(value) for value in values] != list(kinds):
        raise _unusable()
    if not all(_is_possible(value) for value in values):
        raise _unusable()
    return values


def read_offset(request: Request) -> int:
    """Where the page begins in a list that is counted off. Raises Problem 422 for a foreign cursor."""
    cursor = read_cursor(request, (int,))
    return max(0, int(cursor[0])) if cursor else 0


def next_page(request: Request, base: str, path: str, values: Sequence[Any]) -> str:
    """The absolute address of the page after these values, with the request's own filters."""
    cursor = urlsafe_b64encode(json.dumps(list(values)).encode()).decode()
    query = dict(request.query_params) | {"cursor": cursor}
    return f"{base}/v1{path}?{urlencode(query)}"


def _is_possible(value: Any) -> bool:
    """Whether the database can compare it; a forged cursor may hold anything."""
    return not isinstance(value, int | float) or (math.isfinite(value) and abs(value) < 1 << 62)


def _unusable() -> Problem:
    return Problem(422, "This cursor is not one that a list gave out")
