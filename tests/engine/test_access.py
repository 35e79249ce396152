"""The access log: what a line of it says, and that the file does not grow without end."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

from starlette.responses import StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rcli.engine.web import access
from rcli.engine.web.access import Access

SCOPE = {
    "type": "http",
    "method": "GET",
    "path": "/v1/files/é",
    "raw_path": b"/v1/files/%C3%A9",
    "query_string": b"signature=secret",
    "client": ("127.0.0.1", 4711),
    "headers": [],
}


def told(app: ASGIApp) -> str:
    """The line that a request to an app leaves."""
    lines: list[str] = []

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        """Whoever asked is content."""

    asyncio.run(Access(app, lines.append)(dict(SCOPE), receive, send))
    (line,) = lines
    return line


def test_a_line_tells_when_who_what_and_how_much() -> None:
    line = told(StreamingResponse(iter([b"abc", b"de"]), 206))

    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ 127\.0\.0\.1 GET /v1/files/%C3%A9 206 5 B \d+ ms", line
    )


def test_a_client_that_went_away_before_the_answer_has_its_own_status() -> None:
    async def silent(scope: Scope, receive: Receive, send: Send) -> None:
        """Ends without an answer, as a handler does whose client has gone."""

    assert " 499 0 B " in told(silent)


def test_a_path_that_is_too_long_is_cut() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        """Nothing is to be answered here."""

    line: list[str] = []
    scope = SCOPE | {"raw_path": b"/" + b"x" * 10_000}
    asyncio.run(Access(app, line.append)(scope, None, None))  # type: ignore[arg-type]  # nobody calls them

    assert len(line[0]) < 300


def test_a_log_that_has_grown_large_begins_anew(tmp_path: Path) -> None:
    file = tmp_path / "engine.log"
    file.write_bytes(b"x" * (access.LARGEST_LOG + 1))
    number = os.open(file, os.O_WRONLY | os.O_APPEND)

    access.write("first", number)
    access.write("second", number)
    os.close(number)

    assert file.read_text() == "first\nsecond\n"
