"""Curves: pure pictures of points."""

from __future__ import annotations

import re

import pytest

from rcli.ui.cockpit import Mark, pace
from rcli.ui.plots import plot, thinned

FALLING = [(0.0, 2.0), (10.0, 1.0)]


def test_a_falling_curve_falls_from_corner_to_corner() -> None:
    assert plot({"loss": FALLING}, 30, 6, coloured=False) == [
        "⠒⠒ loss 1",
        "2┤⠠⠤⠤⣀⣀",
        " │     ⠉⠉⠑⠒⠢⠤⠤⣀⣀",
        " │              ⠉⠉⠒⠒⠢⠤⢄⣀⣀",
        "1┤                       ⠉⠉⠒⠒⠂",
        "  0                         10",
    ]


@pytest.mark.parametrize("value", [3.0, 0.0, -7e5, 5e-324])
def test_a_constant_one_lies_in_the_middle(value: float) -> None:
    picture = plot({"loss": [(0.0, value), (1.0, value)]}, 40, 8, coloured=False)

    drawn = [number for number, line in enumerate(picture[1:-1]) if line[-1] not in "│┤"]
    assert drawn in ([2], [3])


def test_several_differ_by_their_dots_and_their_colours() -> None:
    curves = {"loss": FALLING, "val_loss": [(0.0, 2.0), (10.0, 1.5)], "acc": [(0.0, 1.0), (10.0, 2.0)]}

    plain, coloured = (plot(curves, 60, 8, coloured=colours) for colours in (False, True))

    assert plain[0] == "⠒⠒ loss 1  ▀▄ val_loss 1.5  •• acc 2"
    assert all(any(dot in line for line in plain[1:]) for dot in "⠒▀•")
    assert not any("\x1b" in line for line in plain)
    assert all(f"\x1b[38;5;{colour}m" in "".join(coloured) for colour in (6, 3, 5))
    assert [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in coloured] == plain


@pytest.mark.parametrize(
    "points",
    [
        [(0.0, 1e308), (1.0, -1e308)],
        [(0.0, 1e-320), (1.0, 2e-320)],
        [(1e16, 3.0), (1e16 + 2, 4.0)],
        [(0.0, 1.0)],
    ],
)
def test_odd_numbers_are_drawn_without_a_word(
    points: list[tuple[float, float]], capfd: pytest.CaptureFixture[str]
) -> None:
    picture = plot({"loss": points}, 40, 8, coloured=False)

    assert len(picture) == 8
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("columns", "rows"), [(30, 6), (79, 12), (200, 12)])
def test_it_keeps_within_its_room(columns: int, rows: int) -> None:
    curves = {f"a_rather_long_name_{number}": FALLING for number in range(5)}

    picture = plot(curves, columns, rows, coloured=False)

    assert len(picture) == rows
    assert max(map(len, picture)) <= columns


def test_the_legend_uses_the_last_cell() -> None:
    curves = {"loss": FALLING, "val_loss": [(0.0, 2.0), (10.0, 1.55)]}

    fitting, narrow = (plot(curves, columns, 6, coloured=False)[0] for columns in (37, 36))

    assert (fitting, len(fitting)) == ("⠒⠒ loss 1  ▀▄ val_loss 1.55", 27)
    assert narrow == fitting


@pytest.mark.parametrize(("columns", "rows"), [(29, 12), (80, 5), (0, 0), (80, -3)])
def test_without_room_there_is_none(columns: int, rows: int) -> None:
    assert plot({"loss": FALLING}, columns, rows, coloured=False) == []


def test_without_points_there_is_none() -> None:
    assert plot({"loss": []}, 80, 12, coloured=False) == []


def test_thinned_points_keep_both_ends() -> None:
    points = [(float(step), 0.0) for step in range(10_001)]

    few = thinned(points, 500)

    assert (few[0], few[-1]) == (points[0], points[-1])
    assert len(few) <= 502


@pytest.mark.parametrize(
    ("first", "now", "said"),
    [
        (Mark(0, 0.1, 10), Mark(10, 0.2, 20), "1 steps/s · 1:20 min left"),
        (Mark(0, 0.1), Mark(10, 0.2), "1:20 min left"),
        (Mark(0, None, 10), Mark(10, None, 35), "2.5 steps/s"),
        (Mark(0, 0.1, 10), Mark(1, 0.2, 20), ""),
        (Mark(0, 0.5, 10), Mark(10, 0.1, 5), ""),
    ],
)
def test_the_pace_is_what_two_looks_tell(first: Mark, now: Mark, said: str) -> None:
    assert pace(first, now) == said
