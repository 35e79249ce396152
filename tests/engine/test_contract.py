"""Answers against the vendor's API document, corrected where recorded responses show that it is wrong."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import jsonschema_rs
import pytest

if TYPE_CHECKING:
    from tests.engine.conftest import RunningEngine

NULLABLE = frozenset({"started_at", "completed_at", "logs", "deadline"})
"""Null in recorded responses, though the document does not allow it."""

Check = Callable[[str, str, httpx.Response], None]


def corrected(schema: Any, name: str = "") -> Any:
    """``nullable`` as JSON Schema writes it, and null where responses have it."""
    if isinstance(schema, list):
        return [corrected(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    fixed = {key: corrected(value, key) for key, value in schema.items() if key != "nullable"}
    if isinstance(fixed.get("type"), str) and (schema.get("nullable") is True or name in NULLABLE):
        fixed["type"] = [fixed["type"], "null"]
    return fixed


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    file = os.environ.get("RCLI_CONTRACT")
    if not file:
        pytest.skip("RCLI_CONTRACT names no API document")
    return dict(corrected(json.loads(Path(file).read_text(encoding="utf-8"))))


@pytest.fixture(scope="module")
def check(document: dict[str, Any]) -> Check:
    """Fails when an answer is not what the document says of this operation and status."""

    def checked(method: str, path: str, answer: httpx.Response) -> None:
        told = document["paths"][path][method]["responses"][str(answer.status_code)]
        (media_type, content) = next(iter(told["content"].items()))
        assert answer.headers["content-type"] == media_type
        validator = jsonschema_rs.validator_for(content["schema"] | {"components": document["components"]})
        assert [error.message for error in validator.iter_errors(answer.json())] == []

    return checked


def test_predictions_are_as_the_document_says(engine: RunningEngine, check: Check) -> None:
    body = {"version": "rcli/hello", "input": {"text": "x"}}
    created = engine.http.post("/v1/predictions", json=body)
    waited = engine.http.post("/v1/predictions", json=body, headers={"prefer": "wait"})
    by_model = engine.http.post("/v1/models/rcli/hello/predictions", json={"input": {"text": "x"}})
    engine.ended(by_model.json())
    path = f"/v1/predictions/{created.json()['id']}"

    check("post", "/predictions", created)
    check("post", "/predictions", waited)
    check("post", "/models/{model_owner}/{model_name}/predictions", by_model)
    check("get", "/predictions", engine.http.get("/v1/predictions"))
    check("get", "/predictions/{prediction_id}", engine.http.get(path))
    check("post", "/predictions/{prediction_id}/cancel", engine.http.post(f"{path}/cancel"))


def test_a_prediction_in_every_state_is_as_the_document_says(engine: RunningEngine, check: Check) -> None:
    sleeping = engine.create(engine.register("sleeper"), {"seconds": 60}, cancel_after="1h")
    engine.wait_for(sleeping, "falling asleep")
    failed = engine.run("fails")

    check("get", "/predictions/{prediction_id}", engine.http.get(f"/v1/predictions/{sleeping['id']}"))
    canceled = engine.http.post(f"/v1/predictions/{sleeping['id']}/cancel")
    check("post", "/predictions/{prediction_id}/cancel", canceled)
    check("get", "/predictions/{prediction_id}", engine.http.get(f"/v1/predictions/{failed['id']}"))


def test_models_and_versions_are_as_the_document_says(engine: RunningEngine, check: Check) -> None:
    model = engine.http.get("/v1/models/rcli/hello")
    versions = engine.http.get("/v1/models/rcli/hello/versions")
    version = engine.http.get(f"/v1/models/rcli/hello/versions/{versions.json()['results'][0]['id']}")

    check("get", "/models", engine.http.get("/v1/models"))
    check("get", "/models/{model_owner}/{model_name}", model)
    check("get", "/models/{model_owner}/{model_name}/versions", versions)
    check("get", "/models/{model_owner}/{model_name}/versions/{version_id}", version)


def test_account_and_hardware_are_as_the_document_says(engine: RunningEngine, check: Check) -> None:
    check("get", "/account", engine.http.get("/v1/account"))
    check("get", "/hardware", engine.http.get("/v1/hardware"))


def test_files_are_as_the_document_says(engine: RunningEngine, check: Check) -> None:
    created = engine.http.post("/v1/files", files={"content": ("x.txt", b"x", "text/plain")})

    check("post", "/files", created)
    check("get", "/files", engine.http.get("/v1/files"))
    check("get", "/files/{file_id}", engine.http.get(f"/v1/files/{created.json()['id']}"))
