"""The versions of a model: list, get, delete."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from rcli.engine.data import deletions
from rcli.engine.data.catalog import Model, Version
from rcli.engine.problems import conflict, not_found
from rcli.engine.routes import engine_of, links_of
from rcli.engine.routes.models import find_model, find_own_model, refuse_public
from rcli.engine.web.objects import page_object, version_object
from rcli.engine.web.pages import PAGE, next_page, read_offset


async def list_versions(request: Request) -> JSONResponse:
    model = find_model(request)
    offset = read_offset(request)
    found = engine_of(request).catalog.versions(model.owner, model.name)[offset : offset + PAGE + 1]
    results = [version_object(version) for version in found[:PAGE]]
    path = f"/models/{model.full_name}/versions"
    more = len(found) > PAGE
    following = next_page(request, links_of(request).base, path, [offset + PAGE]) if more else None
    return JSONResponse(page_object(results, following))


async def get_version(request: Request) -> JSONResponse:
    return JSONResponse(version_object(find_version(request, find_model(request))))


async def delete_version(request: Request) -> Response:
    """With its predictions and their files; what still needs it keeps it."""
    model = find_own_model(request)
    version = find_version(request, model)
    refuse_public(model)
    _refuse_used(request, version)
    engine = engine_of(request)
    deletions.delete_version(engine.store, engine.files, version)
    engine.store.commit()
    engine.jobs.let_go(version)
    return Response(status_code=202)


def find_version(request: Request, model: Model) -> Version:
    """The version that the address names. Raises Problem 404."""
    version_id = request.path_params["version_id"]
    version = engine_of(request).catalog.version(model.owner, model.name, version_id)
    if version is None:
        raise not_found(f"The model {model.full_name} has no version {version_id}")
    return version


def _refuse_used(request: Request, version: Version) -> None:
    """Raises Problem 409."""
    engine = engine_of(request)
    if deployments := engine.deployments.of_version(version.model, version.id):
        names = ", ".join(deployment.full_name for deployment in deployments)
        raise conflict(f"The version is deployed as {names}")
    if trainings := deletions.trainings_of(engine.store, version):
        raise conflict(f"The version is what {trainings} trainings began with")
    running = [live.id for live in engine.jobs.alive() if _runs(live.version, version)]
    if running:
        raise conflict(f"The version is at work on {len(running)} predictions, such as {running[0]}")


def _runs(used: Version, version: Version) -> bool:
    return (used.model, used.id) == (version.model, version.id)
