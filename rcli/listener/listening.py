"""The heart of the listener: events come from a source, are kept, and go to every endpoint in order."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from rcli.listener.commands import PREFIX, Commands
from rcli.listener.events import Event
from rcli.listener.forward import Delivery, Endpoint, Forwarder, target_name
from rcli.listener.journal import Journal, Turn
from rcli.listener.lanes import Lane
from rcli.listener.saving import Saved

TIDY_SECONDS = 3600.0
MOST_NOTICES = 200


@dataclass(frozen=True)
class Notice:
    """Something that a person should know. ``is_warning``: something does not work as it should."""

    text: str
    is_warning: bool = False


class Intake(Protocol):
    """What a source gives its events to."""

    async def take(self, event: Event, marks: Mapping[str, str] | None = None) -> bool:
        """Returns when the event is on disk; ``marks`` are set in the same moment (see ``Journal.marks``).

        False if it was taken before (same id), or nobody wants it (``--events``, ``--filter``); the marks are
        set all the same. Raises RcliError when it cannot be kept: the disk is full.
        """
        ...

    def knows(self, id: str) -> bool:
        """Whether the event with this ``webhook-id`` was taken before, by this process or one before it."""
        ...

    def mark(self, name: str, value: str) -> None:
        """Remembers a text under a name, beyond the end of this process."""
        ...

    def marks(self, prefix: str = "") -> Mapping[str, str]:
        """What is remembered under names that begin so."""
        ...

    def tell(self, notice: Notice) -> None:
        """For the screen; bounded: the oldest are dropped when nobody looks."""
        ...


class Source(Protocol):
    """Where events come from: the server that receives them, or the relay that makes them."""

    async def run(self, intake: Intake) -> None:
        """Gives every event to ``intake``, those of one prediction in order, until it is cancelled.

        Returns when no more will come. Raises RcliError when it cannot go on.
        """
        ...


@dataclass(frozen=True)
class Wishes:
    """What is done with events. ``wants`` chooses, ``retries`` as the service does for ``completed``."""

    endpoints: tuple[Endpoint, ...] = ()
    wants: Callable[[Event], bool] = lambda event: True
    retries: bool = True
    saved: Saved | None = None


class Listening:
    """An intake for one source. ``changed`` is called, in the loop's thread, after every change."""

    def __init__(
        self,
        journal: Journal,
        wishes: Wishes,
        forwarder: Forwarder,
        commands: Commands,
        changed: Callable[[], None],
    ) -> None:
        self._journal, self._wishes, self._changed = journal, wishes, changed
        self._forwarder, self._commands = forwarder, commands
        self._notices: deque[Notice] = deque(maxlen=MOST_NOTICES)
        self._done = asyncio.Event()
        self._lanes = [
            Lane(journal, endpoint, self._deliver, self._attempted, retries=self._is_repeated(endpoint))
            for endpoint in wishes.endpoints
        ]

    async def run(self, source: Source) -> None:
        """Until the source has no more and all is delivered, or for ever. Raises RcliError."""
        lanes = [asyncio.create_task(lane.run()) for lane in self._lanes]
        others = [*lanes, asyncio.create_task(self._tidy())]
        try:
            await _first_of(asyncio.create_task(source.run(self)), others)
            await _first_of(asyncio.create_task(self._settled()), others)
        finally:
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            await self._forwarder.close()

    async def take(self, event: Event, marks: Mapping[str, str] | None = None) -> bool:
        if self._journal.knows(event.id) or not self._wishes.wants(event):
            for name, value in (marks or {}).items():
                self._journal.mark(name, value)
            return False
        if self._wishes.saved is not None:
            self._wishes.saved.write(event)
        targets = [each.target for each in self._wishes.endpoints if each.wants(event)]
        is_new = self._journal.add(event, targets, marks)
        self._poke()
        return is_new

    def knows(self, id: str) -> bool:
        return self._journal.knows(id)

    def mark(self, name: str, value: str) -> None:
        self._journal.mark(name, value)

    def marks(self, prefix: str = "") -> dict[str, str]:
        return self._journal.marks(prefix)

    def tell(self, notice: Notice) -> None:
        self._notices.append(notice)
        self._changed()

    def notices(self) -> list[Notice]:
        """What was told since the last call; any thread may ask."""
        found = []
        while self._notices:
            found.append(self._notices.popleft())
        return found

    def resend(self, number: int) -> None:
        """Delivers the event once more, now, to every endpoint that wants such events."""
        event = self._journal.event(number)
        targets = [each.target for each in self._wishes.endpoints if each.wants(event)]
        self._journal.resend(number, targets, time.time())
        self._poke()

    def _poke(self) -> None:
        for lane in self._lanes:
            lane.poke()
        self._changed()

    def _is_repeated(self, endpoint: Endpoint) -> bool:
        """A command that fails is not a receiver that was away."""
        return self._wishes.retries and not endpoint.target.startswith(PREFIX)

    async def _deliver(self, event: Event, endpoint: Endpoint) -> Delivery:
        to: Commands | Forwarder = self._forwarder
        if endpoint.target.startswith(PREFIX):
            to = self._commands
        return await to.deliver(event, endpoint)

    def _attempted(self, turn: Turn, delivery: Delivery, due: float | None) -> None:
        self._done.set()
        if not delivery.ok:
            self._notices.append(Notice(_failure(turn, delivery, due), is_warning=True))
        self._changed()

    async def _settled(self) -> None:
        while self._journal.pending():
            self._done.clear()
            await self._done.wait()

    async def _tidy(self) -> None:
        while True:
            while self._journal.forget(time.time()):
                await asyncio.sleep(0)
            await asyncio.sleep(TIDY_SECONDS)


def _failure(turn: Turn, delivery: Delivery, due: float | None) -> str:
    """What an attempt has come to, and what happens now."""
    told = f"{target_name(delivery.target)} did not take {turn.prediction}: {delivery.error}"
    if due is not None:
        return f"{told}; attempt {turn.attempts + 2} in {max(0.0, due - time.time()):.0f} s"
    is_away = delivery.status is None and delivery.target.startswith("http")
    return f"{told}; is your handler running there?" if is_away else told


async def _first_of(main: asyncio.Task[None], others: Sequence[asyncio.Task[None]]) -> None:
    """Waits for ``main``; whatever fails before it ends it all."""
    try:
        done, _ = await asyncio.wait([main, *others], return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        main.cancel()
        await asyncio.gather(main, return_exceptions=True)
