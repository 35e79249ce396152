"""The access log: one line for each request that was answered, in a file that does not grow without end."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from stat import S_ISREG

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_LOG = 10 << 20
"""Bytes of a log file; one that has grown so large begins anew."""

_LONGEST_PATH = 200

GONE = 499
"""Stands for the status where the client went away before there was one."""


class Access:
    """Tells of each request when its answer is over: when it came, who asked for what, and what was answered.

    Without the query: signed addresses are as good as a token.
    """

    def __init__(self, app: ASGIApp, tell: Callable[[str], None]) -> None:
        self._app = app
        self._tell = tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status, size = GONE, 0
        came, started = time.time(), time.perf_counter()
        path = bytes(scope.get("raw_path") or scope["path"].encode()).decode("ascii", "backslashreplace")

        async def passing(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, passing)
        finally:
            client = (scope.get("client") or ("-",))[0]
            passed = (time.perf_counter() - started) * 1000
            when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(came))
            asked = f"{scope['method']} {path[:_LONGEST_PATH]}"
            self._tell(f"{when} {client} {asked} {status} {size} B {passed:.0f} ms")


def write(line: str, file: int = 2) -> None:
    """Appends to an open file, the log that stderr is; what a full disk does not take is lost."""
    with suppress(OSError):
        found = os.fstat(file)
        if S_ISREG(found.st_mode) and found.st_size > LARGEST_LOG:
            os.ftruncate(file, 0)
        os.write(file, f"{line}\n".encode())
