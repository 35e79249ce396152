"""The JSON objects of Replicate's API, made from rows: shapes and names as its API document gives them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rcli.engine.data.catalog import Model, Version
from rcli.engine.data.files import File
from rcli.engine.data.predictions import Prediction
from rcli.engine.web.links import Links

Json = dict[str, Any]


def timestamp(seconds: float | None) -> str | None:
    """Unix seconds as ISO 8601 in UTC, with microseconds."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def prediction_object(
    row: Prediction, links: Links, *, knows_aborted: bool = True, inline: bool = False, waiting: bool = False
) -> Json:
    """``knows_aborted``: the client understands that state. ``inline``: small files as data.

    ``waiting``: the client's time to wait has passed; every official client takes anything but ``starting``
    for the result, so the object says that, whatever the prediction does.
    """
    status = "starting" if waiting else row.status
    shown: Json = {
        "id": row.id,
        "model": row.model,
        "version": row.version,
        "input": links.shown(row.input),
        "output": None if waiting else links.shown(row.output, inline=inline),
        "logs": row.logs,
        "error": row.error,
        "status": "canceled" if status == "aborted" and not knows_aborted else status,
        "source": row.source,
        "data_removed": False,
        "metrics": row.metrics,
        "created_at": timestamp(row.created_at),
        "started_at": timestamp(row.started_at),
        "completed_at": timestamp(row.completed_at),
        "urls": {
            "web": links.web(row.id),
            "get": links.get(row.id),
            "cancel": links.cancel(row.id),
            "stream": links.stream(row.id),
        },
    }
    return shown if row.deadline is None else shown | {"deadline": timestamp(row.deadline)}


def version_object(row: Version) -> Json:
    return {
        "id": row.id,
        "created_at": timestamp(row.created_at),
        "cog_version": row.cog_version,
        "openapi_schema": row.document,
    }


def model_object(row: Model, latest: Version | None, run_count: int, links: Links) -> Json:
    return {
        "url": links.model(row.owner, row.name),
        "owner": row.owner,
        "name": row.name,
        "description": row.description,
        "visibility": "private",
        "is_official": False,
        "github_url": None,
        "paper_url": None,
        "license_url": None,
        "run_count": run_count,
        "cover_image_url": None,
        "default_example": None,
        "latest_version": version_object(latest) if latest else None,
    }


def file_object(row: File, links: Links) -> Json:
    return {
        "id": row.id,
        "name": row.name,
        "content_type": row.content_type,
        "size": row.size,
        "etag": row.sha256,
        "checksums": {"sha256": row.sha256},
        "metadata": row.metadata,
        "created_at": timestamp(row.created_at),
        "expires_at": timestamp(row.expires_at),
        "urls": {"get": links.upload(row)},
    }


def page_object(results: Sequence[Json], following: str | None) -> Json:
    return {"next": following, "previous": None, "results": list(results)}
