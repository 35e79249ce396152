"""How an answer's JSON is read: what must be there, and what may be."""

from __future__ import annotations

from typing import Any

from rcli.errors import NoAnswer

Json = dict[str, Any]


def text(raw: Any, key: str) -> str:
    value = raw.get(key) if isinstance(raw, dict) else None
    if not isinstance(value, str) or not value:
        raise NoAnswer(
            f"the server's answer has no {key!r}: this is not Replicate's API",
            hint="check the host's address: rcli config list",
        )
    return value


def mapping(raw: Json, key: str) -> Json:
    value = raw.get(key)
    return value if isinstance(value, dict) else {}


def error_text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else str(value)
