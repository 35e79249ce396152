from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from rcli import __version__
from rcli.api.client import Client
from rcli.api.trace import redacted_url
from rcli.errors import (
    InvalidInput,
    NoAnswer,
    NoCredit,
    NotAllowed,
    NotFound,
    RateLimited,
    RcliError,
    UsageError,
)
from rcli.settings import Host
from tests.recording_server import Answer, RecordingServer, json_answer, page, problem

ACCOUNT = {"type": "user", "username": "ada"}


@pytest.fixture
def other() -> Iterator[RecordingServer]:
    with RecordingServer() as server:
        yield server


def host(server: RecordingServer, name: str = "replicate") -> Host:
    return Host(name, f"{server.url}/v1", "test")


def refused(client: Client, server: RecordingServer, answer: Answer) -> RcliError:
    """What the client raises for an answer; waits of retries take no time."""
    server.answer("GET /v1/account", answer)
    with pytest.raises(RcliError) as caught:
        client.get("account")
    return caught.value


def read(client: Client, url: str) -> bytes:
    with client.stream(url, {}) as response:
        return b"".join(response.iter_raw())


def test_a_request_says_who_it_is(client: Client, recording_server: RecordingServer, token: str) -> None:
    recording_server.answer("GET /v1/account", json_answer(ACCOUNT))

    found = client.get("account")

    [request] = recording_server.requests
    assert found == ACCOUNT
    assert request.headers["User-Agent"] == f"rcli/{__version__}"
    assert request.headers["Authorization"] == f"Bearer {token}"
    assert request.headers["Accept"] == "application/json"


def test_the_token_does_not_go_to_an_address_that_nobody_named(
    client: Client, other: RecordingServer
) -> None:
    other.answer("GET /out.png", Answer(body=b"png"))

    read(client, f"{other.url}/out.png")

    assert other.requests[0].headers["Authorization"] is None


def test_the_token_goes_to_an_address_that_the_api_named(
    client: Client, other: RecordingServer, token: str
) -> None:
    other.answer("GET /stream/1", Answer(body=b""))
    client.trust(f"{other.url}/stream/1")

    read(client, f"{other.url}/stream/1")

    assert other.requests[0].headers["Authorization"] == f"Bearer {token}"


def test_a_named_address_less_safe_than_the_api_gets_no_token(other: RecordingServer) -> None:
    other.answer("GET /stream/1", Answer(body=b""))

    with Client(Host("replicate", "https://api.replicate.com/v1", "test"), "r8_secret") as client:
        client.trust(f"{other.url}/stream/1")
        read(client, f"{other.url}/stream/1")

    assert other.requests[0].headers["Authorization"] is None


def test_the_token_does_not_follow_a_redirect_to_another_origin(
    client: Client, recording_server: RecordingServer, other: RecordingServer, token: str
) -> None:
    there = Answer(302, headers={"Location": f"{other.url}/there"})
    recording_server.answer("GET /v1/files/1/download", there)
    recording_server.answer("GET /back", Answer(body=b"bytes"))
    other.answer("GET /there", Answer(307, headers={"Location": f"{recording_server.url}/back"}))
    client.trust(other.url)

    content = read(client, client.url("files/1/download"))

    asked = [request.headers["Authorization"] for request in recording_server.requests + other.requests]
    assert content == b"bytes"
    assert asked == [f"Bearer {token}", None, None]


def test_a_redirect_within_the_origin_keeps_the_token(
    client: Client, recording_server: RecordingServer, token: str
) -> None:
    recording_server.answer("GET /v1/account", Answer(301, headers={"Location": "/v1/me"}))
    recording_server.answer("GET /v1/me", json_answer(ACCOUNT))

    client.get("account")

    assert recording_server.requests[1].headers["Authorization"] == f"Bearer {token}"


