"""Clients that send too much, too slowly or nothing at all, over raw sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
import uvicorn
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from rcli.connections import OPEN_FILES, Connection

if TYPE_CHECKING:
    from tests.engine.conftest import RunningEngine, StartEngine

MOST = 20


class Quick(Connection):
    """As the engine's, for people who do not want to wait in a test."""

    head_seconds = 0.5
    body_seconds = 1.0
    most = MOST


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the length of the body; at ``/now`` before it has seen it."""
    request = Request(scope, receive)
    if request.url.path == "/slow":
        await asyncio.sleep(1)
    with contextlib.suppress(ClientDisconnect):
        body = b"" if request.url.path == "/now" else await request.body()
        await PlainTextResponse(str(len(body)))(scope, receive, send)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A server whose connections lose patience soon."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(echo, http=Quick, ws="none", lifespan="off", log_config=None, timeout_keep_alive=2)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield listener.getsockname()[1]
    server.should_exit = True
    thread.join()
    listener.close()


def told(connection: socket.socket) -> bytes:
    """All that comes until the other end closes."""
    connection.settimeout(20)
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            found += piece
    return found


def problem(answer: bytes) -> tuple[int, str]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"content-type: application/problem+json" in head
    return int(head.split()[1]), json.loads(body)["detail"]


@pytest.mark.parametrize("sent", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nhost: x\r\n", b"\r\n\r\n"])
def test_a_head_that_does_not_end_is_not_waited_for(port: int, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(sent)

        assert problem(told(connection)) == (408, "The request did not arrive in time")


def test_headers_that_trickle_in_do_not_buy_time(port: int) -> None:
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n")
        with contextlib.suppress(ConnectionError):
            while time.monotonic() - began < 20:
                connection.sendall(b"x-a: b\r\n")
                time.sleep(0.05)

    assert time.monotonic() - began < 10


def test_a_body_that_stops_coming_is_given_up(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc")

        assert told(connection) == b""


def test_a_body_that_goes_on_may_take_long(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 8\r\n\r\n")
        for _ in range(8):
            time.sleep(0.2)
            connection.sendall(b"x")

        assert told(connection).endswith(b"\r\n\r\n8")


def test_a_body_that_nobody_reads_is_not_waited_for_either(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"POST /now HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc")
        began = time.monotonic()
        answer = told(connection)

    assert answer.endswith(b"\r\n\r\n0")
    assert time.monotonic() - began < 10


def test_an_answer_may_take_its_time(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET /slow HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")

        assert told(connection).endswith(b"\r\n\r\n0")


def test_a_connection_without_a_next_request_is_closed(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
        answer = told(connection)

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\n0")


def test_several_requests_share_a_connection(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for _ in range(3):
            connection.sendall(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\nabc")
            answer = b""
            while piece := b"" if answer.endswith(b"\r\n\r\n3") else connection.recv(65536):
                answer += piece
            assert answer.endswith(b"\r\n\r\n3")
            time.sleep(0.6)  # longer than a head may take: idle time is counted by itself


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nhost: localhost\r\n" + b"x-a: %s\r\n\r\n" % (b"a" * 70_000),
        b"GET /%s HTTP/1.1\r\nhost: localhost\r\n\r\n" % (b"a" * 70_000),
        b"GET / HTTP/1.1\r\nhost: localhost\r\n" + b"x-a: b\r\n" * 101 + b"\r\n",
    ],
)
def test_headers_that_are_too_large_are_refused(engine: RunningEngine, head: bytes) -> None:
    answer = engine.exchange(head)

    assert problem(answer) == (431, "The headers are too large")


def test_a_header_without_end_is_cut_off(engine: RunningEngine) -> None:
    sent = 0
    with socket.create_connection(("127.0.0.1", engine.state["port"]), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\nx-a: ")
        with contextlib.suppress(ConnectionError):
            while sent < 64 << 20:
                connection.sendall(b"a" * 65536)
                sent += 65536

    assert sent < 16 << 20


def test_what_is_no_http_is_refused_as_a_problem(engine: RunningEngine) -> None:
    assert problem(engine.exchange(b"\x16\x03\x01\x02\x00\r\n\r\n")) == (
        400,
        "Invalid HTTP request received.",
    )


def test_connections_are_bounded_and_room_comes_back(port: int) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(MOST):
            stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        one_more = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        refused = problem(told(one_more))

    assert refused == (503, "Too many connections are open")
    assert httpx.get(f"http://127.0.0.1:{port}/").status_code == 200


def test_an_engine_has_files_for_many_connections(start_engine: StartEngine) -> None:
    engine = start_engine()
    limits = Path(f"/proc/{engine.process.pid}/limits").read_text()

    (soft, hard) = next(
        line.split()[3:5] for line in limits.splitlines() if line.startswith("Max open files")
    )

    assert int(soft) >= min(OPEN_FILES, int(hard))
