from __future__ import annotations

import httpx
import pytest

from rcli.api.client import Client
from rcli.api.retry import asked_wait
from rcli.errors import NoAnswer, RateLimited, RcliError
from rcli.settings import Host
from tests.api.conftest import Waits
from tests.recording_server import Answer, RecordingServer, json_answer, problem

GONE = Answer(hangs_up=True)
CUT = Answer(200, b'{"username": ', {"Content-Type": "application/json"}, declared=100)
GOOD = json_answer({"username": "ada"})


def asked(status: int = 429, headers: dict[str, str] | None = None, **problem: object) -> float | None:
    return asked_wait(httpx.Response(status, headers=headers, json=problem), now=1_000_000_000.0)


@pytest.mark.parametrize("failure", [problem(status) for status in (429, 500, 502, 503, 504)] + [GONE, CUT])
def test_a_read_is_repeated(
    client: Client, recording_server: RecordingServer, waits: Waits, failure: Answer
) -> None:
    recording_server.answer("GET /v1/account", failure, failure, GOOD)

    found = client.get("account")

    assert found == {"username": "ada"}
    assert waits == [0.5, 1.0]


@pytest.mark.parametrize("failure", [problem(status) for status in (500, 502, 503, 504)] + [GONE, CUT])
def test_a_create_is_not_repeated_after_it_may_have_arrived(
    client: Client, recording_server: RecordingServer, waits: Waits, failure: Answer
) -> None:
    recording_server.answer("POST /v1/predictions", failure, json_answer({}, 201))

    with pytest.raises(NoAnswer):
        client.post("predictions", {"version": "x", "input": {}})

    assert len(recording_server.requests) == 1
    assert waits == []


def test_a_create_is_repeated_after_a_rate_limit(
    client: Client, recording_server: RecordingServer, waits: Waits
) -> None:
    throttled = problem(429, detail="Request was throttled. Your rate limit resets in ~3s.")
    recording_server.answer("POST /v1/predictions", throttled, json_answer({"id": "p1"}, 201))

    found = client.post("predictions", {"version": "x", "input": {"a": 1}})

    assert found == {"id": "p1"}
    assert [request.json["input"] for request in recording_server.requests] == [{"a": 1}, {"a": 1}]
    assert waits == [3.0]


def test_a_create_is_repeated_when_no_connection_came_about(waits: Waits) -> None:
    host = Host("lab", "http://nowhere.invalid/v1", "test")

    with (
        Client(host, None, clock=waits.clock, sleep=waits.sleep) as client,
        pytest.raises(NoAnswer, match="cannot be resolved"),
    ):
        client.post("predictions", {})

    assert waits == [0.5, 1.0]


def test_what_is_said_to_be_repeatable_is_repeated(
    client: Client, recording_server: RecordingServer, waits: Waits
) -> None:
    recording_server.answer("POST /v1/predictions/p1/cancel", GONE, problem(503), json_answer({}))

    client.call("POST", "predictions/p1/cancel", repeatable=True)

    assert waits == [0.5, 1.0]


@pytest.mark.parametrize("status", [400, 401, 404, 409, 422, 501])
def test_an_answer_that_will_not_change_is_not_asked_for_again(
    client: Client, recording_server: RecordingServer, waits: Waits, status: int
) -> None:
    recording_server.answer("GET /v1/account", problem(status))

    with pytest.raises(RcliError):
        client.get("account")

    assert waits == []


def test_five_tries_are_the_end(client: Client, recording_server: RecordingServer, waits: Waits) -> None:
    recording_server.answer("GET /v1/account", problem(503))

    with pytest.raises(NoAnswer, match="answered 503"):
        client.get("account")

    assert len(recording_server.requests) == 5
    assert waits == [0.5, 1.0, 2.0, 4.0]


def test_a_wait_beyond_thirty_seconds_is_not_begun(
    client: Client, recording_server: RecordingServer, waits: Waits
) -> None:
    recording_server.answer("GET /v1/account", problem(429, {"Retry-After": "20"}))

    with pytest.raises(RateLimited) as caught:
        client.get("account")

    assert waits == [20.0]
    assert caught.value.hint == "try again in 20 s"


def test_each_wait_is_announced(recording_server: RecordingServer, waits: Waits) -> None:
    told: list[tuple[float, str]] = []
    recording_server.answer("GET /v1/account", problem(429, {"Retry-After": "7"}), problem(502), GONE, GOOD)

    with Client(
        Host("lab", f"{recording_server.url}/v1", "test"),
        None,
        on_wait=lambda seconds, reason: told.append((seconds, reason)),
        clock=waits.clock,
        sleep=waits.sleep,
    ) as client:
        client.get("account")

    assert told == [(7.0, "rate limit"), (1.0, "the server answered 502"), (2.0, "no connection")]


def test_a_closed_client_repeats_nothing_that_another_thread_waits_for(waits: Waits) -> None:
    class Leaving(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            client.close()
            raise httpx.ReadError("the connection was closed", request=request)

    client = Client(
        Host("test", "http://127.0.0.1:9/v1", "test"), None, transport=Leaving(), sleep=waits.append
    )

    with pytest.raises(NoAnswer):
        client.get("account")

    assert waits == []


def test_the_header_comes_before_the_body_and_the_body_before_its_detail() -> None:
    detail = "Your rate limit resets in ~30s."

    assert asked(headers={"retry-after": "4"}, retry_after=5, detail=detail) == 4
    assert asked(retry_after=5, detail=detail) == 5
    assert asked(detail=detail) == 30
    assert asked(detail="slow down") is None


def test_a_date_is_measured_by_the_clock_of_the_server() -> None:
    date, later = "Sun, 09 Sep 2001 01:00:00 GMT", "Sun, 09 Sep 2001 01:00:12 GMT"

    assert asked(headers={"date": date, "retry-after": later}) == 12
    assert asked(headers={"date": later, "retry-after": date}) == 0


def test_a_date_without_a_clock_is_measured_by_ours() -> None:
    assert asked(headers={"retry-after": "Sun, 09 Sep 2001 01:46:45 GMT"}) == 5


def test_a_header_that_says_nothing_is_ignored() -> None:
    assert asked(headers={"retry-after": "soon"}, retry_after=2) == 2
