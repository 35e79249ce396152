"""A real HTTP server on port 0 that plays back a script and records what it was asked.

    recording_server.answer("GET /v1/account", json_answer({"username": "ada"}))
    recording_server.answer("POST /v1/predictions", problem(429, detail="…~1s."), json_answer({…}, 201))

Each request takes the next answer of its route; the last answer stays. Routes without a script get a 404.
"""

from __future__ import annotations

import json
import socket
import ssl
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self

import pytest


@dataclass(frozen=True)
class Recorded:
    """One request as it arrived; ``path`` is without the query, header names are matched without case."""

    method: str
    path: str
    query: str
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def route(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Answer:
    """What to send. A body of several parts goes out in chunks, each as soon as it is made.

    ``declared``: a Content-Length to lie with; the connection ends after the body. ``hangs_up``: after the
    request was read nothing is sent at all; after the parts of a chunked body its end is missing.
    """

    status: int = 200
    body: bytes | Callable[[], Iterable[bytes]] = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    declared: int | None = None
    hangs_up: bool = False


Script = Answer | Callable[[Recorded], Answer]


def json_answer(value: object, status: int = 200, **headers: str) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"} | headers)


def problem(code: int, headers: Mapping[str, str] | None = None, **keys: object) -> Answer:
    content_type = {"Content-Type": "application/problem+json"}
    return Answer(code, json.dumps(keys).encode(), content_type | dict(headers or {}))


def page(status: int = 200) -> Answer:
    body = b"<!DOCTYPE html><title>Welcome</title><p>Sign in to this network"
    return Answer(status, body, {"Content-Type": "text/html; charset=utf-8"})


def event_stream(*parts: bytes, hangs_up: bool = False) -> Answer:
    return Answer(200, lambda: parts, {"Content-Type": "text/event-stream"}, hangs_up=hangs_up)


class RecordingServer:
    """``url`` is the origin, without a path; ``requests`` holds what came, oldest first."""

    def __init__(self, port: int = 0) -> None:
        self.requests: list[Recorded] = []
        self._scripts: dict[str, deque[Script]] = {}
        self._server = _Server(self, port)
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def encrypt(self, context: ssl.SSLContext) -> None:
        """Speaks TLS from now on."""
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def answer(self, route: str, *script: Script) -> None:
        """Sets the answers of a route such as ``GET /v1/account``."""
        self._scripts[route] = deque(script)

    def serves(self, path: str, content: bytes, content_type: str) -> str:
        """Offers a file, and returns its address."""
        self.answer(f"GET {path}", Answer(200, content, {"Content-Type": content_type}))
        return self.url + path

    def asked(self, route: str) -> list[Recorded]:
        return [request for request in self.requests if request.route == route]

    def take(self, request: Recorded) -> Answer:
        """Records a request, and gives its answer."""
        self.requests.append(request)
        script = self._scripts.get(request.route)
        if not script:
            return problem(404, detail=f"no script for {request.route}", status=404)
        following = script.popleft() if len(script) > 1 else script[0]
        return following if isinstance(following, Answer) else following(request)


@pytest.fixture
def recording_server() -> Iterator[RecordingServer]:
    with RecordingServer() as server:
        yield server


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = True

    def __init__(self, owner: RecordingServer, port: int) -> None:
        self.owner = owner
        self._connections: list[socket.socket] = []
        super().__init__(("127.0.0.1", port), _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        self._connections.append(connection)
        return connection, address

    def server_close(self) -> None:
        for connection in self._connections:
            if connection.fileno() != -1:
                _hang_up(connection)
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is no error of the server; ``http.server`` would print a traceback."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def play(self) -> None:
        path, _, query = self.path.partition("?")
        answer = self.server.owner.take(Recorded(self.command, path, query, self.headers, self._body()))
        if answer.hangs_up and not callable(answer.body):
            self._end()
        elif callable(answer.body):
            self._stream(answer, answer.body())
        else:
            self._send(answer, answer.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_QUERY = play

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _head(self, answer: Answer, **headers: str) -> None:
        self.send_response(answer.status)
        for name, value in {**answer.headers, **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def _send(self, answer: Answer, body: bytes) -> None:
        length = len(body) if answer.declared is None else answer.declared
        self._head(answer, **({} if answer.status == 204 else {"Content-Length": str(length)}))
        self.wfile.write(body)
        if answer.declared is not None:
            self._end()

    def _stream(self, answer: Answer, parts: Iterable[bytes]) -> None:
        self._head(answer, **{"Transfer-Encoding": "chunked"})
        for part in parts:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        if answer.hangs_up:
            self._end()
        else:
            self.wfile.write(b"0\r\n\r\n")

    def _end(self) -> None:
        self.wfile.flush()
        self.close_connection = True
        _hang_up(self.connection)


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):  # the other side may have been faster
        connection.shutdown(socket.SHUT_RDWR)