def test_a_create_is_not_redirected(client: Client, recording_server: RecordingServer) -> None:
    recording_server.answer("POST /v1/predictions", Answer(301, headers={"Location": "/elsewhere"}))

    with pytest.raises(NoAnswer, match="redirects to /elsewhere"):
        client.post("predictions", {})

    assert [request.route for request in recording_server.requests] == ["POST /v1/predictions"]


def test_redirects_in_circles_end(client: Client, recording_server: RecordingServer) -> None:
    error = refused(client, recording_server, Answer(302, headers={"Location": "/v1/account"}))

    assert isinstance(error, NoAnswer)
    assert "in circles" in error.message


def test_nothing_shows_the_token(recording_server: RecordingServer, token: str) -> None:
    lines: list[str] = []
    recording_server.answer("GET /v1/files/1", json_answer({}, 200, **{"Set-Cookie": "session=secret"}))

    with Client(host(recording_server), token, trace=lines.append) as client:
        client.get("files/1?owner=ada&signature=secret&X-Amz-Credential=secret")
        shown = "\n".join([repr(client), *lines])

    assert f"> GET {recording_server.url}/v1/files/1?owner=ada&signature=***&X-Amz-Credential=***" in lines
    assert ">   authorization: Bearer ***" in lines
    assert any(line.startswith("< 200 (") for line in lines)
    assert token not in shown
    assert "secret" not in shown


def test_passwords_in_addresses_are_redacted() -> None:
    assert redacted_url("https://ada:pw@example.com/x?cursor=1") == "https://***@example.com/x?cursor=1"


def test_a_token_that_is_none_is_refused_before_it_is_sent(recording_server: RecordingServer) -> None:
    with pytest.raises(NotAllowed, match="that is no token"):
        Client(host(recording_server), "r8_a\r\nX-Evil: 1")


def test_a_wrong_token(client: Client, recording_server: RecordingServer) -> None:
    said = "You did not pass a valid authentication token"

    error = refused(client, recording_server, problem(401, title="Unauthenticated", detail=said, status=401))

    assert isinstance(error, NotAllowed)
    assert (error.message, error.hint) == (said, "rcli auth login")


@pytest.mark.parametrize(
    ("name", "hint"),
    [("replicate", "rcli auth login"), ("lab", "rcli auth login --host lab"), ("local", None)],
)
def test_no_token_at_all(recording_server: RecordingServer, name: str, hint: str | None) -> None:
    with Client(host(recording_server, name), None) as client:
        error = refused(client, recording_server, problem(401, title="Unauthenticated"))

    assert isinstance(error, NotAllowed)
    assert (error.message, error.hint) == (f"not signed in to {name}", hint)


def test_no_credit(client: Client, recording_server: RecordingServer) -> None:
    error = refused(client, recording_server, problem(402, title="Insufficient credit", status=402))

    assert isinstance(error, NoCredit)
    assert (error.message, error.hint) == (
        "Insufficient credit",
        "https://replicate.com/account/billing",
    )


def test_invalid_input_names_each_field(client: Client, recording_server: RecordingServer) -> None:
    answer = problem(
        422,
        title="Input validation failed",
        status=422,
        detail="- input: prompt is required\n- input.seed: must be an integer\n",
        invalid_fields=[
            {"type": "required", "field": "input", "description": "prompt is required"},
            {"type": "type", "field": "input.seed"},
        ],
    )

    error = refused(client, recording_server, answer)

    assert isinstance(error, InvalidInput)
    assert error.message == "Input validation failed\n  input: prompt is required\n  input.seed: type"


