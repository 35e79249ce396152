"""The versions of a model: which one a user means, and two of them to compare."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice

from rcli.api.endpoints import Replicate, pages
from rcli.errors import NotFound, UsageError
from rcli.records import Version
from rcli.references import ModelReference
from rcli.services.models import catalog

WHOLE = 64
"""Digits of an id."""


def each(api: Replicate, reference: ModelReference) -> Iterator[Version]:
    """The newest first; no page is fetched that is not needed. Raises NotFound for an unknown model."""
    try:
        for page in pages(partial(api.versions, reference.owner, reference.name)):
            yield from page.results
    except NotFound as exc:
        catalog.find(api, reference)  # tells better what is missing
        raise NotFound(f"{api.client.host.name} tells no versions of {reference.full_name}") from exc


def find(api: Replicate, reference: ModelReference, id: str | None) -> Version:
    """The version with this id, or this beginning of one; without an id the latest.

    Raises NotFound, and UsageError when several ids begin so.
    """
    if id is None:
        return latest(api, reference)
    if len(id) == WHOLE:
        try:
            return api.version(reference.owner, reference.name, id)
        except NotFound as exc:
            catalog.find(api, reference)
            raise _unknown(api, reference, id) from exc
    found = [version for version in each(api, reference) if version.id.startswith(id)]
    if len(found) > 1:
        ids = "\n".join(f"  {version.id}" for version in found)
        raise UsageError(f"several versions of {reference.full_name} begin with {id}:\n{ids}")
    if not found:
        raise _unknown(api, reference, id)
    return found[0]


def latest(api: Replicate, reference: ModelReference) -> Version:
    """Raises NotFound for a model without any."""
    model = catalog.find(api, reference)
    if model.latest_version is None:
        raise catalog.unpushed(api, model)
    return model.latest_version


def pair(
    api: Replicate, reference: ModelReference, old: str | None, new: str | None
) -> tuple[Version, Version]:
    """Two versions to compare: without ids the latest and the one before it, with one that and the latest.

    Raises NotFound when there are no two.
    """
    if old is not None:
        return find(api, reference, old), find(api, reference, new)
    newest = list(islice(each(api, reference), 2))
    if len(newest) < 2:
        raise _no_pair(api, reference, newest)
    return newest[1], newest[0]


def _no_pair(api: Replicate, reference: ModelReference, found: list[Version]) -> NotFound:
    model, host = catalog.find(api, reference), api.client.host.name
    if found:
        said = f"{model.full_name} has one version, {found[0].id[:12]}: there is none to compare it with"
        return NotFound(said, hint=f"rcli models schema {host}:{model.full_name}")
    return catalog.unpushed(api, model)


def _unknown(api: Replicate, reference: ModelReference, id: str) -> NotFound:
    host = api.client.host.name
    return NotFound(
        f"{reference.full_name} has no version {id} on {host}",
        hint=f"rcli versions list {host}:{reference.full_name}",
    )
