"""Webhooks: whoever asked for it is told how a prediction goes on.

Nothing is queued: each prediction with a webhook has one task that looks at what the database knows, and
tells what is new of it. A slow receiver is told less often, and never holds anybody else up.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Protocol
from weakref import WeakValueDictionary

from rcli.engine.data.store import Store
from rcli.engine.data.webhooks import Subscription, Webhook, Webhooks
from rcli.engine.runtime.outgoing import Undelivered
from rcli.engine.work.bells import Bell
from rcli.engine.work.deliveries import EACH, Deliveries
from rcli.engine.work.messages import Messenger
from rcli.engine.work.tasks import Tasks
from rcli.engine.work.throttle import Watch
from rcli.webhooks import new_message_id

TOTAL = 64
"""Messages about predictions under way that are sent at once, to all receivers together."""

LAST_WORDS = 10.0
"""Seconds for what is still to be told before the end; ``completed`` does not wait longer."""

GRACE = 2.0
"""Seconds that a stopping engine takes to tell how its predictions ended."""

LISTEN = 60.0
"""Seconds after which a quiet prediction is looked at in any case."""

KEPT = 24 * 3600.0
"""Seconds for which the database keeps what became of a webhook."""


class Followed(Protocol):
    """A prediction or training that has not ended yet, or just has."""

    id: str
    number: int
    bell: Bell
    ended: asyncio.Event

    @property
    def is_over(self) -> bool: ...


class WebhookSender:
    """``changed`` is called whenever something was sent or given up."""

    def __init__(self, store: Store, messenger: Messenger, changed: Callable[[], None]) -> None:
        self._store, self._messenger, self._changed = store, messenger, changed
        self._table = Webhooks(store)
        self._deliveries = Deliveries(self._table, messenger, changed)
        self._tasks = Tasks()
        self._following: dict[asyncio.Task[None], Followed] = {}
        self._all = asyncio.Semaphore(TOTAL)
        self._each: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._delivering: asyncio.Task[None] | None = None

    def follow(self, live: Followed, subscription: Subscription, base: str) -> None:
        """Tells of this prediction until its end, and of that. It is kept when this returns."""
        webhook = self._table.add(live.id, subscription, base)
        self._store.commit()
        self._spawn(live, webhook)

    def start(self, find: Callable[[str], Followed | None]) -> None:
        """Goes on with what the last engine has left; ``find`` gives predictions that are not over."""
        self.forget()
        self._table.take_up(time.time())
        for webhook in self._table.unended():
            if (live := find(webhook.prediction)) is not None:
                self._spawn(live, webhook)
        self._delivering = asyncio.create_task(self._deliveries.run())

    def forget(self) -> None:
        """Removes what was settled a day ago."""
        self._table.forget(time.time() - KEPT)

    def is_busy(self) -> bool:
        """Whether there is, or will be, something to send."""
        return bool(self._following) or self._table.any_due()

    async def close(self) -> None:
        """After all work has stopped: tells of its end, as far as ``GRACE`` allows; the rest is kept."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GRACE):
                over = [task for task, live in self._following.items() if live.is_over]
                await asyncio.gather(*over, return_exceptions=True)
                if self._delivering is not None:
                    await self._deliveries.first_attempts()
        tasks = [*self._following, *([self._delivering] if self._delivering else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._deliveries.close()
        await self._messenger.close()

    def _spawn(self, live: Followed, webhook: Webhook) -> None:
        task = self._tasks.start(self._follow(live, webhook))
        self._following[task] = live
        task.add_done_callback(self._following.pop)

    async def _follow(self, live: Followed, webhook: Webhook) -> None:
        watch = Watch(webhook.subscription.events)
        while not self._is_over(live, watch):
            if watch.due(_now()) is not None:
                await self._tell(live, webhook, watch)
            elif (pause := watch.pause(_now())) is not None:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await live.ended.wait()
            else:
                await live.bell.wait(LISTEN)
        await self._take_leave(live, webhook, watch)

    async def _take_leave(self, live: Followed, webhook: Webhook, watch: Watch) -> None:
        """The last message shows all that was still held back: ``completed``, or without it the newest."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS):
                while watch.due(_now()) is not None:
                    await self._tell(live, webhook, watch)
        if "completed" in webhook.subscription.events:
            self._deliveries.put(webhook, "completed", time.time())
        elif (left := watch.left()) is not None:
            self._deliveries.put(webhook, left, time.time() + (watch.pause(_now()) or 0))
        else:
            self._table.settle(webhook.prediction, time.time(), None)

    def _is_over(self, live: Followed, watch: Watch) -> bool:
        """Looks at what is committed; what it does not see rings the bell later."""
        watch.look(self._table.progress(live.number, watch.seen))
        return live.is_over

    async def _tell(self, live: Followed, webhook: Webhook, watch: Watch) -> None:
        """Tells what is due when its turn has come; nobody repeats it if that fails.

        Whose turn does not come stays pending: behind a dead receiver, an end is not kept waiting for long.
        """
        receiver = webhook.subscription.receiver
        turn = self._each.get(receiver) or asyncio.Semaphore(EACH)
        self._each[receiver] = turn
        with contextlib.suppress(TimeoutError, Undelivered):
            async with asyncio.timeout(LAST_WORDS), turn, self._all:
                self._is_over(live, watch)
                if (event := watch.due(_now())) is not None:
                    watch.tell(event, _now())
                    await self._messenger.send(webhook, event, new_message_id())
        self._changed()


def _now() -> float:
    return asyncio.get_running_loop().time()
