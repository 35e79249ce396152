"""A model's log as it comes in: the last lines, and how far it says it is."""

from __future__ import annotations

from rcli.progress import fraction
from rcli.ui.clean import clean, one_line

_LONGEST = 4096
"""Characters of a line that are kept: more fits on no terminal."""

_LONGEST_WHOLE = 1 << 16
"""The same of a line that comes in pieces, and is to be written whole."""

_READ = 20
"""How many of a piece's last lines are searched for progress."""


class LogTail:
    """Keeps the last lines of a log; a carriage return overwrites its line, as on a terminal.

    ``lines`` are the last whole lines and the one that is being written, which alone is ``open``, ready for
    a terminal; ``fraction`` is what the newest line that tells it says is done, 0 to 1. Another thread may
    read them at any time.
    """

    def __init__(self, size: int = 3) -> None:
        self.fraction: float | None = None
        self.lines: tuple[str, ...] = ()
        self.open: tuple[str, ...] = ()
        self._size = size
        self._whole: tuple[str, ...] = ()
        self._rest = ""

    def feed(self, text: str) -> None:
        *whole, rest = (self._rest + text).split("\n")
        self._rest = _last_written(rest)
        told = [line for line in map(_shown, [*whole, rest][-max(_READ, self._size) :]) if line]
        self._read(told)
        self._whole = (*self._whole, *filter(None, map(_shown, whole[-self._size :])))[-self._size :]
        self.open = tuple(filter(None, (_shown(rest),)))
        self.lines = tuple(filter(None, (*self._whole, _shown(rest))))[-self._size :]

    def _read(self, lines: list[str]) -> None:
        """A bar at its end is over as soon as anything else is written."""
        found = next((share for share in map(fraction, reversed(lines)) if share is not None), None)
        if found is not None:
            self.fraction = found
        elif lines and self.fraction == 1:
            self.fraction = None


class LogLines:
    """A log in whole lines for a terminal: each as it stands in the end, without control characters."""

    def __init__(self) -> None:
        self._open = ""

    def feed(self, text: str) -> str:
        """The lines that have come to their end."""
        *whole, rest = (self._open + text).split("\n")
        self._open = _last_written(rest, _LONGEST_WHOLE)
        return "".join(f"{clean(_last_written(line, len(line)))}\n" for line in whole)

    @property
    def open(self) -> str:
        """The line that is being written, as far as it will ever be shown before its end."""
        return clean(_last_written(self._open)).replace("\t", "    ")

    def rest(self) -> str:
        """The last line, if it has no end."""
        rest, self._open = clean(self._open), ""
        return f"{rest}\n" if rest else ""


def standing(log: str) -> list[str]:
    """The lines of a whole log as they stand in the end: of a bar, its last step."""
    *whole, rest = log.split("\n")
    return [line.rstrip("\r").rpartition("\r")[2] for line in (*whole, *([rest] if rest else []))]


def _shown(line: str) -> str:
    return one_line(_last_written(line))


def _last_written(line: str, longest: int = _LONGEST) -> str:
    """What of a line still stands; a carriage return at its end has overwritten nothing yet."""
    body = line.rstrip("\r")
    return body.rpartition("\r")[2][:longest] + line[len(body) :][:1]