def test_a_version_that_does_not_exist(client: Client, recording_server: RecordingServer) -> None:
    said = "The specified version does not exist (or perhaps you don't have permission to use it?)"

    error = refused(
        client, recording_server, problem(422, title="Invalid version or not permitted", detail=said)
    )

    assert isinstance(error, InvalidInput)
    assert error.message == said


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (problem(404, detail="The model does not exist", status=404), NotFound, "The model does not exist"),
        (problem(404), NotFound, "404 Not Found"),
        (Answer(404, b"no such thing", {"Content-Type": "text/plain"}), NotFound, "no such thing"),
        (Answer(404, b"\xff\xfe", {"Content-Type": "application/json"}), NotFound, "404 Not Found"),
        (Answer(404, b"[]", {"Content-Type": "application/json"}), NotFound, "404 Not Found"),
        (problem(403, detail="rcli is read-only"), NotAllowed, "rcli is read-only"),
        (problem(413, detail="Files must be less than 100MB in size"), UsageError, "Files must be less than"),
        (problem(400, detail="bad cursor"), UsageError, "bad cursor"),
        (problem(409, detail="it runs"), RcliError, "it runs"),
        (problem(422, invalid_fields=None), InvalidInput, "422 Unprocessable"),
        (problem(500, detail="Internal server error"), NoAnswer, "answered 500: Internal server error"),
        (page(502), NoAnswer, "answered 502: 502 Bad Gateway"),
        (page(), NoAnswer, "answered with a web page: that is not Replicate's API"),
        (page(404), NoAnswer, "answered with a web page: that is not Replicate's API"),
        (Answer(200, b"{", {"Content-Type": "application/json"}), NoAnswer, "something that is not JSON"),
    ],
)
def test_answers_become_errors(
    client: Client, recording_server: RecordingServer, answer: Answer, kind: type[RcliError], message: str
) -> None:
    error = refused(client, recording_server, answer)

    assert type(error) is kind
    assert message in error.message


def test_a_rate_limit_says_when_to_come_back(client: Client, recording_server: RecordingServer) -> None:
    said = "Request was throttled. Your rate limit resets in ~90s."

    error = refused(client, recording_server, problem(429, detail=said))

    assert isinstance(error, RateLimited)
    assert (error.message, error.hint) == (said, "try again in 90 s")


def test_an_expired_output_is_no_matter_of_signing_in(client: Client, other: RecordingServer) -> None:
    other.answer("GET /out.png", page(403))

    with pytest.raises(NotFound, match="answered 403 Forbidden"):
        read(client, f"{other.url}/out.png")


def test_an_empty_answer_is_none(client: Client, recording_server: RecordingServer) -> None:
    recording_server.answer("DELETE /v1/files/1", Answer(204))

    assert client.call("DELETE", "files/1") is None


def test_a_refused_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with (
        Client(Host("lab", f"http://127.0.0.1:{port}/v1", "test"), None) as client,
        pytest.raises(NoAnswer) as caught,
    ):
        client.get("account")

    assert caught.value.message == f"nothing answers at 127.0.0.1:{port}: connection refused"
    assert caught.value.hint == "check the host's address: rcli config list"


def test_a_name_that_nobody_has() -> None:
    with (
        Client(Host("lab", "http://nowhere.invalid/v1", "test"), None, sleep=lambda _: None) as client,
        pytest.raises(NoAnswer) as caught,
    ):
        client.get("account")

    assert caught.value.message == "the name of nowhere.invalid cannot be resolved"


def test_tls_to_a_server_without_it(recording_server: RecordingServer) -> None:
    url = recording_server.url.replace("http", "https")

    with (
        Client(Host("lab", url, "test"), None) as client,
        pytest.raises(NoAnswer, match="does not speak TLS"),
    ):
        client.get("account")


def test_an_address_that_is_none(client: Client) -> None:
    with pytest.raises(NoAnswer, match="is no address"):
        client.get("http://[::1/x")


def test_a_scheme_that_is_not_http(client: Client) -> None:
    with pytest.raises(NoAnswer, match="no way to"):
        read(client, "file:///etc/passwd")


def test_silence_is_not_waited_for_without_end(client: Client, recording_server: RecordingServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1/x"

        with pytest.raises(NoAnswer, match="went silent"):
            client.call("POST", url, timeout=0.05)
