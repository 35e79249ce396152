"""A prediction's time limit, where the service does not keep to it."""

from __future__ import annotations

import pytest

from rcli.api.client import Client
from rcli.api.endpoints import Replicate
from rcli.errors import Canceled
from rcli.services.work.predict import Limit, Running
from rcli.settings import Host
from tests.cloud import ID, prediction
from tests.recording_server import Answer, RecordingServer, json_answer, problem, recording_server

__all__ = ["recording_server"]


@pytest.mark.parametrize("answer", [json_answer(prediction("processing")), problem(500, detail="no")])
def test_a_service_that_does_not_cancel_is_not_waited_for(
    recording_server: RecordingServer, answer: Answer
) -> None:
    recording_server.answer(f"GET /v1/predictions/{ID}", json_answer(prediction("processing")))
    recording_server.answer(f"POST /v1/predictions/{ID}/cancel", answer)
    with Client(
        Host("replicate", f"{recording_server.url}/v1", "test"), "r8_x", sleep=lambda _: None
    ) as client:
        api = Replicate(client)
        running = Running(api, api.prediction(ID), Limit(api, ID, 0))

        with pytest.raises(Canceled, match="and goes on all the same: it is processing") as caught:
            list(running.events())

    assert caught.value.exit_code == 7


def test_a_limit_that_is_not_reached_cancels_nothing(recording_server: RecordingServer) -> None:
    recording_server.answer(f"GET /v1/predictions/{ID}", json_answer(prediction("succeeded", output="x")))
    with Client(Host("replicate", f"{recording_server.url}/v1", "test"), "r8_x") as client:
        api = Replicate(client)
        limit = Limit(api, ID, 60)
        running = Running(api, api.prediction(ID), limit)

        list(running.events())
        limit.stop()
        running.check()

    assert not recording_server.asked(f"POST /v1/predictions/{ID}/cancel")
