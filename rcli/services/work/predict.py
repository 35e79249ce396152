"""One prediction from its creation to its end, as a series of events.

A stream brings output and logs as they come; where there is none, or it breaks for good, the prediction is
polled. Both ways give the same events in the same order, and the server's own record at the end.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Timer
from typing import Any

from rcli.api.endpoints import Replicate
from rcli.api.sse import events as stream_events
from rcli.errors import Canceled, ClosedPipe, Interrupted, NotFound, PredictionFailed, RcliError
from rcli.records import Finished, Logs, Output, Phase, Prediction, PredictionEvent, ServerEvent
from rcli.signals import Signals

_FIRST_POLL = 0.1
_SLOWEST_POLL = 1.0
_AHEAD = 1.0
_GRACE = 5.0


@dataclass
class Running:
    """A prediction that was created, and what has been seen of it."""

    api: Replicate
    prediction: Prediction
    limit: Limit | None = None
    _seen: _Seen = field(default_factory=lambda: _Seen())

    def events(self, *, streams: bool = True) -> Iterator[PredictionEvent]:
        """Everything from now to the end; the last one is Finished. Raises NoAnswer.

        Without ``streams`` it is polled: services leave the logs out of their streams.
        """
        yield Phase(self.prediction.status)
        if streams and not self.prediction.is_done and "stream" in self.prediction.urls:
            try:
                yield from self._streamed()
            except Interrupted:
                raise
            except RcliError:  # whatever is wrong with the stream: if it matters, asking will say so
                yield Phase(self.prediction.status, "the stream broke off; asking for the result")
        yield from self._polled()

    def cancel(self) -> Prediction:
        """Cancels on the server and returns what it says."""
        self.prediction = self.api.cancel_prediction(self.prediction.id)
        return self.prediction

    def check(self) -> None:
        """Raises PredictionFailed or Canceled unless it succeeded."""
        try:
            check(self.prediction)
        except Canceled as exc:
            if self.limit and self.limit.is_over:
                exc.message += f": its {self.limit.seconds} s were over"
            raise

    def _streamed(self) -> Iterator[PredictionEvent]:
        url = self.prediction.urls["stream"]
        for event in stream_events(self.api.client, url):
            if event.event == "error" or (self.limit and self.limit.was_enforced):
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
            if self.limit and self.limit.was_ignored:
                raise Canceled(
                    f"prediction {self.prediction.id} was canceled after {self.limit.seconds} s, "
                    f"and goes on all the same: it is {self.prediction.status}"
                )
            time.sleep(wait)
            wait = min(wait * 1.3, _SLOWEST_POLL)


class Limit:
    """A prediction's time: when it is over, another thread cancels the prediction, whatever this one does.

    The service knows the limit too, but not every service keeps it.
    """

    def __init__(self, api: Replicate, id: str, seconds: int) -> None:
        self.seconds = seconds
        self.was_enforced = False
        self._ends = time.monotonic() + seconds
        self._timer = Timer(seconds, self._enforce, (api, id))
        self._timer.daemon = True
        self._timer.start()

    @property
    def is_over(self) -> bool:
        """Whether so much time has passed; the service's clock may be a little ahead of ours."""
        return time.monotonic() > self._ends - _AHEAD

    @property
    def was_ignored(self) -> bool:
        """Whether it was canceled so long ago that nothing more can be hoped for."""
        return self.was_enforced and time.monotonic() > self._ends + _GRACE

    def stop(self) -> None:
        self._timer.cancel()

    def _enforce(self, api: Replicate, id: str) -> None:
        with suppress(RcliError):
            self._cancel(api, id)
        self.was_enforced = True

    def _cancel(self, api: Replicate, id: str) -> None:
        api.cancel_prediction(id)


@dataclass
class _Seen:
    """How much of output, logs and status was passed on, so that nothing comes twice or is lost."""

    text: list[str] = field(default_factory=list)
    values: int = 0
    logs: list[str] = field(default_factory=list)
    status: str = ""
    exact: tuple[str, str] = ("", "")

    def streamed(self, event: ServerEvent) -> Iterator[PredictionEvent]:
        match event.event:
            case "output":
                data = self._exact(event)
                self.text.append(data)
                self.values += 1
                yield Output(data)
            case "logs":
                data = self._exact(event)
                self.logs.append(data)
                yield Logs(data)
            case "":
                yield from self._told(event.data)

    def _exact(self, event: ServerEvent) -> str:
        """An event's text; a stream cannot carry carriage returns, so the engine tells such a text before."""
        id, text = self.exact
        return text if id and id == event.id else event.data

    def _told(self, comment: str) -> Iterator[Phase]:
        """The engine tells rcli more in comments; other comments mean nothing."""
        match _comment(comment):
            case {"phase": str(phase), "message": str(message)}:
                yield Phase(phase, message)
            case {"id": str(id), "exact": str(text)}:
                self.exact = (id, text)

    def polled(self, prediction: Prediction) -> Iterator[PredictionEvent]:
        if prediction.status != self.status:
            self.status = prediction.status
            yield Phase(prediction.status)
        if (new := _new_text("".join(self.logs), prediction.logs)) is not None:
            self.logs = [prediction.logs]
            yield Logs(new)
        yield from self._new_output(prediction.output)

    def _new_output(self, output: Any) -> Iterator[PredictionEvent]:
        """What the output has grown by; texts are compared joined, since a stream may cut them anew."""
        match output:
            case str():
                pieces = [output]
            case list():
                pieces = output
            case _:
                return
        if all(isinstance(piece, str) for piece in pieces):
            yield from map(Output, self._new_pieces(pieces))
        else:
            yield from map(Output, pieces[self.values :])
        self.values = len(pieces)

    def _new_pieces(self, pieces: list[str]) -> list[str]:
        rest = _new_text("".join(self.text), "".join(pieces))
        if rest is None:
            return []
        self.text.append(rest)
        fresh = pieces[self.values :]
        return fresh if "".join(fresh) == rest else [rest]


