"""The headers with which a client says how long a prediction may take: ``Prefer``, ``Cancel-After``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rcli.engine.problems import Problem

BARE_WAIT = 55
"""Seconds for ``Prefer: wait`` alone: a client that gives up after 60 would create the prediction again."""

LONGEST_WAIT = 60
SHORTEST_LIFE = 5
LONGEST_LIFE = 365 * 24 * 3600


@dataclass(frozen=True)
class Wait:
    """How many seconds to hold the answer back, and the preference as it is confirmed."""

    seconds: int
    applied: str


def parse_prefer(header: str) -> Wait | None:
    """None when the client does not ask to wait; n is brought into 1 to 60, other preferences are ignored."""
    for part in header.split(","):
        found = re.fullmatch(r'wait(?:\s*=\s*"?(\d{1,9})"?)?', part.strip(), re.IGNORECASE)
        if found and found.group(1) is None:
            return Wait(BARE_WAIT, "wait")
        if found:
            seconds = min(max(int(found.group(1)), 1), LONGEST_WAIT)
            return Wait(seconds, f"wait={seconds}")
    return None


def parse_cancel_after(header: str | None) -> int | None:
    """Seconds from ``30``, ``30s``, ``5m`` or ``1h30m45s``. Raises Problem 422 for anything else."""
    if header is None:
        return None
    text = header.strip()
    found = re.fullmatch(r"(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s?)?", text, re.ASCII)
    if not found or not text:
        raise Problem(422, f"Cancel-After cannot be read: {text!r}; write it as 30, 30s, 5m or 1h30m45s")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    total = hours * 3600 + minutes * 60 + seconds
    if not SHORTEST_LIFE <= total <= LONGEST_LIFE:
        raise Problem(422, f"Cancel-After must be at least {SHORTEST_LIFE} seconds and at most a year")
    return total
