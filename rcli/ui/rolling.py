"""A log that rolls over a terminal: its lines, and below them the one that is being written."""

from __future__ import annotations

from typing import TextIO

from rcli.ui import frames
from rcli.ui.block import Block
from rcli.ui.logs import LogLines


class RollingLog:
    """Each line as it stands in the end; a bar is one line, written anew at each step.

    Without ``animated`` a line comes when it has ended. Raises OSError where the terminal has gone.
    """

    def __init__(self, stream: TextIO, *, animated: bool) -> None:
        self._block = Block(stream)
        self._lines = LogLines()
        self._animated = animated

    def feed(self, piece: str) -> None:
        self._show(self._lines.feed(piece), self._lines.open if self._animated else "")

    def end(self) -> None:
        """The last line stays, too."""
        self._show(self._lines.rest(), "")

    def _show(self, whole: str, open: str) -> None:
        if open:
            columns, _ = self._block.size()
            self._block.show([frames.line([(open, "")], columns - 1, coloured=False)], whole)
            return
        self._block.erase()
        if whole:
            self._block.write(whole)
