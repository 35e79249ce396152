"""The events of a prediction or training as server-sent events."""

from __future__ import annotations

from starlette.requests import Request

from rcli.engine.routes import engine_of, links_of
from rcli.engine.routes.predictions import find_prediction
from rcli.engine.web.streams import EventStream, parse_event_id


async def stream_prediction(request: Request) -> EventStream:
    row = find_prediction(request)
    jobs = engine_of(request).jobs
    return EventStream(
        jobs.table,
        row.number,
        jobs.get(row.id),
        after=parse_event_id(request.headers.get("last-event-id")),
        links=links_of(request),
    )
