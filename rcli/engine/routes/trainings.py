"""Trainings: create, list, get, cancel."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import JSONResponse

from rcli.engine.data.predictions import Prediction
from rcli.engine.problems import InvalidField, forbidden, invalid_request, not_found
from rcli.engine.routes import engine_of, knows_aborted, links_of
from rcli.engine.routes.models import find_model
from rcli.engine.routes.predictions import listed
from rcli.engine.routes.private import NAME, NAMING, RESERVED
from rcli.engine.routes.versions import find_version
from rcli.engine.routes.webhooks import WEBHOOK_KEYS, read_subscription, send_webhooks
from rcli.engine.web.bodies import read_json
from rcli.engine.web.objects import training_object
from rcli.engine.web.preferences import parse_cancel_after
from rcli.engine.work.trainings import check_trainable

KEYS: dict[str, type | tuple[type, ...]] = {"destination": str, "input": dict, **WEBHOOK_KEYS}


async def create_training(request: Request) -> JSONResponse:
    """The destination is made at the end of the training if it is not there: here, it needs no owner."""
    version = find_version(request, find_model(request))
    body = await read_json(request, KEYS, required=("destination", "input"))
    check_trainable(version)
    _check_destination(body["destination"])
    subscription = await read_subscription(body)
    engine = engine_of(request)
    variables = engine.variables.get(request.headers.get("rcli-variables", ""))
    live = await engine.jobs.create(
        replace(version, variables=variables),
        body["input"],
        host=request.headers["host"],
        lifetime=parse_cancel_after(request.headers.get("cancel-after")),
        destination=body["destination"],
    )
    send_webhooks(request, live, subscription)
    row = engine.jobs.table.get(live.id)
    assert row is not None
    return JSONResponse(training_object(row, links_of(request), knows_aborted=knows_aborted(request)), 201)


async def list_trainings(request: Request) -> JSONResponse:
    return listed(request, "training")


async def get_training(request: Request) -> JSONResponse:
    row = find_training(request)
    return JSONResponse(training_object(row, links_of(request), knows_aborted=knows_aborted(request)))


async def cancel_training(request: Request) -> JSONResponse:
    await engine_of(request).jobs.cancel(find_training(request).id)
    return await get_training(request)


def find_training(request: Request) -> Prediction:
    """The training that the address names. Raises Problem 404."""
    training_id = request.path_params["training_id"]
    row = engine_of(request).jobs.table.get(training_id)
    if row is None or row.kind != "training":
        raise not_found(f"This engine has no training {training_id}")
    return row


def _check_destination(destination: str) -> None:
    """Raises Problem 403 for a model that is not the user's, 422 for what is no name."""
    owner = destination.partition("/")[0]
    if owner in RESERVED:
        raise forbidden(RESERVED[owner])
    if not NAME.fullmatch(destination):
        raise invalid_request([InvalidField("format", "destination", f"must be {NAMING}")])
