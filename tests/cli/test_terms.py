"""``predictions create``, and what a creation asks for beside its inputs: time limits, waiting, webhooks."""

from __future__ import annotations

import json
import re
import signal
import time

import pytest

from tests.cli.conftest import PROJECTS, Shell
from tests.cloud import ID, RUN, TEXT_STREAM, Cloud, cloud, prediction, told
from tests.conftest import Run
from tests.processes import Process
from tests.recording_server import Answer, Recorded, json_answer, problem

__all__ = ["cloud"]

GATE = str(PROJECTS / "gate")
CREATE = ("predictions", "create", *RUN[1:])


def creation(cloud: Cloud) -> Recorded:
    (request,) = [each for each in cloud.api.requests if each.method == "POST"]
    return request


# create


def test_a_prediction_is_created_shown_and_left_alone(warm_shell: Shell) -> None:
    made = warm_shell.run("predictions", "create", GATE, f"until={warm_shell.cwd}/gate")

    fields = dict(line.split("\t", 1) for line in made.splitlines())
    assert made.exit_code == 0
    assert (fields["model"], fields["status"]) == ("folder/gate", "starting")
    (warm_shell.cwd / "gate").touch()
    assert warm_shell.watch(fields["id"]) == "through the gate"


def test_for_a_script_it_is_the_id_or_the_record(warm_shell: Shell) -> None:
    id = warm_shell.run("predictions", "create", "rcli/hello", "text=one", "-q").strip()
    record = json.loads(warm_shell.run("predictions", "create", "rcli/hello", "-i", "text=two", "--json"))

    assert re.fullmatch("[a-z0-9]{26}", id)
    assert record["input"] == {"text": "two"}
    assert warm_shell.watch(record["id"]) == "hello two"
    assert warm_shell.watch(id) == "hello one"


def test_inputs_are_checked_before_anything_is_created(warm_shell: Shell) -> None:
    made = warm_shell.run("predictions", "create", "rcli/hello", "tezt=one")

    assert (made, made.exit_code) == ("", 2)
    assert "tezt: unknown input; did you mean text?" in made.stderr


