"""A small HTTP client for coglet's servers on the loopback interface, on asyncio's own streams.

Every request has a fresh connection: on a kept one each event stream costs 40 ms more, and a broken one is
never met. HTTP/1.0 has no chunks, so a body ends where the connection does. Against the same call with httpx
this takes a third of the time (1.4 against 4.0 ms for the two requests of a prediction).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

HOST = "127.0.0.1"
READ_BYTES = 1 << 18


class Broken(Exception):
    """The server could not be reached, or the connection ended before the answer did."""


@dataclass(frozen=True)
class Answer:
    """A whole JSON answer; ``body`` is None where there is none."""

    status: int
    body: Any


@dataclass(frozen=True)
class Head:
    """The status line and headers of an answer; header names are in lower case."""

    status: int
    headers: dict[str, str]


@dataclass(frozen=True)
class ServerEvent:
    """One event of a stream: its name and its data, still as JSON text."""

    name: str
    data: bytes


async def call(port: int, method: str, path: str, body: Any = None) -> Answer:
    """Send one request, wait for the whole answer. Raises Broken."""
    async with _exchange(port, method, path, body, accept="application/json") as (head, reader):
        data = await _read_all(reader)
    if len(data) < int(head.headers.get("content-length", len(data))):
        raise Broken("the answer broke off")
    return Answer(head.status, json.loads(data) if data else None)


@asynccontextmanager
async def events(
    port: int, path: str, body: Any
) -> AsyncIterator[tuple[int, AsyncIterator[list[ServerEvent]]]]:
    """Open an event stream with PUT: its status, and its events in batches as they arrive. Raises Broken."""
    async with _exchange(port, "PUT", path, body, accept="text/event-stream") as (head, reader):
        yield head.status, _batches(reader)


async def _batches(reader: asyncio.StreamReader) -> AsyncIterator[list[ServerEvent]]:
    parser = EventParser()
    try:
        while data := await reader.read(READ_BYTES):
            if batch := parser.feed(data):
                yield batch
    except OSError as exc:
        raise Broken(str(exc)) from exc


class EventParser:
    """Splits the bytes of an event stream into events; coglet writes one data line in each."""

    def __init__(self) -> None:
        self._pieces = [b""]

    def feed(self, data: bytes) -> list[ServerEvent]:
        """The events that these bytes complete."""
        at_seam = data.startswith(b"\n") and self._pieces[-1].endswith(b"\n")
        if data:
            self._pieces.append(data)
        if not at_seam and b"\n\n" not in data:
            return []
        *blocks, rest = b"".join(self._pieces).split(b"\n\n")
        self._pieces = [rest]
        return [event for block in blocks if (event := _event(block))]


def _event(block: bytes) -> ServerEvent | None:
    """One block of lines as an event; comments, which keep the connection alive, are none."""
    name, data = "", b""
    for line in block.split(b"\n"):
        if line.startswith(b"event:"):
            name = line[6:].strip().decode()
        elif line.startswith(b"data:"):
            data = line[6:] if line.startswith(b"data: ") else line[5:]
    return ServerEvent(name, data) if name else None


@asynccontextmanager
async def _exchange(
    port: int, method: str, path: str, body: Any, accept: str
) -> AsyncIterator[tuple[Head, asyncio.StreamReader]]:
    try:
        reader, writer = await asyncio.open_connection(HOST, port)
    except OSError as exc:
        raise Broken(str(exc)) from exc
    try:
        writer.write(_request(method, path, body, accept))
        yield await _read_head(reader), reader
    finally:
        writer.close()


def _request(method: str, path: str, body: Any, accept: str) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    head = (
        f"{method} {path} HTTP/1.0\r\nHost: {HOST}\r\nAccept: {accept}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


async def _read_head(reader: asyncio.StreamReader) -> Head:
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except (OSError, asyncio.IncompleteReadError) as exc:
        raise Broken("the server ended before it answered") from exc
    first, *lines = raw.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    return Head(int(first.split(" ")[1]), {name.lower(): value.strip() for name, _, value in pairs})


async def _read_all(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except OSError as exc:
        raise Broken(str(exc)) from exc
