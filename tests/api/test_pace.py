"""The pace of a program that asks for hours, with a clock of the test's own."""

from __future__ import annotations

from random import Random

import httpx
import pytest

from rcli.api.pace import Pace, Paced


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def most_in_a_minute(times: list[float]) -> int:
    return max(sum(at <= other < at + 60 for other in times) for at in times)


@pytest.mark.parametrize("seed", range(5))
def test_no_minute_has_more_requests_than_the_pace(seed: int) -> None:
    random, clock, sent = Random(seed), Clock(), list[float]()
    pace = Pace(300, clock=clock)

    for _ in range(1500):
        clock.now += random.choice([0, 0, 0, 0, 0.1, 0.3, 20 * random.random() ** 16])
        sent.append(clock.now + pace.take())

    assert 250 < most_in_a_minute(sent) <= 300


def test_who_is_started_again_and_again_stays_below_too() -> None:
    clock, sent = Clock(), list[float]()

    for _ in range(200):
        pace = Pace(300, clock=clock)
        sent += [clock.now + wait for wait in (pace.take(), pace.take(), pace.take())]
        clock.now += 0.7

    assert most_in_a_minute(sent) <= 300


def test_a_few_come_at_once_and_a_tenth_after_a_while() -> None:
    clock = Clock()
    pace = Pace(300, clock=clock)

    at_start = [pace.take() for _ in range(4)]
    clock.now += 60
    later = [pace.take() for _ in range(31)]

    assert [wait == 0 for wait in at_start] == [True, True, True, False]
    assert [wait == 0 for wait in later] == [True] * 30 + [False]


def test_the_requests_of_the_last_minute_are_counted() -> None:
    clock = Clock()
    pace = Pace(300, clock=clock)
    for _ in range(3):
        pace.take()

    counted = [pace.last_minute]
    clock.now += 61
    counted.append(pace.last_minute)

    assert counted == [3, 0]


def test_a_refusal_for_too_many_requests_holds_all_of_them_back() -> None:
    clock = Clock()
    pace = Pace(300, clock=clock)
    answers = httpx.MockTransport(lambda request: httpx.Response(429, headers={"Retry-After": "7"}))
    paced = Paced(answers, pace)

    paced.handle_request(httpx.Request("GET", "http://127.0.0.1/"))

    assert pace.take() == pytest.approx(7)


def test_a_client_that_is_closed_waits_no_longer() -> None:
    paced = Paced(httpx.MockTransport(lambda request: httpx.Response(200)), Pace(1))
    paced.handle_request(httpx.Request("GET", "http://127.0.0.1/"))

    paced.close()

    with pytest.raises(httpx.CloseError):
        paced.handle_request(httpx.Request("GET", "http://127.0.0.1/"))
