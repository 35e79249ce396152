"""One large file over several connections: each takes its share, and goes on where it broke off."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread

import httpx

from rcli.api.client import Client
from rcli.api.content import content
from rcli.api.failures import Disconnected
from rcli.errors import RcliError

SMALLEST = 64 << 20
"""Bytes from which on it is worth more than one connection."""

TRIES = 4
MOST_CONNECTIONS = 100
_LOOK = 0.2
"""Seconds after which whoever waits for silent connections looks whether that is still wanted."""


class NoRanges(Exception):
    """The server does not give the parts of this file that it said it would."""


class Stopped(Exception):
    """This part of a download is not wanted any more: another thread has failed, or was interrupted."""


def persist(client: Client, receive: Callable[[], None], position: Callable[[], int]) -> None:
    """Calls ``receive`` until it ends. Raises Disconnected after four that brought nothing new."""
    failed, reached = 0, 0
    for connection in range(1, MOST_CONNECTIONS + 1):
        try:
            receive()
            return
        except Disconnected:
            if position() > reached:
                failed, reached = 0, position()
            failed += 1
            if failed == TRIES or connection == MOST_CONNECTIONS:
                raise
            client.sleep(0.1 * 2**failed)


@dataclass(frozen=True)
class Source:
    """What is fetched: ``validator`` tells that all parts are of the same file, ``size`` is in bytes."""

    client: Client
    url: str
    validator: str
    size: int


def shared(size: int, connections: int) -> list[Share]:
    """A whole file of ``size`` bytes in equal shares."""
    bounds = [size * share // connections for share in range(connections + 1)]
    return [Share(begin, end) for begin, end in pairwise(bounds)]


def fetch(
    source: Source,
    first: httpx.Response | None,
    number: int,
    shares: Sequence[Share],
    progress: Callable[[int], None],
) -> None:
    """Writes the shares to the descriptor ``number``, a connection for each; what is left of them afterwards
    is still missing. ``first`` is the answer that brings the first of them, None if it has to be asked for.

    ``progress`` is told the bytes that are there, by several threads, and may raise Stopped. Raises Stopped,
    NoRanges, RcliErrors, OSError.
    """
    work = _Work(source, progress, source.size - sum(share.end - share.begin for share in shares))
    # A descriptor for each: the file may be closed, and its number in use, before a thread is told.
    threads = [Thread(target=work.bring, args=(share, os.dup(number)), daemon=True) for share in shares[1:]]
    try:
        for thread in threads:
            thread.start()
        work.bring(shares[0], os.dup(number), first)
        for _ in shares:
            if error := work.next_end():
                raise error
    except NoRanges:
        work.stopped.set()
        for thread in threads:
            thread.join()  # whoever falls back on the whole writes to the same file
        raise
    finally:
        work.stopped.set()  # whoever still waits for the server leaves at its next piece


@dataclass
class Share:
    """The bytes from ``begin``, which moves on, to before ``end``."""

    begin: int
    end: int


@dataclass
class _Work:
    """What the threads of one file have in common."""

    source: Source
    progress: Callable[[int], None]
    done: int
    ended: SimpleQueue[Exception | None] = field(default_factory=SimpleQueue)
    stopped: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)

    def next_end(self) -> Exception | None:
        """Waits for the end of one share. Raises Stopped soon after it is not wanted any more."""
        while True:
            with suppress(Empty):
                return self.ended.get(timeout=_LOOK)
            self._tell(0)

    def bring(self, share: Share, number: int, first: httpx.Response | None = None) -> None:
        """Writes one share to the descriptor, and closes it."""
        ended: Exception | None = NoRanges()  # a fault of ours ends the waiting, too
        try:
            self._bring(share, number, first)
            ended = None
        except (RcliError, NoRanges, OSError, Stopped) as exc:
            ended = exc
        except RuntimeError:
            if not self.stopped.is_set():  # else the client was closed, since nobody waits for this thread
                raise
        finally:
            os.close(number)
            self.ended.put(ended)

    def _bring(self, share: Share, number: int, first: httpx.Response | None) -> None:
        if first is not None:
            with suppress(Disconnected, httpx.TransportError):
                self._write(content(first), share, number)
        persist(self.source.client, lambda: self._ask(share, number), lambda: share.begin)

    def _ask(self, share: Share, number: int) -> None:
        if share.begin >= share.end:
            return
        if self.stopped.is_set():
            raise Stopped
        headers = {
            "Accept-Encoding": "identity",
            "Range": f"bytes={share.begin}-{share.end - 1}",
            "If-Range": self.source.validator,
        }
        with self.source.client.stream(self.source.url, headers) as response:
            if response.status_code != 206 or begin_of(response) != share.begin:
                raise NoRanges
            self._write(content(response), share, number)
        if share.begin < share.end:
            raise NoRanges

    def _write(self, chunks: Iterable[bytes], share: Share, number: int) -> None:
        for chunk in chunks:
            if self.stopped.is_set():
                raise Stopped
            part = chunk[: share.end - share.begin]
            _write_all(number, part, share.begin)
            share.begin += len(part)
            self._tell(len(part))
            if share.begin >= share.end:
                return

    def _tell(self, count: int) -> None:
        with self._lock:
            self.done += count
            self.progress(self.done)


def begin_of(response: httpx.Response) -> int | None:
    """Where a part begins in its file, None for the whole."""
    found = re.match(r"bytes (\d+)-", response.headers.get("content-range", ""))
    return int(found[1]) if found and response.status_code == 206 else None


def _write_all(number: int, data: bytes, at: int) -> None:
    while data:
        written = os.pwrite(number, data, at)
        data, at = data[written:], at + written
