"""The client for coglet: whole answers or Broken, and events however their bytes are cut."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rcli.engine.runtime import http
from rcli.engine.runtime.exchange import combined
from rcli.engine.runtime.http import EventParser, ServerEvent

T = TypeVar("T")

STREAM = (
    b'event: start\ndata: {"id":"p"}\n\n: keep-alive\n\nevent: output\ndata: {"chunk":"\xc3\xa9"}\n\n'
    b"event: completed\ndata:{}\n\nevent: cut off"
)


def against(answer: bytes, ask: Callable[[int], Awaitable[T]]) -> T:
    """Ask a server that reads one request's head, sends ``answer`` and hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    async def run() -> T:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            return await ask(server.sockets[0].getsockname()[1])

    return asyncio.run(run())


@given(st.lists(st.integers(min_value=1, max_value=len(STREAM)), max_size=12))
def test_events_are_the_same_however_the_bytes_arrive(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    parser = EventParser()

    events = [event for start, end in pairwise(edges) for event in parser.feed(STREAM[start:end])]

    assert events == [
        ServerEvent("start", b'{"id":"p"}'),
        ServerEvent("output", '{"chunk":"é"}'.encode()),
        ServerEvent("completed", b"{}"),
    ]


def test_a_whole_answer_is_read() -> None:
    answer = against(
        b'HTTP/1.0 409 Conflict\r\nContent-Length: 10\r\n\r\n{"a": [1]}',
        lambda port: http.call(port, "GET", "/x"),
    )

    assert answer == http.Answer(409, {"a": [1]})


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.0 200 OK\r\n", b'HTTP/1.0 200 OK\r\nContent-Length: 99\r\n\r\n{"a']
)
def test_an_answer_that_breaks_off_is_broken(answer: bytes) -> None:
    with pytest.raises(http.Broken):
        against(answer, lambda port: http.call(port, "GET", "/x"))


def test_nobody_there_is_broken() -> None:
    with pytest.raises(http.Broken):
        asyncio.run(http.call(1, "GET", "/x"))


@pytest.mark.parametrize(
    ("known", "value", "mode", "result"),
    [
        (None, 2, "incr", 2),
        (1, 2, "incr", 3),
        (1, 2, "replace", 2),
        (1, None, "replace", None),
        (None, "a", "append", ["a"]),
        (["a"], "b", "append", ["a", "b"]),
        (1, 2, "append", [1, 2]),
    ],
)
def test_metrics_add_up_as_coglet_adds_them(known: object, value: object, mode: str, result: object) -> None:
    assert combined(known, value, mode) == result
