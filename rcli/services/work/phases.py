"""What a prediction's time went into: waiting, its cold start, and the work itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from rcli.records import TERMINAL, Prediction
from rcli.settings import LOCAL

WAITING = "queue or cold start"
"""What ``starting`` is where a service does not say which of the two it is."""

_COLD = ("environment", "setup")
_WORTH_TELLING = 0.1
"""Seconds: a shorter wait is none."""


def known_as(phase: str, host: str) -> str:
    """A phase or state by the name that people read, which says no more than the host has said."""
    match phase:
        case "starting":
            return "queued" if host == LOCAL else WAITING
        case "processing":
            return "running"
        case _:
            return phase


@dataclass
class Course:
    """The phases of one prediction as this client saw them, with the seconds that each took."""

    seconds: dict[str, float] = field(default_factory=dict)
    _phase: str = ""
    _since: float = 0.0

    def enter(self, phase: str, now: float) -> None:
        """``now`` is of a clock that only goes forward, in seconds; the phases that end it take no time."""
        if self._phase and self._phase not in TERMINAL:
            self.seconds[self._phase] = self.seconds.get(self._phase, 0.0) + now - self._since
        self._phase, self._since = phase, now


def by_phase(prediction: Prediction, course: Course, host: str) -> list[tuple[str, float]]:
    """Names and seconds in order. The service's own times count; the engine's cold start is as it was seen.

    What the service does not tell is left out, and waits that are too short to notice.
    """
    cold = [(name, course.seconds[name]) for name in _COLD if name in course.seconds]
    queued = _between(prediction.created_at, prediction.started_at)
    if queued is not None:
        queued -= sum(seconds for _, seconds in cold)
    ran = working_time(prediction)
    waits = [(known_as("starting", host), queued or 0.0), *cold]
    shown = [(name, seconds) for name, seconds in waits if seconds >= _WORTH_TELLING]
    return [*shown, *([("ran", ran)] if ran is not None else [])]


def total_time(prediction: Prediction) -> float | None:
    """Seconds from its creation to its end, None if the service does not tell."""
    told = _number(prediction.metrics.get("total_time"))
    return _between(prediction.created_at, prediction.completed_at) if told is None else told


def working_time(prediction: Prediction) -> float | None:
    """Seconds in which the model worked on it, None if the service does not tell."""
    told = _number(prediction.metrics.get("predict_time"))
    return _between(prediction.started_at, prediction.completed_at) if told is None else told


def running_time(prediction: Prediction) -> float:
    """Seconds for which the model has been working on it by now; 0 if nobody tells when it began."""
    return _between(prediction.started_at, datetime.now(UTC).isoformat()) or 0.0


def _between(start: str | None, end: str | None) -> float | None:
    """Seconds between two ISO 8601 times; None if one is missing, is none, or they lie."""
    try:
        passed = (datetime.fromisoformat(end or "") - datetime.fromisoformat(start or "")).total_seconds()
    except (TypeError, ValueError):  # one with a zone and one without cannot be compared
        return None
    return passed if passed >= 0 else None


def _number(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value < float("inf") else None  # type: ignore[arg-type,operator]
