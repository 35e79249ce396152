"""The folders that coglet makes for each prediction, at a fixed place, and never cleans."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

SCRATCH = Path("/tmp/coglet/predictions")
PAUSE_SECONDS = 0.5
MOST = 2_000  # removing one costs as much time as a small prediction: busy replicas do it for many at once


def prepare() -> None:
    """Makes the place before coglet does, for it would shut out the other users of the machine."""
    for folder in (SCRATCH.parent, SCRATCH):
        with contextlib.suppress(FileExistsError, PermissionError):
            folder.mkdir()
            folder.chmod(0o1777)


def sweep(is_ours: Callable[[str], bool]) -> None:
    """Removes the folders of predictions that an engine of ours was killed over; those of others stay."""
    with contextlib.suppress(OSError):
        remove([name for name in os.listdir(SCRATCH) if is_ours(name)])


class Discarded:
    """Folders of predictions that have ended, removed in a thread when there is time, or too many of them."""

    def __init__(self, is_busy: Callable[[], bool]) -> None:
        self._is_busy = is_busy
        self._waiting: list[str] = []
        self._removal: asyncio.Task[None] | None = None

    def add(self, identifier: str) -> None:
        self._waiting.append(identifier)
        if self._removal is None:
            self._removal = asyncio.create_task(self._remove_soon())

    async def close(self) -> None:
        """Removes what is left, now."""
        if self._removal is not None:
            self._removal.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._removal
        await asyncio.to_thread(remove, self._waiting)

    async def _remove_soon(self) -> None:
        while True:
            await asyncio.sleep(PAUSE_SECONDS)
            if len(self._waiting) >= MOST or not self._is_busy():
                break
        self._removal = None
        folders, self._waiting = self._waiting, []
        await asyncio.to_thread(remove, folders)


def remove(identifiers: list[str]) -> None:
    """Removes the folders of these predictions: almost always three empty ones."""
    for identifier in identifiers:
        folder = f"{SCRATCH}/{identifier}"
        try:
            for name in ("inputs", "outputs", ""):
                os.rmdir(f"{folder}/{name}")
        except FileNotFoundError:
            pass
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)
