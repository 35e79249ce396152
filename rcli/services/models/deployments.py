"""Deployments: which one a user means, what it may run, and the service's rule for deleting one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from rcli.api.endpoints import Replicate
from rcli.errors import (
    Interrupted,
    NoAnswer,
    NoCredit,
    NotAllowed,
    NotFound,
    RateLimited,
    RcliError,
    UsageError,
)
from rcli.records import Deployment
from rcli.references import DeploymentReference, ModelReference
from rcli.services import lists
from rcli.services.models import versions
from rcli.settings import LOCAL

_TOO_EARLY = "the service deletes a deployment when it has been offline and unused for 15 minutes"
_OTHERWISE = (NotFound, NoAnswer, RateLimited, NoCredit, Interrupted)
"""Failures that have nothing to do with that rule."""


@contextmanager
def known(api: Replicate, reference: DeploymentReference) -> Iterator[None]:
    """What is unknown leads to the one that was meant, or to the list. Raises NotFound."""
    try:
        yield
    except NotFound as exc:
        if exc.hint:  # tells of something else, such as a version
            raise
        host, name = api.client.host.name, f"{reference.owner}/{reference.name}"
        near = lists.nearest(name, (row.full_name for row in api.deployments().results))
        hint = f"did you mean {near}?" if near else f"rcli deployments list --host {host}"
        raise NotFound(f"there is no deployment {name} on {host}", hint=hint) from exc


def version_of(api: Replicate, reference: DeploymentReference, wanted: str) -> str:
    """The id of a version of its model: ``latest``, an id, or the beginning of one. Raises RcliErrors."""
    if wanted != "latest" and not re.fullmatch("[0-9a-f]{1,64}", wanted):
        raise UsageError(f"{wanted!r} is not a version's id", hint="--version latest")
    release = api.deployment(reference.owner, reference.name).release
    if release is None:
        raise RcliError(f"{reference} tells no model, so none of its versions can be found")
    model = ModelReference(*release.model.split("/", 1))
    return versions.find(api, model, None if wanted == "latest" else wanted).id


def delete(api: Replicate, found: Deployment) -> None:
    """Raises RcliErrors; a refusal comes with the service's rule, and with what to do about it."""
    host = api.client.host.name
    try:
        api.delete_deployment(found.owner, found.name)
    except _OTHERWISE:
        raise
    except RcliError as exc:
        signed_out = isinstance(exc, NotAllowed) and "15 minutes" not in exc.message
        if host == LOCAL or signed_out:
            raise
        exc.message = f"{exc.message}\n{_TOO_EARLY}"
        exc.hint = _advice(f"{host}:{found.full_name}", found)
        raise


def _advice(name: str, found: Deployment) -> str:
    if found.release and (found.release.min_instances or found.release.max_instances):
        return f"rcli deployments scale {name} --min 0 --max 0, then wait 15 minutes"
    return f"wait 15 minutes after its last prediction: rcli deployments delete {name}"
