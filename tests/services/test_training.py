"""A training that is watched from afar: by a clock of the test's own, on a real connection."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from rcli.api.client import Client
from rcli.api.endpoints import Replicate
from rcli.errors import Canceled, NoAnswer
from rcli.records import Finished, Json, Logs, Phase, Prediction
from rcli.services.work.training import PATIENCE, Training, TrainingLimit, ended_within
from rcli.settings import Host
from tests.cloud import ID, prediction
from tests.recording_server import Answer, Recorded, RecordingServer, Script, json_answer, recording_server

__all__ = ["recording_server"]

ROUTE = f"GET /v1/trainings/{ID}"


@dataclass
class Clock:
    """Seconds that pass where somebody waits."""

    now: float = 0.0

    def read(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def api(recording_server: RecordingServer, clock: Clock) -> Iterator[Replicate]:
    host = Host("replicate", f"{recording_server.url}/v1", "test")
    with Client(host, "r8_x", clock=clock.read, sleep=clock.wait) as client:
        yield Replicate(client)


def watched(api: Replicate) -> Training:
    return Training(api, Prediction.from_json(prediction("starting")))


def gone(clock: Clock, back: float, then: Json, first: Json) -> list[Script]:
    """One answer, then none until the clock says ``back``."""

    def answer(_: Recorded) -> Answer:
        return Answer(hangs_up=True) if clock.now < back else json_answer(then)

    return [json_answer(first), answer]


def test_a_connection_that_is_lost_for_a_minute_ends_nothing(
    recording_server: RecordingServer, api: Replicate, clock: Clock
) -> None:
    first, then = prediction("processing", logs="step 1\n"), prediction("succeeded", logs="step 1\nstep 2\n")
    recording_server.answer(ROUTE, *gone(clock, 60, then, first))

    events = list(watched(api).events())

    assert 60 <= clock.now < PATIENCE
    assert "".join(event.text for event in events if isinstance(event, Logs)) == "step 1\nstep 2\n"
    (lost, *_) = [event for event in events if isinstance(event, Phase) and event.name == "no connection"]
    assert lost.message.startswith("the training goes on; ")
    assert isinstance(events[-1], Finished)


def test_waiting_for_its_end_outlasts_a_lost_connection_too(
    recording_server: RecordingServer, api: Replicate, clock: Clock
) -> None:
    recording_server.answer(ROUTE, *gone(clock, 60, prediction("succeeded"), prediction("processing")))
    told: list[str] = []

    ended = ended_within(watched(api), None, told.append)

    assert (ended, told[0]) == (True, "processing")
    assert "no connection" in told


def test_a_host_that_never_comes_back_is_given_up(
    recording_server: RecordingServer, api: Replicate, clock: Clock
) -> None:
    recording_server.answer(ROUTE, Answer(hangs_up=True))

    with pytest.raises(NoAnswer):
        list(watched(api).events())

    assert clock.now > PATIENCE


def test_a_training_whose_time_is_over_is_canceled(
    recording_server: RecordingServer, api: Replicate, clock: Clock
) -> None:
    cancel = f"POST /v1/trainings/{ID}/cancel"
    recording_server.answer(cancel, json_answer(prediction("canceled")))

    def state(_: Recorded) -> Answer:
        return json_answer(prediction("canceled" if recording_server.asked(cancel) else "processing"))

    recording_server.answer(ROUTE, state)
    training = watched(api)
    training.limit = TrainingLimit(api, ID, 0)
    list(training.events())

    with pytest.raises(Canceled) as caught:
        training.check()

    assert caught.value.message == f"training {ID} was canceled: its 0 s were over"
