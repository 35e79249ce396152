"""The client for coglet: whole answers or Broken, and events however their bytes are cut."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import pairwise
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rcli.engine.runtime import http
from rcli.engine.runtime.calls import Calls
from rcli.engine.runtime.exchange import combined
from rcli.engine.runtime.http import EventParser, ServerEvent

T = TypeVar("T")

STREAM = (
    b'event: start\ndata: {"id":"p"}\n\n: keep-alive\n\nevent: output\ndata: {"chunk":"\xc3\xa9"}\n\n'
    b"event: completed\ndata:{}\n\nevent: cut off"
)


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def served(serve: Serve, ask: Callable[[int], Awaitable[T]]) -> T:
    """Ask at the port of a server; all connections of both sides are closed at the end."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await serve(reader, writer)
        with contextlib.suppress(ConnectionError):
            writer.close()
            await writer.wait_closed()

    async def run() -> T:
        async with await asyncio.start_server(one, "127.0.0.1", 0) as server:
            try:
                return await ask(server.sockets[0].getsockname()[1])
            finally:
                while others := asyncio.all_tasks() - {asyncio.current_task()}:
                    await asyncio.wait(others)

    return asyncio.run(run())


def against(answer: bytes, ask: Callable[[int], Awaitable[T]]) -> T:
    """Ask a server that reads one request's head, sends ``answer`` and hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    return served(serve, ask)


async def call_once(port: int) -> http.Answer:
    async with calling(port) as calls:
        return await calls.call("GET", "/x")


@contextlib.asynccontextmanager
async def calling(port: int) -> AsyncIterator[Calls]:
    calls = Calls(port)
    try:
        yield calls
    finally:
        calls.close()
        await asyncio.sleep(0)


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
        call_once,
    )

    assert answer == http.Answer(409, {"a": [1]})


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.0 200 OK\r\n", b'HTTP/1.0 200 OK\r\nContent-Length: 99\r\n\r\n{"a']
)
def test_an_answer_that_breaks_off_is_broken(answer: bytes) -> None:
    with pytest.raises(http.Broken):
        against(answer, call_once)


def test_a_connection_is_kept_and_one_that_the_server_closed_is_replaced() -> None:
    """The server answers twice on its first connection, and closes it with the third request unread."""
    counts: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        counts.append(0)
        number = len(counts)
        while counts[number - 1] < 2:
            await reader.readuntil(b"\r\n\r\n")
            counts[number - 1] += 1
            writer.write(b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n%d" % number)
        await reader.readexactly(1)

    async def ask(port: int) -> list[object]:
        async with calling(port) as calls:
            return [(await calls.call("GET", "/x")).body for _ in range(3)]

    assert served(serve, ask) == [1, 1, 2]
    assert counts == [2, 1]


def test_two_calls_at_once_have_a_connection_each() -> None:
    arrived: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        arrived.append(writer)
        for each in arrived if len(arrived) == 2 else []:
            each.write(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n[]")
        await reader.readexactly(1)

    async def ask(port: int) -> list[http.Answer]:
        async with calling(port) as calls:
            return list(await asyncio.gather(calls.call("GET", "/a"), calls.call("GET", "/b")))

    assert served(serve, ask) == [http.Answer(200, []), http.Answer(200, [])]


def test_a_connection_is_free_for_the_next_call_the_moment_its_answer_is_whole() -> None:
    """Not even a caller that is canceled right then takes it away from the next."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number in range(2):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n%d" % number)
        await reader.readexactly(1)

    async def ask(port: int) -> list[object]:
        async with calling(port) as calls:
            following: list[asyncio.Task[http.Answer]] = []

            def go_on(answer: http.Answer) -> None:
                following.append(asyncio.create_task(calls.call("GET", "/next")))
                asyncio.get_running_loop().call_soon(first.cancel)

            first = asyncio.create_task(calls.call("GET", "/first", hear=go_on))
            await asyncio.wait({first})
            return [first.cancelled(), (await following[0]).body]

    assert served(serve, ask) == [True, 1]


def test_nobody_there_is_broken() -> None:
    with pytest.raises(http.Broken):
        asyncio.run(call_once(1))


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
