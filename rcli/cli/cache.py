"""``rcli cache``: the disk that local models use."""

from __future__ import annotations

from typing import Annotated

import typer

from rcli.cli import showing
from rcli.cli.options import Command, group, world
from rcli.ui import views

app = group("See and free the disk that local models use.")


@app.command("list", cls=Command)
def list_(ctx: typer.Context) -> None:
    """List environments, snapshots and files with their sizes and last use.

    Example: rcli cache list
    """
    app = world(ctx)
    entries = app.engine(as_is=True).caches()
    table = views.caches(entries, age=app.screen.is_terminal)
    showing.rows(app, entries, (entry["id"] for entry in entries), table, empty="the cache is empty")


@app.command(cls=Command)
def prune(
    ctx: typer.Context,
    all_: Annotated[bool, typer.Option("--all", help="Also what was used in the last 30 days.")] = False,
) -> None:
    """Remove what no loaded model needs: environments and snapshots unused for 30 days, expired files.

    Example: rcli cache prune --all
    """
    app = world(ctx)
    told = app.engine(as_is=True).prune(everything=all_)
    if app.flags.wants_json:
        app.screen.json(told)
    else:
        app.screen.say(f"freed {views.size(told['freed_bytes'])} ({told['removed']} removed)")
