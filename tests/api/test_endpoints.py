from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from typing import Any

import pytest

from rcli.api.client import Client
from rcli.api.endpoints import Replicate, pages
from rcli.api.engine import Engine
from rcli.errors import NoAnswer, NotFound
from rcli.settings import Host
from tests.api.conftest import Waits
from tests.recording_server import Answer, Recorded, RecordingServer, json_answer, problem

MODEL = {"owner": "meta", "name": "llama", "run_count": 3, "visibility": "public"}
VERSION = {"id": "5c7d", "created_at": "2025-01-01T00:00:00Z"}
PREDICTION = {"id": "p1", "status": "starting", "urls": {"get": "x"}}
STORED = {"id": "f1", "size": 5, "urls": {"get": "https://api.replicate.com/v1/files/f1"}}


@pytest.fixture
def replicate(client: Client) -> Replicate:
    return Replicate(client)


@pytest.fixture
def other() -> Iterator[RecordingServer]:
    with RecordingServer() as server:
        yield server


def listed(*rows: dict[str, Any], next: str | None = None) -> Answer:
    return json_answer({"results": rows, "next": next, "previous": None})


def form(request: Recorded) -> dict[str, EmailMessage]:
    """The parts of a multipart form, by name, as an independent parser reads them."""
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    whole = BytesParser(policy=HTTP).parsebytes(head + request.body)
    return {
        str(part.get_param("name", header="content-disposition")): part
        for part in whole.walk()
        if not part.is_multipart()
    }


Ask = Callable[[Replicate], Any]

REQUESTS: list[tuple[str, Ask, Answer, str]] = [
    ("GET /v1/account", lambda api: api.account().username, json_answer({"username": "ada"}), "ada"),
    ("GET /v1/models", lambda api: api.models().results[0].full_name, listed(MODEL), "meta/llama"),
    ("GET /v1/models/meta/llama", lambda api: api.model("meta", "llama").name, json_answer(MODEL), "llama"),
    (
        "GET /v1/models/meta/llama/versions",
        lambda api: api.versions("meta", "llama").results[0].id,
        listed(VERSION),
        "5c7d",
    ),
    (
        "GET /v1/models/meta/llama/versions/5c7d",
        lambda api: api.version("meta", "llama", "5c7d").id,
        json_answer(VERSION),
        "5c7d",
    ),
    ("GET /v1/predictions", lambda api: api.predictions().results[0].id, listed(PREDICTION), "p1"),
    ("GET /v1/predictions/p1", lambda api: api.prediction("p1").status, json_answer(PREDICTION), "starting"),
    (
        "POST /v1/predictions/p1/cancel",
        lambda api: api.cancel_prediction("p1").id,
        json_answer(PREDICTION),
        "p1",
    ),
    ("GET /v1/predictions/a%2Fb%3Fc", lambda api: api.prediction("a/b?c").id, json_answer(PREDICTION), "p1"),
]


@pytest.mark.parametrize(("route", "ask", "answer", "expected"), REQUESTS, ids=[each[0] for each in REQUESTS])
def test_one_method_is_one_request(
    replicate: Replicate,
    recording_server: RecordingServer,
    route: str,
    ask: Ask,
    answer: Answer,
    expected: str,
) -> None:
    recording_server.answer(route, answer)

    found = ask(replicate)

    assert str(found) == expected
    assert [(request.route, request.body) for request in recording_server.requests] == [(route, b"")]


@pytest.mark.parametrize(
    ("route", "create", "body"),
    [
        (
            "POST /v1/predictions",
            lambda api: api.create_prediction("5c7d", {"prompt": "é"}),
            {"version": "5c7d", "input": {"prompt": "é"}},
        ),
        (
            "POST /v1/models/meta/llama/predictions",
            lambda api: api.create_model_prediction("meta", "llama", {"prompt": "é"}),
            {"input": {"prompt": "é"}},
        ),
        (
            "POST /v1/deployments/ada/mine/predictions",
            lambda api: api.create_deployment_prediction("ada", "mine", {"prompt": "é"}),
            {"input": {"prompt": "é"}},
        ),
    ],
)
def test_a_create_sends_what_was_given_and_asks_for_no_waiting(
    replicate: Replicate, recording_server: RecordingServer, route: str, create: Ask, body: dict[str, Any]
) -> None:
    recording_server.answer(route, json_answer(PREDICTION, 201))

    prediction = create(replicate)

    [request] = recording_server.requests
    assert prediction.id == "p1"
    assert (request.route, request.json) == (route, body)
    assert request.headers["Prefer"] is None


def test_a_stream_that_a_prediction_names_gets_the_token(
    replicate: Replicate, recording_server: RecordingServer, other: RecordingServer, token: str
) -> None:
    named = PREDICTION | {"urls": {"stream": f"{other.url}/s"}, "output": f"{recording_server.url}/x"}
    recording_server.answer("GET /v1/predictions/p1", json_answer(named))

    url = replicate.prediction("p1").urls["stream"]
    with pytest.raises(NotFound), replicate.client.stream(url, {}):
        pass

    assert other.requests[0].headers["Authorization"] == f"Bearer {token}"


