"""What the latest version of a model changed, against another one that a project or a person knows."""

from __future__ import annotations

from rcli.api.endpoints import Replicate
from rcli.errors import NotAllowed, NotFound
from rcli.records import Json, Version
from rcli.references import ModelReference
from rcli.services.models import catalog, differences
from rcli.services.models.catalog import Target
from rcli.services.models.differences import Change


def since(api: Replicate, reference: ModelReference, target: Target, last: str | None) -> list[Change]:
    """What is different in the version that will run now, against the one with the id ``last``."""
    is_another = last is not None and target.version_id is not None and last != target.version_id
    if not is_another or len(str(last)) != len(str(target.version_id)):  # some services hide the id
        return []
    return differences.between(document(api, reference, str(last)), target.document)


def ahead(api: Replicate, reference: ModelReference, target: Target) -> list[Change]:
    """What is different in the latest version, against the pinned one that will run now."""
    latest = _latest(api, reference)
    if latest is None or latest.id == target.version_id:
        return []
    return differences.between(target.document, latest.schema)


def document(api: Replicate, reference: ModelReference, version: str) -> Json:
    """``{}`` for a version that is gone."""
    try:
        return api.version(reference.owner, reference.name, version).schema
    except (NotFound, NotAllowed):
        return {}


def _latest(api: Replicate, reference: ModelReference) -> Version | None:
    """None for a model of which only the version is left."""
    try:
        return catalog.find(api, reference).latest_version
    except (NotFound, NotAllowed):
        return None
