"""How our servers serve: a connection is bounded in size and time, as nobody knows yet who it is."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from rcli.errors import UsageError

KEEP_ALIVE_SECONDS = 20  # longer than the clients keep theirs, so that none meets a closed one

OPEN_FILES = 4096
"""As many as a server asks the system for; a quarter of what it gets is for connections."""


class Connection(HttpToolsProtocol):
    """uvicorn's protocol, with an end to heads that grow or take for ever, and to bodies that stop coming.

    Between requests uvicorn's own ``timeout_keep_alive`` counts; while an answer is made, nothing does.
    """

    head_seconds = 15.0
    """From the first byte, or the connection, to the end of the headers."""

    body_seconds = 60.0
    """Between two pieces of a body that is wanted."""

    head_bytes = 64 << 10
    """The address and all headers together."""

    head_lines = 100

    most: int | None = None
    """Connections at once; None for as many as the system has files for."""

    _awaits: str | None = "head"
    _received = 0
    _is_new = False
    _timer: asyncio.TimerHandle | None = None
    _refusal = HTTPStatus.BAD_REQUEST

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        super().connection_made(transport)
        if len(self.connections) > (self.most or most_connections()):
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "Too many connections are open")
        else:
            self._expect("head")

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._awaits == "head" and not self._is_new:
            self._received += len(data)
            if self._received > self.head_bytes:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The headers are too large")
        self._is_new = False
        if self._awaits == "body":
            self._expect("body")
        elif self._awaits is None and self.timeout_keep_alive_task is None and self._is_idle():
            self._expect("head")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._received, self._is_new = 0, True
        self._expect("head")

    def on_headers_complete(self) -> None:
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > self.head_bytes or len(self.headers) > self.head_lines:
            self._refusal = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise ValueError("the headers are too large")
        self._expect("body")
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._expect(None)
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """What the parser cannot take; uvicorn calls this."""
        large = self._refusal == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        self._refuse(self._refusal, "The headers are too large" if large else msg)

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _expect(self, what: str | None) -> None:
        """Gives the client so long for what it has to send next. A head's time begins only once."""
        if what == self._awaits == "head" and self._timer is not None:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._awaits = what
        seconds = self.head_seconds if what == "head" else self.body_seconds
        self._timer = self.loop.call_later(seconds, self._on_late) if what else None

    def _on_late(self) -> None:
        self._timer = None
        if self.transport.is_closing():
            return
        if self._awaits == "body" and self.flow.read_paused:
            self._expect("body")  # it is us who are slow
        elif self._awaits == "body":
            self.transport.close()
        else:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "The request did not arrive in time")

    def _refuse(self, status: HTTPStatus, detail: str) -> None:
        self._expect(None)
        problem: dict[str, Any] = {"title": status.phrase, "detail": detail, "status": status.value}
        body = json.dumps(problem).encode()
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/problem+json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()


class Server(uvicorn.Server):
    """Its ``main_loop`` says until when it serves; signals are answered by whoever runs it."""

    def __init__(self, app: Callable[..., Any], protocol: type[Connection], *, grace: int) -> None:
        """``grace``: seconds that it lets answers under way take in the end."""
        super().__init__(
            uvicorn.Config(
                app,
                http=protocol,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                ws="none",
                lifespan="off",
                access_log=False,
                log_config=None,
                server_header=False,
                proxy_headers=False,
                date_header=False,
                timeout_graceful_shutdown=grace,
            )
        )

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def most_connections() -> int:
    import resource  # not everywhere

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(64, (OPEN_FILES if soft == resource.RLIM_INFINITY else soft) // 4)


def allow_open_files() -> None:
    """Many systems allow a process 1,024 until it asks for more."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def bound(bind: str, port: int) -> socket.socket:
    """A socket that listens. Raises UsageError when the address cannot be had."""
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((bind, port))
        listener.listen(1024)
    except OSError as exc:
        listener.close()
        raise UsageError(
            f"cannot listen on {bind} port {port}: {exc.strerror}",
            hint="choose another --port; 0 takes a free one",
        ) from exc
    return listener
