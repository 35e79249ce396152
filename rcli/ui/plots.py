"""Curves in braille: every cell of the terminal has two by four dots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from rcli.ui.clean import one_line

Points = Sequence[tuple[float, float]]
"""``(step, value)``, the steps in order."""

MOST = 3
"""Curves that can be told apart in one picture."""

LEAST_ROWS, LEAST_COLUMNS = 6, 30
"""Below this there is nothing to see."""

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_COLOURS = ("36", "33", "35")  # cyan, yellow, magenta
_MARKS = ("──", "╌╌", "··")
_GAPS = (1, 2, 4)
"""Of how many dots one is drawn: so the curves differ without colours, too."""

_Cells = dict[tuple[int, int], tuple[int, int]]
"""Row and column of a cell to its dots and its curve."""


def plot(curves: Mapping[str, Points], columns: int, rows: int, *, coloured: bool) -> list[str]:
    """The first curves in so many cells, with the bounds of both axes and a legend.

    Empty if there is no point at all, or no room.
    """
    shown = {name: points for name, points in list(curves.items())[:MOST] if points}
    if not shown or columns < LEAST_COLUMNS or rows < LEAST_ROWS:
        return []
    low, high = _bounds([value for points in shown.values() for _, value in points])
    first, last = _bounds([step for points in shown.values() for step, _ in points])
    labels = _figure(high), _figure(low)
    margin = max(map(len, labels))
    width, height = columns - margin - 2, rows - 2
    cells: _Cells = {}
    for number, points in enumerate(shown.values()):
        for x, y in _dots(_placed(points, (first, last), (low, high), width * 2, height * 4), _GAPS[number]):
            _set(cells, x, y, number)
    body = [_row(cells, row, width, coloured) for row in range(height)]
    sides = [labels[0], *[""] * (height - 2), labels[1]]
    picture = [f"{side:>{margin}} ┤{line}" for side, line in zip(sides, body, strict=True)]
    return [_legend(shown, columns, coloured), *picture, _axis(first, last, margin, columns)]


def thinned(points: Points, most: int) -> Points:
    """About so many of the points, the last one among them."""
    step = max(1, -(-len(points) // most))
    return [*points[:-1:step], points[-1]] if points else []


def _bounds(values: Sequence[float]) -> tuple[float, float]:
    """The lowest and the highest, which are never the same."""
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - (abs(low) or 1) / 2, high + (abs(high) or 1) / 2)


def _placed(
    points: Points, steps: tuple[float, float], values: tuple[float, float], width: int, height: int
) -> list[tuple[int, int]]:
    """The dots that points fall on, one a column: the mean of those that share it. Rows count downwards."""
    sums: dict[int, tuple[float, int]] = {}
    for step, value in points:
        column = round((step - steps[0]) / (steps[1] - steps[0]) * (width - 1))
        total, count = sums.get(column, (0.0, 0))
        sums[column] = total + value, count + 1
    share = {
        column: (total / count - values[0]) / (values[1] - values[0])
        for column, (total, count) in sums.items()
    }
    return [(column, round((1 - each) * (height - 1))) for column, each in sorted(share.items())]


def _dots(placed: Sequence[tuple[int, int]], gap: int) -> Iterator[tuple[int, int]]:
    """The placed dots and the lines between them, of which one dot in ``gap`` is drawn."""
    yield from placed
    for (x, y), (x_next, y_next) in pairwise(placed):
        length = max(x_next - x, abs(y_next - y))
        for at in range(0, length, gap):
            yield x + round((x_next - x) * at / length), y + round((y_next - y) * at / length)


def _set(cells: _Cells, x: int, y: int, number: int) -> None:
    dots, owner = cells.get((y // 4, x // 2), (0, number))
    cells[y // 4, x // 2] = dots | _DOTS[y % 4][x % 2], min(owner, number)


def _row(cells: _Cells, row: int, width: int, coloured: bool) -> str:
    line = ""
    for column in range(width):
        dots, number = cells.get((row, column), (0, -1))
        line += _painted(chr(0x2800 + dots), number, coloured) if dots else " "
    return line.rstrip()


def _legend(curves: Mapping[str, Points], columns: int, coloured: bool) -> str:
    """The curves' names with their last values, as many as there is room for."""
    line, room = "", columns
    for number, (name, points) in enumerate(curves.items()):
        entry = f"{one_line(name)} {_figure(points[-1][1])}"
        room -= len(entry) + 5
        if room < 0:
            break
        line += f"{_painted(_MARKS[number], number, coloured)} {entry}  "
    return line.rstrip()


def _axis(first: float, last: float, margin: int, columns: int) -> str:
    left, right = _figure(first), _figure(last)
    gap = columns - margin - 2 - len(left) - len(right)
    return f"{'':>{margin}}  {left}{' ' * gap}{right}"


def _painted(text: str, number: int, coloured: bool) -> str:
    return f"\x1b[{_COLOURS[number]}m{text}\x1b[0m" if coloured else text


def _figure(value: float) -> str:
    """A number in few characters; steps keep all their digits."""
    return f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e7 else f"{value:.3g}"
