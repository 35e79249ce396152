"""``rcli hardware``: what models run on, and what that costs."""

from __future__ import annotations

import typer

from rcli.cli.options import Command, OneVerb, group, world
from rcli.cli.steps import showing
from rcli.services.work import cost
from rcli.settings import LOCAL
from rcli.ui import inventory

app = group()
app.info.cls = OneVerb


@app.callback()
def hardware() -> None:
    """What models run on, and what that costs."""


@app.command("list", cls=Command)
def list_(ctx: typer.Context) -> None:
    """List the hardware of a host with its price in US dollars.

    The service tells no prices: they are those of the list that came with rcli, from the day that is told
    beside them, or as you have set them (rcli config set prices.SKU USD-PER-SECOND).

    Example: rcli hardware list --host local
    """
    app = world(ctx)
    api = app.default_api()
    found = api.hardware()
    priced = [(each, *cost.of_hardware(each.sku, api.client.host.name, app.settings)) for each in found]
    table = inventory.hardware(priced, brief=app.screen.is_terminal)
    showing.rows(app, [row.raw for row in found], (row.sku for row in found), table)
    if api.client.host.name != LOCAL:
        app.screen.note("private models and deployments pay for setup and idle time too")
