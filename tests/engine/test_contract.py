"""The vendor's API document: what we correct in it, that we serve all of it, that breaking it is noticed."""

from __future__ import annotations

import asyncio
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp

from rcli.engine.app import ROUTES
from tests.engine.contract import BESIDE, VIOLATED, Contract, Observed, operations

if TYPE_CHECKING:
    from tests.engine.conftest import RunningEngine


@pytest.fixture(scope="module")
def contract() -> Contract:
    file = os.environ.get("RCLI_CONTRACT")
    if not file:
        pytest.skip("RCLI_CONTRACT names no API document")
    return Contract(json.loads(Path(file).read_text(encoding="utf-8")))


def nameless(method: str, path: str) -> str:
    return f"{method.lower()} {re.sub(r'{[^}]+}', '{}', path)}"


def test_the_engine_has_every_operation_of_the_document(contract: Contract) -> None:
    documented = {nameless(method, path) for method, path, _ in operations(contract.document)}

    served = {nameless(method, route.path) for route in ROUTES for method in route.methods or ()}
    assert len(documented) == 37
    assert documented - served == set()


def test_what_the_engine_has_beside_the_document_is_known(contract: Contract) -> None:
    documented = {nameless(method, path) for method, path, _ in operations(contract.document)}

    beside = {
        route.path
        for route in ROUTES
        for method in (route.methods or set()) - {"HEAD"}
        if nameless(method, route.path) not in documented
    }
    assert [path for path in beside if not BESIDE.fullmatch(path)] == []


def test_the_document_is_corrected_where_recorded_responses_say_so(contract: Contract) -> None:
    schemas = contract.document["components"]["schemas"]
    prediction = schemas["schemas_prediction_response"]["properties"]
    training = schemas["schemas_training_response"]["properties"]
    prefer = contract.document["components"]["parameters"]["parameters_prefer_header"]["schema"]
    form = contract.document["paths"]["/files"]["post"]["requestBody"]["content"]["multipart/form-data"]

    assert '"nullable"' not in json.dumps(contract.document)
    assert prediction["error"]["type"] == ["string", "null"]
    for key in ("started_at", "completed_at", "logs", "deadline"):
        assert prediction[key]["type"] == ["string", "null"]
    assert training["output"]["type"] == ["object", "null"]
    assert "oneOf" not in prediction["version"]
    assert {"name", "etag"} <= schemas["schemas_file_response"]["properties"].keys()
    assert [bool(re.search(prefer["pattern"], f"wait={n}")) for n in (1, 60, 61, 99)] == [
        True,
        True,
        False,
        False,
    ]
    assert form["encoding"] == {"metadata": {"contentType": "application/json"}}
    for _, _, operation in operations(contract.document):
        assert {"4XX", "5XX"} <= operation["responses"].keys()


def test_the_correction_leaves_the_vendors_document_as_it_is(contract: Contract) -> None:
    vendors = json.loads(Path(os.environ["RCLI_CONTRACT"]).read_text(encoding="utf-8"))

    assert vendors["paths"].keys() == contract.document["paths"].keys()
    assert '"nullable"' in json.dumps(vendors)