@dataclass(frozen=True)
class Leaving:
    """Who wants to know that a signal cancels a prediction: before it, since it can take a second and another
    signal leaves at once, and after it.
    """

    canceling: Callable[[], None]
    canceled: Callable[[Prediction], None]


@contextmanager
def started(
    api: Replicate,
    create: Callable[[], Prediction],
    signals: Signals,
    leaving: Leaving,
    seconds: int | None = None,
) -> Iterator[Running]:
    """Creates a prediction and cancels it when the block is left by a signal or a closed pipe.

    After ``seconds`` it is canceled too, and comes to its end as such. A signal during the
    request is held until the id is there: what cannot be named cannot be canceled.
    """
    running: Running | None = None
    try:
        with signals.held():
            made = create()
            running = Running(api, made, Limit(api, made.id, seconds) if seconds else None)
        yield running
    except Interrupted as exc:
        if running is None:
            host = api.client.host.name
            exc.hint = f"the prediction may have been created: rcli predictions list --host {host}"
        elif not running.prediction.is_done:
            exc.hint = _cancel(running, leaving)
        raise
    finally:
        if running and running.limit:
            running.limit.stop()


def find(api: Replicate, id: str) -> Running:
    """A prediction that exists already; leaving it cancels nothing. Raises NotFound."""
    try:
        return Running(api, api.prediction(id))
    except NotFound as exc:
        host = api.client.host.name
        raise NotFound(
            f"there is no prediction {id} on {host}", hint=f"rcli predictions list --host {host}"
        ) from exc


def check(prediction: Prediction) -> None:
    """Raises PredictionFailed or Canceled unless it succeeded. For a failure's details see ``details``."""
    match prediction.status:
        case "failed":
            reason, hint = _reason(prediction)
            raise PredictionFailed(f"prediction {prediction.id} failed: {reason[0]}", hint=hint)
        case "canceled":
            raise Canceled(f"prediction {prediction.id} was canceled")
        case "aborted":
            raise Canceled(f"prediction {prediction.id} was aborted: its deadline passed before it started")


def details(prediction: Prediction) -> list[str]:
    """What a failure's reason says beyond its first line and the log, which often ends with the same."""
    logged = set(prediction.logs.splitlines())
    return [line for line in _reason(prediction)[0][1:] if line not in logged]


def explained(prediction: Prediction) -> str | None:
    """The reason of a failure with all that the log does not say, hint included; None without one."""
    if not prediction.error:
        return None
    (first, *_), hint = _reason(prediction)
    return "\n".join([first, *details(prediction), *([_HINT + hint] if hint else [])])


_ANOTHER_TRY = ("E1000", "E6716", "E8765")
_HINT = "hint: "


def _reason(prediction: Prediction) -> tuple[list[str], str | None]:
    """The lines of the reason, at least one, and the hint that the engine put behind them."""
    lines = (prediction.error or "").strip().splitlines() or ["the model gave no reason"]
    if len(lines) > 1 and lines[-1].startswith(_HINT):
        return lines[:-1], lines[-1].removeprefix(_HINT)
    passing = any(code in lines[0] for code in _ANOTHER_TRY)
    return lines, "this error often passes: try again" if passing else None


def _cancel(running: Running, leaving: Leaving) -> str | None:
    name = f"prediction {running.prediction.id}"
    try:
        with suppress(ClosedPipe):
            leaving.canceling()
        canceled = running.cancel()
    except (Interrupted, RcliError):
        return f"{name} may go on: rcli predictions cancel {running.prediction.id}"
    leaving.canceled(canceled)
    ended = canceled.status in ("succeeded", "failed")
    return f"{name} had {canceled.status} already" if ended else f"{name} canceled"


def _comment(text: str) -> Any:
    """What a comment of the engine tells, None for any other."""
    name, _, rest = text.partition(" ")
    if name == "rcli":
        with suppress(json.JSONDecodeError):
            return json.loads(rest)
    return None


def _new_text(seen: str, whole: str) -> str | None:
    """What a text has grown by. A stream cannot carry every kind of line end: they may differ."""
    if not whole.startswith(seen):
        whole = whole.replace("\r\n", "\n").replace("\r", "\n")
    return whole[len(seen) :] if len(whole) > len(seen) and whole.startswith(seen) else None
