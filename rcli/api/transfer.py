"""Downloads: to the disk in flat memory, whole or not at all, and never over a file that is there."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event, Lock, Thread
from urllib.parse import unquote, unquote_to_bytes

import httpx

from rcli.api.client import Client
from rcli.api.content import content
from rcli.api.failures import no_api
from rcli.api.partial import Left, begun, forget, forget_note, keep, path_of
from rcli.api.parts import Part, publish
from rcli.api.ranges import SMALLEST, NoRanges, Share, Source, Stopped, begin_of, fetch, persist, shared
from rcli.errors import Interrupted, NoAnswer, RateLimited, RcliError

THREADS = 4
HEAD_BYTES = 4096
MAX_NAME_BYTES = 200
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*([^?#]*)")
_UNSAFE = re.compile(r'[/\\<>:"|?*]')

Progress = Callable[[int, int | None], None]
"""Told the bytes that are there, and how many there will be (None: unknown)."""

Name = Callable[[Path, bytes, str], Path]
"""The name to save under: from the target, the first bytes of the content, and the type the server told."""


def as_asked(target: Path, head: bytes, content_type: str) -> Path:
    return target


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
    name: Name = as_asked


class NotSaved(RcliError):
    """The disk does not take a file; another place may."""


def download(
    client: Client,
    url: str,
    target: Path,
    progress: Progress,
    *,
    private: bool = False,
    name: Name = as_asked,
    connections: int = THREADS,
) -> Downloaded:
    """Saves what is at an address, or in a ``data:`` URI, under a name that no file has yet.

    A ``private`` file is its owner's alone, any other follows the umask. A large file comes over several
    connections at once where the server can do that. Raises RcliErrors, NotSaved among them; then nothing is
    left on the disk but, of a large file whose server lets it be continued, what the next download to the
    same target goes on with.
    """
    return _download(client, Job(url, target, progress, private, name), connections, [])


def download_all(client: Client, jobs: Sequence[Job]) -> list[Downloaded | RcliError]:
    """Several downloads at once, on threads; their results, or what went wrong with each, in the same order.

    An exception in the waiting thread, such as a signal's, ends the others at their next piece; what they
    have is kept, even if their servers are silent just now.
    """
    running: list[_Transfer] = []
    results: dict[int, Downloaded | RcliError] = {}
    waiting, lock, stopped = iter(enumerate(jobs)), Lock(), Event()

    def work() -> None:
        while (following := _next(waiting, lock)) and not stopped.is_set():
            index, job = following
            results[index] = _result(client, job, stopped, max(1, THREADS // len(jobs)), running)

    threads = [Thread(target=work, daemon=True) for _ in range(min(THREADS, len(jobs)))]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    except BaseException:
        stopped.set()
        for transfer in running:
            transfer.keep()
        raise
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


def _download(client: Client, job: Job, connections: int, running: list[_Transfer]) -> Downloaded:
    """``running`` has the transfer as long as it lasts."""
    with _disk_errors(job.target), begun(job.target, job.url) as (made, left):
        if job.private:
            os.fchmod(made.file.fileno(), 0o600)
        transfer = _Transfer(client, job, made, connections)
        running.append(transfer)
        try:
            content_type = _received(job, transfer, left)
        finally:
            transfer.end()
        size = made.file.seek(0, os.SEEK_END)
        made.file.seek(0)
        place = job.name(job.target, made.file.read(HEAD_BYTES), content_type)
        published = publish(made, place)
        if left:
            forget(job.target)
        return Downloaded(published, size, content_type)


def _received(job: Job, transfer: _Transfer, left: Left | None) -> str:
    """Writes the content, or what is left of it, and returns its type.

    What is there is kept when somebody leaves or the network does; what a server refuses is over.
    """
    if job.url.startswith("data:"):
        return transfer.decode()
    try:
        return transfer.run(left)
    except (Interrupted, Stopped, NoAnswer, RateLimited):
        transfer.keep()
        raise
    except RcliError:
        if left:
            forget(job.target)
        raise


class _Transfer:
    """One download over as many connections as it takes."""

    def __init__(self, client: Client, job: Job, made: Part, connections: int) -> None:
        self._client = client
        self._job = job
        self._made = made
        self._file = made.file
        self._lock = Lock()
        self._is_over = False
        self._at = 0  # counted: asking the file is a call to the system, a dozen for each download
        self._connections = connections if hasattr(os, "pwrite") else 1
        self._validator: str | None = None
        self._content_type = ""
        self._size: int | None = None
        self._shares: list[Share] = []

    def decode(self) -> str:
        """Writes what a ``data:`` URI has in it, and returns its type. Raises NoAnswer."""
        content_type, data = read_data_uri(self._job.url)
        self._file.write(data)
        self._job.progress(len(data), len(data))
        return content_type

    def end(self) -> None:
        """From now on there is nothing to keep."""
        with self._lock:
            self._is_over = True

    def keep(self) -> None:
        """Leaves what is there to the next download; another thread may do that while this one waits."""
        with self._lock:
            if not self._is_over and (left := self._left()):
                keep(self._made, self._job.target, left)

    def run(self, left: Left | None) -> str:
        """Returns the content type. Raises RcliErrors: NoAnswer for a body that stays truncated."""
        try:
            if left:
                self._go_on(left)
            else:
                persist(self._client, self._receive, lambda: self._at)
        except NoRanges:
            forget_note(self._job.target)
            self._connections, self._validator = 1, None
            persist(self._client, self._receive, lambda: self._at)
        return self._content_type

    def _left(self) -> Left | None:
        """What is missing by now, None if nobody could go on with that."""
        if not (self._validator and self._size):
            return None
        spans = [(share.begin, share.end) for share in self._shares] or [(self._at, self._size)]
        missing = tuple((begin, end) for begin, end in spans if begin < end)
        return Left(path_of(self._job.url), self._validator, self._size, self._content_type, missing)

    def _go_on(self, left: Left) -> None:
        self._validator, self._size, self._content_type = left.validator, left.size, left.content_type
        self._shares = [Share(begin, end) for begin, end in left.missing]
        self._job.progress(left.done, left.size)
        self._fetch_shares(None)

    def _receive(self) -> None:
        with self._client.stream(self._job.url, self._headers()) as response:
            self._check(response)
            self._validator = _validator(response)
            self._content_type = response.headers.get("content-type", "").partition(";")[0].strip()
            total = self._size = self._total(response)
            if self._connections > 1 and self._validator and total and total >= SMALLEST and not self._at:
                self._shares = shared(total, self._connections)
                self._fetch_shares(response)
                return
            for chunk in content(response):
                self._file.write(chunk)
                self._at += len(chunk)
                self._job.progress(self._at, total)

    def _fetch_shares(self, first: httpx.Response | None) -> None:
        assert self._validator
        assert self._size
        source = Source(self._client, self._job.url, self._validator, self._size)
        told = self._job.progress
        fetch(source, first, self._file.fileno(), self._shares, lambda done: told(done, source.size))

    def _headers(self) -> dict[str, str]:
        if self._validator is None:
            return {"Accept-Encoding": "identity"}
        return {
            "Accept-Encoding": "identity",
            "Range": f"bytes={self._at}-",
            "If-Range": self._validator,
        }

    def _check(self, response: httpx.Response) -> None:
        """Raises NoAnswer for a page instead of a file; starts again when the server sends the whole."""
        content_type = response.headers.get("content-type", "")
        suffix = self._job.target.suffix.lower()
        if content_type.startswith("text/html") and suffix not in ("", ".html", ".htm"):
            raise no_api(response)
        if begin_of(response) != self._at and (self._at or self._shares):
            self._file.seek(0)
            self._file.truncate()
            self._at, self._shares = 0, []

    def _total(self, response: httpx.Response) -> int | None:
        length = response.headers.get("content-length", "")
        if not length.isdecimal() or "content-encoding" in response.headers:
            return None
        return self._at + int(length)


@contextmanager
def _disk_errors(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise NotSaved(
            f"cannot save {target}: {exc.strerror or exc}", hint="-o FILE or --output-dir saves it elsewhere"
        ) from exc


def _validator(response: httpx.Response) -> str | None:
    """What tells that a later answer continues this one; None if it cannot be continued."""
    headers = response.headers
    etag = str(headers.get("etag", ""))
    ranges = response.status_code == 206 or headers.get("accept-ranges") == "bytes"
    strong = etag.startswith('"') and "content-encoding" not in headers
    return etag if ranges and strong else None


def _next(waiting: Iterator[tuple[int, Job]], lock: Lock) -> tuple[int, Job] | None:
    with lock:
        return next(waiting, None)


def _result(
    client: Client, job: Job, stopped: Event, connections: int, running: list[_Transfer]
) -> Downloaded | RcliError:
    def progress(done: int, total: int | None) -> None:
        if stopped.is_set():
            raise Stopped
        job.progress(done, total)

    try:
        return _download(client, replace(job, progress=progress), connections, running)
    except RcliError as exc:
        return exc
    except Stopped:
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
