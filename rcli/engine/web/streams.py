"""A prediction's events as server-sent events, for any number of readers, from any event on.

Only ``output``, ``logs``, ``error`` and ``done`` are sent, because official clients fail on others. What
else rcli shows (phases of a cold start) travels in comment lines, which they ignore.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator

from starlette.types import Receive, Scope, Send

from rcli.engine.data.predictions import Event, Predictions
from rcli.engine.web.links import Links
from rcli.engine.work.live import Live, Phase

KEEP_ALIVE = 10.0
"""Seconds of silence after which a comment is sent; clients and proxies give up after 15."""

STALLED = 300.0
"""Seconds after which a reader that takes nothing is let go; it can come back with its last event's id."""

BATCH = 1000
"""Events that are read at once: replaying stays fast, and memory flat."""

_HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
]

_LINE_ENDS = re.compile(r"\r\n|\r|\n")


class EventStream:
    """An ASGI response. ``live`` is None for a prediction that has ended, ``after`` the last event seen."""

    def __init__(
        self,
        table: Predictions,
        number: int,
        live: Live | None,
        *,
        after: int,
        links: Links,
        keep_alive: float = KEEP_ALIVE,
    ) -> None:
        self._table = table
        self._number = number
        self._live = live
        self._seen = self._clamped(after)
        self._links = links
        self._keep_alive = keep_alive

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        sending = asyncio.create_task(self._send(send))
        leaving = asyncio.create_task(_until_gone(receive))
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
            if sending.done():
                with contextlib.suppress(TimeoutError):
                    sending.result()
        finally:
            for task in (sending, leaving):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    def _clamped(self, after: int) -> int:
        """An id from beyond the end is not of this stream: its reader is told at least how it ended."""
        last = self._table.last_sequence(self._number)
        if after <= last:
            return after
        return last if self._live else max(0, last - 1)

    async def _send(self, send: Send) -> None:
        """Asks for more only when the last piece is on its way: a slow reader costs no memory."""
        async for chunk in self._chunks():
            async with asyncio.timeout(STALLED):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _chunks(self) -> AsyncIterator[bytes]:
        phase: Phase | None = None
        while True:
            if self._live and self._live.phase != phase:
                phase = self._live.phase
                yield phase_comment(phase)
            over = self._live is None or self._live.is_over
            events = self._table.events(self._number, self._seen, BATCH)
            if events:
                self._seen = events[-1].sequence
                yield b"".join(encode(event, self._links) for event in events)
            elif over:
                return
            elif (
                self._live and self._live.phase == phase and not await self._live.bell.wait(self._keep_alive)
            ):
                yield b": keep-alive\n\n"


def encode(event: Event, links: Links) -> bytes:
    """One event as it goes over the wire; its id is ``<Unix time>:<sequence>``."""
    match event.kind:
        case "text":
            name, data = "output", event.data
        case "value":
            value = links.shown(json.loads(event.data))
            name, data = "output", value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        case kind:
            name, data = kind, event.data
    lines = _LINE_ENDS.split(data) if "\n" in data or "\r" in data else [data]
    body = "".join(f"data: {line}\n" for line in lines)
    id = f"{int(event.at)}:{event.sequence}"
    exact = _comment({"id": id, "exact": data}) if "\r" in data else ""
    return f"{exact}event: {name}\nid: {id}\n{body}\n".encode()


def phase_comment(phase: Phase) -> bytes:
    """``: rcli {"phase": …, "message": …}``, for rcli's own display."""
    return _comment({"phase": phase.name, "message": phase.message}).encode()


def _comment(told: dict[str, str]) -> str:
    """For rcli alone. Carriage returns end lines in a stream: a text with them also travels as JSON."""
    return f": rcli {json.dumps(told)}\n\n"


def parse_event_id(text: str | None) -> int:
    """The sequence number in a ``Last-Event-ID``, 0 (from the beginning) for none or a foreign one."""
    found = re.fullmatch(r"\d{1,12}:(\d{1,15})", text or "", re.ASCII)
    return int(found.group(1)) if found else 0


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
