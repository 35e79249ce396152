"""What one endpoint is still to get: from the journal to it, those of one prediction one after the other.

No more than a window of numbers is in memory; bodies are read when their turn has come.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress

from rcli.errors import NotFound
from rcli.listener.events import Event
from rcli.listener.forward import Delivery, Endpoint
from rcli.listener.journal import Journal, Turn
from rcli.webhooks import DELAYS

EACH = 8
"""Messages on their way to one endpoint at once."""

WINDOW = 4096
"""Deliveries of which one endpoint's lane knows the numbers."""

GRACE = 2.0
"""Seconds in which what is on its way may arrive when the listener stops."""

Deliver = Callable[[Event, Endpoint], Awaitable[Delivery]]
Done = Callable[[Turn, Delivery, float | None], None]


class Lane:
    """``retries``: ``completed`` is tried again as the service does. ``done`` hears of every attempt."""

    def __init__(
        self, journal: Journal, endpoint: Endpoint, deliver: Deliver, done: Done, *, retries: bool
    ) -> None:
        self._journal, self._endpoint = journal, endpoint
        self._deliver, self._done, self._retries = deliver, done, retries
        self._poked = asyncio.Event()
        self._last = 0
        self._has_more = True
        self._held = 0
        self._lines: dict[str, deque[Turn]] = {}
        self._ready: deque[str] = deque()
        self._under_way: dict[asyncio.Task[None], int] = {}
        self._failure: BaseException | None = None

    def poke(self) -> None:
        """There is something new in the journal."""
        self._has_more = True
        self._poked.set()

    async def run(self) -> None:
        """Until it is cancelled. Raises RcliError when the journal cannot be used."""
        try:
            while True:
                self._poked.clear()
                now = time.time()
                self._fill()
                self._dispatch(now)
                await self._pause(now)
                if self._failure is not None:
                    raise self._failure
        finally:
            await self._finish()

    async def _pause(self, now: float) -> None:
        due = self._journal.next_again(self._endpoint.target, now)
        with suppress(TimeoutError):
            async with asyncio.timeout(None if due is None else max(0.0, due - time.time())):
                await self._poked.wait()

    async def _finish(self) -> None:
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=GRACE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _fill(self) -> None:
        while self._has_more and self._held < WINDOW // 2:
            turns = self._journal.waiting(self._endpoint.target, self._last, WINDOW - self._held)
            self._has_more = bool(turns)
            for turn in turns:
                self._last = turn.number
                self._held += 1
                self._line_up(turn)

    def _line_up(self, turn: Turn) -> None:
        """Behind those of the same prediction, one of which may be on its way."""
        line = turn.prediction or f"#{turn.number}"
        if line in self._lines:
            self._lines[line].append(turn)
        else:
            self._lines[line] = deque([turn])
            self._ready.append(line)

    def _dispatch(self, now: float) -> None:
        """Further attempts get half of the room: what is past does not block what is present."""
        for turn in self._due_again(now):
            self._start(turn, None)
        while self._ready and len(self._under_way) < EACH:
            line = self._ready.popleft()
            self._held -= 1
            self._start(self._lines[line].popleft(), line)

    def _due_again(self, now: float) -> list[Turn]:
        room = min(EACH // 2, EACH - len(self._under_way))
        if room <= 0:
            return []
        busy = set(self._under_way.values())
        found = self._journal.again(self._endpoint.target, now, room + len(busy))
        return [turn for turn in found if turn.number not in busy][:room]

    def _start(self, turn: Turn, line: str | None) -> None:
        task = asyncio.create_task(self._send(turn))
        self._under_way[task] = turn.number
        task.add_done_callback(lambda done: self._end(done, line))

    def _end(self, task: asyncio.Task[None], line: str | None) -> None:
        del self._under_way[task]
        if not task.cancelled() and (failure := task.exception()) is not None:
            self._failure = failure
        if line is not None:
            if self._lines[line]:
                self._ready.append(line)
            else:
                del self._lines[line]
        self._poked.set()

    async def _send(self, turn: Turn) -> None:
        try:
            event = self._journal.event(turn.event)
        except NotFound:  # it has grown too old to be kept
            return
        delivery = await self._deliver(event, self._endpoint)
        due = None
        if not delivery.ok and self._retries and event.kind == "completed" and turn.attempts < len(DELAYS):
            due = delivery.at + DELAYS[turn.attempts]
        self._journal.note(turn, delivery, due)
        self._done(turn, delivery, due)
