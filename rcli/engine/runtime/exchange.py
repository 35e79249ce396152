"""One prediction's talk with coglet: one connection creates it and brings its result, another its events.

The event stream alone would not do: a reader that falls behind by 1,024 events is cut off, and a prediction
that the stream created is canceled with it. So the stream only attaches, again after a cut, and what it
missed is taken from the result.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rcli.engine.runtime import http
from rcli.engine.runtime.calls import Calls

ATTACH_ONLY = {"input": "attach-only"}  # not an object: coglet refuses it unless the prediction is in flight
STREAMED = "rcli_streamed"  # the shim's metric that stands for an item of the output, as JSON text
FIRST_PAUSE, LONGEST_PAUSE = 0.0005, 0.02
AT_ONCE = 5  # times to ask again without a pause: a timer's tick is as long as a quick prediction
QUICK_SECONDS = 0.005  # what ends sooner brings its logs with its result: no need for a second connection
EVENTS_SECONDS = 5.0  # how long the last events may take after the result
LOST = "… some log lines before the end were lost\n"
BUSY_SECONDS = 10.0  # coglet frees a slot only after its answer; this long 409 is believed to be that


@dataclass(frozen=True)
class Started:
    """The model began to work on the prediction."""


@dataclass(frozen=True)
class Log:
    """A piece of the logs: whole lines, with their ends."""

    text: str


@dataclass(frozen=True)
class Output:
    """One item of an iterator's output (``append``), or the whole output."""

    value: Any
    append: bool


@dataclass(frozen=True)
class Metric:
    """A metric of the model's own with its value so far; None removes it."""

    name: str
    value: Any


Event = Started | Log | Output | Metric


