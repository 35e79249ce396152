"""``rcli cache``: the disk that local models use."""

from __future__ import annotations

from typing import Annotated

import typer

from rcli.app import App
from rcli.cli.options import Command, group, world
from rcli.cli.steps import showing
from rcli.errors import UsageError
from rcli.records import Json
from rcli.settings import parse_duration
from rcli.ui import views

app = group("See and free the disk that local models use.")

SHARED = "uv's cache is shared with other programs: rcli cache prune --uv lets uv prune it"


@app.command("list", cls=Command)
def list_(ctx: typer.Context) -> None:
    """List what lies on the disk with its size and last use.

    Environments share most of their size with uv's own cache, which other programs use as well.

    Example: rcli cache list
    """
    app = world(ctx)
    entries = app.engine(as_is=True).caches()
    _table(app, entries, entries, empty="the cache is empty")


@app.command(cls=Command)
def prune(
    ctx: typer.Context,
    all_: Annotated[bool, typer.Option("--all", help="All that is not in use, however new.")] = False,
    older_than: Annotated[
        str | None, typer.Option(metavar="AGE", help="What was not used for so long: 30d, 12h.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would go.")] = False,
    uv: Annotated[bool, typer.Option("--uv", help="Also uv's cache, which other programs share.")] = False,
) -> None:
    """Free disk: environments, snapshots and uploads that nobody used for 30 days, files that nothing needs.

    With --older-than or --all, predictions that ended before lose input, output and logs as well. What is in
    use stays: loaded models, what pushed, trained and deployed ones are made of, and without --all the
    environments of rcli's own models.

    Example: rcli cache prune --older-than 7d --dry-run
    """
    app = world(ctx)
    if all_ and older_than is not None:
        raise UsageError("--all and --older-than exclude each other")
    if dry_run and uv:
        raise UsageError("uv cannot tell beforehand what it would prune", hint="leave out --uv")
    age = None if older_than is None else parse_duration(older_than, "--older-than")
    told = app.engine(as_is=True).prune(everything=all_, older_than=age, dry_run=dry_run, uv=uv)
    if dry_run or app.flags.quiet or app.flags.wants_json:
        _table(app, told, told["entries"], empty="nothing would go")
    if not app.flags.wants_json:
        _summary(app, told, "would free" if dry_run else "freed")


def _table(app: App, raw: Json | list[Json], entries: list[Json], *, empty: str) -> None:
    ids = (entry["id"] for entry in entries)
    showing.rows(app, raw, ids, views.caches(entries, age=app.screen.is_terminal), empty=empty)


def _summary(app: App, told: Json, freed: str) -> None:
    emptied = {0: "", 1: ", and the data of 1 prediction"}.get(
        told["predictions"], f", and the data of {told['predictions']} predictions"
    )
    app.screen.say(f"{freed} {views.size(told['freed_bytes'])}: {told['removed']} removed{emptied}")
    if told["uv"]:
        app.screen.say(f"uv: {told['uv'].strip().splitlines()[-1]}")
    else:
        app.screen.note(SHARED)
