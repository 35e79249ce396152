"""Times as people write them: how long, and since when."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from rcli.errors import UsageError

_DURATION = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s?)?", re.ASCII)


def duration(text: str, where: str) -> int:
    """Seconds from ``30``, ``30s``, ``5m``, ``1h30m``, ``7d``. Raises UsageError, naming ``where``."""
    found = _DURATION.fullmatch(text)
    if not found or not text:
        raise UsageError(f"{where} takes a time, not {text!r}", hint=f"{where} 30s, 5m, 1h30m or 7d")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def moment(text: str, where: str, now: datetime) -> str:
    """An ISO 8601 time in UTC from a date, a time, or how long ago it was. Raises UsageError."""
    if text and _DURATION.fullmatch(text):
        try:
            return (now - timedelta(seconds=duration(text, where))).isoformat()
        except OverflowError as exc:
            raise UsageError(f"{where}: {text} is too long ago") from exc
    try:
        return datetime.fromisoformat(text).astimezone(UTC).isoformat()  # without a zone: the user's own
    except (ValueError, OverflowError) as exc:
        raise UsageError(
            f"{where} takes a date, or how long ago, not {text!r}", hint=f"{where} 2026-01-31, or {where} 7d"
        ) from exc