def test_an_answer_that_is_no_prediction(replicate: Replicate, recording_server: RecordingServer) -> None:
    recording_server.answer("GET /v1/predictions/p1", json_answer(["p1"]))

    with pytest.raises(NoAnswer, match="this is not Replicate's API"):
        replicate.prediction("p1")


@pytest.mark.parametrize("last", [None, "null"])
def test_pages_follow_each_other(
    replicate: Replicate, recording_server: RecordingServer, last: str | None
) -> None:
    second = f"{recording_server.url}/v1/predictions?cursor=2"
    recording_server.answer(
        "GET /v1/predictions", listed(PREDICTION, next=second), listed(PREDICTION | {"id": "p2"}, next=last)
    )

    found = [row.id for page in pages(replicate.predictions) for row in page.results]

    assert found == ["p1", "p2"]
    assert [request.query for request in recording_server.requests] == ["", "cursor=2"]


def test_pages_in_circles_end(replicate: Replicate, recording_server: RecordingServer) -> None:
    here = f"{recording_server.url}/v1/predictions?cursor=2"
    recording_server.answer("GET /v1/predictions", listed(PREDICTION, next=here))

    assert len(list(pages(replicate.predictions))) == 2


def test_a_next_page_in_another_scheme_is_asked_for_in_ours(
    replicate: Replicate, recording_server: RecordingServer
) -> None:
    recording_server.answer("GET /v1/models", listed(MODEL))

    replicate.models(f"https://127.0.0.1:{recording_server.port}/v1/models?cursor=2")

    assert recording_server.requests[0].query == "cursor=2"


@pytest.mark.parametrize("where", ["https://evil.example/v1/models?cursor=2", "http://[::1/x", "nonsense"])
def test_a_next_page_elsewhere_is_not_asked_for(replicate: Replicate, where: str) -> None:
    with pytest.raises(NoAnswer):
        replicate.models(where)


def test_an_upload_is_a_form_with_one_part(replicate: Replicate, recording_server: RecordingServer) -> None:
    told: list[tuple[int, int | None]] = []
    recording_server.answer("POST /v1/files", json_answer(STORED, 201))

    found = replicate.upload_file(
        io.BytesIO(b"hello"), 'naïve "x"\r\n.txt', "text/plain", lambda *sent: told.append(sent)
    )

    [request] = recording_server.requests
    parts = form(request)
    assert found.id == "f1"
    assert list(parts) == ["content"]
    assert (parts["content"].get_content_type(), parts["content"].get_payload(decode=True)) == (
        "text/plain",
        b"hello",
    )
    assert 'filename="naïve %22x%22%0D%0A.txt"\r\n'.encode() in request.body
    assert told == [(5, 5)]


def test_an_upload_starts_again_after_a_rate_limit(
    replicate: Replicate, recording_server: RecordingServer, waits: Waits
) -> None:
    recording_server.answer("POST /v1/files", problem(429, retry_after=2), json_answer(STORED, 201))

    replicate.upload_file(io.BytesIO(b"hello"), "x.bin", "application/octet-stream", lambda *_: None)

    first, second = recording_server.requests
    assert waits == [2.0]
    assert first.body == second.body
    assert form(second)["content"].get_payload(decode=True) == b"hello"


def test_an_upload_is_not_held_in_memory(
    replicate: Replicate, recording_server: RecordingServer, tmp_path: Path
) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(3_000_001)
    told: list[tuple[int, int | None]] = []
    recording_server.answer("POST /v1/files", json_answer(STORED, 201))

    with path.open("rb") as file:
        replicate.upload_file(file, "large", "application/octet-stream", lambda *sent: told.append(sent))

    assert len(told) == 12
    assert told[-1] == (3_000_001, 3_000_001)


def test_the_engine_has_endpoints_of_its_own(recording_server: RecordingServer, tmp_path: Path) -> None:
    host = Host("local", f"{recording_server.url}/v1", "engine")
    registered = {"model": "folder/x", "version": VERSION, "first_seen": True, "warnings": ["no GPU"]}
    recording_server.answer("POST /_rcli/projects", json_answer(registered))
    recording_server.answer("GET /_rcli/status", json_answer({"pid": 7}))

    with Client(host, "secret") as client:
        project = Engine(client).register(tmp_path, "cog.yaml")
        status = Engine(client).status()

    assert (project.model, project.version.id, project.first_seen, project.warnings) == (
        "folder/x",
        "5c7d",
        True,
        ("no GPU",),
    )
    assert status == {"pid": 7}
    assert recording_server.requests[0].json == {"path": str(tmp_path), "file": "cog.yaml"}
