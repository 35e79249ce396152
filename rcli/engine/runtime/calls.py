"""Calls to coglet's servers: a request, a whole JSON answer, over connections that are kept."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any, cast

from rcli.engine.runtime.http import HEAD_END, HOST, Answer, Broken, Head, read_head, request

KEEP = "Connection: keep-alive\r\n"

Hear = Callable[[Answer], None]
"""Gets an answer the moment it is whole, before the task that waits for it has its turn."""


class Calls:
    """Calls to one server, as many at once as there are callers."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._idle: list[_Connection] = []

    async def call(
        self, method: str, path: str, body: Any = None, hear: Hear = lambda answer: None
    ) -> Answer:
        """Send one request, wait for the whole answer; ``hear`` may send the next. Raises Broken.

        Cancelling this closes the connection, by which the server notices.
        """
        asked = request(method, path, body, "Accept: application/json\r\n" + KEEP)
        while self._idle:
            with contextlib.suppress(_Stale):
                return await self._ask(self._idle.pop(), asked, hear)
        try:
            _, fresh = await asyncio.get_running_loop().create_connection(_Connection, HOST, self.port)
        except OSError as exc:
            raise Broken(str(exc)) from exc
        return await self._ask(fresh, asked, hear)

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    async def _ask(self, connection: _Connection, asked: bytes, hear: Hear) -> Answer:
        def settled(answer: Answer) -> None:
            if connection.is_open:
                self._idle.append(connection)
            hear(answer)

        return await connection.ask(asked, settled)


class _Stale(Broken):
    """The server had closed a connection that was kept, before it took the request."""


class _Connection(asyncio.Protocol):
    """Takes one request at a time."""

    def __init__(self) -> None:
        self.is_open = False
        self._is_used = False
        self._answer: asyncio.Future[Answer] | None = None
        self._hear: Hear = lambda answer: None
        self._received = b""
        self._head: Head | None = None
        self._body: list[bytes] = []
        self._size = 0

    async def ask(self, asked: bytes, hear: Hear) -> Answer:
        """Raises Broken, _Stale where asking again on another connection does no harm."""
        if not self.is_open:
            raise _Stale("the connection is closed")
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._answer = answer
        self._hear = hear
        self._received, self._head, self._body, self._size = b"", None, [], 0
        self._transport.write(asked)
        try:
            return await answer
        except BaseException:
            if answer is self._answer:  # else it is settled, and somebody else asks already
                self.close()
            raise

    def close(self) -> None:
        self.is_open = False
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        if self._head is None:
            self._received += data
            raw, end, data = self._received.partition(HEAD_END)
            if not end:
                return
            self._head = read_head(raw)
        self._body.append(data)
        self._size += len(data)
        if self._head.length is not None and self._size >= self._head.length:
            self._settle(self._head)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_open = False
        if self._answer is None or self._answer.done():
            return
        if self._head is not None and self._head.length is None:
            self._settle(self._head)
        elif self._is_used and not self._received:
            self._answer.set_exception(_Stale("the connection was closed"))
        else:
            self._answer.set_exception(Broken("the answer broke off"))

    def _settle(self, head: Head) -> None:
        """The answer is whole."""
        data = b"".join(self._body)
        found, waiting = Answer(head.status, json.loads(data) if data else None), self._answer
        if waiting is None or waiting.done():
            return
        self._answer, self._is_used = None, True
        try:
            self._hear(found)
        finally:
            waiting.set_result(found)
