"""The events of a prediction or training as server-sent events."""

from __future__ import annotations

from starlette.requests import Request

from rcli.engine.problems import not_found
from rcli.engine.routes import engine_of, links_of
from rcli.engine.web.streams import EventStream, parse_event_id


async def stream_prediction(request: Request) -> EventStream:
    jobs = engine_of(request).jobs
    row = jobs.table.get(request.path_params["prediction_id"])
    if row is None:
        raise not_found(f"This engine has no prediction {request.path_params['prediction_id']}")
    return EventStream(
        jobs.table,
        row.number,
        jobs.get(row.id),
        after=parse_event_id(request.headers.get("last-event-id")),
        links=links_of(request),
    )
