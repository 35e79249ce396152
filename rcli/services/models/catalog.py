"""From a reference to something that can run, and what its inputs are."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from typing import Literal

from rcli.api.endpoints import Replicate, pages
from rcli.errors import InvalidInput, NotAllowed, NotFound, RcliError
from rcli.records import NO_TERMS, Json, Model, Prediction, Terms
from rcli.references import DeploymentReference, ModelReference, VersionReference
from rcli.settings import LOCAL

_NO_VERSION = "The specified version does not exist"
"""How a service begins to say, with a 422, that it knows no such version."""


class NoModel(NotFound):
    """The host has no such model."""


class Misspelt(NoModel):
    """There is no such model, but one whose name is almost the same."""


@dataclass(frozen=True)
class Target:
    """What a prediction is created on; the kind chooses the route.

    ``document`` is the OpenAPI document, ``{}`` where it cannot be had: then inputs go unchecked. A bare
    version id has no ``model``, ``owner`` and ``name``: no route of the API leads from it to them. Only
    on this machine can all models be searched for it. ``variables`` names what the engine keeps for it, and
    ``told_variables`` what of that may be stored.
    """

    kind: Literal["version", "model", "deployment"]
    model: str
    version_id: str | None
    document: Json = field(repr=False)
    owner: str
    name: str
    variables: str = ""
    told_variables: tuple[str, ...] = ()


def resolve(
    api: Replicate, reference: ModelReference | VersionReference | DeploymentReference, locked: str | None
) -> Target:
    """Asks the service; ``locked`` is the version that the project pins a model to.

    Raises NotFound for what does not exist, and for a model without any version.
    """
    match reference:
        case VersionReference(id) if api.client.host.name == LOCAL:
            return _searched(api, id)
        case VersionReference(id):
            return Target("version", "", id, {}, "", "")
        case DeploymentReference(owner, name):
            return Target("deployment", str(reference), None, _deployed(api, reference), owner, name)
        case ModelReference(owner, name, version) if chosen := version or locked:
            document = _version(api, owner, name, chosen)
            return Target("version", reference.full_name, chosen, document, owner, name)
    return _latest(api, reference)


def find(api: Replicate, reference: ModelReference) -> Model:
    """Raises NotFound for a model that the host does not have."""
    try:
        return api.model(reference.owner, reference.name)
    except NotFound as exc:
        raise _missing(api, reference) from exc


def unpushed(api: Replicate, model: Model) -> NotFound:
    """The error for a model without any version, of which there is nothing to run or to show."""
    said = f"{model.full_name} has no version yet: nothing was pushed to it"
    return NotFound(said, hint=f"rcli push FOLDER {api.client.host.name}:{model.full_name}")


def create(api: Replicate, target: Target, input: Json, terms: Terms = NO_TERMS) -> Prediction:
    """Creates a prediction by the route that suits the target.

    Raises RcliErrors: NotFound for a version that the service does not know.
    """
    try:
        return _created(api, target, input, terms)
    except InvalidInput as exc:
        if not exc.message.startswith(_NO_VERSION):
            raise
        where = f"show {target.model}" if target.model else f"list --host {api.client.host.name}"
        raise NotFound(exc.message, hint=f"rcli models {where}") from exc


def _missing(api: Replicate, reference: ModelReference) -> NoModel:
    host = api.client.host.name
    message = f"there is no model {reference.full_name} on {host}"
    if near := _similar(api, reference):
        return Misspelt(message, hint=f"did you mean {near}?")
    if host != LOCAL:
        return NoModel(message, hint=f"rcli models search {reference.name} --host {host}")
    elsewhere = "" if reference.owner == "rcli" else "; one of Replicate's: --host replicate"
    return NoModel(message, hint=f"rcli models list --host {host}{elsewhere}")


def _created(api: Replicate, target: Target, input: Json, terms: Terms) -> Prediction:
    match target:
        case Target(variables=str(kept)) if kept:
            return api.create_prediction(
                target.version_id or target.model, input, variables=kept, terms=terms
            )
        case Target(kind="model", owner=owner, name=name):
            return api.create_model_prediction(owner, name, input, terms=terms)
        case Target(kind="deployment", owner=owner, name=name):
            return api.create_deployment_prediction(owner, name, input, terms=terms)
    return api.create_prediction(target.version_id or target.model, input, terms=terms)


def _searched(api: Replicate, id: str) -> Target:
    """The model that has a version, which the engine knows by owner and name alone."""
    for model in (each for page in pages(api.models) for each in page.results):
        versions = pages(partial(api.versions, model.owner, model.name))
        for version in (each for page in versions for each in page.results):
            if version.id == id:
                return Target("version", model.full_name, id, version.schema, model.owner, model.name)
    host = api.client.host.name
    raise NotFound(f"there is no version {id} on {host}", hint=f"rcli models list --host {host}")


def _latest(api: Replicate, reference: ModelReference) -> Target:
    """Official models have a route of their own; any other model is run at a version that can be told."""
    model = find(api, reference)
    latest = model.latest_version
    if model.is_official:
        document = latest.schema if latest else {}
        return Target("model", model.full_name, None, document, model.owner, model.name)
    if latest is None:
        raise unpushed(api, model)
    return Target("version", model.full_name, latest.id, latest.schema, model.owner, model.name)


def _similar(api: Replicate, reference: ModelReference) -> str | None:
    """The name that was meant: of all models on this machine, elsewhere of those that a search finds."""
    try:
        found = api.models(None) if api.client.host.name == LOCAL else api.search_models(reference.name)
    except RcliError:
        return None  # a host without a search, or one that has gone: what is told is that there is no model
    names = [model.full_name for model in found.results]
    near = get_close_matches(reference.full_name, names, n=1, cutoff=0.8)  # many share their owner
    return near[0] if near else None


def _version(api: Replicate, owner: str, name: str, id: str) -> Json:
    try:
        return api.version(owner, name, id).schema
    except NotFound as exc:
        raise NotFound(
            f"{owner}/{name} has no version {id} on {api.client.host.name}",
            hint=f"rcli models show {owner}/{name}",
        ) from exc


def _deployed(api: Replicate, reference: DeploymentReference) -> Json:
    """The document of what a deployment runs now, ``{}`` if its model is not ours to read."""
    try:
        release = api.deployment(reference.owner, reference.name).release
    except NotFound as exc:
        raise NotFound(f"there is no deployment {reference.owner}/{reference.name}") from exc
    except NotAllowed:
        return {}
    if release is None:
        return {}
    owner, _, name = release.model.partition("/")
    try:
        return api.version(owner, name, release.version).schema
    except (NotFound, NotAllowed):
        return {}
