"""A listener on a thread of its own, for commands: they take records from it and tell it little."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from typing import Self

from filelock import FileLock, Timeout

from rcli.errors import RcliError
from rcli.listener.commands import Commands
from rcli.listener.events import Event
from rcli.listener.forward import Delivery, Endpoint, Forwarder
from rcli.listener.journal import Entry, Journal
from rcli.listener.keys import Keys
from rcli.listener.listening import Listening, Notice, Source, Wishes
from rcli.paths import own_private_folder

PAGE = 100
"""Records that are taken at once."""


TOGETHER = 0.02
"""Seconds in which changes are told once."""


@dataclass(frozen=True)
class Place:
    """Where a listener keeps what it has: ``folder`` is the webhooks' own, ``name`` is this listener's."""

    folder: Path
    name: str

    @property
    def journal(self) -> Path:
        return self.folder / "journal.db"

    def lock(self) -> FileLock:
        """Raises RcliError when another process listens under this name."""
        digest = hashlib.sha256(self.name.encode()).hexdigest()[:16]
        lock = FileLock(own_private_folder(self.folder) / f"listener-{digest}.lock", mode=0o600)
        try:
            lock.acquire(blocking=False)
        except Timeout as exc:
            raise RcliError(
                f"another rcli already listens like this: {self.name}",
                hint="end that one, or forward to another address",
            ) from exc
        return lock


def named(host: str, way: str, endpoints: tuple[Endpoint, ...]) -> str:
    """The same command gets the same name when it is started again, and goes on where it ended.

    Without endpoints there is nothing to go on with, and any number may look on.
    """
    return " ".join([host, way, *(sorted(each.target for each in endpoints) or [str(os.getpid())])])


class Running:
    """``with Running(…) as running``: it listens until the block's end; its failures are raised by ``wait``.

    ``environ`` is what commands of ``--exec`` get.
    """

    def __init__(
        self, place: Place, source: Source, wishes: Wishes, *, keys: Keys | None, environ: Mapping[str, str]
    ) -> None:
        self._place, self._source, self._wishes = place, source, wishes
        self._keys, self._environ = keys, environ
        self._news = Flag()
        self._rings = False
        self._failure: BaseException | None = None
        self._is_over = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._listening: Listening | None = None
        self._began = Flag()

    def __enter__(self) -> Self:
        """Raises RcliError when another process listens under this name, or the journal cannot be used."""
        self._lock = self._place.lock()
        try:
            self._journal = Journal.open(self._place.journal, self._place.name)
        except BaseException:
            self._lock.release()
            raise
        self._seen = self._shown = self._journal.latest_change()
        self._thread = Thread(target=self._work, name="listener", daemon=True)
        self._thread.start()
        self._began.wait()
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop is not None and self._task is not None:
            with suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join()
        self._journal.close()
        if self._wishes.saved is not None:
            self._wishes.saved.close()
        self._lock.release()

    @property
    def is_over(self) -> bool:
        """Whether the source had no more, and all of it is delivered."""
        return self._is_over

    @property
    def waiting(self) -> int:
        """Deliveries that are still to be made."""
        return self._journal.pending()

    def wait(self, seconds: float) -> None:
        """Until there is news, or so long. Raises the RcliError that ended the listener."""
        self._news.wait(seconds)
        self._news.clear()
        if self._failure is not None:
            raise self._failure

    def changed(self) -> list[Entry]:
        """The next few of the events that came or changed since the last call, as they are now."""
        found = self._journal.changed(self._seen, PAGE)
        self._seen = found[-1][0] if found else self._seen
        return [entry for _, entry in found]

    def shown(self) -> list[Entry]:
        """The next few of the events of which every endpoint has had its first attempt."""
        found = self._journal.shown(self._shown, PAGE)
        self._shown = found[-1][0] if found else self._shown
        return [entry for _, entry in found]

    def notices(self) -> list[Notice]:
        return self._listening.notices() if self._listening else []

    def details(self, number: int) -> tuple[Event, list[Delivery]]:
        """An event whole, and all attempts to deliver it. Raises NotFound."""
        return self._journal.event(number), self._journal.attempts(number)

    def resend(self, number: int) -> None:
        """Delivers the event once more, now."""
        if self._loop is not None and self._listening is not None:
            self._loop.call_soon_threadsafe(self._listening.resend, number)

    def _work(self) -> None:
        try:
            asyncio.run(self._run())
        except asyncio.CancelledError:
            pass
        except BaseException as exc:  # noqa: BLE001  # it is raised again in the thread that waits
            self._failure = exc
        finally:
            self._is_over = True
            self._began.set()
            self._news.set()

    def _ring(self) -> None:
        """Soon, and once for many changes: each ring makes two threads take turns."""
        if not self._rings and self._loop is not None:
            self._rings = True
            self._loop.call_later(TOGETHER, self._rung)

    def _rung(self) -> None:
        self._rings = False
        self._news.set()

    async def _run(self) -> None:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        journal = Journal.open(self._place.journal, self._place.name)
        key = self._keys.key if self._keys is not None else None
        try:
            self._listening = Listening(
                journal, self._wishes, Forwarder(key), Commands(self._environ), self._ring
            )
            self._began.set()
            await self._listening.run(self._source)
        finally:
            journal.close()
