"""Models and versions: the bundled ones, and the folders that were run here."""

from __future__ import annotations

from typing import Literal

from starlette.requests import Request
from starlette.responses import JSONResponse

from rcli.engine.data.catalog import Model, Order, Version
from rcli.engine.problems import InvalidField, invalid_request, not_found
from rcli.engine.routes import engine_of, links_of
from rcli.engine.web.objects import Json, model_object, page_object, version_object
from rcli.engine.web.pages import PAGE, next_page, read_cursor


async def list_models(request: Request) -> JSONResponse:
    order, descending = _order(request)
    offset = _offset(request)
    found = engine_of(request).catalog.models(order, descending=descending, limit=PAGE + 1, offset=offset)
    results = [_shown(request, model) for model in found[:PAGE]]
    return JSONResponse(page_object(results, _following(request, "/models", offset, len(found))))


async def get_model(request: Request) -> JSONResponse:
    return JSONResponse(_shown(request, find_model(request)))


async def list_versions(request: Request) -> JSONResponse:
    model = find_model(request)
    offset = _offset(request)
    found = engine_of(request).catalog.versions(model.owner, model.name)[offset : offset + PAGE + 1]
    results = [version_object(version) for version in found[:PAGE]]
    following = _following(request, f"/models/{model.full_name}/versions", offset, len(found))
    return JSONResponse(page_object(results, following))


async def get_version(request: Request) -> JSONResponse:
    return JSONResponse(version_object(find_version(request, find_model(request))))


def find_model(request: Request) -> Model:
    """The model that the address names. Raises Problem 404."""
    owner, name = request.path_params["owner"], request.path_params["name"]
    model = engine_of(request).catalog.model(owner, name)
    if model is None:
        raise not_found(f"This engine has no model {owner}/{name}")
    return model


def find_version(request: Request, model: Model) -> Version:
    """The version that the address names. Raises Problem 404."""
    version_id = request.path_params["version_id"]
    version = engine_of(request).catalog.version(model.owner, model.name, version_id)
    if version is None:
        raise not_found(f"The model {model.full_name} has no version {version_id}")
    return version


def _shown(request: Request, model: Model) -> Json:
    engine = engine_of(request)
    latest = engine.catalog.latest(model.owner, model.name)
    return model_object(model, latest, engine.jobs.table.count(model.full_name), links_of(request))


def _order(request: Request) -> tuple[Order, bool]:
    by = request.query_params.get("sort_by", "latest_version_created_at")
    way = request.query_params.get("sort_direction", "desc")
    if by not in ("model_created_at", "latest_version_created_at"):
        raise _unknown_choice("sort_by", "model_created_at or latest_version_created_at")
    if way not in ("asc", "desc"):
        raise _unknown_choice("sort_direction", "asc or desc")
    order: Literal["model_created_at", "latest_version_created_at"] = (
        "model_created_at" if by == "model_created_at" else "latest_version_created_at"
    )
    return order, way == "desc"


def _unknown_choice(field: str, choices: str) -> Exception:
    return invalid_request([InvalidField("enum", field, f"must be {choices}")])


def _offset(request: Request) -> int:
    cursor = read_cursor(request, (int,))
    return max(0, int(cursor[0])) if cursor else 0


def _following(request: Request, path: str, offset: int, found: int) -> str | None:
    return next_page(request, links_of(request).base, path, [offset + PAGE]) if found > PAGE else None
