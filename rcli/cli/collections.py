"""``rcli collections``: models that belong together."""

from __future__ import annotations

from typing import Annotated

import typer

from rcli.cli.options import Command, Every, Limit, group, world
from rcli.cli.steps import showing
from rcli.errors import NotFound
from rcli.services import lists
from rcli.ui import inventory, views

app = group("See models that belong together.")

Slug = Annotated[str, typer.Argument(metavar="COLLECTION", help="The short name that the list shows.")]


@app.command("list", cls=Command)
def list_(ctx: typer.Context, limit: Limit = 20, all: Every = False) -> None:
    """List collections of models.

    Example: rcli collections list --host local
    """
    app = world(ctx)
    found = lists.first(limit, app.default_api().collections, all=all)
    table = inventory.collections(found)
    showing.rows(app, [row.raw for row in found], (row.slug for row in found), table)


@app.command(cls=Command)
def show(ctx: typer.Context, collection: Slug) -> None:
    """List the models of a collection.

    Example: rcli collections show language-models --host local
    """
    app = world(ctx)
    api = app.default_api()
    try:
        found = api.collection(collection)
    except NotFound as exc:
        host = api.client.host.name
        near = lists.nearest(collection, (row.slug for row in api.collections().results))
        hint = f"did you mean {near}?" if near else f"rcli collections list --host {host}"
        raise NotFound(f"there is no collection {collection!r} on {host}", hint=hint) from exc
    app.screen.note(f"{found.name}: {found.description}" if found.description else found.name)
    table = views.models(found.models, brief=app.screen.is_terminal)
    showing.rows(app, found.raw, (row.full_name for row in found.models), table)
