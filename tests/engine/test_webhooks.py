"""Webhooks as a receiver sees them: order, throttle, signatures, repetition; and what is refused."""

from __future__ import annotations

import base64
import ssl
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.receiver import Received, Receiver
from tests.recording_server import Answer, RecordingServer

if TYPE_CHECKING:
    from tests.engine.conftest import RunningEngine, StartEngine

EVERYTHING = ("start", "output", "logs", "completed")


def subscribe(
    engine: RunningEngine,
    url: str,
    version: str,
    given: dict[str, Any],
    events: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Creates a prediction with a webhook."""
    body = {"version": version, "input": given, "webhook": url}
    answer = engine.http.post(
        "/v1/predictions", json=body | ({} if events is None else {"webhook_events_filter": list(events)})
    )
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def key_of(engine: RunningEngine) -> str:
    return str(engine.http.get("/v1/webhooks/default/secret").json()["key"])


def outputs(messages: Sequence[Received]) -> list[Any]:
    return [message.prediction["output"] for message in messages]


def statuses(messages: Sequence[Received]) -> list[str]:
    return [message.status for message in messages]


# what is sent


def test_the_secret_is_a_key_that_official_clients_can_split(engine: RunningEngine) -> None:
    answer = engine.http.get("/v1/webhooks/default/secret")

    key = answer.json()["key"]
    assert (answer.status_code, list(answer.json())) == (200, ["key"])
    assert (key[:6], key.count("_")) == ("whsec_", 1)
    assert len(base64.b64decode(key[6:], validate=True)) == 32
    assert engine.http.get("/v1/webhooks/default/secret", headers={"authorization": ""}).status_code == 401


def test_the_end_is_told_with_the_object_that_a_get_shows(engine: RunningEngine, receiver: Receiver) -> None:
    created = subscribe(engine, receiver.url, "rcli/hello", {"text": "x"}, ["completed"])

    message = receiver.next(key_of(engine))

    headers = message.request.headers
    assert message.prediction == engine.get(created)
    assert message.status == "succeeded"
    assert headers["content-type"] == "application/json"
    assert headers["user-agent"].startswith("rcli/")
    assert headers["host"] == receiver.url.split("/")[2]
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 30
    assert headers["authorization"] is None


def test_output_and_the_end_are_told_when_nothing_is_chosen(
    engine: RunningEngine, receiver: Receiver
) -> None:
    subscribe(engine, receiver.url, "rcli/hello", {"text": "x"})

    messages = receiver.all(key_of(engine))

    assert outputs(messages) == ["hello x", "hello x"]
    assert statuses(messages) == ["processing", "succeeded"]
    assert messages[0].id != messages[1].id


def test_start_logs_and_the_end_come_in_this_order(
    engine: RunningEngine, receiver: Receiver, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    subscribe(engine, receiver.url, engine.register("gate"), {"until": str(gate)}, EVERYTHING)
    key = key_of(engine)
    start, logs = receiver.next(key), receiver.next(key)
    gate.touch()

    output, completed = receiver.next(key), receiver.next(key)

    assert (start.status, start.prediction["output"]) == ("processing", None)
    assert (logs.status, logs.prediction["logs"].splitlines()[0]) == ("processing", "the picture is read")
    assert (output.status, output.prediction["output"]) == ("processing", "through the gate")
    assert (completed.status, completed.prediction["output"]) == ("succeeded", "through the gate")
    assert completed.prediction["completed_at"] is not None


def test_output_is_told_twice_a_second_at_most_and_grows(engine: RunningEngine, receiver: Receiver) -> None:
    subscribe(engine, receiver.url, engine.register("tokens"), {"n": 24, "delay": 0.1}, ["output"])

    messages = [receiver.next(key_of(engine))]
    while len(messages[-1].prediction["output"]) < 24:
        messages.append(receiver.next())

    lengths = [len(output) for output in outputs(messages)]
    assert lengths == sorted(set(lengths))
    assert 3 <= len(messages) <= 7
    assert all(later.at - earlier.at > 0.4 for earlier, later in pairwise(messages))
    assert set(statuses(messages)) == {"processing"}


def test_a_prediction_that_is_canceled_in_the_queue_never_started(
    engine: RunningEngine, receiver: Receiver
) -> None:
    version = engine.register("sleeper")
    first = engine.create(version, {"seconds": 60})
    engine.wait_for(first, "falling asleep")
    second = subscribe(engine, receiver.url, version, {"seconds": 60}, EVERYTHING)
    for prediction in (second, first):
        engine.http.post(f"/v1/predictions/{prediction['id']}/cancel")

    messages = receiver.all(key_of(engine))

    assert statuses(messages) == ["canceled"]


def test_a_failure_is_told_like_any_end(engine: RunningEngine, receiver: Receiver) -> None:
    created = subscribe(engine, receiver.url, engine.register("fails"), {"text": "oh"}, ["completed"])

    message = receiver.next(key_of(engine))

    assert (message.status, message.prediction["error"]) == ("failed", "oh")
    assert message.prediction == engine.get(created)


def test_a_model_s_own_route_takes_webhooks_too(engine: RunningEngine, receiver: Receiver) -> None:
    body = {"input": {"text": "x"}, "webhook": receiver.url, "webhook_events_filter": ["completed"]}
    engine.http.post("/v1/models/rcli/hello/predictions", json=body, headers={"prefer": "wait"})

    assert receiver.next(key_of(engine)).prediction["output"] == "hello x"


def test_links_go_where_the_creation_came_in(engine: RunningEngine, receiver: Receiver) -> None:
    base = f"http://localhost:{engine.state['port']}"
    body = {"version": "rcli/hello", "input": {"text": "x"}, "webhook": receiver.url}
    engine.http.post(f"{base}/v1/predictions", json=body)

    message = receiver.all()[-1]

    assert message.prediction["urls"]["get"] == f"{base}/v1/predictions/{message.prediction['id']}"


# repetition


@pytest.mark.parametrize("first", [Answer(500), Answer(404), Answer(hangs_up=True)])
def test_the_last_message_is_repeated_with_the_same_id(
    engine: RunningEngine, receiver: Receiver, first: Answer
) -> None:
    receiver.plays(first, Answer(500), Answer(204))
    subscribe(engine, receiver.url, "rcli/hello", {"text": "x"}, ["completed"])
    key = key_of(engine)

    messages = [receiver.next(key) for _ in range(3)]

    assert len({message.id for message in messages}) == 1
    assert len({message.request.body for message in messages}) == 1
    assert 0.8 < messages[1].at - messages[0].at < 1.9
    assert 1.8 < messages[2].at - messages[1].at < 3.5


def test_messages_before_the_end_are_not_repeated(engine: RunningEngine, receiver: Receiver) -> None:
    receiver.answers(500, 200)
    subscribe(engine, receiver.url, "rcli/hello", {"text": "x"}, ["start", "completed"])

    assert statuses(receiver.all()) == ["processing", "succeeded"]


def test_redirects_are_not_followed(
    engine: RunningEngine, receiver: Receiver, recording_server: RecordingServer
) -> None:
    receiver.plays(Answer(307, headers={"Location": f"{recording_server.url}/elsewhere"}), Answer(200))
    subscribe(engine, receiver.url, "rcli/hello", {"text": "x"}, ["completed"])

    messages = [receiver.next(), receiver.next()]

    assert messages[0].id == messages[1].id
    assert recording_server.requests == []


def test_a_receiver_that_never_answers_holds_nobody_up(
    engine: RunningEngine, receiver: Receiver, recording_server: RecordingServer
) -> None:
    released, lively = receiver.blocks(), Receiver(recording_server)
    stuck = [
        subscribe(engine, receiver.url, "rcli/hello", {"text": str(number)}, EVERYTHING)
        for number in range(12)
    ]
    ended = [engine.ended(prediction) for prediction in stuck]

    subscribe(engine, lively.url, "rcli/hello", {"text": "x"})
    messages = lively.all(key_of(engine))

    assert not released.is_set()
    assert [row["status"] for row in ended] == ["succeeded"] * 12
    assert statuses(messages) == ["processing", "succeeded"]
    assert receiver.count() <= 8


def test_an_https_receiver_is_known_by_its_certificate(
    start_engine: StartEngine, recording_server: RecordingServer, tmp_path: Path
) -> None:
    files = [str(tmp_path / "key.pem"), str(tmp_path / "cert.pem")]
    request = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    subject = "-addext subjectAltName=DNS:localhost -keyout"
    subprocess.run(
        [*request.split(), *subject.split(), files[0], "-out", files[1]], check=True, capture_output=True
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files[1], files[0])
    recording_server.encrypt(context)
    receiver = Receiver(recording_server)
    url = receiver.url.replace("http://127.0.0.1", "https://localhost")
    engine = start_engine(SSL_CERT_FILE=files[1])

    subscribe(engine, url, "rcli/hello", {"text": "x"}, ["completed"])

    assert receiver.next(key_of(engine)).status == "succeeded"


# what is refused


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("", "The webhook URL is empty (E4875)"),
        ("http://example.com/hook", "Plain http is sent to this machine only: use an https URL"),
        ("http://192.0.2.1/hook", "Plain http is sent to this machine only: use an https URL"),
        ("http://0.0.0.0:9/hook", "Plain http is sent to this machine only: use an https URL"),
        ("http://localhost.invalid/", "Plain http is sent to this machine only: use an https URL"),
        ("ftp://localhost/hook", "Must be an https URL"),
        ("localhost:3000/hook", "Must be an https URL"),
        ("https://", "Must be an https URL"),
        ("https:///hook", "Must be an https URL"),
        ("http://[::1", "Does not match format 'uri': Invalid IPv6 URL"),
        (
            "https://localhost:x/",
            "Does not match format 'uri': Port could not be cast to integer value as 'x'",
        ),
        ("https://example.com/a b", "Must be a URL of at most 8192 visible ASCII characters"),
        ("https://example.com/" + "x" * 9000, "Must be a URL of at most 8192 visible ASCII characters"),
    ],
)
def test_an_address_that_nothing_may_be_sent_to_is_refused(
    engine: RunningEngine, url: str, told: str
) -> None:
    body = {"version": "rcli/hello", "input": {"text": "x"}, "webhook": url}

    answer = engine.http.post("/v1/predictions", json=body)

    assert answer.status_code == 422
    assert answer.json()["invalid_fields"] == [{"type": "format", "field": "webhook", "description": told}]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://localhost:9/", "http://[::1]:9/x"])
def test_plain_http_to_this_machine_is_taken(engine: RunningEngine, url: str) -> None:
    body = {"version": "rcli/hello", "input": {"text": "x"}, "webhook": url, "webhook_events_filter": []}

    assert engine.http.post("/v1/predictions", json=body).status_code == 201


@pytest.mark.parametrize(
    ("given", "invalid"),
    [
        ({"webhook": None}, ("invalid_type", "webhook")),
        ({"webhook_events_filter": "completed"}, ("invalid_type", "webhook_events_filter")),
        ({"webhook_events_filter": ["completed", "end"]}, ("enum", "webhook_events_filter.1")),
        ({"webhook_events_filter": [["completed"]]}, ("enum", "webhook_events_filter.0")),
    ],
)
def test_events_that_do_not_exist_are_refused(
    engine: RunningEngine, given: dict[str, Any], invalid: tuple[str, str]
) -> None:
    body = {"version": "rcli/hello", "input": {"text": "x"}} | given

    answer = engine.http.post("/v1/predictions", json=body)

    assert answer.status_code == 422
    assert [(field["type"], field["field"]) for field in answer.json()["invalid_fields"]] == [invalid]


def test_a_filter_without_a_webhook_changes_nothing(engine: RunningEngine) -> None:
    body = {"version": "rcli/hello", "input": {"text": "x"}, "webhook_events_filter": ["completed"]}

    assert engine.http.post("/v1/predictions", json=body).status_code == 201


def test_an_engine_that_sends_nothing_has_not_loaded_the_client() -> None:
    code = "import sys, rcli.engine.__main__; print('httpx' in sys.modules)"

    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert told.stdout == "False\n"
