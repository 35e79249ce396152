"""The end of a model's log, how far it says it is, and the whole of it in lines."""

from __future__ import annotations

from rcli.ui.logs import LogLines, LogTail, standing


def test_only_the_last_lines_are_kept() -> None:
    tail = LogTail(2)

    tail.feed("one\ntwo\nthr")
    tail.feed("ee\nfour\n")

    assert tail.lines == ("three", "four")


def test_a_carriage_return_overwrites_its_line() -> None:
    tail = LogTail()

    tail.feed(" 10%|#\r 20%|##\r 30%|###")

    assert tail.lines == ("30%|###",)
    assert tail.fraction == 0.3


def test_an_open_line_is_shown_before_its_end() -> None:
    tail = LogTail()

    tail.feed("loading")

    assert tail.lines == ("loading",)
    assert tail.open == ("loading",)


def test_a_carriage_return_at_the_end_overwrites_nothing_yet() -> None:
    tail = LogTail()

    tail.feed(" 10%|#\r")
    tail.feed(" 20%|##\r")
    shown = tail.lines
    tail.feed("\nnext")

    assert (shown, tail.lines) == ((" 20%|##".strip(),), ("20%|##", "next"))


def test_a_bar_of_a_hundred_thousand_steps_takes_no_more_room_than_one() -> None:
    tail = LogTail()

    for step in range(100_000):
        tail.feed(f"\r{step / 1000:.0f}%|{'#' * 80}| {step}/100000")

    assert tail.lines == (f"100%|{'#' * 80}| 99999/100000",)
    assert len(tail._rest) < 200


def test_a_line_without_end_is_cut() -> None:
    tail = LogTail()

    for _ in range(100):
        tail.feed("x" * 1000)

    assert len(tail.lines[0]) <= 4096


def test_the_newest_line_that_tells_how_far_it_is_counts() -> None:
    tail = LogTail()

    tail.feed("step 1/10\nstep 2/10\nthe weights are warm\n")

    assert tail.fraction == 0.2


def test_a_bar_at_its_end_is_over_when_something_else_is_written() -> None:
    tail = LogTail()

    tail.feed("Loading: 100%\n\n")
    at_its_end = tail.fraction
    tail.feed("now the hard part\n")

    assert (at_its_end, tail.fraction) == (1.0, None)


def test_a_log_in_lines_is_harmless_and_keeps_its_indentation() -> None:
    lines = LogLines()

    told = [
        lines.feed("  one\x1b[2"),
        lines.feed("J two\n 10%\r 20%"),
        lines.feed("\r 30%\r\n"),
        lines.rest(),
    ]

    assert told == ["", "  one two\n", " 30%\n", ""]


def test_a_log_s_last_line_needs_no_end() -> None:
    lines = LogLines()

    told = lines.feed("all\nbut the end")

    assert (told, lines.rest(), lines.rest()) == ("all\n", "but the end\n", "")


def test_the_line_that_is_being_written_is_its_last_step() -> None:
    lines = LogLines()

    lines.feed("all\n 10%|#\r\x1b[31m 20%|##\x07\t\r")

    assert lines.open == " 20%|##    "


def test_a_long_line_is_written_whole() -> None:
    lines = LogLines()

    told = [lines.feed("x" * 5000), lines.feed("y\nz" + "z" * 5000 + "\n")]

    assert told == ["", "x" * 5000 + "y\nz" + "z" * 5000 + "\n"]


def test_of_a_bar_in_a_whole_log_its_last_step_stands() -> None:
    log = "loading\r\n\r 10%|#\r 90%|####\nTraceback:\n  here\n\n 20%|#\r"

    assert standing(log) == ["loading", " 90%|####", "Traceback:", "  here", "", " 20%|#"]
    assert standing("") == []
