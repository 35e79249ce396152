"""One picture of what runs: what is in it, and that it fits."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from rcli.ui import frames
from rcli.ui.frames import State, clock

AT = 1000.0
RUNNING = State(began=AT, since=AT + 12.5, phase="running", earlier=(("queued", 0.4), ("cold start", 12.1)))


def picture(
    state: State,
    *log: str,
    now: float = AT + 20.0,
    columns: int = 120,
    rows: int = 24,
    coloured: bool = False,
) -> list[str]:
    return frames.lines(state, "local · me/dinos", log, now, columns, rows, coloured=coloured)


def test_the_head_tells_state_time_and_what_went_before() -> None:
    head, *log = picture(RUNNING, "loading", "denoising")

    assert head[1:] == " running 7.5 s  queued 0.4 s · cold start 12.1 s · 20.0 s in all  local · me/dinos"
    assert log == ["  loading", "  denoising"]


def test_a_share_is_a_bar_and_a_percentage() -> None:
    (head,) = picture(State(AT, AT, "running", "saving", 0.45))

    assert head[1:] == " running 20.0 s ━━━━╌╌╌╌╌╌ 45% saving  local · me/dinos"


@pytest.mark.parametrize(("fraction", "bar"), [(0.0, "╌" * 10), (0.999, "━" * 9 + "╌"), (1.0, "━" * 10)])
def test_a_bar_is_full_only_at_the_end(fraction: float, bar: str) -> None:
    assert f" {bar} " in picture(State(AT, AT, "running", fraction=fraction))[0]


def test_waits_are_summed_by_what_they_are() -> None:
    state = State(AT, AT, "connecting")
    for phase, now in (("queued", 1), ("environment", 3), ("setup", 7), ("queued", 8), ("running", 8.5)):
        state = state.entered(phase, "", None, AT + now)

    assert state.earlier == (("queued", 2.5), ("cold start", 5.0))
    assert state.since == AT + 8.5


def test_a_phase_that_says_more_keeps_its_clock() -> None:
    state = State(AT, AT, "setup").entered("setup", "loading the weights", None, AT + 5)

    assert (state.since, state.message, state.earlier) == (AT, "loading the weights", ())


def test_waits_too_short_to_notice_are_left_out() -> None:
    (head,) = picture(State(AT, AT + 0.05, "running", earlier=(("queued", 0.05),)))

    assert "queued" not in head
    assert "in all" not in head


@pytest.mark.parametrize(
    ("rows", "shown"),
    [(24, ["three", "four", "five"]), (4, ["four", "five"]), (3, ["five"]), (2, []), (1, [])],
)
def test_as_many_lines_of_the_log_as_the_terminal_has_room_for(rows: int, shown: list[str]) -> None:
    _, *log = picture(RUNNING, "three", "four", "five", rows=rows)

    assert [line.strip() for line in log] == shown


@pytest.mark.parametrize("columns", [40, 80, 120])
@pytest.mark.parametrize("text", ["x" * 300, "猫" * 300, "a猫" * 150, "👩‍👩‍👧 " * 80, "é" * 300])
def test_a_long_line_is_cut_to_the_cells_there_are(columns: int, text: str) -> None:
    state = State(AT, AT, "setup", text, 0.5)

    lines = picture(state, text, columns=columns)

    assert all(columns - 3 <= cell_len(line) <= columns - 1 for line in lines)
    assert all(line.endswith("…") for line in lines)


@given(st.text(max_size=60), st.text(max_size=60), st.integers(1, 60), st.integers(1, 10))
def test_no_text_breaks_the_picture(message: str, line: str, columns: int, rows: int) -> None:
    lines = picture(State(AT, AT, "setup", message), line, columns=columns, rows=rows)

    assert all(cell_len(each) <= max(columns - 1, 1) for each in lines)
    assert not any(re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", each) for each in lines)


def test_hostile_text_is_text() -> None:
    (named,) = picture(State(AT, AT, "\x1b]52;c;ZXZpbA==\x07start\x1b[2J\u202eing\n\r"))
    state = State(AT, AT, "setup", "\x1b]52;c;ZXZpbA==\x07load\x1b[2J \u202eing\n\rthe rest")

    (head, log) = picture(state, "\x1b]8;;http://evil\x1b\\here\x1b]8;;\x1b\\")

    assert "cold start: setup 20.0 s load ing the rest" in head
    assert log == "  here"
    assert named[1:] == " starting 20.0 s  local · me/dinos"


def test_colours_are_only_there_when_they_are_wanted() -> None:
    coloured, plain = picture(RUNNING, "x", coloured=True), picture(RUNNING, "x")

    assert [re.sub(r"\x1b\[\d+m", "", line) for line in coloured] == plain
    assert "\x1b[1mrunning\x1b[0m" in coloured[0]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "0.0 s"), (59.94, "59.9 s"), (60, "1:00 min"), (125.9, "2:05 min"), (3725, "1:02:05 h")],
)
def test_a_clock_grows_with_the_time(seconds: float, text: str) -> None:
    assert clock(seconds) == text
