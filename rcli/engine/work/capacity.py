"""What this machine can bear: how many replicas at once, and whose start is next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Protocol

from rcli.engine.runtime.machine import available_memory
from rcli.engine.work.instances import Instance
from rcli.engine.work.live import Live, Phase

LOOK_AGAIN_SECONDS = 1.0
"""How often the memory is looked at while somebody waits for it."""


class Claimant(Protocol):
    """A lane, as those see it who share the machine out among lanes."""

    minimum: int
    instances: list[Instance]

    @property
    def waiting(self) -> Collection[Live]: ...
    @property
    def staying(self) -> Sequence[Instance]: ...
    def grow(self) -> None: ...
    def show(self, phase: Phase) -> None: ...


class Capacity:
    """Lanes stand in line for one more instance each; who gets one and wants another goes to the end.

    Room is made by putting the least recently used idle replica to sleep. If all are busy, one that has had
    its turn goes when its predictions have ended. ``most`` counts replicas, ``reserve`` is in bytes.
    """

    def __init__(
        self,
        most: int,
        reserve: int,
        lanes: Callable[[], Iterable[Claimant]],
        available: Callable[[], int | None] = available_memory,
    ) -> None:
        self._most, self._reserve = most, reserve
        self._lanes, self._available = lanes, available
        self._line: list[Claimant] = []
        self._due: asyncio.Handle | None = None

    def ask(self, lane: Claimant) -> None:
        """The lane's ``grow`` is called when it may start one more."""
        if lane not in self._line:
            self._line.append(lane)
        self.look()

    def withdraw(self, lane: Claimant) -> None:
        if lane in self._line:
            self._line.remove(lane)
        self.look()

    def look(self) -> None:
        """Something has changed: sees soon who can start."""
        if self._due is not None:
            self._due.cancel()
        self._due = asyncio.get_running_loop().call_soon(self._share) if self._line else None

    def must_yield(self, lane: Claimant, instance: Instance) -> bool:
        """Whether a busy instance should make room instead of beginning its lane's next prediction."""
        if not self._line or not instance.had_turn or self._shortage() is None:
            return False
        starving = [other for other in self._line if other is not lane and _starves(other)]
        return len(starving) > self._leaving()

    def _share(self) -> None:
        self._due = None
        while self._line:
            lane = min(self._line, key=_rank)
            shortage = self._shortage()
            if shortage is None:
                self._line.remove(lane)
                lane.grow()
            elif not self._make_room(lane):
                self._wait(shortage)
                return

    def _wait(self, shortage: Phase) -> None:
        for lane in self._line:
            lane.show(shortage)
        if self._due is not None:
            self._due.cancel()
        self._due = asyncio.get_running_loop().call_later(LOOK_AGAIN_SECONDS, self._share)

    def _shortage(self) -> Phase | None:
        """Why nothing can start now, for those who wait."""
        count = sum(len(lane.instances) for lane in self._lanes())
        if count >= self._most:
            loaded = "1 model is" if self._most == 1 else f"{self._most} models are"
            return Phase("queued", f"waiting for its turn: {loaded} loaded, the most at once")
        free = self._available()
        if free is not None and free < self._reserve:
            return Phase("queued", f"waiting for memory: less than {self._reserve >> 20} MiB are free")
        return None

    def _make_room(self, lane: Claimant) -> bool:
        """Sends one idle replica to sleep, unless enough are on their way out; False when it cannot."""
        victim = self._idlest(lane) if self._leaving() < len(self._line) else None
        if victim is not None:
            victim.retire()
        return victim is not None

    def _idlest(self, lane: Claimant) -> Instance | None:
        """The least recently used idle one. Those that are to be kept warm go last, and only for need."""
        idle = [
            (len(other.staying) <= other.minimum, instance.idle_since, instance)
            for other in self._lanes()
            if other is not lane
            for instance in other.staying
            if instance.state == "ready"
        ]
        found = min(idle, key=lambda row: row[:2], default=None)
        if found is None or (found[0] and not _starves(lane)):
            return None
        return found[2]

    def _leaving(self) -> int:
        return sum(len(lane.instances) - len(lane.staying) for lane in self._lanes())


def _rank(lane: Claimant) -> int:
    """Who cannot work at all comes first, who only keeps something warm comes last; then it is first come."""
    return 0 if _starves(lane) else 1 if lane.waiting else 2


def _starves(lane: Claimant) -> bool:
    """Whether predictions wait for it and nothing works on them."""
    return bool(lane.waiting) and not lane.staying
