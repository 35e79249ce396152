"""What a person sees while a training runs: as for a prediction, and its pace, its cost and its curves."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TextIO

from rcli.ui import frames, plots
from rcli.ui.clean import one_line
from rcli.ui.frames import State, clock
from rcli.ui.live import Live
from rcli.ui.plots import Points
from rcli.ui.views import dollars

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
        self._others: Mapping[str, float] = {}
        self._began: float | None = None
        self._first: Mark | None = None
        self._runs_since: float | None = None
        self._rate = 0.0

    def draw(self, curves: Mapping[str, Points], others: Mapping[str, float]) -> None:
        """Shows these curves from now on, the first few of them, and the last values of others."""
        shown = list(curves.items())[: plots.MOST]
        self._curves = {name: plots.thinned(points, _POINTS) for name, points in shown}
        self._others = {
            **{name: points[-1][1] for name, points in list(curves.items())[plots.MOST :]},
            **others,
        }
        if self._began is None:
            self._began = time.monotonic()
        elif self._first is None and shown and time.monotonic() - self._began > _CAUGHT_UP:
            self._first = self._mark()

    def runs(self, seconds: float) -> None:
        """It has been running for so long already, whenever this display was opened."""
        if self._runs_since is None:
            self._runs_since = time.monotonic() - seconds

    def costs(self, rate: float) -> None:
        """Each second that it runs costs so many US dollars."""
        self._rate = rate

    def final(self) -> list[str]:
        """The curves as they are to stay on the screen, without colours."""
        columns, rows = self._block.size()
        lines = plots.plot(self._curves, columns - 1, min(HIGHEST, rows - 5), coloured=False)
        return [*lines, *self._beside(columns, coloured=False)]

    def _picture(self) -> list[str]:
        columns, rows = self._block.size()
        head = super()._picture()
        beside = self._beside(columns, coloured=self._coloured) if rows - len(head) > 1 else []
        room = min(HIGHEST, rows - len(head) - len(beside) - 1)
        return [*head, *plots.plot(self._curves, columns - 1, room, coloured=self._coloured), *beside]

    def _beside(self, columns: int, *, coloured: bool) -> list[str]:
        """What is measured besides, one line."""
        told = " · ".join(f"{one_line(name)} {plots.figure(value)}" for name, value in self._others.items())
        return [frames.line([(told, "dim")], columns - 1, coloured=coloured)] if told else []

    def _now(self) -> State:
        state = super()._now()
        if state.phase != "running":
            return state
        if self._runs_since is not None:
            state = replace(state, since=self._runs_since, began=min(state.began, self._runs_since))
        if state.message:
            return state
        told = (
            [] if self._first is None else [pace(self._first, replace(self._mark(), fraction=state.fraction))]
        )
        spent = self._rate * (time.monotonic() - state.since)
        told += [f"about {dollars(spent)} so far"] if spent else []
        return replace(state, message=" · ".join(filter(None, told)))

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
