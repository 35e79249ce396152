"""One prediction or training that the relay follows: what is known of it, and when it is asked for next."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime

from rcli.listener.changes import Changes
from rcli.records import Prediction
from rcli.webhooks import THROTTLE, Kind

FIRST_WAIT, LONGEST_WAIT, SLOWER = 0.5, 5.0, 1.5
"""Seconds from one question to the next while nothing changes, and how they grow."""

LONGEST_BACKOFF = 30.0


@dataclass(frozen=True, order=True)
class Turn:
    """When one is asked for; of those whose time has come, the lower rank goes first."""

    rank: int
    at: float


class Followed:
    """Times are seconds of the event loop's clock, but for ``created``: Unix seconds, by the service's clock.

    ``survey`` is the number of the survey of its list that saw it last; ``has_stream``: it may have one.
    """

    def __init__(self, row: Prediction, kinds: Collection[Kind], created: float, now: float) -> None:
        self.record, self.created = row, created
        self.changes = Changes(kinds)
        self.survey = 0
        self.has_stream = "stream" in row.urls
        self._tells_progress = set(kinds) != {"completed"}
        self._known_at = float("-inf")
        self._wait, self._failures = FIRST_WAIT, 0
        self._next = self._not_before = now
        self._rang = self._has_ended = False
        self.see_row(row, now)

    def see_row(self, row: Prediction, began: float) -> None:
        """A row of a list that was asked for at ``began``; services leave the logs out of them."""
        if "logs" in row.raw:
            self._see(row, began)
        elif row.is_done:
            self._has_ended = True
        elif (
            row.status != self.record.status
            or row.raw.get("output", self.record.output) != self.record.output
        ):
            self._rang = True

    def ask(self, now: float) -> None:
        """It is asked for now."""
        self._rang = False
        self._not_before = now + THROTTLE

    def answered(self, record: Prediction, began: float) -> None:
        self._failures = 0
        self._wait = min(LONGEST_WAIT, self._wait * SLOWER) if record == self.record else FIRST_WAIT
        self._next = began + self._wait
        self._see(record, began)

    def failed(self, now: float) -> None:
        """The service gave no answer."""
        self._failures += 1
        self._next = self._not_before = now + min(LONGEST_BACKOFF, 0.5 * 2**self._failures)

    def ring(self) -> None:
        """There is something new of it."""
        self._rang = True

    @property
    def wants_stream(self) -> bool:
        return self.has_stream and self._tells_progress and not (self.record.is_done or self._has_ended)

    def turn(self, *, is_listed: bool) -> Turn | None:
        """When it is to be asked for, None for never. ``is_listed``: a list will tell when it has ended."""
        if self._is_known_to_the_end:
            return None
        if self._has_ended:
            return Turn(0, self._not_before)
        if self._rang and self._tells_progress:
            return Turn(1, self._not_before)
        if is_listed and not self._tells_progress:
            return None
        return Turn(2, max(self._next, self._not_before))

    @property
    def _is_known_to_the_end(self) -> bool:
        return self.record.is_done and self._known_at > float("-inf")

    def _see(self, record: Prediction, began: float) -> None:
        """All of it, as it was at ``began`` or later. What is older than what is known says nothing."""
        if began >= self._known_at and not self._is_known_to_the_end:
            self.record, self._known_at = record, began
            self.changes.look(record)


def moment(text: str | None) -> float | None:
    """Unix seconds of an ISO 8601 time; without a zone it is UTC. None for what is no time."""
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
