"""One instance of a version: its replica from the launch to the stop, and the predictions that it makes."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, Protocol

from rcli.engine.data.catalog import Version
from rcli.engine.data.files import Files
from rcli.engine.data.predictions import Work
from rcli.engine.problems import Problem
from rcli.engine.runtime.replicas import Event, Log, Metric, Outcome, Output, Started
from rcli.engine.work.launching import RunningReplica, Show
from rcli.engine.work.live import Live
from rcli.engine.work.outputs import Outbox
from rcli.engine.work.tasks import Tasks
from rcli.errors import RcliError

Launch = Callable[[Version, Work, Show], Awaitable[RunningReplica]]
Lay = Callable[[Version, Live, Path], Awaitable[dict[str, Any]]]
State = Literal["starting", "ready", "busy", "leaving"]

POLITE_SECONDS = 1.0
"""How long a canceled prediction may take to say its last words before it is reported as canceled."""

SHORTEST_TURN = 1.0
"""Seconds for which an instance works at least before it gives way to another version."""

STARTS_IN_A_TURN = 3
"""A turn lasts this many times as long as the start took: at most a quarter of the time goes into starts."""


@dataclass(frozen=True)
class Parts:
    """What every instance works with: how replicas start, how inputs are laid out, where outputs go."""

    launch: Launch
    lay: Lay
    files: Files


class Owner(Protocol):
    """Whoever hears of an instance: it is ready, did not start, has room again, crashed, is gone."""

    def on_ready(self, instance: Instance) -> None: ...
    def on_failed(self, instance: Instance, error: RcliError) -> None: ...
    def on_freed(self, instance: Instance) -> None: ...
    def on_crashed(self, instance: Instance) -> None: ...
    def on_gone(self, instance: Instance) -> None: ...


class Instance:
    """``last_used`` in Unix seconds; ``idle_since`` and ``ready_at`` on the event loop's clock.

    One for trainings goes after its first.
    """

    def __init__(self, version: Version, kind: Work, parts: Parts, owner: Owner, show: Show) -> None:
        self.version, self._kind = version, kind
        self.running: RunningReplica | None = None
        self.last_used = time.time()
        self.ready_at = self.idle_since = self._now()
        self._parts, self._owner = parts, owner
        self._leaving = self._crashed = False
        self._working: dict[str, Live] = {}
        self._made: set[str] = set()
        self._tasks = Tasks()
        self._launching: asyncio.Task[None] | None = self._tasks.start(self._launch(show))
        self._ending: asyncio.Task[None] | None = None
        self._turn_ends = 0.0

    @property
    def state(self) -> State:
        if self._leaving:
            return "leaving"
        if self.running is None:
            return "starting"
        return "busy" if self._working else "ready"

    @property
    def load(self) -> int:
        """How many predictions it makes now; one that is made may still have to be recorded."""
        return len(self._working) - len(self._made)

    @property
    def has_room(self) -> bool:
        ready = self.running is not None and not self._leaving and self.running.replica.alive
        return ready and self.load < self.version.concurrency

    @property
    def is_dead(self) -> bool:
        """Its process ended although nobody worked with it."""
        return self.state == "ready" and self.running is not None and not self.running.replica.alive

    @property
    def had_turn(self) -> bool:
        """Whether it has worked long enough to give way to another version."""
        return self._now() >= self._turn_ends

    def working(self) -> Iterator[Live]:
        return iter(list(self._working.values()))

    def take(self, live: Live) -> None:
        """Begins a prediction; there has to be room."""
        assert self.running is not None
        self._working[live.id] = live
        self._tasks.start(self._work(live, self.running))

    async def cancel(self, live: Live, status: str) -> None:
        """Ends one of its predictions; returns when the end is recorded."""
        live.canceled_as = status
        self._tasks.start(self._interrupt(live))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(POLITE_SECONDS):
                await live.ended.wait()
        live.end(status)

    def retire(self) -> None:
        """Takes nothing more, and goes as soon as its predictions have ended."""
        self._leaving = True
        if not self._working:
            self._end_soon()

    async def stop(self) -> None:
        """Goes now."""
        self._leaving = True
        await asyncio.wait({self._end_soon()})

    async def outlive(self) -> None:
        """Returns when the replica's process has ended, for whatever reason."""
        if self.running is not None:
            await self.running.replica.ended()

    def _end_soon(self) -> asyncio.Task[None]:
        if self._ending is None:
            self._ending = self._tasks.start(self._end())
        return self._ending

    async def _end(self) -> None:
        if self._launching is not None:
            self._launching.cancel()
            await asyncio.wait({self._launching})
        if self.running is not None:
            await self.running.stop()
        await self._tasks.others()
        self._owner.on_gone(self)

    async def _launch(self, show: Show) -> None:
        error: RcliError | None = RcliError("the engine met an internal error while it started the model")
        began = self._now()
        try:
            self.running = await self._parts.launch(self.version, self._kind, show)
            error = None
        except asyncio.CancelledError:
            error = None
            raise
        except RcliError as known:
            error = known
        except OSError as exc:
            error = RcliError(f"the engine could not lay out the model's files: {exc}")
        finally:
            self._launching = None
            self._launched(began, error)

    def _launched(self, began: float, error: RcliError | None) -> None:
        self.ready_at = self.idle_since = self._now()
        self._turn_ends = self.ready_at + max(SHORTEST_TURN, STARTS_IN_A_TURN * (self.ready_at - began))
        if error is not None:
            self.retire()
            self._owner.on_failed(self, error)
        elif not self._leaving:
            self._owner.on_ready(self)

    async def _work(self, live: Live, running: RunningReplica) -> None:
        """One prediction from its inputs to its end."""
        live.outbox = Outbox(self._parts.files, running.outbox(live.id))
        try:
            given = await self._parts.lay(self.version, live, running.inbox(live.id))
            if live.canceled_as is None:
                live.start()
                outcome = await running.replica.predict(
                    live.id, given, partial(_emit, live), partial(self._free, live)
                )
                try:
                    await _record(live, outcome)
                finally:
                    if outcome.crashed:
                        self._crash()
        except Problem as problem:
            live.end("failed", error=problem.detail.strip())
        except OSError as error:
            live.end("failed", error=f"the engine could not keep the files of this {self._kind}: {error}")
        finally:
            if live.canceled_as is not None:
                live.end(live.canceled_as)
            live.end("failed", error=f"the engine met an internal error while this {self._kind} ran")
            self._leave(live, running)

    def _free(self, live: Live) -> None:
        """The next one need not wait until this one's end is recorded."""
        live.made_at = time.time()
        if self._kind == "prediction":
            self._made.add(live.id)
            self._owner.on_freed(self)

    def _crash(self) -> None:
        """The replica is of no more use, to whoever else works with it either."""
        if not self._crashed:
            self._crashed = self._leaving = True
            self._end_soon()
            self._owner.on_crashed(self)

    def _leave(self, live: Live, running: RunningReplica) -> None:
        self.last_used = time.time()
        self.idle_since = self._now()
        del self._working[live.id]
        self._made.discard(live.id)
        for folder in (running.inbox(live.id), running.outbox(live.id)):
            if folder.exists():
                self._tasks.start(_removed(folder))
        self._leaving = self._leaving or self._kind == "training"
        if self._leaving and not self._working:
            self._end_soon()
        self._owner.on_freed(self)

    async def _interrupt(self, live: Live) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(POLITE_SECONDS):
                await live.began.wait()
        if self.running is not None:
            await self.running.replica.cancel(live.id)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


async def _removed(folder: Path) -> None:
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


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
