"""From what a user wrote to a host and the name of a model, version or deployment there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from rcli.app import App
from rcli.errors import NotAllowed, NotFound, UsageError
from rcli.references import DeploymentReference, ModelReference, Reference
from rcli.services.models import catalog
from rcli.settings import LOCAL, REPLICATE

_SHORTENED = re.compile(r"(.+/[^/:]+):([0-9a-f]{1,63})")
"""A model with the beginning of a version's id."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def model(app: App, text: str) -> tuple[str, ModelReference]:
    """Raises UsageError for anything but a model's name, with its version or without."""
    prefix, reference = app.parse(text)
    if not isinstance(reference, ModelReference):
        raise UsageError(f"{text!r} is not a model's name", hint="write owner/name")
    return app.host_for(prefix, reference), reference


def version(app: App, text: str) -> tuple[str, ModelReference, str | None]:
    """A model, and the id or the beginning of one behind its colon, None without."""
    if shortened := _SHORTENED.fullmatch(text):
        host, reference = model(app, shortened[1])
        return host, reference, shortened[2]
    host, reference = model(app, text)
    return host, ModelReference(reference.owner, reference.name), reference.version


@contextmanager
def sought(app: App, text: str) -> Iterator[None]:
    """Raises NotAllowed for a model that may be in the cloud, where nobody is signed in."""
    shortened = _SHORTENED.fullmatch(text)
    prefix, reference = app.parse(shortened[1] if shortened else text)
    try:
        yield
    except catalog.Misspelt:
        raise
    except catalog.NoModel as exc:
        may_be_elsewhere(app, prefix, reference, exc)
        raise


def may_be_elsewhere(app: App, prefix: str | None, reference: Reference, missing: NotFound) -> None:
    """Whoever never signed in and names a model of the cloud lands here; to them the engine means nothing.

    Raises NotAllowed instead of ``missing`` where that may be so.
    """
    if prefix or app.flags.host or app.host_for(prefix, reference) != LOCAL or app.is_signed_in(REPLICATE):
        return
    if isinstance(reference, ModelReference) and reference.owner != "rcli":
        raise NotAllowed(
            f"{missing.message}, and nobody is signed in to {REPLICATE}", hint="rcli auth login"
        ) from missing


def deployment(app: App, text: str) -> tuple[str, DeploymentReference]:
    """``[HOST:][OWNER/]NAME``; the owner is the account where none is named. Raises UsageError."""
    prefix, colon, rest = text.partition(":")
    path = (rest if colon else text).removeprefix("deployments/")
    owner, slash, name = path.rpartition("/")
    if not _NAME.fullmatch(name) or (slash and not _NAME.fullmatch(owner)):
        raise UsageError(f"{text!r} is not a deployment's name", hint="write owner/name")
    host = prefix if colon else app.default_host
    return host, DeploymentReference(owner or app.connect(host, as_is=True).account().username, name)
