"""Multipart form data as a stream: a file of any size goes out in flat memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from secrets import token_hex
from typing import BinaryIO

import httpx

CHUNK = 256 * 1024
_ESCAPES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})


class FilePart(httpx.SyncByteStream):
    """A form with one file in the field ``content``; each iteration sends it from its beginning.

    ``progress`` is told how many of the file's bytes are out, and how many there are.
    """

    def __init__(
        self,
        file: BinaryIO,
        filename: str,
        content_type: str,
        progress: Callable[[int, int | None], None],
    ) -> None:
        self._file = file
        self._progress = progress
        self._size = file.seek(0, os.SEEK_END)
        self._boundary = token_hex(16)
        self._head = (
            f"--{self._boundary}\r\n"
            f'Content-Disposition: form-data; name="content"; filename="{filename.translate(_ESCAPES)}"\r\n'
            f"Content-Type: {content_type}\r\n\r\n"
        ).encode()
        self._tail = f"\r\n--{self._boundary}--\r\n".encode()

    @property
    def headers(self) -> dict[str, str]:
        return {
            "Content-Type": f"multipart/form-data; boundary={self._boundary}",
            "Content-Length": str(len(self._head) + self._size + len(self._tail)),
        }

    def __iter__(self) -> Iterator[bytes]:
        yield self._head
        self._file.seek(0)
        sent = 0
        while chunk := self._file.read(CHUNK):
            yield chunk
            sent += len(chunk)
            self._progress(sent, self._size)
        yield self._tail
