"""What becomes of a prediction in the cloud, and what the service says instead of one."""

from __future__ import annotations

import json

import pytest

from tests.cloud import (
    ID,
    RUN,
    TEXT_STREAM,
    Cloud,
    cloud,
    prediction,
    told,
)
from tests.conftest import Run
from tests.recording_server import Answer, Recorded, json_answer, page, problem

__all__ = ["cloud"]


# states


def test_output_that_is_there_before_the_state_says_so_is_printed_once(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model(TEXT_STREAM)
    cloud.creates(
        prediction("processing", output=["a", "b"]),
        prediction("processing", output=["a", "b"]),
        prediction("succeeded", output=["a", "b"]),
    )

    ran = rcli(*RUN, env=cloud.env)

    assert (ran, told(ran)) == ("ab", ("", 0))


def test_a_failed_prediction_shows_its_log_and_its_reason(rcli: Run, cloud: Cloud) -> None:
    logs = "".join(f"line {number}\n" for number in range(30))
    failed = prediction("failed", output=None, error="E1000: model\x1b[31m broke", logs=logs)
    cloud.has_model()
    cloud.creates(prediction("starting"), failed)

    ran = rcli(*RUN, env=cloud.env)

    assert (ran, ran.exit_code) == ("", 3)
    assert ran.stderr == (
        f"… 10 lines more: rcli predictions show {ID}\n"
        + "".join(f"line {number}\n" for number in range(10, 30))
        + f"error: prediction {ID} failed: E1000: model broke\n"
        "hint: this error often passes: try again\n"
    )


def test_steps_of_a_bar_take_no_room_from_the_log_s_other_lines(rcli: Run, cloud: Cloud) -> None:
    bar = "".join(f"\r{step}/100" for step in range(101))
    cloud.has_model()
    cloud.creates(prediction("starting"), prediction("failed", error="x", logs=f"loaded\n{bar}\nbroken\n"))

    ran = rcli(*RUN, env=cloud.env)

    assert ran.stderr == f"loaded\n100/100\nbroken\nerror: prediction {ID} failed: x\n"


def test_a_failed_prediction_is_still_json(rcli: Run, cloud: Cloud) -> None:
    failed = prediction("failed", error="CUDA out of memory", logs=None)
    cloud.has_model()
    cloud.creates(prediction("starting"), failed)

    ran = rcli(*RUN, "--json", env=cloud.env)

    assert json.loads(ran) == failed
    assert told(ran) == (f"error: prediction {ID} failed: CUDA out of memory\n", 3)


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("canceled", f"prediction {ID} was canceled"),
        ("aborted", f"prediction {ID} was aborted: its deadline passed before it started"),
    ],
)
def test_a_prediction_that_was_ended_is_exit_7(rcli: Run, cloud: Cloud, status: str, said: str) -> None:
    cloud.has_model()
    cloud.creates(prediction("starting"), prediction(status))

    ran = rcli(*RUN, env=cloud.env)

    assert told(ran) == (f"error: {said}\n", 7)


def test_missing_null_and_unknown_keys_hurt_nothing(rcli: Run, cloud: Cloud) -> None:
    bare = {"id": ID, "status": "starting", "logs": None, "urls": None, "metrics": None, "new": {"a": 1}}
    cloud.has_model()
    cloud.creates(bare, bare, bare | {"status": "succeeded", "output": "hi"})

    ran = rcli(*RUN, env=cloud.env)

    assert (ran, told(ran)) == ("hi", ("", 0))


def test_a_prediction_of_a_hidden_version_can_be_watched(rcli: Run, cloud: Cloud) -> None:
    cloud.creates(prediction("succeeded", version="hidden", output="hi"))

    ran = rcli("predictions", "watch", ID, env=cloud.env)

    assert (ran, told(ran)) == ("hi", ("", 0))
    assert [request.path for request in cloud.api.requests] == [f"/v1/predictions/{ID}"] * 2