class Exchange:
    """One prediction on one server. ``iterates``: the model yields its output item by item.

    ``emit`` may get Started more than once. ``on_answer`` is called when a success is there, before the rest
    of its events is: the server takes another prediction from then on.
    """

    def __init__(
        self,
        calls: Calls,
        identifier: str,
        *,
        iterates: bool,
        emit: Callable[[Event], None],
        is_alive: Callable[[], bool],
        on_answer: Callable[[], None],
    ) -> None:
        self._calls, self._path = calls, f"/predictions/{identifier}"
        self._is_alive, self._on_answer = is_alive, on_answer
        self._iterates, self._emit = iterates, emit
        self._answered = self._attached = self._completed = self._cut = self._streamed = False
        self._seen = self._outputs = self._logged = 0
        self._metrics: dict[str, Any] = {}
        self._follower: asyncio.Task[None] | None = None

    async def run(self, body: dict[str, Any]) -> http.Answer:
        """Create the prediction, pass its events on, return coglet's answer. Raises http.Broken.

        Cancelling this cancels the prediction: coglet watches the connection.
        """
        pause = 0.0 if self._iterates else QUICK_SECONDS
        timer = asyncio.get_running_loop().call_later(pause, self._begin_to_follow)
        try:
            answer = await self._create(body)
            self._answered = True
            if self._follower and (self._attached or not _succeeded(answer)):
                await asyncio.wait({self._follower}, timeout=EVENTS_SECONDS)
        except http.Broken:
            self._admit_loss()
            raise
        finally:
            timer.cancel()
            await self._stop_following()
        self._catch_up(answer)
        return answer

    def _begin_to_follow(self) -> None:
        self._follower = asyncio.create_task(self._follow())

    async def _stop_following(self) -> None:
        if self._follower is not None:
            self._follower.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._follower

    def _admit_loss(self) -> None:
        """Only a success brings its logs with its result; what a cut left out of others is gone."""
        if self._cut:
            self._log(LOST)

    async def _create(self, body: dict[str, Any]) -> http.Answer:
        """Ask again while the slot of the prediction before is not free yet; a dead worker's never is."""
        loop = asyncio.get_running_loop()
        deadline, tries, pause = loop.time() + BUSY_SECONDS, 0, 0.001
        while True:
            answer = await self._calls.call("PUT", self._path, body, self._hear)
            if answer.status != 409 or loop.time() > deadline or not self._is_alive():
                return _without_streamed(answer)
            tries += 1
            if tries > AT_ONCE:
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    def _hear(self, answer: http.Answer) -> None:
        if _succeeded(answer):
            self._on_answer()

    async def _follow(self) -> None:
        """Attach until a stream was read to its end, or the result is there and nothing to attach to."""
        pause = FIRST_PAUSE
        while not self._completed:
            attached = await self._attach()
            if self._answered and not attached:
                return
            if not attached:
                await asyncio.sleep(pause)
                pause = min(pause * 1.5, LONGEST_PAUSE)

    async def _attach(self) -> bool:
        """Read one stream to its end; False if there was none."""
        with contextlib.suppress(http.Broken):
            async with http.events(self._calls.port, self._path, ATTACH_ONLY) as (status, batches):
                if status != 200:
                    return False
                self._attached, self._cut = True, False
                position = 0
                async for batch in batches:
                    # A stream starts with everything that happened so far.
                    known = min(max(self._seen - position, 0), len(batch))
                    position += len(batch)
                    for event in batch[known:]:
                        self._take(event)
            return True
        return False

    def _take(self, event: http.ServerEvent) -> None:
        match event.name:
            case "start":
                self._emit(Started())
            case "output":  # a returned list comes in pieces too: it is taken from the result
                if self._iterates and not self._streamed:
                    self._output(json.loads(event.data)["chunk"])
            case "log":
                self._log(json.loads(event.data)["data"])
            case "metric":
                self._metric(**json.loads(event.data))
            case "completed":
                self._completed = True
            case _:  # "error": we were too slow and are cut off; the next attachment goes on from here
                self._cut = True
                return
        self._seen += 1

    def _log(self, text: str) -> None:
        self._logged += len(text)
        self._emit(Log(text))

    def _output(self, chunk: Any) -> None:
        self._outputs += 1
        self._emit(Output(chunk, append=True))

    def _metric(self, name: str, value: Any, mode: str) -> None:
        """A name with dots is a place in an object, which is told whole."""
        if name == STREAMED:
            self._streamed = True
            self._output(json.loads(value))
            return
        top, *_ = name.split(".")
        self._metrics = recorded(self._metrics, name, value, mode)
        self._emit(Metric(top, copy.deepcopy(self._metrics.get(top))))

    def _catch_up(self, answer: http.Answer) -> None:
        """Emit what the events did not bring: a quick prediction is over before one can attach to it."""
        self._emit(Started())
        if not _succeeded(answer):
            self._admit_loss()
            return
        if rest := str(answer.body.get("logs") or "")[self._logged :]:
            self._log(rest)
        for name, value in answer.body.get("metrics", {}).items():
            if name != "predict_time" and not self._attached:
                self._emit(Metric(name, value))
        output = answer.body.get("output")
        if not self._iterates:
            self._emit(Output(output, append=False))
            return
        for chunk in (output or [])[self._outputs :]:
            self._output(chunk)


def _without_streamed(answer: http.Answer) -> http.Answer:
    if isinstance(answer.body, dict) and isinstance(answer.body.get("metrics"), dict):
        answer.body["metrics"].pop(STREAMED, None)
    return answer


def _succeeded(answer: http.Answer) -> bool:
    return isinstance(answer.body, dict) and answer.body.get("status") == "succeeded"


def recorded(metrics: dict[str, Any], name: str, value: Any, mode: str) -> dict[str, Any]:
    """The metrics after one more record; what is None, or an object with nothing in it, is not there."""
    first, _, rest = name.partition(".")
    known = metrics.get(first)
    if rest:
        new = recorded(known if isinstance(known, dict) else {}, rest, value, mode) or None
    else:
        new = combined(known, value, mode)
    others = {key: each for key, each in metrics.items() if key != first}
    return others if new is None else others | {first: new}


def combined(known: Any, value: Any, mode: str) -> Any:
    """A metric's value after one more record: replaced, incremented or appended to."""
    if mode in ("incr", "increment") and isinstance(known, int | float):
        return known + value
    if mode == "append":
        return [*(known if isinstance(known, list) else [] if known is None else [known]), value]
    return value
