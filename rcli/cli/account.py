"""``rcli account``: whom a token belongs to."""

from __future__ import annotations

import typer

from rcli.cli.options import Command, OneVerb, group, world
from rcli.cli.steps import showing
from rcli.ui import inventory

app = group()
app.info.cls = OneVerb


@app.callback()
def account() -> None:
    """Whom your token belongs to."""


@app.command(cls=Command)
def show(ctx: typer.Context) -> None:
    """Show whose account it is that commands use.

    Example: rcli account show --host local
    """
    app = world(ctx)
    api = app.default_api()
    found = api.account()
    showing.record(app, found.raw, found.username, inventory.account(found, api.client.host.name))
