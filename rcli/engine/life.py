"""The engine's life on disk and in time: folder, lock, secrets, state file, idle clock."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from rcli.errors import RcliError
from rcli.paths import replace_private


class AlreadyRunning(RcliError):
    """Another engine holds this folder's lock."""


@dataclass(frozen=True)
class State:
    """What ``engine.json`` tells clients: where the engine listens, and which one it is."""

    url: str
    pid: int
    version: str
    port: int
    started_at: float


def take_lock(folder: Path) -> FileLock:
    """The lock that an engine holds for all its life. Raises AlreadyRunning."""
    lock = FileLock(folder / "lock", mode=0o600)
    try:
        lock.acquire(blocking=False)
    except Timeout as exc:
        raise AlreadyRunning(f"an engine runs already with {folder}", hint="rcli serve status") from exc
    return lock


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def kept_secret(file: Path, make: Callable[[], str] = new_secret) -> str:
    """The secret in this file, made at the first use; other programs' settings survive a restart by it."""
    try:
        text = file.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        text = ""
    if not text:
        text = make()
        replace_private(file, text + "\n")
    return text


def write_state(folder: Path, state: State) -> None:
    replace_private(folder / "engine.json", json.dumps(asdict(state)) + "\n")


def remove_state(folder: Path) -> None:
    """Removes this engine's own: where somebody made the folder anew, another's may lie there by now."""
    file = folder / "engine.json"
    with suppress(FileNotFoundError, ValueError):
        if json.loads(file.read_text(encoding="utf-8"))["pid"] == os.getpid():
            file.unlink()


class IdleClock:
    """Calls ``stop`` after so many seconds without work; 0 means never."""

    def __init__(self, seconds: float, *, is_working: Callable[[], bool], stop: Callable[[], None]) -> None:
        self._seconds = seconds
        self._is_working = is_working
        self._stop = stop
        self._last = asyncio.get_running_loop().time()
        self._open = 0

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """A request is served within: an upload, a stream and a download are work as well."""
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1
            self.touch()

    def touch(self) -> None:
        """Something was asked for, or some work began or ended."""
        self._last = asyncio.get_running_loop().time()

    def left(self) -> float | None:
        """Seconds until the engine stops if nothing happens; None when it does not stop by itself."""
        if self._seconds <= 0:
            return None
        if self._open or self._is_working():
            return self._seconds
        return max(0.0, self._last + self._seconds - asyncio.get_running_loop().time())

    async def run(self) -> None:
        while (left := self.left()) is not None:
            if left <= 0:
                self._stop()
                return
            await asyncio.sleep(left)
