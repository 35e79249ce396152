"""Attacks a handler with all that may happen, and tells how it did."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from rcli.errors import NoAnswer
from rcli.listener.cases import Case, Forge, Verdict, cases
from rcli.listener.events import Event
from rcli.listener.forward import Delivery, Endpoint, Forwarder, sent_headers
from rcli.records import Json
from rcli.webhooks import ANSWER_SECONDS, CONNECT_SECONDS, THROTTLE, Kind

BURST: tuple[Kind, ...] = ("output", "logs", "completed")
"""What each burst tells of all its predictions."""

AT_ONCE = 8
"""Predictions of which a burst tells."""

DRIP = 0.02
"""Seconds from one byte to the next of a slow connection."""


@dataclass(frozen=True)
class Finding:
    """How a handler did. ``got`` are its answers in words, ``hint`` what to do if they are not as wanted."""

    name: str
    about: str
    wanted: Verdict
    got: str
    ok: bool
    hint: str

    def to_json(self) -> Json:
        shown = {
            "check": self.name,
            "about": self.about,
            "wanted": self.wanted,
            "got": self.got,
            "ok": self.ok,
        }
        return shown if self.ok else shown | {"hint": self.hint}


def check(endpoint: Endpoint, key: str) -> list[Finding]:
    """All checks, one after the other. Raises BadKey, and NoAnswer when nobody is there."""

    async def run() -> list[Finding]:
        return [finding async for finding in _findings(endpoint, key)]

    return asyncio.run(run())


async def _findings(endpoint: Endpoint, key: str) -> AsyncIterator[Finding]:
    forwarder = Forwarder()
    try:
        for number, case in enumerate(cases(key, time.time())):
            deliveries = [await forwarder.deliver(each, endpoint) for each in case.messages]
            if number == 0 and all(delivery.status is None for delivery in deliveries):
                raise NoAnswer(
                    f"no handler at {endpoint.target}: {deliveries[0].error}", hint="start it, then try again"
                )
            yield _judged(case, deliveries)
        yield await _bursts(forwarder, endpoint, Forge(key, time.time()))
        yield await _slow(forwarder, endpoint, Forge(key, time.time()))
    finally:
        await forwarder.close()


def _judged(case: Case, deliveries: list[Delivery]) -> Finding:
    good = 2 if case.wanted == "taken" else 4
    ok = all(delivery.status is not None and delivery.status // 100 == good for delivery in deliveries)
    return Finding(case.name, case.about, case.wanted, _answers(deliveries), ok, case.hint)


async def _bursts(forwarder: Forwarder, endpoint: Endpoint, forge: Forge) -> Finding:
    """Many predictions at once, each with an event every half second."""
    payloads = [forge.prediction() for _ in range(AT_ONCE)]
    began, deliveries = time.monotonic(), list[Delivery]()
    for number, kind in enumerate(BURST):
        await asyncio.sleep(max(0.0, began + number * THROTTLE - time.monotonic()))
        messages = [forge.message(payload, kind) for payload in payloads]
        deliveries += await asyncio.gather(*(forwarder.deliver(each, endpoint) for each in messages))
    about = f"{AT_ONCE} at once, every {THROTTLE} s"
    hint = "answer first, and do the work afterwards"
    return _judged(Case("bursts", about, "taken", (), hint), deliveries)


async def _slow(forwarder: Forwarder, endpoint: Endpoint, forge: Forge) -> Finding:
    """A connection that takes its time, while another message comes and wants its answer."""
    slow, quick = (forge.message(forge.prediction(), "completed") for _ in range(2))
    among = asyncio.Event()
    dripping = asyncio.create_task(_dripped(slow, endpoint, among))
    await among.wait()
    meanwhile = await forwarder.deliver(quick, endpoint)
    deliveries = [meanwhile, await dripping]
    hint = "serve several connections at once: threads, processes or an event loop"
    return _judged(
        Case("slow", "a slow connection, and a quick one beside it", "taken", (), hint), deliveries
    )


async def _dripped(event: Event, endpoint: Endpoint, among: asyncio.Event) -> Delivery:
    """Sends the end of the body, and reads the answer, byte by byte. ``among`` is set in its midst."""
    at, began, status, error = time.time(), time.monotonic(), None, None
    try:
        async with asyncio.timeout(CONNECT_SECONDS + ANSWER_SECONDS):
            status = await _exchanged(event, endpoint, among)
    except TimeoutError:
        error = "no answer in time"
    except (OSError, ValueError, IndexError) as exc:
        error = f"the connection broke: {exc}"
    finally:
        among.set()
    return Delivery(event.id, endpoint.target, at, time.monotonic() - began, status, error)


async def _exchanged(event: Event, endpoint: Endpoint, among: asyncio.Event) -> int:
    parts = urlsplit(endpoint.target)
    is_safe = parts.scheme == "https"
    port = parts.port or (443 if is_safe else 80)
    reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=is_safe or None)
    try:
        half = len(event.body) - 50
        writer.write(_head(event, endpoint) + event.body[:half])
        await writer.drain()
        among.set()
        for position in range(half, len(event.body)):
            await asyncio.sleep(DRIP)
            writer.write(event.body[position : position + 1])
            await writer.drain()
        line = b""
        while not line.endswith(b"\n"):
            line += await reader.readexactly(1)
        return int(line.split()[1])
    except asyncio.IncompleteReadError as exc:
        raise ConnectionResetError("it ended without an answer") from exc
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def _head(event: Event, endpoint: Endpoint) -> bytes:
    parts = urlsplit(endpoint.target)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {
        "host": parts.netloc.rpartition("@")[2],
        **sent_headers(event, endpoint),
        "content-length": str(len(event.body)),
        "connection": "close",
    }
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode()


def _answers(deliveries: list[Delivery]) -> str:
    """Such as ``200`` or ``200 (3 times), 500``, and how long the slowest took."""
    told = [str(each.status) if each.status is not None else each.error or "" for each in deliveries]
    counts = {text: told.count(text) for text in told}
    texts = [text if count == 1 else f"{text} ({count} times)" for text, count in counts.items()]
    return f"{', '.join(texts)} in {max(each.seconds for each in deliveries) * 1000:.0f} ms"
