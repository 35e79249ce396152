"""The headers Prefer and Cancel-After, in all the ways in which clients write them."""

from __future__ import annotations

import pytest

from rcli.engine.problems import Problem
from rcli.engine.web.preferences import Wait, parse_cancel_after, parse_prefer


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("", None),
        ("respond-async", None),
        ("wait=soon", None),
        ("waiting", None),
        ("wait", Wait(55, "wait")),
        ("Wait", Wait(55, "wait")),
        ("wait=5", Wait(5, "wait=5")),
        ("wait = 5", Wait(5, "wait=5")),
        ('wait="5"', Wait(5, "wait=5")),
        ("wait=0", Wait(1, "wait=1")),
        ("wait=60", Wait(60, "wait=60")),
        ("wait=3600", Wait(60, "wait=60")),
        ("respond-async, wait=10", Wait(10, "wait=10")),
    ],
)
def test_prefer_is_brought_into_1_to_60_seconds(header: str, wait: Wait | None) -> None:
    assert parse_prefer(header) == wait


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, None), ("30", 30), ("30s", 30), ("5m", 300), ("1h30m45s", 5445), (" 1h ", 3600), ("1m5", 65)],
)
def test_cancel_after_is_read_with_and_without_units(header: str | None, seconds: int | None) -> None:
    assert parse_cancel_after(header) == seconds


@pytest.mark.parametrize("header", ["", "4", "1.5", "-9", "10d", "5s1m", "٣٠", "9999999h", "x"])
def test_other_deadlines_are_refused(header: str) -> None:
    with pytest.raises(Problem) as refused:
        parse_cancel_after(header)

    assert refused.value.status == 422
