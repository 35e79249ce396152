"""The contents of files over HTTP: ranges, validators, and headers that keep a browser from running them."""

from __future__ import annotations

import asyncio
import contextlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from rcli.engine.data.files import File
from rcli.engine.problems import Problem, not_found
from rcli.engine.web.streams import STALLED

CHUNK = 1 << 19
"""Bytes that are read at once: larger ones are no faster, and memory stays flat."""

_SHOWN = re.compile(r"image/(png|jpeg|gif|webp|avif|bmp|tiff)|audio/[a-z0-9.+-]+|video/[a-z0-9.+-]+")


@dataclass(frozen=True)
class Part:
    """The bytes from ``start`` up to, not including, ``end``."""

    start: int
    end: int


class FileContent:
    """An ASGI response with a file's content, or the part of it that the request asks for."""

    def __init__(self, file: File, path: Path, *, patience: float = STALLED) -> None:
        """``patience``: seconds after which a reader that takes nothing is let go."""
        self._file = file
        self._path = path
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        etag = f'"{self._file.sha256}"'
        common = content_headers(self._file) | {"etag": etag, "accept-ranges": "bytes"}
        if _has(headers.get("if-none-match", ""), etag):
            await Response(status_code=304, headers=common)(scope, receive, send)
            return
        asked = headers.get("range") if headers.get("if-range", etag) == etag else None
        try:
            part = parse_range(asked, self._file.size)
            content = self._path.open("rb", buffering=0)
        except FileNotFoundError:
            gone = not_found(f"The file {self._file.id} was removed")
            await gone.response()(scope, receive, send)
        except Problem as problem:
            await problem.response()(scope, receive, send)
        else:
            with content, contextlib.suppress(TimeoutError):
                await self._send(scope, self._patient(send), common, part, content)

    def _patient(self, send: Send) -> Send:
        async def sending(message: Message) -> None:
            async with asyncio.timeout(self._patience):
                await send(message)

        return sending

    async def _send(
        self, scope: Scope, send: Send, common: dict[str, str], part: Part | None, content: BinaryIO
    ) -> None:
        status = 200 if part is None else 206
        if part is not None:
            common["content-range"] = f"bytes {part.start}-{part.end - 1}/{self._file.size}"
        part = part or Part(0, self._file.size)
        common["content-length"] = str(part.end - part.start)
        raw = [(name.encode(), value.encode()) for name, value in common.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        if scope["method"] != "HEAD":
            await _send_bytes(content, part, send)
        await send({"type": "http.response.body", "body": b""})


async def _send_bytes(content: BinaryIO, part: Part, send: Send) -> None:
    content.seek(part.start)
    left = part.end - part.start
    while left > 0:
        chunk = await asyncio.to_thread(content.read, min(CHUNK, left))
        if not chunk:
            raise OSError("the file is shorter than it was")
        left -= len(chunk)
        await send({"type": "http.response.body", "body": chunk, "more_body": True})


def _has(validators: str, etag: str) -> bool:
    """Whether an ``If-None-Match`` names this content; the comparison is the weak one (RFC 9110)."""
    return validators.strip() == "*" or etag in (
        each.strip().removeprefix("W/") for each in validators.split(",")
    )


def content_headers(file: File) -> dict[str, str]:
    """What protects the user: no sniffing, no scripts, and nothing shown that could hold any."""
    way = "inline" if _SHOWN.fullmatch(file.content_type) else "attachment"
    return {
        "content-type": file.content_type,
        "content-disposition": f"{way}; filename*=utf-8''{quote(file.name)}",
        "x-content-type-options": "nosniff",
        "content-security-policy": "sandbox",
        "cross-origin-resource-policy": "same-site",
        "cache-control": "private, max-age=3600",
    }


def parse_range(header: str | None, size: int) -> Part | None:
    """The one range that a ``Range`` header asks for; None for the whole file.

    Several ranges and other units may be ignored (RFC 9110). Raises Problem 416 for one beyond the end.
    """
    found = re.fullmatch(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})", header or "", re.ASCII | re.I)
    if not found or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1 if last else size)
        if last and int(last) < int(first):
            return None
    if start >= size:
        raise Problem(416, f"The file has {size} bytes", headers={"content-range": f"bytes */{size}"})
    return Part(start, end)
