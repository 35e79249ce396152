"""Single keys that a person presses at a terminal, by their names."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

_SEQUENCES = {
    "\x1b[A": "up",
    "\x1b[B": "down",
    "\x1bOA": "up",
    "\x1bOB": "down",
    "\x1b[5~": "page up",
    "\x1b[6~": "page down",
    "\x1b[H": "home",
    "\x1b[F": "end",
    "\x1b": "escape",
    "\r": "enter",
    "\n": "enter",
}


class Keys:
    """The keys of one terminal, while it is in ``listening``."""

    def __init__(self, number: int) -> None:
        self._number = number

    def pressed(self, seconds: float) -> list[str]:
        """Keys that are pressed until then, ``q`` as ``q``, arrows as ``up``; returns with the first ones.

        A terminal that has gone says ``q``.
        """
        ready, _, _ = select.select([self._number], [], [], seconds)
        if not ready:
            return []
        try:
            data = os.read(self._number, 1024)
        except OSError:
            data = b""
        return list(named(data.decode("utf-8", "replace"))) if data else ["q"]


def named(text: str) -> Iterator[str]:
    """The keys of which a terminal has sent this."""
    while text:
        sequence = max((each for each in _SEQUENCES if text.startswith(each)), key=len, default=text[0])
        yield _SEQUENCES.get(sequence, sequence)
        text = text[len(sequence) :]


@contextmanager
def listening(stream: TextIO) -> Iterator[Keys]:
    """Each key comes at once and is not shown; the terminal is as before when the block ends."""
    import termios
    import tty

    number = stream.fileno()
    before = termios.tcgetattr(number)
    tty.setcbreak(number)
    try:
        yield Keys(number)
    finally:
        termios.tcsetattr(number, termios.TCSADRAIN, before)
