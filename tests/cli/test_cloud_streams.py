"""Text of the cloud, piece by piece: exact, whole and once, whatever happens to the stream."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cloud import (
    DONE,
    PNG,
    TEXT_STREAM,
    TOKEN,
    VERSION,
    Cloud,
    cloud,
    events,
    managed,
    prediction,
    told,
)
from tests.conftest import Run
from tests.recording_server import Answer, event_stream, problem

__all__ = ["cloud"]


@pytest.fixture
def tokens(cloud: Cloud) -> list[str]:
    cloud.has_model(TEXT_STREAM)
    return ["Why", " did", "\n\nthe ", "", "cat é\u2028", "  sit?\n"]


@pytest.mark.parametrize("command", ["run", "stream"])
def test_text_is_streamed_byte_for_byte(rcli: Run, cloud: Cloud, tokens: list[str], command: str) -> None:
    urls = cloud.streams(events(*tokens) + DONE)
    cloud.creates(prediction("starting", urls=urls), prediction("succeeded", output=tokens))

    ran = rcli(command, "stability-ai/sdxl", "prompt=x", env=cloud.env)

    assert (ran.data, told(ran)) == ("".join(tokens).encode(), ("", 0))


@pytest.mark.parametrize("command", ["run", "stream"])
def test_a_broken_stream_goes_on_after_its_last_event(
    rcli: Run, cloud: Cloud, tokens: list[str], command: str
) -> None:
    broken = event_stream(events(*tokens[:3]), hangs_up=True)
    urls = cloud.streams(broken, events(*tokens[1:], start=2) + DONE)  # the service repeats two events
    cloud.creates(prediction("starting", urls=urls), prediction("succeeded", output=tokens))

    ran = rcli(command, "stability-ai/sdxl", "prompt=x", env=cloud.env)

    assert (ran, ran.exit_code) == ("".join(tokens), 0)
    connections = cloud.api.asked("GET /stream/one")
    assert [each.headers["Last-Event-ID"] for each in connections] == [None, "1700000000:3"]


@pytest.mark.parametrize("command", ["run", "stream"])
def test_what_a_stream_without_ids_has_lost_comes_from_the_prediction(
    rcli: Run, cloud: Cloud, tokens: list[str], command: str
) -> None:
    urls = cloud.streams(event_stream(b"event: output\ndata: Why\n\n", hangs_up=True))
    cloud.creates(
        prediction("starting", urls=urls),
        prediction("processing", output=tokens[:2]),
        prediction("processing", output=tokens[:3]),
        prediction("succeeded", output=tokens),
    )

    ran = rcli(command, "stability-ai/sdxl", "prompt=x", env=cloud.env)

    assert (ran, told(ran)) == ("".join(tokens), ("", 0))
    assert len(cloud.api.asked("GET /stream/one")) == 1


@pytest.mark.parametrize("command", ["run", "stream"])
def test_a_stream_that_never_works_is_replaced_by_polling(
    rcli: Run, cloud: Cloud, tokens: list[str], command: str
) -> None:
    urls = cloud.streams(problem(404, detail="stream not found"))
    cloud.creates(
        prediction("starting", urls=urls),
        prediction("processing", output=tokens[:2]),
        prediction("succeeded", output=tokens),
    )

    ran = rcli(command, "stability-ai/sdxl", "prompt=x", env=cloud.env)

    assert (ran, told(ran)) == ("".join(tokens), ("", 0))


@pytest.mark.parametrize("command", ["run", "stream"])
def test_a_stream_that_ends_in_an_error_event_is_finished_by_polling(
    rcli: Run, cloud: Cloud, tokens: list[str], command: str
) -> None:
    urls = cloud.streams(events(*tokens[:2]) + b'event: error\ndata: {"detail":"internal error"}\n\n')
    cloud.creates(prediction("starting", urls=urls), prediction("succeeded", output=tokens))

    ran = rcli(command, "stability-ai/sdxl", "prompt=x", env=cloud.env)

    assert (ran, told(ran)) == ("".join(tokens), ("", 0))


@pytest.mark.parametrize("command", ["run", "stream"])
def test_a_rest_that_the_service_gives_as_one_text_is_not_lost(
    rcli: Run, cloud: Cloud, tokens: list[str], command: str
) -> None:
    urls = cloud.streams(events(*tokens[:2]) + b"event: error\ndata: {}\n\n")
    cloud.creates(prediction("starting", urls=urls), prediction("succeeded", output="".join(tokens)))

    ran = rcli(command, "stability-ai/sdxl", "prompt=x", env=cloud.env)

    assert (ran, told(ran)) == ("".join(tokens), ("", 0))


def test_line_ends_that_a_stream_cannot_carry_do_not_hide_the_rest(
    rcli: Run, cloud: Cloud, tokens: list[str]
) -> None:
    urls = cloud.streams(events("one\n", "two") + b"event: error\ndata: {}\n\n")
    cloud.creates(prediction("starting", urls=urls), prediction("succeeded", output=["one\r\n", "two", " 3"]))

    ran = rcli("stream", "stability-ai/sdxl", "prompt=x", env=cloud.env)

    assert ran == "one\ntwo 3"


def test_an_idle_streams_last_comment_is_not_output(rcli: Run, cloud: Cloud, tokens: list[str]) -> None:
    idle = event_stream(events(*tokens[:1]) + b":408: 408 Request Timeout\n\n")
    urls = cloud.streams(idle, events(*tokens[1:], start=2) + DONE)
    cloud.creates(prediction("starting", urls=urls), prediction("succeeded", output=tokens))

    ran = rcli("stream", "stability-ai/sdxl", "prompt=x", env=cloud.env)

    assert (ran, told(ran)) == ("".join(tokens), ("", 0))


def test_a_stream_on_another_host_gets_the_token_that_the_api_named_it_for(
    rcli: Run, cloud: Cloud, tokens: list[str]
) -> None:
    cloud.delivery.answer("GET /stream/two", event_stream(events(*tokens) + DONE))
    urls = {"stream": f"{cloud.delivery.url}/stream/two"}
    cloud.creates(prediction("starting", urls=urls), prediction("succeeded", output=tokens))

    ran = rcli("stream", "stability-ai/sdxl", "prompt=x", env=cloud.env)

    assert (ran, ran.exit_code) == ("".join(tokens), 0)
    assert cloud.delivery.requests[0].headers["Authorization"] == f"Bearer {TOKEN}"


def test_events_are_a_json_line_each(rcli: Run, cloud: Cloud, tokens: list[str]) -> None:
    done = prediction("succeeded", output=["a", "b"])
    urls = cloud.streams(events("a") + b"event: logs\nid: 5:5\ndata: warm\n\n" + events("b", start=2) + DONE)
    cloud.creates(prediction("starting", urls=urls), done)

    ran = rcli("stream", "stability-ai/sdxl", "prompt=x", "--json", env=cloud.env)

    assert [json.loads(line) for line in ran.splitlines()] == [
        {"event": "phase", "phase": "starting"},
        {"event": "output", "data": "a"},
        {"event": "logs", "data": "warm"},
        {"event": "output", "data": "b"},
        {"event": "phase", "phase": "succeeded"},
        {"event": "done", "prediction": done},
    ]


def test_a_model_of_unknown_schema_streams_its_text(rcli: Run, cloud: Cloud) -> None:
    urls = cloud.streams(events("a", " b") + DONE)
    cloud.creates(prediction("starting", urls=urls), prediction("succeeded", output=["a", " b"]))

    ran = rcli("stream", VERSION, "prompt=x", env=cloud.env)

    assert (ran, told(ran)) == ("a b", ("", 0))


def test_a_stream_of_unknown_schema_that_breaks_stays_text(rcli: Run, cloud: Cloud) -> None:
    urls = cloud.streams(problem(404, detail="stream not found"))
    cloud.creates(prediction("starting", urls=urls), prediction("succeeded", output=["a", " b"], urls={}))

    ran = rcli("stream", VERSION, "prompt=x", env=cloud.env)

    assert (ran, told(ran)) == ("a b", ("", 0))


@pytest.mark.parametrize("command", ["run", "stream"])
def test_a_model_of_unknown_schema_that_gives_a_picture_has_its_path_printed(
    rcli: Run, home: Path, cloud: Cloud, command: str
) -> None:
    cloud.api.answer("GET /v1/files/out-0.png", Answer(200, PNG, {"Content-Type": "image/png"}))
    url = f"{cloud.api.url}/v1/files/out-0.png"
    urls = cloud.streams(events(url) + DONE)
    cloud.creates(prediction("starting", urls=urls), prediction("succeeded", output=[url]))

    ran = rcli(command, VERSION, "prompt=x", env=cloud.env)

    assert (ran, told(ran)) == (f"{managed(home) / 'out-0.png'}\n", ("", 0))


@pytest.mark.parametrize("output", [["a", "b"], {"a": 1}, "ab", 5, None])
def test_streaming_a_model_that_does_not_stream_prints_what_run_would(
    rcli: Run, cloud: Cloud, output: Any
) -> None:
    cloud.creates(prediction("starting"), prediction("succeeded", output=output))

    streamed = rcli("stream", VERSION, "prompt=x", env=cloud.env)
    ran = rcli("run", VERSION, "prompt=x", env=cloud.env)

    assert (streamed, told(streamed)) == (ran, ("", 0))
