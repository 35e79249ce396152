"""The door: tokens, host names, other sites' pages, and errors that are always problem+json."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

if TYPE_CHECKING:
    from tests.engine.conftest import RunningEngine


@pytest.mark.parametrize("prefix", ["", "/v1", "/v1/v1"])
def test_the_api_stands_under_every_base_that_clients_use(engine: RunningEngine, prefix: str) -> None:
    assert engine.http.get(f"{prefix}/account").json()["username"] == "local"


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Token"])
def test_both_schemes_of_the_clients_are_taken(engine: RunningEngine, scheme: str) -> None:
    answer = httpx.get(f"{engine.url}/v1/account", headers={"authorization": f"{scheme} {engine.token}"})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer wrong", "Basic {token}", "{token}", "Bearer {token}x"]
)
@pytest.mark.parametrize("path", ["/v1/account", "/v1/nothing", "/_rcli/status", "/v1/v1/predictions"])
def test_nobody_comes_in_without_the_token(engine: RunningEngine, header: str | None, path: str) -> None:
    headers = {} if header is None else {"authorization": header.format(token=engine.token)}

    answer = httpx.get(f"{engine.url}{path}", headers=headers)

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "title": "Unauthenticated",
        "detail": "You did not pass a valid authentication token",
        "status": 401,
    }


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:99", "127.0.0.1", "127.9.9.9:1", "[::1]:80"])
def test_loopback_names_are_answered(engine: RunningEngine, host: str) -> None:
    assert engine.http.get("/v1/account", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "a@localhost", ""],
)
def test_other_host_names_are_misdirected(engine: RunningEngine, host: str) -> None:
    answer = engine.http.get("/v1/account", headers={"host": host})

    assert (answer.status_code, answer.headers["content-type"]) == (421, "application/problem+json")


@pytest.mark.parametrize("origin", ["http://evil.example", "https://127.0.0.1", "null", ""])
def test_pages_of_other_sites_are_refused(engine: RunningEngine, origin: str) -> None:
    answer = engine.http.get("/v1/account", headers={"origin": origin})

    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.startswith("access-control")]


def test_a_foreign_origin_behind_the_engines_own_is_refused(engine: RunningEngine) -> None:
    headers = [("origin", engine.url), ("origin", "http://evil.example")]

    assert engine.http.get("/v1/account", headers=headers).status_code == 403


def test_the_engines_own_origin_is_no_other_site(engine: RunningEngine) -> None:
    assert engine.http.get("/v1/account", headers={"origin": engine.url}).status_code == 200


def test_a_browsers_question_before_a_request_gets_no_permission(engine: RunningEngine) -> None:
    headers = {"origin": "http://evil.example", "access-control-request-method": "POST"}

    answer = httpx.options(f"{engine.url}/v1/predictions", headers=headers)

    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/v1/predictions"), ("POST", "/v1/account"), ("DELETE", "/v1/models")]
)
def test_a_wrong_method_is_a_problem_too(engine: RunningEngine, method: str, path: str) -> None:
    answer = engine.http.request(method, path)

    assert (answer.status_code, answer.headers["content-type"]) == (405, "application/problem+json")
    assert answer.json()["detail"] == f"Method {method} is not allowed here"


def test_a_slash_at_the_end_does_not_redirect(engine: RunningEngine) -> None:
    assert engine.http.get("/v1/predictions/").status_code == 404


def test_addresses_are_given_under_the_name_that_the_client_used(engine: RunningEngine) -> None:
    told = engine.http.get("/v1/models/rcli/hello", headers={"host": "localhost:1234"}).json()

    assert told["url"] == "http://localhost:1234/v1/models/rcli/hello"


def test_a_body_that_announces_too_much_is_refused_before_it_is_sent(engine: RunningEngine) -> None:
    answer = engine.exchange(
        b"POST /v1/predictions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
        b"Content-Type: application/json\r\nContent-Length: 999999999\r\n\r\n" % engine.token.encode(),
    )

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"application/problem+json" in answer


def test_a_body_that_grows_too_large_is_cut_off(engine: RunningEngine) -> None:
    def flood() -> object:
        yield b'{"version": "'
        for _ in range(40):
            yield b"x" * (1 << 20)

    answer = engine.http.post(
        "/v1/predictions",
        content=flood(),  # type: ignore[arg-type]  # a generator, which httpx sends in chunks
        headers={"content-type": "application/json"},
    )

    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
    assert answer.json()["hint"].startswith("shorten the text, or put the file on the web")


def test_a_request_that_names_two_hosts_is_refused(engine: RunningEngine) -> None:
    answer = engine.exchange(
        b"GET /v1/account HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n"
        b"Authorization: Bearer " + engine.token.encode() + b"\r\n\r\n"
    )

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"more than one host" in answer
