"""Curves for the terminal, drawn by plotext; bounds and legend are written here, in few characters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rcli.ui.clean import one_line

Points = Sequence[tuple[float, float]]
"""``(step, value)``, the steps in order."""

LEAST_ROWS, LEAST_COLUMNS = 6, 30
"""Below this there is nothing to see."""

_HIGHEST = 1e300
"""A value beyond is drawn there: the distance of the bounds has to be a number, too."""


@dataclass(frozen=True)
class _Pen:
    """One of plotext's markers, how it looks in the legend, and the colour's number on a terminal."""

    marker: str
    mark: str
    colour: int


_PENS = (_Pen("braille", "⠒⠒", 6), _Pen("hd", "▀▄", 3), _Pen("dot", "••", 5))
"""Curves differ by their dots, so that they can be told apart without colours, too."""

_GAP = "  "
"""Between what the legend tells of two curves."""

MOST = len(_PENS)
"""Curves that can be told apart in one picture."""


def plot(curves: Mapping[str, Points], columns: int, rows: int, *, coloured: bool) -> list[str]:
    """The first curves in so many cells, with the bounds of both axes and a legend.

    Empty if there is no point at all, or no room.
    """
    shown = {name: _bounded(points) for name, points in list(curves.items())[:MOST] if points}
    if not shown or columns < LEAST_COLUMNS or rows < LEAST_ROWS:
        return []
    picture = _canvas(list(shown.values()), columns, rows - 1).string(not coloured)
    return [_legend(shown, columns, coloured), *(line.rstrip() for line in picture.splitlines())]


def thinned(points: Points, most: int) -> Points:
    """About so many of the points, the last one among them."""
    step = max(1, -(-len(points) // most))
    return [*points[:-1:step], points[-1]] if points else []


def figure(value: float) -> str:
    """A number in few characters; steps keep all their digits."""
    return f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e7 else f"{value:.3g}"


def _canvas(curves: Sequence[Points], columns: int, rows: int) -> Any:
    """plotext's matrix of cells, the first curve on top of the others."""
    import plotext  # 175 ms

    plotext.terminal.limit(False, False)  # the room is known better here
    canvas = plotext.figure
    canvas.clear()
    canvas.theme("colorless")
    canvas.plot_size(columns, rows)
    canvas.legend(False)
    canvas.axes(False)
    canvas.axes(True, axis="y", side="left")
    _scale(canvas.ruler("x"), [step for points in curves for step, _ in points])
    _scale(canvas.ruler("y"), [value for points in curves for _, value in points])
    for points, pen in reversed(list(zip(curves, _PENS, strict=False))):
        steps, values = zip(*points, strict=True)
        marker = plotext.marker(pen.marker, plotext.pixel(foreground=pen.colour))
        canvas.draw(canvas.signal(steps, values, marker=marker).lines(True))
    return canvas.build()


def _scale(ruler: Any, values: Sequence[float]) -> None:
    """The lowest and the highest are the ends of the axis; a constant lies in its middle."""
    low, high = min(values), max(values)
    if low == high:
        reach = abs(low) / 2 or 0.5
        low, high = low - reach, high + reach
    ruler.lim(low, high).ticks([low, high], [figure(low), figure(high)])


def _bounded(points: Points) -> Points:
    return [(step, max(-_HIGHEST, min(value, _HIGHEST))) for step, value in points]


def _legend(curves: Mapping[str, Points], columns: int, coloured: bool) -> str:
    """The curves' names with their last values, as many as there is room for."""
    line, room = "", columns + len(_GAP)
    for pen, (name, points) in zip(_PENS, curves.items(), strict=False):
        entry = f"{one_line(name)} {figure(points[-1][1])}"
        room -= len(pen.mark) + 1 + len(entry) + len(_GAP)
        if room < 0:
            break
        mark = f"\x1b[3{pen.colour}m{pen.mark}\x1b[0m" if coloured else pen.mark
        line += f"{mark} {entry}{_GAP}"
    return line.rstrip()
