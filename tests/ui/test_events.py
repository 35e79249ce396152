"""The list of events as lines, and what keys do to it; no terminal is needed for that."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from rcli.ui.events import MOST_ROWS, EventList, Row
from rcli.ui.keys import named


def row(number: int, **changes: str) -> Row:
    told = {"time": "12:00:00", "kind": "output", "id": f"p{number}", "model": "ada/dinos"}
    return Row(number, **{**told, "status": "processing", "forwarded": "200 5 ms", **changes})


def listed(count: int) -> EventList:
    events = EventList(["title", "address"])
    for number in range(1, count + 1):
        events.put(row(number))
    return events


def test_the_newest_is_chosen_until_somebody_chooses() -> None:
    events = listed(3)

    first = events.chosen
    events.move("up")
    events.put(row(4))

    assert (first, events.chosen) == (3, 2)
    events.move("end")
    events.put(row(5))
    assert events.chosen == 5


@pytest.mark.parametrize("columns", [20, 40, 80, 132])
@pytest.mark.parametrize("rows", [3, 10, 40])
def test_it_fits_the_terminal(columns: int, rows: int) -> None:
    events = listed(100)
    events.put(row(101, model="ada/" + "恐竜" * 20, forwarded="no connection · " * 20))
    events.remark = "a remark " * 50

    lines = events.lines(columns, rows, coloured=False)

    assert len(lines) <= rows
    assert max(map(cell_len, lines)) < columns


def test_the_chosen_row_is_in_sight() -> None:
    events = listed(100)
    for _ in range(60):
        events.move("up")

    lines = events.lines(80, 12, coloured=False)

    assert [line for line in lines if line.startswith("❯") and " p40 " in line]


def test_it_forgets_what_nobody_scrolls_to() -> None:
    events = listed(MOST_ROWS + 5)

    events.move("home")

    assert events.chosen == 6
    assert events.lines(80, 10, coloured=False)[-1].startswith(f"{MOST_ROWS + 5} events")


def test_details_scroll_and_keep_their_place_when_they_change() -> None:
    events = listed(1)
    events.show_details([f"line {number}" for number in range(50)])

    events.move("page down")
    events.show_details([f"line {number}" for number in range(60)])

    assert events.lines(80, 10, coloured=False)[2] == "line 10"
    events.show_details(None)
    assert events.lines(80, 10, coloured=False)[-1].startswith("1 event")


def test_keys_are_told_apart_when_they_come_at_once() -> None:
    assert list(named("\x1b[A\x1b[Bq\r\x1b[5~x\x1b")) == [
        "up",
        "down",
        "q",
        "enter",
        "page up",
        "x",
        "escape",
    ]


def test_without_events_there_is_nothing_to_choose() -> None:
    events = EventList(["title"])

    events.move("up")

    assert events.chosen is None
    assert events.lines(80, 6, coloured=False)[-1].startswith("0 events")
