"""``rcli versions``: the versions of a model, and what changed from one to another."""

from __future__ import annotations

from itertools import islice
from typing import Annotated

import typer

from rcli.cli.options import Command, Every, Limit, Yes, group, world
from rcli.cli.steps import named, showing
from rcli.cli.steps.confirming import confirmed
from rcli.errors import RcliError, UsageError
from rcli.services.models import differences, schema, versions
from rcli.services.models.differences import Change
from rcli.settings import LOCAL
from rcli.ui import inventory
from rcli.ui.views import SHORT

app = group("See a model's versions, compare them, delete one.")

Model = Annotated[
    str, typer.Argument(metavar="MODEL", help="owner/name, or owner/name:VERSION.", show_default=False)
]
Version = Annotated[str | None, typer.Argument(metavar="[VERSION]", help="An id, or the beginning of one.")]
Old = Annotated[str | None, typer.Argument(metavar="[OLD]", help="An id, or the beginning of one.")]
New = Annotated[str | None, typer.Argument(metavar="[NEW]", help="The same; without it the latest.")]


@app.command("list", cls=Command)
def list_(ctx: typer.Context, model: Model, limit: Limit = 20, all: Every = False) -> None:
    """List the versions of a model, the newest first.

    Example: rcli versions list rcli/hello
    """
    app = world(ctx)
    host, reference = named.model(app, model)
    api = app.connect(host, as_is=True)
    with named.sought(app, model):
        found = list(islice(versions.each(api, reference), None if all else limit))
    table = inventory.versions(found, brief=app.screen.is_terminal)
    empty = f"{reference.full_name} has no versions"
    showing.rows(app, [row.raw for row in found], (row.id for row in found), table, empty=empty)


@app.command(cls=Command)
def show(ctx: typer.Context, model: Model, version: Version = None) -> None:
    """Show a version: without VERSION the latest. rcli models schema tells what it takes.

    Example: rcli versions show rcli/hello
    """
    app = world(ctx)
    host, reference, written = named.version(app, model)
    api = app.connect(host, as_is=True)
    with named.sought(app, model):
        found = versions.find(api, reference, _one(written, version))
    showing.record(app, found.raw, found.id, inventory.version(reference.full_name, found))


@app.command(cls=Command)
def diff(ctx: typer.Context, model: Model, old: Old = None, new: New = None) -> None:
    """Tell what changed for those who call a model, and mark with ! what breaks them.

    OLD is compared with NEW, or with the latest version; without any the latest with the one before it.

    Example: rcli versions diff local:me/echo
    """
    app = world(ctx)
    host, reference, written = named.version(app, model)
    api = app.connect(host, as_is=True)
    first = written or old
    second = old if written else new
    if written and new:
        raise UsageError("there are three versions", hint=f"rcli versions diff {model} {old}")
    with named.sought(app, model):
        before, after = versions.pair(api, reference, first, second)
    for each in (before, after):
        if not schema.describes_inputs(each.schema):
            raise RcliError(f"version {each.id[:SHORT]} does not tell what it takes: nothing can be compared")
    changes = differences.between(before.schema, after.schema)
    app.screen.note(f"{reference.full_name}: {before.id[:SHORT]} → {after.id[:SHORT]}")
    _show(ctx, changes)


@app.command(cls=Command)
def delete(ctx: typer.Context, model: Model, version: Version = None, yes: Yes = False) -> None:
    """Delete a version of a private model of yours, with its predictions and their files.

    The service keeps versions that others ran, that were trained on, and that a deployment runs.

    Example: rcli versions delete local:me/painter 7762fd07 --yes
    """
    app = world(ctx)
    host, reference, written = named.version(app, model)
    api = app.connect(host, as_is=True)
    id = _one(written, version)
    if id is None:
        raise UsageError("no version is named", hint=f"rcli versions list {model}")
    with named.sought(app, model):
        found = versions.find(api, reference, id)
    name = f"{reference.full_name}:{found.id}"
    question = f"Delete {name} on {host}, with its predictions and their files?"
    if not yes and not confirmed(app, question):
        app.screen.say("nothing was deleted")
        return
    api.delete_version(reference.owner, reference.name, found.id)
    state = "is deleted" if host == LOCAL else "is being deleted: that may take some minutes"
    showing.deleted(app, "version", name, state=state)


def _one(written: str | None, version: str | None) -> str | None:
    """Raises UsageError when the version is named twice."""
    if written and version:
        raise UsageError("the version is named twice", hint="write owner/name VERSION")
    return written or version


def _show(ctx: typer.Context, changes: list[Change]) -> None:
    app = world(ctx)
    raw = [{"input": each.name, "change": each.text, "breaks": each.breaks} for each in changes]
    rows = [("!" if each.breaks else "", each.name, each.text) for each in changes]
    names = dict.fromkeys(each.name for each in changes)
    showing.rows(app, raw, names, (("", "input", "change"), rows), empty="the same inputs and output")
    if broken := sum(each.breaks for each in changes):
        app.screen.note(f"{broken} of {len(changes)} changes break callers")
