"""A small HTTP client for coglet's servers on the loopback interface, on asyncio's own transports.

Calls (``calls``) go over connections that are kept; an event stream has a fresh one, on which each event
comes 40 ms sooner. HTTP/1.0 has no chunks: a body is as long as its head says, or ends where the connection
does.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

HOST = "127.0.0.1"
HEAD_END = b"\r\n\r\n"
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
    """What an answer begins with; ``length`` of its body in bytes, None where it ends with the connection."""

    status: int
    length: int | None


@dataclass(frozen=True)
class ServerEvent:
    """One event of a stream: its name and its data, still as JSON text."""

    name: str
    data: bytes


@asynccontextmanager
async def events(
    port: int, path: str, body: Any
) -> AsyncIterator[tuple[int, AsyncIterator[list[ServerEvent]]]]:
    """Open an event stream with PUT: its status, and its events in batches as they arrive. Raises Broken."""
    async with _exchange(port, "PUT", path, body) as (head, reader):
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
    port: int, method: str, path: str, body: Any
) -> AsyncIterator[tuple[Head, asyncio.StreamReader]]:
    try:
        reader, writer = await asyncio.open_connection(HOST, port)
    except OSError as exc:
        raise Broken(str(exc)) from exc
    try:
        writer.write(request(method, path, body, "Accept: text/event-stream\r\n"))
        yield await _head(reader), reader
    finally:
        writer.close()


async def _head(reader: asyncio.StreamReader) -> Head:
    try:
        raw = await reader.readuntil(HEAD_END)
    except (OSError, asyncio.IncompleteReadError) as exc:
        raise Broken("the server ended before it answered") from exc
    return read_head(raw.removesuffix(HEAD_END))


def request(method: str, path: str, body: Any, headers: str) -> bytes:
    """The bytes of a request; ``headers`` are whole lines."""
    content = b"" if body is None else json.dumps(body).encode()
    head = (
        f"{method} {path} HTTP/1.0\r\nHost: {HOST}\r\n{headers}"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def read_head(raw: bytes) -> Head:
    first, *lines = raw.decode("latin-1").split("\r\n")
    length = None
    for line in lines:
        name, _, value = line.partition(":")
        if name.lower() == "content-length":
            length = int(value)
    return Head(int(first.split(" ")[1]), length)
