"""Whoever leaves does not go on paying: signals and closed pipes cancel in the cloud."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from threading import Event

import pytest

from tests.cli.conftest import Shell
from tests.cloud import (
    ID,
    RUN,
    TEXT_STREAM,
    Cloud,
    cloud,
    events,
    prediction,
)
from tests.processes import PATIENCE, Process
from tests.recording_server import Answer, Recorded, json_answer

__all__ = ["cloud"]


def cancels(cloud: Cloud) -> None:
    cloud.api.answer(f"POST /v1/predictions/{ID}/cancel", json_answer(prediction("canceled")))


@pytest.mark.parametrize(
    ("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_cancels_on_the_server(
    shell: Shell, cloud: Cloud, number: signal.Signals, exit_code: int
) -> None:
    process: Process

    def interrupting(_: Recorded) -> Answer:
        process.signal(number)
        return json_answer(prediction("processing"))

    cloud.has_model()
    cloud.creates(prediction("starting"), interrupting, prediction("processing"))
    cancels(cloud)

    process = shell.start(*RUN, env=cloud.env)

    assert process.end() == exit_code
    assert (process.stdout, process.stderr) == (b"", f"prediction {ID} canceled\n")
    assert len(cloud.api.asked(f"POST /v1/predictions/{ID}/cancel")) == 1


def test_a_signal_during_the_creation_waits_for_the_id(shell: Shell, cloud: Cloud) -> None:
    process: Process

    def interrupting(_: Recorded) -> Answer:
        process.signal(signal.SIGINT)
        return json_answer(prediction("starting"), 201)

    cloud.has_model()
    cloud.api.answer("POST /v1/predictions", interrupting)
    cancels(cloud)

    process = shell.start(*RUN, env=cloud.env)

    assert process.end() == 130
    assert process.stderr == f"prediction {ID} canceled\n"
    assert [request.route for request in cloud.api.requests][-1] == f"POST /v1/predictions/{ID}/cancel"


def test_a_second_signal_does_not_wait_for_the_id(shell: Shell, cloud: Cloud) -> None:
    process: Process
    left = Event()

    def interrupting(_: Recorded) -> Answer:
        process.signal(signal.SIGINT)
        process.signal(signal.SIGTERM)
        left.wait(PATIENCE)
        return json_answer(prediction("starting"), 201)

    cloud.has_model()
    cloud.api.answer("POST /v1/predictions", interrupting)

    process = shell.start(*RUN, env=cloud.env)
    code = process.end()
    left.set()

    hint = "the prediction may have been created: rcli predictions list --host replicate\n"
    assert (code, process.stderr) == (143, hint)


def test_a_prediction_that_ends_before_the_cancel_arrives_is_told_so(shell: Shell, cloud: Cloud) -> None:
    process: Process

    def interrupting(_: Recorded) -> Answer:
        process.signal(signal.SIGINT)
        return json_answer(prediction("processing"))

    cloud.has_model()
    cloud.creates(prediction("starting"), interrupting, prediction("processing"))
    cloud.api.answer(f"POST /v1/predictions/{ID}/cancel", json_answer(prediction("succeeded", output="x")))

    process = shell.start(*RUN, env=cloud.env)

    assert process.end() == 130
    assert process.stderr == f"prediction {ID} had succeeded already\n"


def test_who_only_watches_cancels_nothing(shell: Shell, cloud: Cloud) -> None:
    process: Process

    def interrupting(_: Recorded) -> Answer:
        process.signal(signal.SIGINT)
        return json_answer(prediction("processing"))

    cloud.creates(prediction("processing", version="hidden"))
    processing = json_answer(prediction("processing", version="hidden"))
    cloud.api.answer(f"GET /v1/predictions/{ID}", processing, interrupting, processing)

    process = shell.start("predictions", "watch", ID, env=cloud.env)

    assert process.end() == 130
    assert {request.method for request in cloud.api.requests} == {"GET"}


def test_a_reader_that_goes_away_cancels_the_prediction(shell: Shell, cloud: Cloud) -> None:
    gone, canceled = Event(), Event()

    def tokens() -> Iterator[bytes]:
        yield events("first")
        gone.wait(PATIENCE)
        yield events("second", start=2)
        canceled.wait(PATIENCE)

    def cancel(_: Recorded) -> Answer:
        canceled.set()
        return json_answer(prediction("canceled"))

    cloud.has_model(TEXT_STREAM)
    urls = cloud.streams(Answer(200, tokens, {"Content-Type": "text/event-stream"}))
    cloud.creates(prediction("starting", urls=urls))
    cloud.api.answer(f"POST /v1/predictions/{ID}/cancel", cancel)

    process = shell.start("stream", "stability-ai/sdxl", "prompt=x", env=cloud.env)
    process.until(lambda process: process.stdout == b"first")
    process.close_stdout()
    gone.set()

    assert process.end() == 141
    assert process.stderr == ""
    assert canceled.is_set()
