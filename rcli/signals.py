"""Signals as exceptions: Ctrl-C, SIGTERM and a closed terminal all end a command through its own clean-up.

The first signal raises Interrupted where the main thread stands. While ``held``, it waits: a request that
creates something must bring back its id first, or nobody could cancel it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rcli.errors import Interrupted

_ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_HOLD_LIMIT = 10.0


class Signals:
    """The process's signals. Without ``install`` it does nothing, for commands run inside a test."""

    def __init__(self) -> None:
        self._count = 0
        self._held = False
        self._pending: int | None = None

    def install(self) -> None:
        """From now on a signal raises; the third one ends the process on the spot."""
        for number in _ENDING:
            signal.signal(number, self._receive)

    @contextmanager
    def held(self) -> Iterator[None]:
        """The first signal waits for the end of the block, at most 10 seconds; a second one does not."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
            self._disarm()
        if self._pending is not None:
            self._raise_pending()

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self._count += 1
        if self._count > 2:
            os._exit(128 + number)
        if self._held and self._count == 1:
            self._pending = number
            self._arm()
            return
        raise Interrupted(number)

    def _arm(self) -> None:
        if hasattr(signal, "setitimer"):
            signal.signal(signal.SIGALRM, lambda number, frame: self._raise_pending())
            signal.setitimer(signal.ITIMER_REAL, _HOLD_LIMIT)

    def _disarm(self) -> None:
        if self._pending is not None and hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _raise_pending(self) -> None:
        number, self._pending = self._pending, None
        if number is not None:
            raise Interrupted(number)