def observed(
    contract: Contract, report: Path, answer: Response, method: str, path: str, **asked: Any
) -> httpx.Response:
    """What a client gets from an app that gives this answer to everything."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await Request(scope, receive).body()
        await answer(scope, receive, send)

    async def exchange(around: ASGIApp) -> httpx.Response:
        transport = httpx.ASGITransport(around)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, path, **asked)

    return asyncio.run(exchange(Observed(app, contract, report)))


ACCOUNT = {"type": "user", "username": "x"}


@pytest.mark.parametrize(
    ("method", "path", "answer", "why"),
    [
        ("GET", "/v1/account", JSONResponse({"type": "robot", "username": "x"}), '"robot" is not one of'),
        ("GET", "/v1/v1/account", JSONResponse({"type": "user"}), '"username" is a required property'),
        ("GET", "/account", JSONResponse(ACCOUNT, 201), "does not have the status 201"),
        ("GET", "/v1/account", PlainTextResponse("x"), "not 'text/plain'"),
        ("GET", "/v1/account", JSONResponse({"detail": "no"}, 404), "not 'application/json'"),
        (
            "GET",
            "/v1/account",
            JSONResponse({"status": "404"}, 404, media_type="application/problem+json"),
            '"detail" is a required property',
        ),
        ("GET", "/v1/nothing", JSONResponse({}), "does not have this operation"),
        ("PUT", "/v1/account", JSONResponse(ACCOUNT), "does not have this operation"),
        ("DELETE", "/v1/models/a/b", JSONResponse(ACCOUNT, 204), "does not have the status|no body here"),
        ("GET", "/v1/models/a/b", JSONResponse({"url": "not a url"}), '"uri"'),
        ("PUT", "/v1/account", JSONResponse({"detail": "x", "status": 405}, 405), "no Allow header"),
        ("GET", "/v1/models?sort_by=beauty", JSONResponse({"results": []}), '"beauty" is not one of'),
    ],
)
def test_an_answer_that_breaks_the_document_is_noticed(
    contract: Contract, tmp_path: Path, method: str, path: str, answer: Response, why: str
) -> None:
    told = observed(contract, tmp_path / "report", answer, method, path)

    assert told.status_code == VIOLATED
    assert re.search(why, told.text), told.text
    assert (tmp_path / "report").read_text() == told.text


def test_a_request_that_is_accepted_although_the_document_forbids_it_is_noticed(
    contract: Contract, tmp_path: Path
) -> None:
    body = {"owner": "me", "name": "x", "visibility": "secret", "hardware": "cpu"}

    told = observed(contract, tmp_path / "report", JSONResponse({}, 201), "POST", "/v1/models", json=body)

    assert (told.status_code, '"secret" is not one of' in told.text) == (VIOLATED, True)


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("GET", "/v1/account", JSONResponse(ACCOUNT)),
        ("GET", "/_rcli/status", JSONResponse({"anything": 1})),
        ("GET", "/v1/streams/x", PlainTextResponse("x", media_type="text/event-stream")),
        ("DELETE", "/v1/models/a/b", Response(status_code=204)),
        ("OPTIONS", "/v1/models", Response(status_code=204, headers={"allow": "GET"})),
    ],
)
def test_an_answer_that_keeps_to_the_document_passes_unchanged(
    contract: Contract, tmp_path: Path, method: str, path: str, answer: Response
) -> None:
    told = observed(contract, tmp_path / "report", answer, method, path)

    assert (told.status_code, told.content) == (answer.status_code, answer.body)
    assert not (tmp_path / "report").exists()


def test_predictions_in_every_state_keep_to_the_document(engine: RunningEngine) -> None:
    body = {"version": "rcli/hello", "input": {"text": "x"}}
    created = engine.http.post("/v1/predictions", json=body)
    waited = engine.http.post("/v1/predictions", json=body, headers={"prefer": "wait"})
    by_model = engine.http.post("/v1/models/rcli/hello/predictions", json={"input": {"text": "x"}})
    sleeping = engine.create(engine.register("sleeper"), {"seconds": 60}, cancel_after="1h")
    engine.wait_for(sleeping, "falling asleep")
    path = f"/v1/predictions/{sleeping['id']}"
    processing, canceled = engine.http.get(path), engine.http.post(f"{path}/cancel")
    failed = engine.run("fails")

    assert [answer.status_code for answer in (created, waited, by_model, processing, canceled)] == [
        201,
        201,
        201,
        200,
        200,
    ]
    assert [each.json()["status"] for each in (processing, canceled)] == ["processing", "canceled"]
    assert failed["status"] == "failed"
    assert engine.http.get("/v1/predictions").status_code == 200


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/v1/models", "GET, HEAD, OPTIONS, POST, QUERY"),
        ("/v1/models/rcli/hello", "DELETE, GET, HEAD, OPTIONS, PATCH"),
        ("/v1/account", "GET, HEAD, OPTIONS"),
        ("/v1/predictions", "GET, HEAD, OPTIONS, POST"),
        ("/v1/predictions/x/cancel", "OPTIONS, POST"),
    ],
)
def test_every_address_tells_all_its_methods(engine: RunningEngine, path: str, methods: str) -> None:
    wrong = engine.http.put(path)
    asked = engine.http.options(path)

    assert (wrong.status_code, wrong.headers["allow"]) == (405, methods)
    assert (asked.status_code, asked.headers["allow"], asked.content) == (204, methods, b"")


@pytest.mark.parametrize("path", ["/v1/account", "/v1/models", "/v1/collections", "/v1/search?query=x"])
def test_head_is_get_without_the_body(engine: RunningEngine, path: str) -> None:
    told, asked = engine.http.head(path), engine.http.get(path)

    assert (told.status_code, told.content) == (200, b"")
    assert told.headers["content-length"] == asked.headers["content-length"]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/account",
        "/v1/hardware",
        "/v1/collections",
        "/v1/models",
        "/v1/models/rcli/hello",
        "/v1/deployments",
        "/v1/files",
        "/v1/predictions",
        "/v1/trainings",
    ],
)
def test_parameters_that_nobody_knows_are_ignored(engine: RunningEngine, path: str) -> None:
    assert engine.http.get(path, params={"utm_source": "x", "page": "2"}).status_code == 200


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "WzFd" * 3000,
        "bnVsbA==",
        "é",
        "[1]",
        "WzFlOTk5XQ==",  # [1e999]
        "WzEwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMF0=",  # [10**24]
        "W05hTl0=",  # [NaN]
        "W3RydWVd",  # [true]
    ],
)
@pytest.mark.parametrize(
    "path",
    [
        "/v1/models",
        "/v1/models/rcli/hello/versions",
        "/v1/models/rcli/hello/examples",
        "/v1/deployments",
        "/v1/files",
        "/v1/predictions",
        "/v1/trainings",
    ],
)
def test_a_cursor_that_no_list_gave_out_is_refused(engine: RunningEngine, path: str, cursor: str) -> None:
    assert engine.http.get(path, params={"cursor": cursor}).status_code == 422
