"""A model's log as it comes in: the last lines, and how far it says it is."""

from __future__ import annotations

import re
from collections import deque

from rcli.ui.clean import one_line

_PERCENT = re.compile(r"(?<![\d.])(\d{1,3}(?:\.\d+)?)\s?%")
_STEPS = re.compile(r"(?<![\d./])(\d+)\s?/\s?(\d+)(?![\d./])")


def fraction(line: str) -> float | None:
    """How much of the work a log line says is done, 0 to 1: from ``45%``, or from ``step 9/20``."""
    if found := _PERCENT.search(line):
        share = float(found[1]) / 100
        return share if share <= 1 else None
    if found := _STEPS.search(line):
        done, total = int(found[1]), int(found[2])
        return done / total if total > 0 and done <= total else None
    return None


class LogTail:
    """Keeps the last lines of a log; a carriage return overwrites its line, as on a terminal."""

    def __init__(self, size: int = 3) -> None:
        self.fraction: float | None = None
        self._lines: deque[str] = deque(maxlen=size)
        self._open = ""

    def feed(self, text: str) -> None:
        *whole, self._open = (self._open + text).split("\n")
        for line in whole:
            self._keep(line)
        self._read(self._open)

    @property
    def lines(self) -> list[str]:
        """The last whole lines and the one that is being written, ready for a terminal."""
        lines = [*self._lines, _overwritten(self._open)]
        return [line for line in lines if line][-(self._lines.maxlen or 1) :]

    def _keep(self, line: str) -> None:
        self._read(line)
        if shown := _overwritten(line):
            self._lines.append(shown)

    def _read(self, line: str) -> None:
        found = fraction(_overwritten(line))
        self.fraction = self.fraction if found is None else found


def _overwritten(line: str) -> str:
    return one_line(line.rstrip("\r").rpartition("\r")[2])
