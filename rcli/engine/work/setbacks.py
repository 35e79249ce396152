"""How long to leave it before the next try at something that keeps failing."""

from __future__ import annotations

import asyncio

LONGEST_PAUSE = 300.0
HEALTHY_SECONDS = 60.0
"""Who worked for so long before it failed starts from the shortest pause again."""


class Setbacks:
    """Pauses of 1, 2, 4 seconds and so on, on the event loop's clock."""

    def __init__(self) -> None:
        self._count = 0
        self._until = 0.0

    def add(self, since: float) -> None:
        """It failed just now, having worked since then."""
        now = asyncio.get_running_loop().time()
        self._count = 0 if now - since > HEALTHY_SECONDS else self._count
        self._until = now + min(2.0**self._count, LONGEST_PAUSE)
        self._count = min(self._count + 1, 16)

    def pause(self) -> float:
        """Seconds until the next try, 0 or less for now."""
        return self._until - asyncio.get_running_loop().time()

    def forget(self) -> None:
        self._count, self._until = 0, 0.0
