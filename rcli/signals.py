"""Signals as exceptions: Ctrl-C, SIGTERM and a closed terminal all end a command through its own clean-up.

The first signal raises Interrupted where the main thread stands. While ``held``, it waits: a request that
creates something must bring back its id first, or nobody could cancel it. It waits too while a context is
entered or left: a lock that was just taken there would never be given back, and cleaning up would hang.

Python looks for signals between its own steps, and one that comes between the last look and a system call
that blocks would be heard when that call ends, if ever. So a thread interrupts the main one again soon after.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread, get_ident
from types import FrameType

from rcli.errors import Interrupted

_ENDING = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_HOLD_LIMIT = 10.0
_CAN_REPEAT = hasattr(signal, "pthread_kill")
_AGAIN = (0.005, 0.05, 0.5)
"""Seconds: how long to wait each time before the main thread is interrupted again."""


class Signals:
    """The process's signals. Without ``install`` it does nothing, for commands run inside a test."""

    def __init__(self) -> None:
        self._count = 0
        self._held = False
        self._is_armed = False
        self._pending: int | None = None
        self._ignored: list[int] = []

    def install(self) -> None:
        """From now on a signal raises; the third one ends the process on the spot. nohup is obeyed."""
        self._ignored = [number for number in _ENDING if signal.getsignal(number) is signal.SIG_IGN]
        for number in self._ending():
            signal.signal(number, self._receive)
        if _CAN_REPEAT:
            signal.signal(signal.SIGURG, self._look_again)
            _interrupt_again()

    def release(self) -> None:
        """All is done: from now on a signal just ends the process, without a word."""
        for number in self._ending():
            signal.signal(number, signal.SIG_DFL)

    def hand_over(self) -> None:
        """Another program takes this process's place: what its caller (nohup) ignored for it is so again."""
        for number in self._ignored:
            signal.signal(number, signal.SIG_IGN)

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

    def _ending(self) -> list[int]:
        """A shell's script has its background jobs ignore Ctrl-C as well, which nobody has asked for."""
        return [number for number in _ENDING if number not in self._ignored or number == signal.SIGINT]

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self._count += 1
        if self._count > 2:
            os._exit(128 + number)
        if self._held and self._count == 1:
            self._pending = number
            self._arm()
        elif _is_delicate(frame):
            self._pending = number
        else:
            self._pending = None
            raise Interrupted(number)

    def _look_again(self, number: int, frame: FrameType | None) -> None:
        is_held = self._held and self._count == 1
        if not is_held and not _is_delicate(frame):
            self._raise_pending()

    def _on_alarm(self, number: int, frame: FrameType | None) -> None:
        self._held = False
        self._look_again(number, frame)

    def _arm(self) -> None:
        if hasattr(signal, "setitimer"):
            self._is_armed = True
            signal.signal(signal.SIGALRM, self._on_alarm)
            signal.setitimer(signal.ITIMER_REAL, _HOLD_LIMIT)

    def _disarm(self) -> None:
        if self._is_armed:
            self._is_armed = False
            signal.setitimer(signal.ITIMER_REAL, 0)

    def _raise_pending(self) -> None:
        number, self._pending = self._pending, None
        if number is not None:
            raise Interrupted(number)


def _is_delicate(frame: FrameType | None) -> bool:
    """Whether the main thread is just entering or leaving a context, in Python code."""
    return _CAN_REPEAT and frame is not None and frame.f_code.co_name in ("__enter__", "__exit__")


def _interrupt_again() -> None:
    """Starts the thread. It gets no signals itself, but the number of each that the main thread gets."""
    numbers, written = os.pipe()
    os.set_blocking(written, False)
    signal.set_wakeup_fd(written, warn_on_full_buffer=False)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        Thread(target=_insist, args=(numbers, get_ident()), daemon=True).start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _insist(numbers: int, main: int) -> None:
    while arrived := os.read(numbers, 64):
        for pause in _AGAIN if set(arrived) - {signal.SIGURG} else ():
            time.sleep(pause)
            signal.pthread_kill(main, signal.SIGURG)
