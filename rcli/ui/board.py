"""Many predictions in one live display: how many have ended, and what the others do just now."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TextIO

from rcli.ui import frames, live
from rcli.ui.clean import one_line

ENDED = frozenset({"succeeded", "failed", "canceled", "aborted", "not created"})

_LEAVING = "canceling"
"""Once this is said, nothing else is."""

_FREE = 2
"""Rows of the terminal that stay free."""

_WIDTH, _CLOCK = 12, 8
"""Cells for a phase, and for its time."""

_STYLES = {"succeeded": "green", "failed": "red", "canceled": "yellow", "running": "cyan"}


@dataclass(frozen=True)
class Row:
    """One prediction; times are of a clock that only goes forward, in seconds."""

    label: str
    phase: str = ""
    fraction: float | None = None
    began: float = 0.0
    ended: float = 0.0

    def now(self, phase: str, fraction: float | None, moment: float) -> Row:
        began = self.began or moment
        return Row(self.label, phase, fraction, began, moment if phase in ENDED else 0.0)


class Rows:
    """What is known of all; a thread may change its row while another reads."""

    def __init__(self, labels: Sequence[str]) -> None:
        self.rows = [Row(one_line(label)) for label in labels]

    def tell(self, number: int, phase: str, fraction: float | None = None) -> None:
        self.rows[number] = self.rows[number].now(phase, fraction, time.monotonic())

    @property
    def summary(self) -> str:
        """``3 of 8 have ended, 1 failed``."""
        counts = Counter(row.phase for row in self.rows)
        wrong = [f"{counts[phase]} {phase}" for phase in sorted(ENDED - {"succeeded"}) if counts[phase]]
        return ", ".join([f"{self._ended} of {len(self.rows)} have ended", *wrong])

    @property
    def share(self) -> float:
        return self._ended / len(self.rows)

    @property
    def _ended(self) -> int:
        return sum(row.phase in ENDED for row in self.rows)


class Board(live.Display, Protocol):
    """A display that is told what each prediction does; numbers count from 0."""

    def tell(self, number: int, phase: str, fraction: float | None = None) -> None: ...


class Silent(live.Silent):
    """For pipes and ``--quiet``."""

    def tell(self, number: int, phase: str, fraction: float | None = None) -> None:
        """Shows nothing."""


class Heartbeat(live.Heartbeat):
    """``--progress plain``: how many have ended, whenever one has."""

    def __init__(self, title: str, labels: Sequence[str], say: Callable[[str], None]) -> None:
        super().__init__(title, say)
        self._rows = Rows(labels)

    def tell(self, number: int, phase: str, fraction: float | None = None) -> None:
        self._rows.tell(number, phase, fraction)
        if self._state.phase == _LEAVING:
            return
        super().phase("running", self._rows.summary, self._rows.share)
        if phase in ENDED:
            self._speak("")


class Live(live.Live):
    """A line for each as far as the terminal is high enough, those that run first."""

    def __init__(self, title: str, labels: Sequence[str], stream: TextIO, *, coloured: bool) -> None:
        super().__init__(title, stream, coloured=coloured)
        self._rows = Rows(labels)

    def tell(self, number: int, phase: str, fraction: float | None = None) -> None:
        self._rows.tell(number, phase, fraction)
        if self._state.phase != _LEAVING:
            self.phase("running", self._rows.summary, self._rows.share)

    def _picture(self) -> list[str]:
        columns, rows = self._block.size()
        head = super()._picture()
        room = max(rows - len(head) - _FREE, 0)
        return [*head, *picture(self._rows.rows, time.monotonic(), columns, room, coloured=self._coloured)]


def picture(rows: Sequence[Row], now: float, columns: int, room: int, *, coloured: bool) -> list[str]:
    """At most ``room`` lines in order; what runs has its place before what has ended, or waits."""
    first = sorted(range(len(rows)), key=lambda number: (_rank(rows[number]), number))[:room]
    return [
        frames.line(_segments(rows[number], now), columns - 1, coloured=coloured) for number in sorted(first)
    ]


def _rank(row: Row) -> int:
    return 1 if row.phase in ENDED else 0 if row.phase else 2


def _segments(row: Row, now: float) -> list[frames.Segment]:
    phase = row.phase or "waiting"
    far = f" {row.fraction:.0%}" if row.fraction is not None and phase not in ENDED else ""
    spent = frames.clock((row.ended or now) - row.began) if row.began else ""
    spent = spent.rjust(_CLOCK)
    state = f"{phase}{far}".ljust(_WIDTH)
    return [("  ", ""), (state, _STYLES.get(phase, "dim")), (spent, "dim"), (f"  {row.label}", "")]
