"""The JSON objects of Replicate's API, made from rows: shapes and names as its API document gives them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rcli.engine.data.catalog import Model, Version
from rcli.engine.data.collections import Collection
from rcli.engine.data.deployments import Deployment
from rcli.engine.data.files import File
from rcli.engine.data.predictions import Prediction
from rcli.engine.web.links import Links

Json = dict[str, Any]

ACCOUNT: Json = {"type": "user", "username": "local", "name": "rcli on this machine"}
"""Whom the engine's token belongs to: whoever uses this machine."""


def timestamp(seconds: float | None) -> str | None:
    """Unix seconds as ISO 8601 in UTC, with microseconds."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


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
        "data_removed": row.data_removed,
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
    if row.deployment is not None:
        shown["deployment"] = row.deployment
    return shown if row.deadline is None else shown | {"deadline": timestamp(row.deadline)}


def training_object(row: Prediction, links: Links, *, knows_aborted: bool = True) -> Json:
    """The same, but for its own addresses, and none of a stream: the API's trainings have no such."""
    address = links.training(row.id)
    urls = {"web": links.web(row.id, "trainings"), "get": address, "cancel": f"{address}/cancel"}
    shown = prediction_object(row, links, knows_aborted=knows_aborted)
    return shown | {"destination": row.destination, "urls": urls}


def work_object(row: Prediction, links: Links, *, knows_aborted: bool = True) -> Json:
    """Of either kind."""
    describe = training_object if row.kind == "training" else prediction_object
    return describe(row, links, knows_aborted=knows_aborted)


def version_object(row: Version) -> Json:
    return {
        "id": row.id,
        "created_at": timestamp(row.created_at),
        "cog_version": row.cog_version,
        "openapi_schema": row.document,
    }


def model_object(
    row: Model, latest: Version | None, run_count: int, links: Links, example: Json | None = None
) -> Json:
    """``example`` is the object of a prediction that the model made."""
    return {
        "url": links.model(row.owner, row.name),
        "owner": row.owner,
        "name": row.name,
        "description": row.description,
        "visibility": row.visibility,
        "is_official": False,
        "github_url": row.github_url,
        "paper_url": row.paper_url,
        "weights_url": row.weights_url,
        "license_url": row.license_url,
        "run_count": run_count,
        "cover_image_url": row.cover_image_url,
        "default_example": example,
        "latest_version": version_object(latest) if latest else None,
    }


def collection_item(row: Collection) -> Json:
    return {"name": row.name, "slug": row.slug, "description": row.description}


def collection_object(row: Collection, models: Sequence[Json]) -> Json:
    """``models`` are the objects of those that it groups."""
    return collection_item(row) | {"full_description": row.full_description, "models": list(models)}


def deployment_object(row: Deployment) -> Json:
    release = row.release
    return {
        "owner": row.owner,
        "name": row.name,
        "current_release": {
            "number": release.number,
            "model": release.model,
            "version": release.version,
            "created_at": timestamp(release.created_at),
            "created_by": ACCOUNT,
            "configuration": {
                "hardware": release.hardware,
                "min_instances": release.min_instances,
                "max_instances": release.max_instances,
            },
        },
    }


def file_object(row: File, links: Links) -> Json:
    return {
        "id": row.id,
        "name": row.name,
        "content_type": row.content_type,
        "size": row.size,
        "etag": row.sha256,
        "checksums": {"sha256": row.sha256} | ({"md5": row.md5} if row.md5 else {}),
        "metadata": row.metadata,
        "created_at": timestamp(row.created_at),
        "expires_at": timestamp(row.expires_at),
        "urls": {"get": links.upload(row)},
    }


def page_object(results: Sequence[Json], following: str | None) -> Json:
    return {"next": following, "previous": None, "results": list(results)}
