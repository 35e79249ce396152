"""The queue of one version, and the instances that work it off."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import Literal

from rcli.engine.data.catalog import Version
from rcli.engine.runtime.replicas import SetupFailed
from rcli.engine.work.capacity import Capacity
from rcli.engine.work.instances import Instance, Parts
from rcli.engine.work.live import Key, Live, Phase
from rcli.engine.work.setbacks import Setbacks
from rcli.engine.work.tasks import Tasks
from rcli.errors import RcliError

LOG = logging.getLogger(__name__)

TRACE_LINES = 6
"""How much of a failed setup's traceback goes into the prediction's error; the logs have all of it."""


class Lane:
    """At least ``minimum`` instances are kept warm, at most ``maximum`` work at once.

    Each makes as many predictions at once as the project allows. One that nobody needs sleeps after
    ``sleep_after`` seconds, 0 for never.
    """

    def __init__(
        self,
        key: Key,
        version: Version,
        parts: Parts,
        capacity: Capacity,
        sleep_after: float,
        bounds: tuple[int, int] = (0, 1),
    ) -> None:
        self.key, self.version = key, version
        self.minimum, self.maximum = bounds
        self.waiting: deque[Live] = deque()
        self.instances: list[Instance] = []
        self._parts, self._capacity, self._sleep_after = parts, capacity, sleep_after
        self._phase = Phase("queued")
        self._setbacks = Setbacks()
        self._watches = Tasks()
        self._alarms: list[asyncio.TimerHandle] = []

    @property
    def staying(self) -> Sequence[Instance]:
        """All but those on their way out."""
        return [instance for instance in self.instances if instance.state != "leaving"]

    @property
    def is_done(self) -> bool:
        """Whether there is nothing left of it."""
        return not (self.waiting or self.instances or self.minimum)

    @property
    def wanted(self) -> int:
        """How many instances there should be now."""
        load = len(self.waiting) + sum(instance.load for instance in self.staying)
        needed = -(-load // self.version.concurrency)
        warm = self.minimum if self._setbacks.pause() <= 0 else min(self.minimum, len(self.staying))
        return min(max(needed, warm), self.maximum)

    def push(self, live: Live) -> None:
        self.waiting.append(live)
        if not self.staying:
            self._phase = Phase("queued")
        live.show(self._phase)
        self.pump()

    async def cancel(self, live: Live, status: str) -> None:
        """Ends the prediction wherever it is; returns when its end is recorded."""
        if live in self.waiting:
            self.waiting.remove(live)
            live.end(status)
            self._thin_out("starting", self.wanted)
            self.pump()
            return
        for instance in self.instances:
            if live in instance.working():
                await instance.cancel(live, status)
        live.end(status)

    def scale(self, minimum: int, maximum: int) -> None:
        """Going down, idle ones go first, and busy ones when their predictions have ended."""
        self.minimum, self.maximum = minimum, maximum
        self._setbacks.forget()
        self.rest()
        self._thin_out("starting", self.wanted)
        self._thin_out("busy", self.maximum)
        self.pump()

    def rest(self) -> None:
        """Lets go of idle replicas that nobody needs now."""
        self._thin_out("ready", self.wanted)

    async def close(self, status: str, error: str | None) -> None:
        """Ends everything here, for good; ``error`` may have a ``{}`` for what was at work."""
        working = [live for instance in self.instances for live in instance.working()]
        for live in [*self.waiting, *working]:
            live.end(status, error=None if error is None else error.format(self.key.kind))
        self.waiting.clear()
        self.minimum = self.maximum = 0
        self.pump()
        await asyncio.gather(*(instance.stop() for instance in self.instances))
        await self._watches.others()
        self._quiet()

    def pump(self) -> None:
        """Starts whatever can be started now."""
        for instance in self.staying:
            if instance.is_dead:
                self._setbacks.add(instance.ready_at)
                instance.retire()
        self._feed()
        if len(self.staying) < self.wanted:
            self._capacity.ask(self)
        else:
            self._capacity.withdraw(self)
        self._set_alarms()

    def grow(self) -> None:
        """Starts one more instance: the machine has room for it."""
        self.show(Phase("environment"))
        self.instances.append(Instance(self.version, self.key.kind, self._parts, self, self.show))
        self.pump()

    def show(self, phase: Phase) -> None:
        """Tells those who wait what is done for them, unless they only wait for those before them."""
        if any(instance.running is not None for instance in self.staying):
            phase = Phase("queued")
        self._phase = phase
        for live in self.waiting:
            live.show(phase)

    def on_ready(self, instance: Instance) -> None:
        self._watches.start(self._watch(instance))
        self.pump()
        self.show(Phase("queued"))

    def on_failed(self, instance: Instance, error: RcliError) -> None:
        """What keeps the only replica from starting would keep it from starting for the next as well."""
        self._setbacks.add(instance.ready_at)
        if not self.staying:
            self._fail_waiting(error)
        if self.minimum:
            LOG.warning("no instance of %s could be started: %s", self.version.model, error.message)
        self.pump()

    def on_freed(self, instance: Instance) -> None:
        self.pump()

    def on_crashed(self, instance: Instance) -> None:
        self._setbacks.add(instance.ready_at)

    def on_gone(self, instance: Instance) -> None:
        self.instances.remove(instance)
        self.pump()
        self._capacity.look()

    async def _watch(self, instance: Instance) -> None:
        """One that is kept warm is started anew when its process ends, even if nobody asks for it."""
        await instance.outlive()
        self.pump()

    def _feed(self) -> None:
        while self.waiting:
            free = [instance for instance in self.staying if instance.has_room]
            if not free:
                return
            instance = min(free, key=lambda each: each.load)
            if self._capacity.must_yield(self, instance):
                instance.retire()
            else:
                instance.take(self.waiting.popleft())

    def _thin_out(self, state: Literal["starting", "ready", "busy"], most: int) -> None:
        """Sends instances in this state away until ``most`` stay, those unused for longest first."""
        for instance in sorted(self.staying, key=lambda each: each.idle_since):
            if instance.state == state and len(self.staying) > most:
                instance.retire()

    def _fail_waiting(self, error: RcliError) -> None:
        waiting, self.waiting = self.waiting, deque()
        for live in waiting:
            logs = getattr(error, "logs", "")
            if logs:
                live.log(logs)
            live.end("failed", error=_explained(error, logs))

    def _set_alarms(self) -> None:
        """For the next replica to put to sleep, and for the next try to keep one warm."""
        self._quiet()
        loop = asyncio.get_running_loop()
        idle = [instance.idle_since for instance in self.staying if instance.state == "ready"]
        if idle and self._sleep_after > 0 and len(self.staying) > self.minimum:
            self._alarms.append(loop.call_at(min(idle) + self._sleep_after, self._doze))
        if (pause := self._setbacks.pause()) > 0 and len(self.staying) < self.minimum:
            self._alarms.append(loop.call_later(pause, self.pump))

    def _doze(self) -> None:
        self._thin_out("ready", max(self.wanted, len(self.staying) - 1))
        self.pump()

    def _quiet(self) -> None:
        for alarm in self._alarms:
            alarm.cancel()
        self._alarms.clear()


def _explained(error: RcliError, logs: str) -> str:
    lines = [error.message]
    if isinstance(error, SetupFailed):
        _, mark, trace = logs.rpartition("Traceback (most recent call last):")
        lines += (mark + trace).strip().split("\n")[-TRACE_LINES:] if mark else []
    if error.hint:
        lines.append(f"hint: {error.hint}")
    return "\n".join(lines)
