"""The queue of one version and its replica: started for the first in line, asleep after the last."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, Literal

from rcli.engine.data.catalog import Version
from rcli.engine.data.files import Files
from rcli.engine.problems import Problem
from rcli.engine.runtime.replicas import Event, Log, Metric, Outcome, Output, SetupFailed, Started
from rcli.engine.work.launching import RunningReplica, Show
from rcli.engine.work.live import Live, Phase
from rcli.engine.work.outputs import Outbox
from rcli.errors import RcliError

Launch = Callable[[Version, Show], Awaitable[RunningReplica]]
Lay = Callable[[Live, Path], Awaitable[dict[str, Any]]]
State = Literal["asleep", "starting", "ready", "busy"]

TRACE_LINES = 6
"""How much of a failed setup's traceback goes into the prediction's error; the logs have all of it."""

POLITE_SECONDS = 1.0
"""How long a canceled prediction may take to say its last words before it is reported as canceled."""


class Lane:
    """One replica at a time; it makes as many predictions at once as the project allows."""

    def __init__(
        self, version: Version, *, launch: Launch, lay: Lay, files: Files, sleep_after: float
    ) -> None:
        self.version = version
        self.running: RunningReplica | None = None
        self.last_used = time.time()
        self._launch, self._lay, self._files, self._sleep_after = launch, lay, files, sleep_after
        self._waiting: deque[Live] = deque()
        self._working: dict[str, Live] = {}
        self._phase = Phase("queued")
        self._starting: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._alarm: asyncio.TimerHandle | None = None

    @property
    def state(self) -> State:
        if self._starting is not None:
            return "starting"
        if self.running is None:
            return "asleep"
        return "busy" if self._working else "ready"

    @property
    def is_done(self) -> bool:
        """Whether there is nothing left of it."""
        return self.state == "asleep" and not (self._waiting or self._working or self._tasks)

    def rest(self) -> None:
        """Lets the replica go, if it has nothing to do."""
        if self.state == "ready" and not self._waiting:
            self._retire()

    def push(self, live: Live) -> None:
        self._waiting.append(live)
        if self._starting is not None:
            live.show(self._phase)
        self._pump()

    async def cancel(self, live: Live, status: str = "canceled") -> None:
        """Ends the prediction wherever it is; returns when its end is recorded."""
        if live in self._waiting:
            self._waiting.remove(live)
            live.end(status)
            if not self._waiting and self._starting is not None:
                self._starting.cancel()
            return
        live.canceled_as = status
        if live.id in self._working and self.running is not None:
            self._spawn(self._interrupt(live, self.running))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(live.ended.wait(), POLITE_SECONDS)
        live.end(status)

    async def sleep(self) -> None:
        """Stops the replica; the next prediction starts another."""
        self._retire()
        await asyncio.gather(*self._tasks)

    async def close(self, status: str, error: str | None) -> None:
        """Ends everything here, for good."""
        for live in [*self._waiting, *self._working.values()]:
            live.end(status, error=error)
        self._waiting.clear()
        self._set_alarm(None)
        if self._starting is not None:
            self._starting.cancel()
        self._retire()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _pump(self) -> None:
        """Starts whatever can be started now."""
        self._set_alarm(None)
        if self.running is not None and not self.running.replica.alive:
            if self._working:
                return  # they end with it, and then come here again
            self._retire()
        if self.running is None:
            if self._waiting and self._starting is None:
                self._starting = self._spawn(self._start())
            return
        while self._waiting and len(self._working) < self.version.concurrency:
            live = self._waiting.popleft()
            self._working[live.id] = live
            self._spawn(self._work(live, self.running))
        if not self._working and self._sleep_after > 0:
            self._set_alarm(self._sleep_after)

    async def _start(self) -> None:
        self._phase = Phase("environment")
        error: RcliError | None = RcliError("the engine met an internal error while it started the model")
        try:
            self.running = await self._launch(self.version, self._show)
            error = None
        except asyncio.CancelledError:
            error = None
            raise
        except RcliError as known:
            error = known
        except OSError as exc:
            error = RcliError(f"the engine could not lay out the model's files: {exc}")
        finally:
            self._starting = None
            if error is not None:
                self._fail_waiting(error)
            self._pump()
            if self._starting is None:
                self._show(Phase("queued"))

    def _show(self, phase: Phase) -> None:
        self._phase = phase
        for live in self._waiting:
            live.show(phase)

    def _fail_waiting(self, error: RcliError) -> None:
        """What keeps the replica from starting would keep it from starting for the next in line as well."""
        waiting, self._waiting = self._waiting, deque()
        for live in waiting:
            logs = getattr(error, "logs", "")
            if logs:
                live.log(logs)
            live.end("failed", error=_explained(error, logs))

    async def _work(self, live: Live, running: RunningReplica) -> None:
        """One prediction from its inputs to its end."""
        live.outbox = Outbox(self._files, running.outbox)
        try:
            given = await self._lay(live, running.inbox(live.id))
            if live.canceled_as is None:
                live.start()
                outcome = await running.replica.predict(live.id, given, lambda event: _emit(live, event))
                await _record(live, outcome)
                if outcome.crashed and self.running is running:
                    self._retire()
        except Problem as problem:
            live.end("failed", error=problem.detail.strip())
        except OSError as error:
            live.end("failed", error=f"the engine could not keep the files of this prediction: {error}")
        finally:
            if live.canceled_as is not None:
                live.end(live.canceled_as)
            live.end("failed", error="the engine met an internal error while this prediction ran")
            self._leave(live, running)

    def _leave(self, live: Live, running: RunningReplica) -> None:
        self.last_used = time.time()
        del self._working[live.id]
        if (inbox := running.inbox(live.id)).exists():
            self._spawn(asyncio.to_thread(shutil.rmtree, inbox, ignore_errors=True))
        self._pump()

    def _retire(self) -> None:
        """Nothing is given to the replica any more, and it stops."""
        running, self.running = self.running, None
        if running is not None:
            self._spawn(running.stop())

    async def _interrupt(self, live: Live, running: RunningReplica) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(live.began.wait(), POLITE_SECONDS)
        await running.replica.cancel(live.id)

    def _set_alarm(self, seconds: float | None) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = None
        if seconds is not None:
            self._alarm = asyncio.get_running_loop().call_later(seconds, self._retire)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._reap)
        return task

    def _reap(self, task: asyncio.Task[None]) -> None:
        """An exception that nobody expected is a defect: it goes to the log whole."""
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        loop = asyncio.get_running_loop()
        loop.call_exception_handler(
            {"message": "defect in a prediction's task", "exception": error, "task": task}
        )


def _emit(live: Live, event: Event) -> None:
    match event:
        case Log(text):
            live.log(text)
        case Output(value, append=True):
            live.put_out(value)
        case Metric(name, value):
            live.set_metric(name, value)
        case Started():
            live.began.set()
        case Output():
            pass  # the whole output comes with the outcome


async def _record(live: Live, outcome: Outcome) -> None:
    live.metrics |= outcome.metrics | {"predict_time": outcome.predict_time}
    await live.finish(outcome.status, output=outcome.output, error=outcome.error)


def _explained(error: RcliError, logs: str) -> str:
    lines = [error.message]
    if isinstance(error, SetupFailed):
        _, mark, trace = logs.rpartition("Traceback (most recent call last):")
        lines += (mark + trace).strip().split("\n")[-TRACE_LINES:] if mark else []
    if error.hint:
        lines.append(f"hint: {error.hint}")
    return "\n".join(lines)
