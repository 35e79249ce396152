"""The last message of each webhook: from the database to its receiver, again and again until it is taken.

What is due lies in the database and is fetched when there is room to send it: a kill loses nothing, and any
number of messages for dead receivers takes no memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable
from functools import partial

from rcli.engine.data.webhooks import Webhook, WebhookEvent, Webhooks
from rcli.engine.runtime.outgoing import Undelivered
from rcli.engine.work.bells import Bell
from rcli.engine.work.messages import Messenger
from rcli.webhooks import DELAYS

EACH = 4
"""Messages on their way to one receiver at once: a dead one leaves room for the others."""

TOTAL = 128


class Deliveries:
    """``changed`` is called whenever one was sent or given up."""

    def __init__(self, table: Webhooks, messenger: Messenger, changed: Callable[[], None]) -> None:
        self._table, self._messenger, self._changed = table, messenger, changed
        self._done = Bell()
        self._poked = asyncio.Event()
        self._carrying: dict[str, tuple[str, asyncio.Task[None]]] = {}

    def put(self, webhook: Webhook, last: WebhookEvent, at: float) -> None:
        """Sends the webhook's last message at this time, in Unix seconds."""
        self._table.set_due(webhook.prediction, last, at)
        self._poked.set()

    async def run(self) -> None:
        while True:
            self._poked.clear()
            now = time.time()
            self._dispatch(now)
            at = self._table.next_due(now)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if at is None else max(0.0, at - time.time())):
                    await self._poked.wait()

    async def first_attempts(self) -> None:
        """Waits until everything due has been tried once."""
        while self._carrying or self._table.any_due(now=time.time()):
            await self._done.wait(1)

    async def close(self) -> None:
        """What is on its way now will be sent again after the next start."""
        tasks = [task for _, task in self._carrying.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _dispatch(self, now: float) -> None:
        load = Counter(receiver for receiver, _ in self._carrying.values())
        for receiver in self._table.receivers_due(now):
            room = min(EACH - load[receiver], TOTAL - len(self._carrying))
            if room > 0:
                carried = [key for key, (to, _) in self._carrying.items() if to == receiver]
                for webhook in self._table.due(receiver, now, without=carried, limit=room):
                    sending = self._messenger.send(webhook, webhook.last, webhook.message_id)
                    task = asyncio.create_task(sending)
                    self._carrying[webhook.prediction] = receiver, task
                    task.add_done_callback(partial(self._note, webhook, now))

    def _note(self, webhook: Webhook, began: float, task: asyncio.Task[None]) -> None:
        """What became of an attempt; one that the engine's end cut short does not count."""
        del self._carrying[webhook.prediction]
        if task.cancelled():
            return
        match task.exception():
            case None:
                self._table.settle(webhook.prediction, time.time(), None)
            case Undelivered() as undelivered:
                self._fail(webhook, began, str(undelivered))
            case defect:
                self._fail(webhook, began, "the engine met an internal error")
                told = {"message": "defect in a webhook's delivery", "exception": defect, "task": task}
                asyncio.get_running_loop().call_exception_handler(told)
        self._poked.set()
        self._done.ring()
        self._changed()

    def _fail(self, webhook: Webhook, began: float, error: str) -> None:
        if webhook.last == "completed" and webhook.attempts < len(DELAYS):
            self._table.postpone(webhook.prediction, began + DELAYS[webhook.attempts], error)
        else:
            self._table.settle(webhook.prediction, time.time(), error)
