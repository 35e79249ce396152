"""The answer to what takes long: what is going on, as server-sent events, then the result or the problem."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable

from starlette.types import Receive, Scope, Send

from rcli.engine.problems import from_error
from rcli.engine.web.objects import Json
from rcli.engine.web.streams import KEEP_ALIVE
from rcli.errors import RcliError

Work = Callable[[Callable[[str], None]], Awaitable[Json]]
"""Is given where to tell its progress. May raise RcliErrors."""

_HEADERS = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]


class Progress:
    """An ASGI response: events ``progress``, and at the end ``done`` or ``error``; their data is JSON.

    Work whose client has gone is canceled. ``alive`` is called for every sign of life.
    """

    def __init__(self, work: Work, alive: Callable[[], None]) -> None:
        self._work, self._alive = work, alive
        self._news: asyncio.Queue[str] = asyncio.Queue()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        working = asyncio.ensure_future(self._work(self._news.put_nowait))
        sending = asyncio.create_task(self._send(working, send))
        leaving = asyncio.create_task(_until_gone(receive))
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                sending.result()
        finally:
            for task in (sending, leaving, working):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError, RcliError):
                    await task

    async def _send(self, working: asyncio.Future[Json], send: Send) -> None:
        async for name, data in self._events(working):
            self._alive()
            text = f"event: {name}\ndata: {json.dumps(data)}\n\n" if name else ": keep-alive\n\n"
            await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _events(self, working: asyncio.Future[Json]) -> AsyncIterator[tuple[str, Json]]:
        """Pairs of name and data; one without a name says only that nothing is lost."""
        while not (working.done() and self._news.empty()):
            told = asyncio.ensure_future(self._news.get())
            try:
                await asyncio.wait((told, working), timeout=KEEP_ALIVE, return_when=asyncio.FIRST_COMPLETED)
                if told.done():
                    yield "progress", {"message": told.result()}
                elif not working.done():
                    yield "", {}
            finally:
                told.cancel()
        yield _ending(working)


def _ending(working: asyncio.Future[Json]) -> tuple[str, Json]:
    """How it ended; a bug is raised as it is."""
    try:
        return "done", working.result()
    except RcliError as error:
        problem = from_error(error)
        return "error", {"status": problem.status, "detail": problem.detail, "hint": problem.hint}


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
