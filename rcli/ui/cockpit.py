"""What a person sees while a training runs: as for a prediction, its pace and its curves besides."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TextIO

from rcli.ui import plots
from rcli.ui.frames import State, clock
from rcli.ui.live import Live
from rcli.ui.plots import Points

HIGHEST = 12
"""Rows of the curves; more shows no more."""

_POINTS = 500
_CAUGHT_UP = 1.0
"""Seconds in which the log so far has come in, which says nothing about the pace."""

_SURE = 2.0
"""Seconds of watching before anything is said about the pace."""


@dataclass(frozen=True)
class Mark:
    """How far it was at a time: the share of the whole, and the step."""

    at: float
    fraction: float | None = None
    step: float | None = None


class Cockpit(Live):
    """The live display of one training. The curves take what room the terminal has left."""

    def __init__(self, title: str, stream: TextIO, *, coloured: bool) -> None:
        super().__init__(title, stream, coloured=coloured)
        self._curves: Mapping[str, Points] = {}
        self._began: float | None = None
        self._first: Mark | None = None

    def draw(self, curves: Mapping[str, Points]) -> None:
        """Shows these curves from now on, the first few of them."""
        shown = list(curves.items())[: plots.MOST]
        self._curves = {name: plots.thinned(points, _POINTS) for name, points in shown}
        if self._began is None:
            self._began = time.monotonic()
        elif self._first is None and shown and time.monotonic() - self._began > _CAUGHT_UP:
            self._first = self._mark()

    def final(self) -> list[str]:
        """The curves as they are to stay on the screen, without colours."""
        columns, rows = self._block.size()
        return plots.plot(self._curves, columns - 1, min(HIGHEST, rows - 4), coloured=False)

    def _picture(self) -> list[str]:
        columns, rows = self._block.size()
        head = super()._picture()
        room = min(HIGHEST, rows - len(head) - 1)
        return [*head, *plots.plot(self._curves, columns - 1, room, coloured=self._coloured)]

    def _now(self) -> State:
        state = super()._now()
        if state.message or state.phase != "running" or self._first is None:
            return state
        return replace(state, message=pace(self._first, replace(self._mark(), fraction=state.fraction)))

    def _mark(self) -> Mark:
        steps = [points[-1][0] for points in self._curves.values() if points]
        return Mark(time.monotonic(), super()._now().fraction, max(steps, default=None))


def pace(first: Mark, now: Mark) -> str:
    """Steps a second, and how long it will take: what two looks tell, nothing if they tell nothing."""
    seconds = now.at - first.at
    told = []
    if seconds < _SURE:
        return ""
    if first.step is not None and now.step is not None and now.step > first.step:
        told.append(f"{(now.step - first.step) / seconds:.3g} steps/s")
    if first.fraction is not None and now.fraction is not None and now.fraction > first.fraction:
        left = (1 - now.fraction) * seconds / (now.fraction - first.fraction)
        told.append(f"{clock(round(left))} left")
    return " · ".join(told)
