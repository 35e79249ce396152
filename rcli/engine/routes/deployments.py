"""Deployments: names that stay while the version behind them changes, with instances of their own."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from rcli.engine.data.catalog import Version
from rcli.engine.data.deployments import Deployment, Release
from rcli.engine.problems import InvalidField, Problem, conflict, invalid_request, not_found
from rcli.engine.routes import engine_of, links_of, predictions
from rcli.engine.routes.models import invalid_name, invalid_sku
from rcli.engine.runtime import hardware
from rcli.engine.web.bodies import read_json
from rcli.engine.web.objects import ACCOUNT, Json, deployment_object, page_object
from rcli.engine.web.pages import PAGE, next_page, read_cursor

MOST = {"min_instances": 5, "max_instances": 20}
"""The document's bounds; both begin at 0."""

_UPDATE: dict[str, Any] = {"version": str, "hardware": str, "min_instances": int, "max_instances": int}
_CREATE: dict[str, Any] = _UPDATE | {"name": str, "model": str}


async def list_deployments(request: Request) -> JSONResponse:
    cursor = read_cursor(request, (int,))
    found = engine_of(request).deployments.page(PAGE + 1, cursor[0] if cursor else None)
    page, base = found[:PAGE], links_of(request).base
    following = next_page(request, base, "/deployments", [page[-1].number]) if len(found) > PAGE else None
    return JSONResponse(page_object([deployment_object(row) for row in page], following))


async def create_deployment(request: Request) -> JSONResponse:
    body = await read_json(request, _CREATE, required=tuple(_CREATE))
    _check(body, invalid_name("name", body["name"]))
    granted = await _granted(body["hardware"])
    version = _version(request, body["model"], body["version"])
    engine, owner = engine_of(request), ACCOUNT["username"]
    if engine.deployments.get(owner, body["name"]) is not None:
        raise conflict(f"A deployment with the name {owner}/{body['name']} exists already")
    release = Release(
        number=1,
        model=version.model,
        version=version.id,
        hardware=granted,
        min_instances=body["min_instances"],
        max_instances=body["max_instances"],
        created_at=time.time(),
    )
    deployment = engine.deployments.create(owner, body["name"], release)
    engine.store.commit()
    engine.deploy(deployment)
    return JSONResponse(deployment_object(deployment))


async def get_deployment(request: Request) -> JSONResponse:
    return JSONResponse(deployment_object(find_deployment(request)))


async def update_deployment(request: Request) -> JSONResponse:
    """Whatever is named makes a new release, even if it stays as it was."""
    body = await read_json(request, _UPDATE)
    granted = await _granted(body["hardware"]) if "hardware" in body else None
    deployment = find_deployment(request)
    now = deployment.release
    bounds = {"min_instances": now.min_instances, "max_instances": now.max_instances}
    _check(bounds | body, [])
    if "version" in body:
        _version(request, now.model, body["version"])
    if body:
        wanted = body | ({"hardware": granted} if granted else {})
        release = replace(now, **wanted, number=now.number + 1, created_at=time.time())
        deployment = _release(request, deployment, release)
    return JSONResponse(deployment_object(deployment))


async def delete_deployment(request: Request) -> Response:
    """Replicate wants 15 minutes offline first; here instances end at once, only work in hand forbids it."""
    deployment = find_deployment(request)
    engine = engine_of(request)
    running = [live.id for live in engine.jobs.alive() if live.key.deployment == deployment.full_name]
    if running:
        raise conflict(f"The deployment is at work on {len(running)} predictions, such as {running[0]}")
    engine.deployments.delete(deployment)
    engine.store.commit()
    engine.withdraw(deployment)
    return Response(status_code=204)


async def create_deployment_prediction(request: Request) -> JSONResponse:
    body = await read_json(request, predictions.KEYS, required=("input",))
    deployment = find_deployment(request)
    release = deployment.release
    version = _version(request, release.model, release.version)
    return await predictions.create(request, version, body, deployment=deployment.full_name)


def find_deployment(request: Request) -> Deployment:
    """The deployment that the address names. Raises Problem 404."""
    owner, name = request.path_params["owner"], request.path_params["name"]
    deployment = engine_of(request).deployments.get(owner, name)
    if deployment is None:
        raise not_found(f"This engine has no deployment {owner}/{name}")
    return deployment


def _release(request: Request, deployment: Deployment, release: Release) -> Deployment:
    """What the former version has accepted comes to its end there."""
    engine, fresh = engine_of(request), replace(deployment, release=release)
    engine.deployments.release(fresh)
    engine.store.commit()
    if release.version != deployment.release.version:
        engine.withdraw(deployment)
    engine.deploy(fresh)
    return fresh


def _version(request: Request, model: str, version_id: str) -> Version:
    """Raises Problem 422, as for predictions."""
    owner, _, name = model.partition("/")
    version = engine_of(request).catalog.version(owner, name, version_id)
    if version is None:
        raise Problem(
            422,
            f"The model {model} has no version {version_id} on this engine",
            title="Invalid version or not permitted",
        )
    return version


async def _granted(wish: str) -> str:
    """What the release runs on: who asks for one of the cloud's GPUs gets what there is, and is told so."""
    if fields := invalid_sku(wish):
        raise invalid_request(fields)
    return hardware.granted(wish, await asyncio.to_thread(hardware.detect))


def _check(body: Json, fields: list[InvalidField]) -> None:
    """Raises Problem 422 for bounds that the document does not allow, or that contradict each other."""
    for key, most in MOST.items():
        if not 0 <= body[key] <= most:
            fields.append(InvalidField("range", key, f"must be from 0 to {most}"))
    if not fields and body["min_instances"] > body["max_instances"]:
        fields.append(InvalidField("range", "min_instances", "must not be more than max_instances"))
    if fields:
        raise invalid_request(fields)
