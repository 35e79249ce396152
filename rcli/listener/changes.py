"""What is to be told of one prediction or training: the events that the service would send of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from rcli.records import Json, Prediction
from rcli.webhooks import THROTTLE, Kind

_BEFORE_THE_END: tuple[Kind, ...] = ("start", "output", "logs")


@dataclass(frozen=True)
class Message:
    """One event; ``id`` is its ``webhook-id``, the same whenever somebody makes it of the same."""

    kind: Kind
    id: str
    payload: Json = field(repr=False)


class Changes:
    """Of one prediction: records go in, messages come out. Times are seconds of any clock."""

    def __init__(self, kinds: Collection[Kind]) -> None:
        self._kinds = frozenset(kinds)
        self._record: Prediction | None = None
        self._news: dict[Kind, str] = {}
        self._told: dict[Kind, str] = {}
        self._told_at: dict[Kind, float] = {}

    def look(self, record: Prediction) -> None:
        """Takes in how the prediction is now; what has ended does not change any more."""
        if self._record and self._record.is_done:
            return
        self._record = record
        news: dict[Kind, str | None] = {
            "start": "" if record.started_at or record.status == "processing" else None,
            "output": None if record.output is None else _digest(record.output),
            "logs": _digest(record.logs) if record.logs else None,
            "completed": "" if record.is_done else None,
        }
        self._news = {kind: told for kind, told in news.items() if told is not None and kind in self._kinds}

    def due(self, now: float) -> Message | None:
        """The next message, which counts as told then; None if there is nothing to tell now."""
        for kind in _BEFORE_THE_END:
            if self._is_pending(kind) and self._allowed_at(kind) <= now:
                return self._tell(kind, now)
        return self._tell("completed", now) if self._is_pending("completed") else None

    def pause(self, now: float) -> float | None:
        """Seconds until something may be told; None when there is nothing."""
        waits = [max(0.0, self._allowed_at(kind) - now) for kind in self._news if self._is_pending(kind)]
        return min(waits, default=None)

    @property
    def is_over(self) -> bool:
        """All is told. What was held back before the end is shown by ``completed``, if anybody wants that."""
        if self._record is None or not self._record.is_done:
            return False
        if "completed" in self._kinds:
            return "completed" in self._told
        return not any(self._is_pending(kind) for kind in self._news)

    def _is_pending(self, kind: Kind) -> bool:
        return kind in self._news and self._told.get(kind) != self._news[kind]

    def _allowed_at(self, kind: Kind) -> float:
        last = self._told_at.get(kind)
        return float("-inf") if last is None else last + THROTTLE

    def _tell(self, kind: Kind, now: float) -> Message:
        assert self._record is not None
        self._told[kind], self._told_at[kind] = self._news[kind], now
        return Message(kind, message_id(self._record.id, kind, self._news[kind]), _as_of(self._record, kind))


def message_id(prediction: str, kind: Kind, content: str = "") -> str:
    """Made of what is told, so that a relay that starts again makes the same; ``content`` is a digest.

    ``start`` and ``completed`` of a prediction have no content: there is one of each.
    """
    return f"msg_{hashlib.sha256(f'{prediction} {kind} {content}'.encode()).hexdigest()[:32]}"


def _as_of(record: Prediction, kind: Kind) -> Json:
    """What an event before the end tells when the end has come meanwhile.

    Receivers take the first terminal state for the last word, and that is ``completed``.
    """
    raw = record.raw
    if kind == "completed":
        return raw
    if kind == "start":
        raw = raw | {"output": None, "logs": ""}
    if record.is_done:
        raw = raw | {"status": "processing", "error": None, "metrics": {}, "completed_at": None}
    return raw


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
