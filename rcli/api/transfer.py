"""Downloads: to the disk in flat memory, whole or not at all, and never over a file that is there."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from threading import Event, Lock, Thread
from typing import BinaryIO
from urllib.parse import unquote, unquote_to_bytes

import httpx

from rcli.api.client import Client
from rcli.api.failures import Disconnected, no_api
from rcli.api.parts import part, publish
from rcli.errors import NoAnswer, RcliError

THREADS = 4
TRIES = 4
MAX_NAME_BYTES = 200
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*([^?#]*)")
_UNSAFE = re.compile(r'[/\\<>:"|?*]')

Progress = Callable[[int, int | None], None]
"""Told the bytes that are there, and how many there will be (None: unknown)."""


@dataclass(frozen=True)
class Downloaded:
    """A file on the disk; ``size`` in bytes. ``path`` differs from the target if that was taken meanwhile."""

    path: Path
    size: int
    content_type: str


@dataclass(frozen=True)
class Job:
    """One of several downloads."""

    url: str
    target: Path
    progress: Progress
    private: bool = False


class NotSaved(RcliError):
    """The disk does not take a file; another place may."""


def download(
    client: Client, url: str, target: Path, progress: Progress, *, private: bool = False
) -> Downloaded:
    """Saves what is at an address, or in a ``data:`` URI, under a name that no file has yet.

    A ``private`` file is its owner's alone, any other follows the umask. Raises RcliErrors, NotSaved among
    them; then nothing is left on the disk.
    """
    with _disk_errors(target), part(target) as made:
        if private:
            os.fchmod(made.file.fileno(), 0o600)
        if url.startswith("data:"):
            content_type, data = read_data_uri(url)
            made.file.write(data)
            progress(len(data), len(data))
        else:
            content_type = _Transfer(client, url, target, made.file, progress).run()
        size = made.file.tell()
        return Downloaded(publish(made, target), size, content_type)


def download_all(client: Client, jobs: Sequence[Job]) -> list[Downloaded | RcliError]:
    """Several downloads at once, on threads; their results, or what went wrong with each, in the same order.

    An exception in the waiting thread, such as a signal's, ends the others at their next piece.
    """
    results: dict[int, Downloaded | RcliError] = {}
    waiting, lock, stopped = iter(enumerate(jobs)), Lock(), Event()

    def work() -> None:
        while (following := _next(waiting, lock)) and not stopped.is_set():
            index, job = following
            results[index] = _result(client, job, stopped)

    threads = [Thread(target=work, daemon=True) for _ in range(min(THREADS, len(jobs)))]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        stopped.set()
    return [results[index] for index in range(len(jobs))]


def safe_name(url_or_name: str) -> str:
    """A base name that is safe on every system, from an address or a name; ``output`` if nothing is left."""
    if url_or_name.startswith("data:"):
        return "output" + _extension(url_or_name[5:].partition(",")[0].partition(";")[0])
    address = _ADDRESS.match(url_or_name)
    last = unquote(address[1].rstrip("/").rpartition("/")[2]) if address else url_or_name
    name = "".join(character for character in re.split(r"[/\\]", last)[-1] if character.isprintable())
    name = _UNSAFE.sub("_", name).lstrip(". -").rstrip(". ")
    if _RESERVED.fullmatch(name):
        name = f"_{name}"
    return _shortened(name) or "output"


def read_data_uri(uri: str) -> tuple[str, bytes]:
    """Content type and bytes. Raises NoAnswer for what is no ``data:`` URI."""
    head, comma, body = uri.removeprefix("data:").partition(",")
    content_type, *options = head.split(";")
    if not comma:
        raise NoAnswer("the output is a data: URI without data")
    try:
        if "base64" not in options:
            return content_type or "text/plain", unquote_to_bytes(body)
        return content_type or "text/plain", base64.b64decode(unquote(body) if "%" in body else body)
    except ValueError as exc:  # no base64, or no text that can be bytes
        raise NoAnswer(f"the output is a data: URI that cannot be decoded: {exc}") from exc


class _Transfer:
    """One download over as many connections as it takes."""

    def __init__(self, client: Client, url: str, target: Path, file: BinaryIO, progress: Progress) -> None:
        self._client = client
        self._url = url
        self._target = target
        self._file = file
        self._progress = progress
        self._validator: str | None = None
        self._content_type = ""

    def run(self) -> str:
        """Returns the content type. Raises RcliErrors: NoAnswer for a body that stays truncated."""
        for attempt in count(1):
            try:
                self._receive()
                break
            except Disconnected:
                if attempt == TRIES:
                    raise
                self._client.sleep(0.1 * 2**attempt)
        return self._content_type

    def _receive(self) -> None:
        with self._client.stream(self._url, self._headers()) as response:
            self._check(response)
            self._validator = _validator(response)
            self._content_type = response.headers.get("content-type", "").partition(";")[0].strip()
            total = self._total(response)
            for chunk in _chunks(response):
                self._file.write(chunk)
                self._progress(self._file.tell(), total)

    def _headers(self) -> dict[str, str]:
        if self._validator is None:
            return {"Accept-Encoding": "identity"}
        return {
            "Accept-Encoding": "identity",
            "Range": f"bytes={self._file.tell()}-",
            "If-Range": self._validator,
        }

    def _check(self, response: httpx.Response) -> None:
        """Raises NoAnswer for a page instead of a file; starts again when the server sends the whole."""
        content_type = response.headers.get("content-type", "")
        if content_type.startswith("text/html") and self._target.suffix.lower() not in ("", ".html", ".htm"):
            raise no_api(response)
        resumed = re.match(r"bytes (\d+)-", response.headers.get("content-range", ""))
        if response.status_code == 206 and resumed and int(resumed[1]) == self._file.tell():
            return
        self._file.seek(0)
        self._file.truncate()

    def _total(self, response: httpx.Response) -> int | None:
        length = response.headers.get("content-length", "")
        if not length.isdecimal() or "content-encoding" in response.headers:
            return None
        return self._file.tell() + int(length)


@contextmanager
def _disk_errors(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise NotSaved(
            f"cannot save {target}: {exc.strerror or exc}", hint="-o FILE or --output-dir saves it elsewhere"
        ) from exc


def _chunks(response: httpx.Response) -> Iterable[bytes]:
    return response.iter_bytes() if "content-encoding" in response.headers else response.iter_raw()


def _validator(response: httpx.Response) -> str | None:
    """What tells that a later answer continues this one; None if it cannot be continued."""
    headers = response.headers
    etag = str(headers.get("etag", ""))
    ranges = response.status_code == 206 or headers.get("accept-ranges") == "bytes"
    strong = etag.startswith('"') and "content-encoding" not in headers
    return etag if ranges and strong else None


class _Stopped(Exception):
    """Another thread's download is not wanted any more."""


def _next(waiting: Iterator[tuple[int, Job]], lock: Lock) -> tuple[int, Job] | None:
    with lock:
        return next(waiting, None)


def _result(client: Client, job: Job, stopped: Event) -> Downloaded | RcliError:
    def progress(done: int, total: int | None) -> None:
        if stopped.is_set():
            raise _Stopped
        job.progress(done, total)

    try:
        return download(client, job.url, job.target, progress, private=job.private)
    except RcliError as exc:
        return exc
    except _Stopped:
        return RcliError(f"{job.target} was not saved: interrupted")


def _extension(content_type: str) -> str:
    import mimetypes  # reads the system's tables: 5 ms

    return mimetypes.guess_extension(content_type) or ""


def _shortened(name: str) -> str:
    stem, suffix = os.path.splitext(name)
    if len(suffix.encode()) > 20:
        stem, suffix = name, ""
    room = MAX_NAME_BYTES - len(suffix.encode())
    return (stem.encode()[:room].decode("utf-8", "ignore") + suffix).rstrip(". ")
