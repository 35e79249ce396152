"""A few lines at the end of a terminal that are written anew in place, and go without a trace.

The cursor rests at the block's first cell. So whatever a resized terminal does with the lines (some wrap
them anew, some cut them), the next picture begins where the last one did, and erases all that is below.
Nothing is erased before it is written over, and each picture is one write: there is no flicker.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TextIO

_BEGIN = "\x1b[?2026h\x1b[?25l\x1b[?7l\r"  # all at once, no cursor meanwhile, and no wrapping
_END = "\x1b[?7h\x1b[?25h\x1b[?2026l"
_ERASE = "\r\x1b[J"


class Block:
    """The lines on one terminal; ``is_shown`` while there are any."""

    def __init__(self, stream: TextIO) -> None:
        self.is_shown = False
        self._stream = stream

    def size(self) -> tuple[int, int]:
        """Columns and rows, as they are now."""
        try:
            columns, rows = os.get_terminal_size(self._stream.fileno())
        except (OSError, ValueError):  # it only says that it is a terminal
            columns, rows = 0, 0
        return columns or 80, rows or 24

    def show(self, lines: Sequence[str], above: str = "") -> None:
        """The lines in place of those before; ``above`` is written first, and stays. Raises OSError."""
        lead = _ERASE + above if above else ""
        up = f"\x1b[{len(lines) - 1}A" if len(lines) > 1 else ""
        self.is_shown = True
        self.write(lead + _BEGIN + "\x1b[K\r\n".join(lines) + "\x1b[K\x1b[J" + up + "\r" + _END)

    def erase(self) -> None:
        """Raises OSError."""
        if self.is_shown:
            self.write(_ERASE)
            self.is_shown = False

    def write(self, text: str) -> None:
        """Raises OSError."""
        self._stream.write(text)
        self._stream.flush()