def test_output_that_the_service_has_removed_is_an_error_and_not_nothing(rcli: Run, cloud: Cloud) -> None:
    removed = prediction("succeeded", version="hidden", output=None, logs=None, input={}, data_removed=True)
    cloud.creates(removed)

    watched = rcli("predictions", "watch", ID, env=cloud.env)
    shown = rcli("predictions", "show", ID, env=cloud.env)

    said = f"error: the service has removed the output of prediction {ID}\n"
    assert (watched, told(watched)) == ("", (said, 1))
    assert "removed\tthe service has deleted input, output and logs\n" in shown
    assert shown.exit_code == 0


def test_a_detached_prediction_is_left_running(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model()
    cloud.creates(prediction("starting"))

    ran = rcli(*RUN, "--detach", env=cloud.env)

    assert (ran, told(ran)) == (f"{ID}\n", ("", 0))
    assert not cloud.api.asked(f"GET /v1/predictions/{ID}")


def test_last_and_the_beginning_of_an_id_are_asked_where_they_ran(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model()
    cloud.creates(prediction("starting"), prediction("succeeded", output="hi"))
    cloud.api.answer(f"POST /v1/predictions/{ID}/cancel", json_answer(prediction("canceled")))
    rcli(*RUN, "-q", env=cloud.env)

    last = rcli("predictions", "show", "last", "--jq", ".output", env=cloud.env | {"RCLI_HOST": "local"})
    prefix = rcli("predictions", "show", ID[:4], "-q", env=cloud.env)

    assert (last, prefix) == ("hi\n", f"{ID}\n")


def test_a_list_ends_at_the_text_null(rcli: Run, cloud: Cloud) -> None:
    following = f"{cloud.api.url}/v1/predictions?cursor=two".replace("127.0.0.1", "127.0.0.1")

    def rows(request: Recorded) -> Answer:
        number = "2" if request.query else "1"
        link = "null" if request.query else following
        return json_answer({"next": link, "previous": None, "results": [prediction("failed", id=number)]})

    cloud.api.answer("GET /v1/predictions", rows)

    listed = rcli("predictions", "list", "-q", env=cloud.env)

    assert (listed, told(listed)) == ("1\n2\n", ("", 0))
    assert [request.query for request in cloud.api.requests] == ["", "cursor=two"]


def test_a_list_does_not_go_on_at_another_host(rcli: Run, cloud: Cloud) -> None:
    link = f"{cloud.delivery.url}/v1/predictions?cursor=two"
    cloud.api.answer("GET /v1/predictions", json_answer({"next": link, "results": [prediction("failed")]}))

    listed = rcli("predictions", "list", "-q", env=cloud.env)

    assert listed.exit_code == 5
    assert cloud.delivery.requests == []


# refusals


@pytest.mark.parametrize(
    ("answer", "said", "exit_code"),
    [
        (
            problem(401, title="Unauthenticated", detail="You did not pass a valid token", status=401),
            "error: You did not pass a valid token\n"
            "hint: REPLICATE_API_TOKEN is what is wrong, and wins over "
            "rcli auth login: unset REPLICATE_API_TOKEN\n",
            4,
        ),
        (
            problem(402, title="Insufficient credit", detail="You have no credit", status=402),
            "error: You have no credit\nhint: https://replicate.com/account/billing\n",
            6,
        ),
        (problem(404, detail="Not found.", status=404), "error: Not found.\n", 1),
        (
            problem(
                422,
                title="Input validation failed",
                detail="- input: prompt is required\n",
                invalid_fields=[{"type": "required", "field": "input", "description": "prompt is required"}],
            ),
            "error: Input validation failed\n  input: prompt is required\n",
            2,
        ),
        (
            problem(422, title="Invalid version or not permitted", detail="No such version"),
            "error: No such version\n",
            2,
        ),
    ],
    ids=["401", "402", "404", "422 fields", "422"],
)
def test_a_refused_creation_is_told_and_not_repeated(
    rcli: Run, cloud: Cloud, answer: Answer, said: str, exit_code: int
) -> None:
    cloud.has_model()
    cloud.api.answer("POST /v1/predictions", answer)

    ran = rcli(*RUN, env=cloud.env)

    assert (ran, told(ran)) == ("", (said, exit_code))
    assert len(cloud.api.asked("POST /v1/predictions")) == 1


THROTTLED = [
    problem(429, {"Retry-After": "0"}, detail="Request was throttled."),
    problem(
        429,
        {"Retry-After": "Fri, 02 Jan 2026 03:04:05 GMT", "Date": "Fri, 02 Jan 2026 03:04:05 GMT"},
        detail="Request was throttled.",
    ),
    problem(429, detail="Request was throttled.", status=429, retry_after=0),
    problem(429, detail="Request was throttled. Your rate limit resets in ~0s."),
]
HINTS = ["header", "date", "body", "detail"]


@pytest.mark.parametrize("throttled", THROTTLED, ids=HINTS)
def test_a_throttled_creation_is_tried_again_when_it_may_be(
    rcli: Run, cloud: Cloud, throttled: Answer
) -> None:
    cloud.has_model()
    cloud.creates(prediction("starting"), prediction("succeeded", output="hi"))
    cloud.api.answer("POST /v1/predictions", throttled, throttled, json_answer(prediction("starting"), 201))

    ran = rcli(*RUN, env=cloud.env)

    assert (ran, told(ran)) == ("hi", ("", 0))
    assert len(cloud.api.asked("POST /v1/predictions")) == 3


@pytest.mark.parametrize("throttled", THROTTLED, ids=HINTS)
def test_a_rate_limit_that_outlasts_the_retries_is_exit_6(rcli: Run, cloud: Cloud, throttled: Answer) -> None:
    cloud.has_model()
    cloud.api.answer("POST /v1/predictions", throttled)

    ran = rcli(*RUN, env=cloud.env)

    assert (ran, ran.exit_code) == ("", 6)
    assert ran.stderr.startswith("error: Request was throttled.")


def test_a_creation_that_broke_off_is_not_repeated(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model()
    cloud.api.answer("POST /v1/predictions", Answer(hangs_up=True))

    ran = rcli(*RUN, env=cloud.env)

    assert ran.exit_code == 5
    assert len(cloud.api.asked("POST /v1/predictions")) == 1


def test_a_web_page_is_not_the_api(rcli: Run, cloud: Cloud) -> None:
    cloud.api.answer("GET /v1/models/stability-ai/sdxl", page())

    ran = rcli(*RUN, env=cloud.env)

    assert ran.exit_code == 5
    assert "answered with a web page: that is not Replicate's API" in ran.stderr


@pytest.mark.parametrize("body", [b'{"owner": "stabil', b"", b"[]", b"null", b'"text"', b"\xff\xfe"])
def test_broken_json_is_not_the_api(rcli: Run, cloud: Cloud, body: bytes) -> None:
    cloud.api.answer(
        "GET /v1/models/stability-ai/sdxl", Answer(200, body, {"Content-Type": "application/json"})
    )

    ran = rcli(*RUN, env=cloud.env)

    assert (ran, ran.exit_code) == ("", 5)
    assert ran.stderr.startswith("error: ")


def test_nobody_at_the_address_is_exit_5(rcli: Run, cloud: Cloud) -> None:
    cloud.api.__exit__()

    ran = rcli(*RUN, env=cloud.env)

    place = cloud.api.url.removeprefix("http://")
    assert ran.exit_code == 5
    assert ran.stderr.startswith(f"error: nothing answers at {place}: connection refused\n")


def test_a_prediction_that_cannot_be_followed_is_named(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model()
    cloud.creates(prediction("starting"), page(502), page())

    ran = rcli(*RUN, env=cloud.env)

    assert ran.exit_code == 5
    assert ran.stderr.endswith(f"hint: rcli predictions watch {ID} takes it up again\n")
