"""One prediction from its creation to its end, as a series of events.

A stream brings output and logs as they come; where there is none, or it breaks for good, the prediction is
polled. Both ways give the same events in the same order, and the server's own record at the end.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rcli.api.endpoints import Replicate
from rcli.api.sse import events as stream_events
from rcli.errors import Canceled, Interrupted, NoAnswer, PredictionFailed, RcliError
from rcli.records import Finished, Logs, Output, Phase, Prediction, PredictionEvent, ServerEvent
from rcli.signals import Signals

_FIRST_POLL = 0.1
_SLOWEST_POLL = 1.0


@dataclass
class Running:
    """A prediction that was created, and what has been seen of it."""

    api: Replicate
    prediction: Prediction
    _seen: _Seen = field(default_factory=lambda: _Seen())

    def events(self) -> Iterator[PredictionEvent]:
        """Everything from now to the end; the last one is Finished. Raises NoAnswer."""
        yield Phase(self.prediction.status)
        if not self.prediction.is_done and "stream" in self.prediction.urls:
            try:
                yield from self._streamed()
            except NoAnswer:
                yield Phase(self.prediction.status, "the stream broke off; asking for the result")
        yield from self._polled()

    def cancel(self) -> Prediction:
        """Cancels on the server and returns what it says."""
        self.prediction = self.api.cancel_prediction(self.prediction.id)
        return self.prediction

    def _streamed(self) -> Iterator[PredictionEvent]:
        url = self.prediction.urls["stream"]
        for event in stream_events(self.api.client, url):
            if event.event == "error":
                return
            yield from self._seen.streamed(event)

    def _polled(self) -> Iterator[PredictionEvent]:
        wait = _FIRST_POLL
        while True:
            self.prediction = self.api.prediction(self.prediction.id)
            yield from self._seen.polled(self.prediction)
            if self.prediction.is_done:
                yield Finished(self.prediction)
                return
            time.sleep(wait)
            wait = min(wait * 1.3, _SLOWEST_POLL)


@dataclass
class _Seen:
    """How much of output, logs and status was passed on, so that nothing comes twice or is lost."""

    text: str = ""
    values: int = 0
    logs: str = ""
    status: str = ""

    def streamed(self, event: ServerEvent) -> Iterator[PredictionEvent]:
        match event.event:
            case "output":
                self.text += event.data
                self.values += 1
                yield Output(event.data)
            case "logs":
                self.logs += event.data
                yield Logs(event.data)
            case "":
                yield from _phase(event.data)

    def polled(self, prediction: Prediction) -> Iterator[PredictionEvent]:
        if prediction.status != self.status:
            self.status = prediction.status
            yield Phase(prediction.status)
        if (new := _new_text(self.logs, prediction.logs)) is not None:
            self.logs = prediction.logs
            yield Logs(new)
        yield from self._new_output(prediction.output)

    def _new_output(self, output: Any) -> Iterator[PredictionEvent]:
        """What the list has grown by; texts are compared joined, since a stream may cut them anew."""
        if not isinstance(output, list):
            return
        if all(isinstance(piece, str) for piece in output):
            rest = _new_text(self.text, "".join(output))
            if rest is not None:
                self.text += rest
                fresh = output[self.values :] if self.values else output
                yield from (Output(piece) for piece in (fresh if "".join(fresh) == rest else [rest]))
        else:
            yield from (Output(value) for value in output[self.values :])
        self.values = len(output)


@contextmanager
def started(api: Replicate, create: Callable[[], Prediction], signals: Signals) -> Iterator[Running]:
    """Creates a prediction and cancels it when the block is left by a signal or a closed pipe.

    A signal during the request is held until the id is there: what cannot be named cannot be canceled.
    """
    running: Running | None = None
    try:
        with signals.held():
            running = Running(api, create())
        yield running
    except Interrupted as exc:
        if running and not running.prediction.is_done:
            exc.hint = _cancel(running)
        raise


def find(api: Replicate, id: str) -> Running:
    """A prediction that exists already; leaving it cancels nothing."""
    return Running(api, api.prediction(id))


def check(prediction: Prediction) -> None:
    """Raises PredictionFailed or Canceled unless it succeeded."""
    match prediction.status:
        case "failed":
            reason = prediction.error or "the model gave no reason"
            raise PredictionFailed(
                f"prediction {prediction.id} failed: {reason}", hint=_failure_hint(prediction, reason)
            )
        case "canceled":
            raise Canceled(f"prediction {prediction.id} was canceled")
        case "aborted":
            raise Canceled(f"prediction {prediction.id} was aborted: its deadline passed before it started")


_ANOTHER_TRY = ("E1000", "E6716", "E8765")


def _failure_hint(prediction: Prediction, reason: str) -> str | None:
    if any(code in reason for code in _ANOTHER_TRY):
        return "this error often passes: try again"
    return f"rcli predictions show {prediction.id}" if prediction.logs else None


def _cancel(running: Running) -> str | None:
    name = f"prediction {running.prediction.id}"
    try:
        status = running.cancel().status
    except (Interrupted, RcliError):
        return f"{name} may go on: rcli predictions cancel {running.prediction.id}"
    return f"{name} had {status} already" if status in ("succeeded", "failed") else f"{name} canceled"


def _phase(comment: str) -> Iterator[Phase]:
    """The engine tells rcli in comments what a prediction waits for; other comments mean nothing."""
    name, _, rest = comment.partition(" ")
    if name == "rcli":
        try:
            told = json.loads(rest)
        except json.JSONDecodeError:
            return
        if isinstance(told, dict):
            yield Phase(str(told.get("phase", "")), str(told.get("message") or ""))


def _new_text(seen: str, whole: str) -> str | None:
    return whole[len(seen) :] if len(whole) > len(seen) and whole.startswith(seen) else None
