"""What the journal tells, as values."""

from __future__ import annotations

from dataclasses import dataclass

from rcli.listener.events import Origin
from rcli.webhooks import Kind


@dataclass(frozen=True)
class Turn:
    """One event that one endpoint is still to get. ``number`` is the delivery's, ``event`` the event's."""

    number: int
    event: int
    prediction: str
    attempts: int


@dataclass(frozen=True)
class Fate:
    """What became of an event at one endpoint so far; ``due`` is when it is tried again, None when settled.

    ``due`` 0 waits for its first attempt. ``status``, ``seconds`` and ``error`` are the last attempt's.
    """

    target: str
    attempts: int
    due: float | None
    status: int | None
    seconds: float | None
    error: str | None

    @property
    def delivered(self) -> bool:
        return self.attempts > 0 and self.due is None and self.error is None


@dataclass(frozen=True)
class Entry:
    """An event as a list shows it, without its body. ``size`` in bytes, ``created`` in Unix seconds."""

    number: int
    id: str
    kind: Kind
    origin: Origin
    created: float
    prediction: str
    model: str
    status: str
    size: int
    fates: tuple[Fate, ...]