def test_a_creation_that_waits_shows_what_the_service_answered(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model()
    cloud.creates(prediction("processing", output="done already"))

    made = rcli(*CREATE, "--prefer-wait", "30", "--json", env=cloud.env)

    assert (json.loads(made)["output"], made.exit_code) == ("done already", 0)
    assert creation(cloud).headers["Prefer"] == "wait=30"
    assert cloud.api.asked(f"GET /v1/predictions/{ID}") == []


# what is sent


def test_nothing_is_asked_for_unless_somebody_asks(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model()
    cloud.creates(prediction("succeeded", output="a cat"))

    rcli(*RUN, env=cloud.env)

    assert creation(cloud).headers["Prefer"] is None
    assert creation(cloud).headers["Cancel-After"] is None
    assert set(cloud.created) == {"version", "input"}


@pytest.mark.parametrize("command", ["run", "stream", "predictions create"])
@pytest.mark.parametrize(
    "route",
    [
        ("stability-ai/sdxl", False, "POST /v1/predictions"),
        ("stability-ai/sdxl", True, "POST /v1/models/stability-ai/sdxl/predictions"),
    ],
)
def test_every_creation_takes_all_of_it(
    rcli: Run, cloud: Cloud, command: str, route: tuple[str, bool, str]
) -> None:
    model, is_official, address = route
    cloud.has_model(is_official=is_official)
    cloud.creates(prediction("succeeded", output="a cat"), route=address)
    asked = ("--timeout", "1m30s", "--prefer-wait", "--webhook", "https://example.com/hook")

    ran = rcli(
        *command.split(), model, "prompt=x", *asked, "--webhook-events", "start,completed", env=cloud.env
    )

    assert ran.exit_code == 0
    assert creation(cloud).headers["Prefer"] == "wait=60"
    assert creation(cloud).headers["Cancel-After"] == "90"
    assert cloud.created["webhook"] == "https://example.com/hook"
    assert cloud.created["webhook_events_filter"] == ["start", "completed"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--timeout", "4s"), "--timeout takes 5 s at least"),
        (("--timeout", "later"), "--timeout takes a time, not 'later'"),
        (("--prefer-wait=61",), "--prefer-wait takes 1 to 60 seconds, not '61'"),
        (("--prefer-wait", "0"), "--prefer-wait takes 1 to 60 seconds, not '0'"),
        (("--webhook", "example.com"), "--webhook takes a URL, not 'example.com'"),
        (("--webhook-events", "completed"), "--webhook-events needs an address to tell"),
        (
            ("--webhook", "https://a.b", "--webhook-events", "start,end"),
            "--webhook-events: 'end' is none of start, output, logs, completed",
        ),
    ],
)
def test_what_no_service_takes_is_refused(
    rcli: Run, cloud: Cloud, words: tuple[str, ...], message: str
) -> None:
    ran = rcli(*RUN, *words, env=cloud.env)

    assert (ran.stderr.splitlines()[0], ran.exit_code) == (f"error: {message}", 2)
    assert cloud.api.requests == []


def test_the_service_s_own_refusal_of_a_webhook_is_told(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model()
    cloud.api.answer(
        "POST /v1/predictions",
        problem(422, title="Input validation failed", detail="- webhook: must be HTTPS\n", status=422),
    )

    ran = rcli(*RUN, "--webhook", "http://example.com/hook", env=cloud.env)

    assert ran.exit_code == 2
    assert "webhook: must be HTTPS" in ran.stderr


# the time limit


def test_after_its_time_a_prediction_is_canceled(warm_shell: Shell) -> None:
    started = time.monotonic()

    ran = warm_shell.run("run", GATE, f"until={warm_shell.cwd}/never", "--timeout", "5s")

    assert time.monotonic() - started < 20
    (message,) = ran.stderr.splitlines()[-1:]
    assert (ran, ran.exit_code) == ("", 7)
    assert message.endswith(" was canceled: its 5 s were over")
    assert warm_shell.prediction()["status"] == "canceled"
    assert warm_shell.prediction()["deadline"]


def test_a_service_that_does_not_keep_the_time_is_told_to_cancel(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model(TEXT_STREAM)
    state = ["processing"]

    def cancel(request: Recorded) -> Answer:
        state[0] = "canceled"
        return answer(request)

    def answer(request: Recorded) -> Answer:
        return json_answer(prediction(state[0], logs=None))

    cloud.creates(prediction("starting"), answer)
    cloud.api.answer(f"POST /v1/predictions/{ID}/cancel", cancel)

    ran = rcli(*RUN, "--timeout", "5", env=cloud.env)

    assert told(ran) == (f"error: prediction {ID} was canceled: its 5 s were over\n", 7)
    assert len(cloud.api.asked(f"POST /v1/predictions/{ID}/cancel")) == 1


def test_a_signal_during_the_creation_leaves_nothing_running(shell: Shell, cloud: Cloud) -> None:
    process: Process

    def interrupting(_: Recorded) -> Answer:
        process.signal(signal.SIGINT)
        return json_answer(prediction("starting"), 201)

    cloud.has_model()
    cloud.api.answer("POST /v1/predictions", interrupting)
    cloud.api.answer(f"POST /v1/predictions/{ID}/cancel", json_answer(prediction("canceled")))

    process = shell.start(*CREATE, env=cloud.env)

    assert process.end() == 130
    assert (process.stdout, process.stderr) == (b"", f"prediction {ID} canceled\n")


def test_what_was_canceled_by_a_signal_is_known_as_canceled(warm_shell: Shell) -> None:
    session = warm_shell.terminal("run", GATE, f"until={warm_shell.cwd}/never")
    session.shows("step 9/20")
    session.press("\x03")

    assert session.end() == 130
    assert warm_shell.run("library", "list", "-n", "1").split("\t")[3] == "canceled"
