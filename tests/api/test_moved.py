"""An engine that refuses because it stops, and the one that comes after it."""

from __future__ import annotations

import httpx
import pytest

from rcli.api.moved import Following

FIRST, SECOND = "http://127.0.0.1:1/v1", "http://127.0.0.1:2/v1"


class Engines(httpx.BaseTransport):
    """Answers with the next status; the engine marks a 503 of its own."""

    def __init__(self, *statuses: int) -> None:
        self.seen: list[tuple[str, str, bytes]] = []
        self._statuses = iter(statuses)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append((str(request.url), request.headers["host"], request.read()))
        status = next(self._statuses)
        return httpx.Response(status, headers={"rcli-refused": "stopping"} if status == 503 else {})


@pytest.fixture
def renewals() -> list[str]:
    return []


def client(engines: Engines, renewals: list[str]) -> httpx.Client:
    def renew() -> str:
        renewals.append(SECOND)
        return SECOND

    return httpx.Client(transport=Following(engines, renew), base_url=FIRST)


def test_what_a_stopping_engine_refused_is_asked_of_the_next_and_all_else_too(renewals: list[str]) -> None:
    engines = Engines(503, 201, 200)
    with client(engines, renewals) as http:
        created = http.post("/predictions", content=b"{}")
        http.get("/predictions/x")

    assert created.status_code == 201
    assert renewals == [SECOND]
    assert engines.seen == [
        ("http://127.0.0.1:1/v1/predictions", "127.0.0.1:1", b"{}"),
        ("http://127.0.0.1:2/v1/predictions", "127.0.0.1:2", b"{}"),
        ("http://127.0.0.1:2/v1/predictions/x", "127.0.0.1:2", b""),
    ]


def test_it_is_asked_once_more_and_not_for_ever(renewals: list[str]) -> None:
    with client(Engines(503, 503), renewals) as http:
        refused = http.post("/predictions", content=b"{}")

    assert (refused.status_code, len(renewals)) == (503, 1)


def test_the_same_engine_may_go_on_after_all() -> None:
    engines = Engines(503, 201, 200)
    with httpx.Client(transport=Following(engines, lambda: FIRST), base_url=FIRST) as http:
        http.post("/predictions")
        http.get("/account")

    assert [url for url, _, _ in engines.seen] == [f"{FIRST}/predictions"] * 2 + [f"{FIRST}/account"]


def test_other_hosts_are_left_alone(renewals: list[str]) -> None:
    engines = Engines(503, 201, 200)
    with client(engines, renewals) as http:
        http.post("/predictions")
        http.get("http://127.0.0.1:9/file")

    assert engines.seen[-1][0] == "http://127.0.0.1:9/file"
