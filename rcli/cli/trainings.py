"""``rcli trainings``: what was trained, what is being trained, and stopping it."""

from __future__ import annotations

from typing import Annotated

import typer

from rcli.app import App
from rcli.cli.options import Command, Every, Id, Limit, Logs, WaitTimeout, group, world
from rcli.cli.steps import showing
from rcli.cli.steps.results.saving import show_page
from rcli.cli.steps.trainings.attending import UNMOVED, attend, attention, check_table, coming_back, conclude
from rcli.cli.steps.work.following import tell_log, tell_logs
from rcli.cli.train import Csv, Download
from rcli.errors import NoAnswer
from rcli.services import lists, local, times
from rcli.services.work import predict, training
from rcli.services.work.training import Hosts, Training
from rcli.settings import LOCAL
from rcli.ui import views

app = group("See and follow trainings, cancel them, open their pages.")

OptionalId = Annotated[
    str | None, typer.Argument(metavar="[ID]", help="As for show; without one it is the training that runs.")
]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until its end.")]


@app.command("list", cls=Command)
def list_(ctx: typer.Context, limit: Limit = 20, all: Every = False) -> None:
    """List trainings, the newest first.

    Example: rcli trainings list --host local
    """
    app = world(ctx)
    rows = lists.first(limit, app.default_api().trainings, all=all)
    table = views.trainings(rows, age=app.screen.is_terminal)
    showing.rows(app, [row.raw for row in rows], (row.id for row in rows), table)


@app.command(cls=Command)
def show(ctx: typer.Context, id: Id) -> None:
    """Show one training: its state, input, new version, logs and times.

    Example: rcli trainings show last
    """
    app = world(ctx)
    found = training.look_up(_hosts(app), id)
    prediction = found.prediction
    fields = views.prediction(prediction, error=predict.explained(prediction), web=found.host != LOCAL)
    fields.insert(3, ("destination", prediction.raw.get("destination")))
    showing.record(app, prediction.raw, prediction.id, fields)


@app.command(cls=Command)
def watch(
    ctx: typer.Context,
    id: OptionalId = None,
    logs: Logs = False,
    csv: Csv = None,
    download: Download = False,
) -> None:
    """Follow a training to its end, from its first log line on, and print its new version.

    Without an ID it is the one that runs. Ctrl-C leaves it running. With --json every event is a line; where
    there is no terminal to draw on, the log's lines go to stderr.

    Example: rcli trainings watch
    """
    app = world(ctx)
    wanted = attention(app, logs=logs, csv=csv, downloads=download)
    check_table(wanted.table)
    found = _found(app, id)
    with app.screen.cockpit(_title(found)) as display:
        attend(app, found, display, wanted)


@app.command(cls=Command)
def logs(ctx: typer.Context, id: OptionalId = None, follow: Follow = False) -> None:
    """Print a training's log, byte for byte.

    Example: rcli trainings logs last -f
    """
    app = world(ctx)
    found = _found(app, id)
    if not follow:
        tell_log(app, found.prediction.logs)
        return
    with coming_back(found, UNMOVED, app.screen.display(_title(found))):
        tell_logs(app, found.events())


@app.command(cls=Command)
def wait(ctx: typer.Context, id: OptionalId = None, timeout: WaitTimeout = None) -> None:
    """Wait until a training has ended, and print its new version.

    After --timeout the exit code is 5, and the training goes on.

    Example: rcli trainings wait --timeout 1h
    """
    app = world(ctx)
    seconds = None if timeout is None else times.duration(timeout, "--timeout")
    found = _found(app, id)
    with app.screen.display(_title(found)) as display, coming_back(found, UNMOVED, display):
        if not training.ended_within(found, seconds, lambda status: display.phase(status)):
            raise NoAnswer(f"the training has not ended after {timeout}, and goes on")
    conclude(app, found)


@app.command(cls=Command)
def cancel(ctx: typer.Context, id: Id) -> None:
    """Cancel a training that is waiting or running.

    Example: rcli trainings cancel last
    """
    app = world(ctx)
    found = training.look_up(_hosts(app), id)
    if found.prediction.is_done:
        showing.ended_before(app, "training", found.prediction)
        return
    showing.canceled(app, "training", found.cancel())


@app.command("open", cls=Command)
def open_(ctx: typer.Context, id: OptionalId = None) -> None:
    """Open a training's page in the browser; without one its address is printed.

    A training of this machine has no page: its address in the API is printed.

    Example: rcli trainings open last
    """
    app = world(ctx)
    found = _found(app, id)
    page = found.prediction.urls.get("web") if found.host != LOCAL else None
    if page:
        show_page(app, page)
    else:
        app.screen.note("it has no page; this is its address in the API:")
        app.screen.line(found.prediction.urls.get("get", ""))


def _hosts(app: App) -> Hosts:
    """Where a training may be: on the usual host, and on this machine if its engine runs."""
    first = app.default_host
    also_here = first != LOCAL and not app.flags.host and local.running(app.settings) is not None
    return [app.connect(name, as_is=True) for name in (first, *([LOCAL] if also_here else []))]


def _found(app: App, id: str | None) -> Training:
    hosts = _hosts(app)
    return training.running(hosts) if id is None else training.look_up(hosts, id)


def _title(found: Training) -> str:
    return f"{found.host} · {found.prediction.raw.get('destination') or found.prediction.model}"
