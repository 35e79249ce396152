"""``rcli lock``: pins the versions of models for a project."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from rcli.app import App
from rcli.cli.options import world
from rcli.cli.steps import named, showing
from rcli.cli.steps.request.pinning import lines, lock_of
from rcli.errors import NotFound, UsageError
from rcli.records import Version
from rcli.references import ModelReference
from rcli.services.models import catalog, differences, newer
from rcli.services.models.lock import Lock, Pin
from rcli.ui.views import SHORT

Models = Annotated[
    list[str] | None, typer.Argument(metavar="[MODEL]…", help="owner/name, or owner/name:version.")
]
Remove = Annotated[bool, typer.Option("--remove", help="Pin these no more.")]


def lock(ctx: typer.Context, models: Models = None, remove: Remove = False) -> None:
    """Pin models to their latest versions, or to those named, in the project's rcli.lock.

    A run in the project takes the pinned version, and with --locked no model that is not pinned. Without
    MODEL the pins are listed, each with the model's latest version and whether its inputs are others.

    \b
    Examples: rcli lock stability-ai/sdxl
              rcli lock --remove stability-ai/sdxl
    """
    app = world(ctx)
    kept = lock_of(app)
    if not models:
        if remove:
            raise UsageError("no model is named", hint="rcli lock --remove owner/name")
        _list(app, kept)
    elif remove:
        _remove(app, kept, models)
    else:
        _add(app, kept, models)


def _add(app: App, kept: Lock, models: list[str]) -> None:
    """All of them or none."""
    pins = [_sought(app, kept, text) for text in models]
    kept.with_pins(pins).write()
    raw = [{"host": pin.host, "name": pin.model, "version": pin.version} for pin in pins]
    for pin, row in zip(pins, raw, strict=True):
        if app.flags.wants_json:
            app.screen.event(row)
        else:
            app.screen.line(f"{pin.model}:{pin.version}")
    app.screen.note(f"in {kept.path}")


def _sought(app: App, kept: Lock, text: str) -> Pin:
    """Raises like ``_pin``, and NotAllowed for what may be in the cloud, where nobody is signed in."""
    with named.sought(app, text):
        return _pin(app, kept, *_named(app, text))


def _pin(app: App, kept: Lock, host: str, reference: ModelReference) -> Pin:
    """The pin; what changes for callers with it is told. Raises NotFound, UsageError."""
    api, name = app.connect(host), reference.full_name
    version = _chosen(app, host, reference)
    before = kept.version(host, name)
    if before and before != version.id:
        app.screen.note(f"{name}: {before[:SHORT]} → {version.id[:SHORT]}")
        old = newer.document(api, reference, before)
        for line in lines(differences.between(old, version.schema)):
            app.screen.say(line)
    return Pin(host, name, version.id)


def _chosen(app: App, host: str, reference: ModelReference) -> Version:
    api = app.connect(host)
    model = catalog.find(api, reference)
    if reference.version:
        catalog.resolve(api, reference, None)
        return api.version(reference.owner, reference.name, reference.version)
    if model.is_official:
        raise UsageError(f"{model.full_name} is an official model: it runs without a version")
    if model.latest_version is None:
        raise NotFound(f"{model.full_name} has no version yet: nothing was pushed to it")
    return model.latest_version


def _remove(app: App, kept: Lock, models: list[str]) -> None:
    left = kept
    for text in models:
        host, reference = _named(app, text)
        if kept.version(host, reference.full_name) is None:
            raise NotFound(f"{host}:{reference.full_name} is not pinned in {kept.path}", hint="rcli lock")
        left = left.without(host, reference.full_name)
    left.write()


def _list(app: App, kept: Lock) -> None:
    rows = list(_rows(app, kept))
    raw = [dict(zip(_COLUMNS, row, strict=True)) for row in rows]
    short = SHORT if app.screen.is_terminal else None
    table = _COLUMNS, [(host, name, version[:short], *rest) for host, name, version, *rest in rows]
    names = (f"{host}:{name}" for host, name, *_ in rows)
    showing.rows(app, raw, names, table, empty=f"nothing is pinned: there is no {kept.path}")


_COLUMNS = ("host", "name", "version", "latest")


def _rows(app: App, kept: Lock) -> Iterator[tuple[str, str, str, str]]:
    """What is pinned, and how the latest version differs."""
    for pin in kept.pins:
        owner, _, name = pin.model.partition("/")
        api = app.connect(pin.host)
        latest = catalog.find(api, ModelReference(owner, name)).latest_version
        if latest is None or latest.id == pin.version:
            yield pin.host, pin.model, pin.version, "is pinned"
            continue
        old = newer.document(api, ModelReference(owner, name), pin.version)
        changes = differences.between(old, latest.schema)
        broken = any(change.breaks for change in changes)
        inputs = "breaks callers" if broken else "has other inputs" if changes else "has the same inputs"
        for line in lines(changes):
            app.screen.note(f"{pin.model}: {line.strip()}")
        yield pin.host, pin.model, pin.version, f"{latest.id[:SHORT]} {inputs}"


def _named(app: App, text: str) -> tuple[str, ModelReference]:
    prefix, reference = app.parse(text)
    if not isinstance(reference, ModelReference):
        raise UsageError(f"{text!r} is no model with versions to choose from", hint="rcli lock owner/name")
    return app.host_for(prefix, reference), reference
