"""What one receiver of a prediction's webhooks is still to be told, and when it may be told."""

from __future__ import annotations

from collections.abc import Iterator

from rcli.engine.data.webhooks import Progress, WebhookEvent
from rcli.webhooks import THROTTLE


class Watch:
    """What one receiver is still to be told. Times are the event loop's, in seconds."""

    def __init__(self, events: frozenset[WebhookEvent]) -> None:
        self.seen = 0
        self._events = events
        self._pending: set[WebhookEvent] = set()
        self._told: dict[WebhookEvent, float] = {}

    def look(self, progress: Progress) -> None:
        """Takes in what happened after event ``seen``."""
        if progress.started and "start" not in self._told:
            self._pending.add("start")
        if progress.output is not None:
            self._pending.add("output")
        if progress.logs is not None:
            self._pending.add("logs")
        self.seen = max(self.seen, progress.output or 0, progress.logs or 0)
        self._pending &= self._events

    def due(self, now: float) -> WebhookEvent | None:
        """What is to be told now, if anything."""
        return next((event for event in self._in_order() if self._allowed_at(event) <= now), None)

    def pause(self, now: float) -> float | None:
        """Seconds until something may be told; None when there is nothing."""
        waits = [max(0.0, self._allowed_at(event) - now) for event in self._pending]
        return min(waits, default=None)

    def left(self) -> WebhookEvent | None:
        """What has been told to nobody yet."""
        return next(self._in_order(), None)

    def tell(self, event: WebhookEvent, now: float) -> None:
        """Notes that ``event`` is told now; the object that goes out shows output and logs alike."""
        due = {each for each in self._pending if each != "start" and self._allowed_at(each) <= now}
        self._told |= dict.fromkeys({event} if event == "start" else due | {event}, now)
        self._pending = self._pending - {event} if event == "start" else set()

    def _in_order(self) -> Iterator[WebhookEvent]:
        order: tuple[WebhookEvent, ...] = ("start", "output", "logs")
        return (event for event in order if event in self._pending)

    def _allowed_at(self, event: WebhookEvent) -> float:
        return self._told.get(event, -THROTTLE) + THROTTLE
