"""Predictions: create, list, get, cancel."""

from __future__ import annotations

import asyncio
import contextlib
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from rcli.engine.data.catalog import Version
from rcli.engine.data.predictions import Prediction, Work
from rcli.engine.problems import InvalidField, Problem, invalid_request, not_found
from rcli.engine.routes import engine_of, knows_aborted, links_of
from rcli.engine.routes.models import find_model
from rcli.engine.routes.webhooks import WEBHOOK_KEYS, read_subscription, send_webhooks
from rcli.engine.web.bodies import read_json
from rcli.engine.web.objects import page_object, prediction_object, work_object
from rcli.engine.web.pages import PAGE, next_page, read_cursor
from rcli.engine.web.preferences import Wait, parse_cancel_after, parse_prefer

KEYS: dict[str, type | tuple[type, ...]] = {
    "input": dict,
    "stream": bool,
    **WEBHOOK_KEYS,
}


async def create_prediction(request: Request) -> JSONResponse:
    body = await read_json(request, KEYS | {"version": str}, required=("version", "input"))
    return await create(request, _resolve(request, body["version"]), body)


async def create_model_prediction(request: Request) -> JSONResponse:
    model = find_model(request)
    body = await read_json(request, KEYS, required=("input",))
    version = engine_of(request).catalog.latest(model.owner, model.name)
    if version is None:
        raise not_found(f"The model {model.full_name} has no version yet")
    return await create(request, version, body)


async def list_predictions(request: Request) -> JSONResponse:
    source = request.query_params.get("source")
    if source not in (None, "web", "api"):
        raise invalid_request([InvalidField("enum", "source", "must be web")])
    return listed(
        request,
        "prediction",
        created_after=_moment(request, "created_after"),
        created_before=_moment(request, "created_before"),
        source=source,
    )


def listed(request: Request, kind: Work, **filters: Any) -> JSONResponse:
    """A page of predictions, or of trainings; ``filters`` are those of ``Predictions.page``."""
    cursor = read_cursor(request, (float, int))
    before = (cursor[0], cursor[1]) if cursor else None
    page, more = engine_of(request).jobs.table.page(PAGE, before=before, kind=kind, **filters)
    links, following = links_of(request), None
    if more:
        last = [page[-1].created_at, page[-1].number]
        following = next_page(request, links.base, f"/{kind}s", last)
    known = knows_aborted(request)
    results = [work_object(row, links, knows_aborted=known) for row in page]
    return JSONResponse(page_object(results, following))


async def get_prediction(request: Request) -> JSONResponse:
    row = find_prediction(request)
    return JSONResponse(work_object(row, links_of(request), knows_aborted=knows_aborted(request)))


async def cancel_prediction(request: Request) -> JSONResponse:
    await engine_of(request).jobs.cancel(find_prediction(request).id)
    return await get_prediction(request)


def find_prediction(request: Request) -> Prediction:
    """The prediction that the address names, or the training: a client waits for those here, too.

    Raises Problem 404.
    """
    prediction_id = request.path_params["prediction_id"]
    row = engine_of(request).jobs.table.get(prediction_id)
    if row is None:
        raise not_found(f"This engine has no prediction {prediction_id}")
    return row


async def create(
    request: Request, version: Version, body: dict[str, Any], *, deployment: str | None = None
) -> JSONResponse:
    """For every address that creates one: ``body`` has been read with KEYS."""
    subscription = await read_subscription(body)
    wait = parse_prefer(",".join(request.headers.getlist("prefer")))
    lifetime = parse_cancel_after(request.headers.get("cancel-after"))
    host = request.headers["host"]
    variables = engine_of(request).variables.get(request.headers.get("rcli-variables", ""))
    version = replace(version, variables=variables)
    live = await engine_of(request).jobs.create(
        version, body["input"], host=host, lifetime=lifetime, deployment=deployment
    )
    send_webhooks(request, live, subscription)
    if wait is not None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait.seconds):
                await live.ended.wait()
    row = engine_of(request).jobs.table.get(live.id)
    assert row is not None
    return _created(request, row, wait)


def _created(request: Request, row: Prediction, wait: Wait | None) -> JSONResponse:
    waiting = wait is not None and not row.ended
    shown = prediction_object(
        row,
        links_of(request),
        knows_aborted=knows_aborted(request),
        inline=wait is not None,
        waiting=waiting,
    )
    headers = {"preference-applied": wait.applied} if wait is not None else None
    return JSONResponse(shown, 202 if waiting else 201, headers)


def _resolve(request: Request, reference: str) -> Version:
    """From an id, ``owner/name`` or ``owner/name:id``. Raises Problem 422, as Replicate does."""
    catalog = engine_of(request).catalog
    version = None
    if found := re.fullmatch(r"([^/:]+)/([^/:]+)(?::([0-9a-f]+))?", reference):
        owner, name, version_id = found.groups()
        version = catalog.version(owner, name, version_id) if version_id else catalog.latest(owner, name)
    elif re.fullmatch(r"[0-9a-f]{64}", reference):
        version = catalog.version_by_id(reference)
    if version is None:
        raise Problem(
            422,
            "The specified version does not exist (or perhaps you don't have permission to use it?)",
            title="Invalid version or not permitted",
        )
    return version


def _moment(request: Request, name: str) -> float | None:
    """A filter's time as Unix seconds; without a zone it is UTC."""
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as exc:
        raise invalid_request(
            [InvalidField("format", name, "must be a time in ISO 8601, its + as %2B")]
        ) from exc
