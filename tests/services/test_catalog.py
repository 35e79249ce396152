"""Which route a reference takes, and where its schema comes from, on a server that records."""

from __future__ import annotations

from typing import Any

import pytest

from rcli.api.client import Client
from rcli.api.endpoints import Replicate
from rcli.errors import NotFound
from rcli.references import DeploymentReference, ModelReference, VersionReference
from rcli.services.models.catalog import Target, create, resolve
from tests.recording_server import RecordingServer, json_answer

ID, OLD_ID = "a" * 64, "b" * 64
SCHEMA = {"components": {"schemas": {"Input": {"type": "object"}}}}


@pytest.fixture
def api(client: Client) -> Replicate:
    return Replicate(client)


def version(id: str = ID, schema: Any = SCHEMA) -> dict[str, Any]:
    return {"id": id, "created_at": "2024-01-01T00:00:00Z", "cog_version": "0.9", "openapi_schema": schema}


def model(**others: Any) -> dict[str, Any]:
    return {"owner": "stability-ai", "name": "sdxl", "latest_version": version()} | others


def asked(service: RecordingServer) -> list[tuple[str, str, Any]]:
    return [(each.method, each.path, each.json if each.body else None) for each in service.requests]


def test_a_model_is_run_at_its_latest_version_by_the_full_id(
    api: Replicate, service: RecordingServer
) -> None:
    service.answer("GET /v1/models/stability-ai/sdxl", json_answer(model()))
    service.answer("POST /v1/predictions", json_answer({"id": "p1", "status": "starting"}, 201))

    target = resolve(api, ModelReference("stability-ai", "sdxl"), None)
    prediction = create(api, target, {"prompt": "a cat"})

    assert target == Target("version", "stability-ai/sdxl", ID, SCHEMA, "stability-ai", "sdxl")
    assert prediction.id == "p1"
    assert asked(service) == [
        ("GET", "/v1/models/stability-ai/sdxl", None),
        ("POST", "/v1/predictions", {"version": ID, "input": {"prompt": "a cat"}}),
    ]


@pytest.mark.parametrize(
    ("latest", "document"), [(version(), SCHEMA), (None, {}), (version(schema=None), {})]
)
def test_an_official_model_takes_its_own_route(
    api: Replicate, service: RecordingServer, latest: Any, document: Any
) -> None:
    service.answer(
        "GET /v1/models/meta/llama",
        json_answer(
            model(owner="meta", name="llama", is_official=True, latest_version=latest),
        ),
    )
    service.answer(
        "POST /v1/models/meta/llama/predictions", json_answer({"id": "p1", "status": "starting"}, 201)
    )

    target = resolve(api, ModelReference("meta", "llama"), None)
    create(api, target, {"prompt": "a"})

    assert target == Target("model", "meta/llama", None, document, "meta", "llama")
    assert asked(service)[-1] == ("POST", "/v1/models/meta/llama/predictions", {"input": {"prompt": "a"}})


def test_a_named_version_is_read_and_used(api: Replicate, service: RecordingServer) -> None:
    service.answer(f"GET /v1/models/stability-ai/sdxl/versions/{OLD_ID}", json_answer(version(OLD_ID)))
    service.answer("POST /v1/predictions", json_answer({"id": "p1", "status": "starting"}, 201))

    target = resolve(api, ModelReference("stability-ai", "sdxl", OLD_ID), ID)
    create(api, target, {})

    assert target == Target("version", "stability-ai/sdxl", OLD_ID, SCHEMA, "stability-ai", "sdxl")
    assert asked(service)[-1] == ("POST", "/v1/predictions", {"version": OLD_ID, "input": {}})


def test_the_projects_lock_pins_a_model(api: Replicate, service: RecordingServer) -> None:
    service.answer(f"GET /v1/models/stability-ai/sdxl/versions/{OLD_ID}", json_answer(version(OLD_ID)))

    target = resolve(api, ModelReference("stability-ai", "sdxl"), OLD_ID)

    assert (target.kind, target.version_id) == ("version", OLD_ID)


def test_a_bare_version_id_is_run_unchecked(api: Replicate, service: RecordingServer) -> None:
    service.answer("POST /v1/predictions", json_answer({"id": "p1", "status": "starting"}, 201))

    target = resolve(api, VersionReference(ID), None)
    create(api, target, {"x": 1})

    assert target == Target("version", "", ID, {}, "", "")
    assert asked(service) == [("POST", "/v1/predictions", {"version": ID, "input": {"x": 1}})]


SHOP = {"owner": "acme", "name": "shop"}


def test_a_deployment_has_the_inputs_of_its_release(api: Replicate, service: RecordingServer) -> None:
    release = {"number": 1, "model": "stability-ai/sdxl", "version": OLD_ID}
    service.answer(
        "GET /v1/deployments/acme/shop",
        json_answer({"owner": "acme", "name": "shop", "current_release": release}),
    )
    service.answer(f"GET /v1/models/stability-ai/sdxl/versions/{OLD_ID}", json_answer(version(OLD_ID)))
    service.answer(
        "POST /v1/deployments/acme/shop/predictions", json_answer({"id": "p1", "status": "starting"}, 201)
    )

    target = resolve(api, DeploymentReference("acme", "shop"), None)
    create(api, target, {"x": 1})

    assert target == Target("deployment", "deployments/acme/shop", None, SCHEMA, "acme", "shop")
    assert asked(service)[-1] == ("POST", "/v1/deployments/acme/shop/predictions", {"input": {"x": 1}})


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (SHOP | {"current_release": {"model": "secret/model", "version": OLD_ID}}, 200),
        (SHOP | {"current_release": None}, 200),
        (SHOP, 200),
        ({"detail": "no"}, 403),
    ],
)
def test_a_deployment_whose_model_cannot_be_read_is_run_unchecked(
    api: Replicate, service: RecordingServer, body: Any, status: int
) -> None:
    service.answer("GET /v1/deployments/acme/shop", json_answer(body, status))

    target = resolve(api, DeploymentReference("acme", "shop"), None)

    assert (target.kind, target.document) == ("deployment", {})


def test_a_model_without_a_version_says_so(api: Replicate, service: RecordingServer) -> None:
    service.answer("GET /v1/models/stability-ai/sdxl", json_answer(model(latest_version=None)))

    with pytest.raises(NotFound, match="stability-ai/sdxl has no version yet"):
        resolve(api, ModelReference("stability-ai", "sdxl"), None)


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        (ModelReference("no", "body"), "there is no model no/body on replicate"),
        (ModelReference("no", "body", ID), f"no/body has no version {ID} on replicate"),
        (DeploymentReference("no", "body"), "there is no deployment no/body"),
    ],
)
def test_what_does_not_exist_is_named(api: Replicate, reference: Any, said: str) -> None:
    with pytest.raises(NotFound) as caught:
        resolve(api, reference, None)

    assert caught.value.message == said
