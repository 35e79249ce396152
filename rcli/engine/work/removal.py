"""Taking away what ended predictions and trainings hold, as the API calls it: ``data_removed``."""

from __future__ import annotations

import asyncio

from rcli.engine.data.files import Files
from rcli.engine.data.retention import Remains
from rcli.engine.data.store import Store

AT_ONCE = 20
"""Predictions that are looked up together; each goes in a step of its own: others may come between."""


class Removal:
    """Input, output, logs, events and the files that no other prediction refers to."""

    def __init__(self, store: Store, files: Files) -> None:
        self.remains = Remains(store)
        self._files = files
        self._turn = asyncio.Lock()

    async def resume(self) -> int:
        """Ends what an engine that was killed has begun. Returns the bytes that this freed."""
        async with self._turn:
            return sum([await self._finish(number) for number in self.remains.begun()])

    async def remove(self, before: float, *, limit: int | None = None) -> tuple[int, int]:
        """What ended before (Unix seconds), the oldest first, ``limit`` at most.

        Returns how many predictions there were, and the bytes of files that they freed.
        """
        count = freed = 0
        async with self._turn:
            while numbers := self.remains.due(before, min(AT_ONCE, limit or AT_ONCE)):
                for number in numbers:
                    self.remains.begin(number)
                    freed += await self._finish(number)
                count += len(numbers)
                if limit is not None and count >= limit:
                    break
        return count, freed

    async def remove_unused(self, now: float) -> int:
        """Files that no prediction refers to. Returns the bytes that this freed."""
        freed = 0
        while ids := self.remains.unused_files(now, AT_ONCE):
            freed += await self._remove_files(ids)
        return freed

    async def _finish(self, number: int) -> int:
        while self.remains.trim(number):
            await asyncio.sleep(0)
        freed = await self._remove_files(self.remains.release(number))
        self.remains.finish(number)
        await asyncio.sleep(0)
        return freed

    async def _remove_files(self, ids: list[str]) -> int:
        """Uploads have a time of their own, and weights belong to their version."""
        freed = 0
        for file_id in ids:
            if (file := self._files.find(file_id)) and file.kind in ("input", "output"):
                freed += await self._files.remove(file)
        return freed
