"""The live list of webhook events: what a person sees, and what their keys do to it.

``EventList`` is a value of its own, changed by rows and keys, that makes lines; ``Window`` puts them onto
the terminal's other screen, which goes without a trace.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

from rcli.ui.block import Block
from rcli.ui.clean import clean, one_line
from rcli.ui.frames import Segment, line

MOST_ROWS = 1000
"""Events that can be scrolled to; the journal has more."""

_STATES = {"succeeded": "green", "failed": "red", "canceled": "yellow", "aborted": "yellow"}
_HELP = "↑↓ choose · r resend · d details · o open · q quit"
_DETAILS_HELP = "↑↓ scroll · r resend · o open · d back · q quit"


@dataclass(frozen=True)
class Row:
    """One event. ``number`` is the journal's; ``forwarded`` says how it went, ``style`` colours that."""

    number: int
    time: str
    kind: str
    id: str
    model: str
    status: str
    forwarded: str
    style: str = ""


class EventList:
    """``title`` says what comes from where. Without a choice of the user's the newest row is chosen."""

    def __init__(self, title: Sequence[str]) -> None:
        self._title = title
        self._rows: OrderedDict[int, Row] = OrderedDict()
        self._chosen: int | None = None
        self._details: list[str] | None = None
        self._scrolled = 0
        self.remark = ""
        self.is_warning = False
        self.waiting = 0
        self.total = 0

    def put(self, row: Row) -> None:
        """A new event, or how one stands now."""
        self.total += row.number not in self._rows
        self._rows[row.number] = row
        while len(self._rows) > MOST_ROWS:
            self._rows.popitem(last=False)

    @property
    def chosen(self) -> int | None:
        """The number of the row that keys are about, None without rows."""
        if self._chosen in self._rows:
            return self._chosen
        return next(reversed(self._rows), None)

    def show_details(self, text: Sequence[str] | None) -> None:
        """The lines of one event in place of the list; None goes back to it."""
        if text is None or self._details is None:
            self._scrolled = 0
        self._details = None if text is None else [clean(each) for each in text]

    def move(self, key: str) -> None:
        """What arrows and their like do."""
        step = {"up": -1, "down": 1, "page up": -10, "page down": 10, "home": -(10**9), "end": 10**9}.get(
            key, 0
        )
        if self._details is not None:
            self._scrolled = min(max(0, self._scrolled + step), max(0, len(self._details) - 1))
        elif step and self._rows:
            numbers = list(self._rows)
            at = numbers.index(self.chosen or 0) + step
            self._chosen = (
                numbers[max(0, at)] if at < len(numbers) - 1 else None
            )  # the newest, whichever it is

    def lines(self, columns: int, rows: int, *, coloured: bool) -> list[str]:
        """As many lines as the terminal has rows, each cut to fit."""
        room = max(1, rows - len(self._title) - 3)
        body = self._detail_lines(room) if self._details is not None else self._row_lines(columns, room)
        foot = _DETAILS_HELP if self._details is not None else _HELP
        told = f"{self.total} events" + (f", {self.waiting} to deliver" if self.waiting else "")
        segments: list[list[Segment]] = [
            *([(each, "bold")] for each in self._title),
            *body,
            *([[("", "")]] * (room + 1 - len(body))),
            [(one_line(self.remark), "yellow" if self.is_warning else "dim")],
            [(f"{told} · {foot}", "dim")],
        ]
        return [line(each, columns - 1, coloured=coloured) for each in segments[:rows]]

    def _detail_lines(self, room: int) -> list[list[Segment]]:
        shown = (self._details or [])[self._scrolled : self._scrolled + room + 1]
        return [[(text, "bold" if text.endswith(":") else "")] for text in shown]

    def _row_lines(self, columns: int, room: int) -> list[list[Segment]]:
        wide = _Widths.of(columns)
        head = [("  " + wide.cells("time", "event", "id", "model", "status") + "forwarded", "dim")]
        numbers = list(self._rows)
        at = numbers.index(self.chosen) if self.chosen is not None else 0
        first = max(0, min(at - room // 2, len(numbers) - room))
        return [head, *(self._row_line(self._rows[number], wide) for number in numbers[first : first + room])]

    def _row_line(self, row: Row, wide: _Widths) -> list[Segment]:
        is_chosen = row.number == self.chosen
        before, after = wide.cells(row.time, row.kind, row.id, row.model), wide.cell(row.status, wide.status)
        return [
            ("❯ " if is_chosen else "  ", "cyan"),
            (before, "bold" if is_chosen else ""),
            (after, _STATES.get(row.status, "")),
            (one_line(row.forwarded), row.style),
        ]


@dataclass(frozen=True)
class _Widths:
    """Cells of each column; the last one gets what is left."""

    id: int
    model: int
    time: int = 8
    kind: int = 9
    status: int = 10

    @classmethod
    def of(cls, columns: int) -> _Widths:
        id = 26 if columns >= 110 else 12
        return cls(id, max(8, min(32, columns - id - 64)))

    def cells(self, *texts: str) -> str:
        widths = (self.time, self.kind, self.id, self.model, self.status)
        return "".join(self.cell(text, width) for text, width in zip(texts, widths, strict=False))

    @staticmethod
    def cell(text: str, width: int) -> str:
        """The text and blanks, in so many cells and one more."""
        from rich.cells import set_cell_size

        told = one_line(text)
        fits = set_cell_size(told, width)
        cut = fits if fits.rstrip() == told else set_cell_size(told, width - 1) + "…"
        return cut + " "


class Window:
    """The other screen of a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._block = Block(stream)
        self._shown: list[str] = []

    def size(self) -> tuple[int, int]:
        return self._block.size()

    def show(self, lines: list[str]) -> None:
        """Nothing is written when nothing has changed. Raises OSError."""
        if lines != self._shown:
            self._shown = lines
            self._block.show(lines)

    @contextmanager
    def open(self) -> Iterator[None]:
        """What was on the terminal before is there again when the block ends."""
        self._block.write("\x1b[?1049h\x1b[H\x1b[2J\x1b[?25l")
        try:
            yield
        finally:
            self._block.write("\x1b[?25h\x1b[?1049l")
