"""The synchronous API client in an asynchronous program: calls and streams on threads of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import TypeVar

from rcli.api.client import Client
from rcli.api.sse import events
from rcli.errors import RcliError

T = TypeVar("T")

NAME = "relay"
"""Of all these threads."""

_TOGETHER = 0.1
"""Seconds in which a stream's events ring once: there may be thousands of them."""


async def in_thread(function: Callable[[], T]) -> T:
    """Like ``asyncio.to_thread``; but a call that hangs in a socket keeps no program from its end."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def fail(error: Exception) -> None:
        _call(loop, lambda: None if future.done() else future.set_exception(error))

    def work() -> None:
        failure: Exception = RuntimeError("a call in a thread met a defect")
        try:
            result = function()
        except RcliError as exc:
            failure = exc
        else:
            _call(loop, lambda: None if future.done() else future.set_result(result))
            return
        finally:
            fail(failure)  # a defect of ours ends the waiting, too

    Thread(target=work, name=NAME, daemon=True).start()
    return await future


def follow_stream(client: Client, url: str, ring: Callable[[], None], ended: Callable[[], None]) -> None:
    """Rings in this event loop soon after a stream has brought something; ``ended`` comes last, and once."""
    loop = asyncio.get_running_loop()
    bell = _Bell(loop, ring)

    def work() -> None:
        try:
            with suppress(RcliError):  # whatever is wrong with it: the prediction is asked for all the same
                for event in events(client, url):
                    if event.event:
                        _call(loop, bell.pull)
        finally:
            _call(loop, ended)

    Thread(target=work, name=NAME, daemon=True).start()


class _Bell:
    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], None]) -> None:
        self._loop, self._ring = loop, ring
        self._is_pulled = False

    def pull(self) -> None:
        if not self._is_pulled:
            self._is_pulled = True
            self._loop.call_later(_TOGETHER, self._sound)

    def _sound(self) -> None:
        self._is_pulled = False
        self._ring()


def _call(loop: asyncio.AbstractEventLoop, function: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # the loop is closed: nobody is interested any more
        loop.call_soon_threadsafe(function)
