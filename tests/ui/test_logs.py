"""The end of a model's log, and how far it says it is."""

from __future__ import annotations

import pytest

from rcli.ui.logs import LogTail, fraction


@pytest.mark.parametrize(
    ("line", "share"),
    [
        ("  45%|████▌     | 9/20 [00:01<00:01, 8.3it/s]", 0.45),
        ("step 9/20", 0.45),
        ("Downloading: 100%", 1.0),
        ("12.5 % done", 0.125),
        ("loss=0.13", None),
        ("2026/11/23 starting", None),
        ("150%", None),
        ("3/0", None),
        ("http://host/1/2/3", None),
    ],
)
def test_a_line_tells_how_much_is_done(line: str, share: float | None) -> None:
    assert fraction(line) == share


def test_only_the_last_lines_are_kept() -> None:
    tail = LogTail(2)

    tail.feed("one\ntwo\nthr")
    tail.feed("ee\nfour\n")

    assert tail.lines == ["three", "four"]


def test_a_carriage_return_overwrites_its_line() -> None:
    tail = LogTail()

    tail.feed(" 10%|#\r 20%|##\r 30%|###")

    assert tail.lines == ["30%|###"]
    assert tail.fraction == 0.3


def test_an_open_line_is_shown_before_its_end() -> None:
    tail = LogTail()

    tail.feed("loading")

    assert tail.lines == ["loading"]
