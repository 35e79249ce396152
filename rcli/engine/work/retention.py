"""The engine's own tidying: what is past its time goes, and what a quota has no room for.

At the start, every hour, and after much was written. Each step is short, and others come between.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from rcli.engine.data.files import Files
from rcli.engine.work.bells import Bell
from rcli.engine.work.removal import AT_ONCE, Removal

HOUR = 3600.0

MUCH = 64 << 20
"""Bytes of new files after which a quota is looked at."""

FRESH_SECONDS = 600.0
"""What ended more recently is spared by a quota: somebody is about to fetch it."""


class Stock(Protocol):
    """What beside files and predictions takes disk: environments, snapshots, uploads."""

    async def size(self) -> int: ...
    async def spare(self, wanted: int) -> int: ...


@dataclass(frozen=True)
class Limits:
    """For how many seconds ended predictions ``keep`` their data, and the bytes of all; 0: no limit."""

    keep: float
    quota: int


class Retention:
    """``stock.spare`` frees at least so many bytes, if it can, and returns how many.

    ``held`` are the ids of files that predictions under way were given.
    """

    def __init__(
        self, removal: Removal, files: Files, stock: Stock, limits: Limits, held: Callable[[], set[str]]
    ) -> None:
        self._removal, self._files, self._stock = removal, files, stock
        self._keep, self._quota, self._held = limits.keep, limits.quota, held
        self._bell = Bell()
        self._grown = 0

    def grew(self, size: int) -> None:
        """So many bytes of files have come."""
        self._grown += size
        if self._is_much():
            self._bell.ring()

    def _is_much(self) -> bool:
        return self._quota > 0 and self._grown >= MUCH

    async def run(self) -> None:
        """What cannot be removed now can be in an hour."""
        with contextlib.suppress(OSError):
            await self._sweep()
        while True:
            self._grown = 0
            with contextlib.suppress(OSError):
                await self.tidy()
            if not self._is_much():
                await self._bell.wait(min(HOUR, max(1.0, self._keep or HOUR)))

    async def tidy(self) -> None:
        """Removes what is due, and then what is too much."""
        await self._removal.resume()
        while expired := self._files.expired(AT_ONCE, without=self._held()):
            for file in expired:
                await self._files.remove(file)
        if self._keep:
            await self._removal.remove(time.time() - self._keep)
        await self._removal.remove_unused(time.time())
        if self._quota:
            await self._shrink()

    async def _shrink(self) -> None:
        """The oldest predictions first, then what can be made anew, last uploads before their time.

        What predictions could not make up for, however many, is freed before any of them lose something.
        """
        rest = await self._stock.size()
        if rest > self._quota:
            rest -= await self._stock.spare(rest - self._quota)
        while (over := self._excess(rest)) > 0:
            before = time.time() - FRESH_SECONDS
            count, _ = await self._removal.remove(before, limit=_few(over))
            if not count:
                break
        if over > 0:
            await self._stock.spare(over)

    def _excess(self, rest: int) -> int:
        return self._files.size() + self._removal.remains.size() + rest - self._quota

    async def _sweep(self) -> None:
        for folder in self._files.folders():
            self._files.sweep(folder)
            await asyncio.sleep(0)


def _few(over: int) -> int:
    """How many predictions to take before looking again: one by one when little is too much."""
    return AT_ONCE if over > MUCH else 1
