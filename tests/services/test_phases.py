"""What a prediction's time went into, from what the service tells and what was seen."""

from __future__ import annotations

from typing import Any

import pytest

from rcli.records import Prediction
from rcli.services.work.phases import Course, by_phase, known_as, total_time, working_time

TIMES = {
    "created_at": "2026-01-02T03:04:05.000Z",
    "started_at": "2026-01-02T03:04:06.200Z",
    "completed_at": "2026-01-02T03:04:09.700000+00:00",
}


def prediction(**keys: Any) -> Prediction:
    return Prediction.from_json({"id": "p1", "status": "succeeded", **keys})


def test_the_service_s_own_times_count() -> None:
    told = prediction(**TIMES, metrics={"predict_time": 3.4, "total_time": 4.7})

    assert [(name, round(seconds, 3)) for name, seconds in by_phase(told, Course(), "replicate")] == [
        ("queue or cold start", 1.2),
        ("ran", 3.4),
    ]
    assert total_time(told) == 4.7


def test_without_metrics_the_times_of_its_states_count() -> None:
    told = prediction(**TIMES, metrics=None)

    assert working_time(told) == pytest.approx(3.5)
    assert total_time(told) == pytest.approx(4.7)


def test_the_engine_s_cold_start_is_told_as_it_was_seen() -> None:
    course = Course()
    for phase, now in (
        ("queued", 0),
        ("environment", 0.1),
        ("setup", 0.6),
        ("running", 1.2),
        ("succeeded", 4.7),
    ):
        course.enter(phase, float(now))

    told = by_phase(prediction(**TIMES), course, "local")

    assert [(name, round(seconds, 3)) for name, seconds in told] == [
        ("environment", 0.5),
        ("setup", 0.6),
        ("ran", 3.5),
    ]


def test_waiting_for_a_turn_on_the_engine_is_its_queue() -> None:
    name, seconds = by_phase(prediction(**TIMES), Course(), "local")[0]

    assert (name, round(seconds, 3)) == ("queued", 1.2)


def test_a_phase_that_comes_twice_is_summed() -> None:
    course = Course()
    for phase, now in (
        ("queued", 0.0),
        ("environment", 1.0),
        ("queued", 3.0),
        ("environment", 4.0),
        ("failed", 9.0),
    ):
        course.enter(phase, now)
    course.enter("failed", 60.0)

    assert course.seconds == {"queued": 2.0, "environment": 7.0}


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"created_at": "yesterday", "started_at": 7, "completed_at": None},
        {"created_at": "2026-01-02T03:04:06", "started_at": "2026-01-02T03:04:05Z"},
        {"created_at": TIMES["completed_at"], "started_at": TIMES["created_at"]},
        {"metrics": {"predict_time": "long", "total_time": float("nan")}},
        {"metrics": {"predict_time": -1, "total_time": True}},
    ],
)
def test_what_the_service_does_not_tell_is_not_made_up(keys: dict[str, Any]) -> None:
    told = prediction(**keys)

    assert (by_phase(told, Course(), "replicate"), total_time(told)) == ([], None)


@pytest.mark.parametrize(
    ("phase", "host", "name"),
    [
        ("starting", "local", "queued"),
        ("starting", "replicate", "queue or cold start"),
        ("starting", "work", "queue or cold start"),
        ("processing", "replicate", "running"),
        ("setup", "local", "setup"),
        ("succeeded", "replicate", "succeeded"),
    ],
)
def test_a_state_is_named_by_what_it_means_and_no_more(phase: str, host: str, name: str) -> None:
    assert known_as(phase, host) == name
