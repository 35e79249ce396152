"""A bell: many tasks wait for the next change of one thing."""

from __future__ import annotations

import asyncio


class Bell:
    """Rings wake everybody who waits now; nothing is remembered for those who come later."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def wait(self, seconds: float) -> bool:
        """True when it rang, False when the time passed first."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        timer = asyncio.get_running_loop().call_later(seconds, _give_up, future)
        try:
            await future
        except TimeoutError:
            return False
        finally:
            timer.cancel()
            self._waiting.discard(future)
        return True


def _give_up(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_exception(TimeoutError())
