"""``rcli trainings``: what was trained, what is being trained, and stopping it."""

from __future__ import annotations

from typing import Annotated

import typer

from rcli.cli.options import Command, Every, Id, Limit, Logs, WaitTimeout, group, world
from rcli.cli.steps import showing
from rcli.cli.steps.lookup import library
from rcli.cli.steps.results.saving import show_page
from rcli.cli.steps.trainings.attending import UNMOVED, attend, attention, check_table, coming_back, conclude
from rcli.cli.steps.trainings.finding import found
from rcli.cli.steps.work.following import tell_log, tell_logs
from rcli.cli.train import Csv, Download
from rcli.errors import NoAnswer, NotFound, RcliError
from rcli.services import lists, times
from rcli.services.work import predict, training
from rcli.services.work.training import Remembered, Training
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
    shown = found(app, id)
    prediction = shown.prediction
    known = library(app, "training").known(prediction.id, shown.host)
    goal = prediction.raw.get("destination") or (known.destination if known else None)
    fields = views.prediction(prediction, error=predict.explained(prediction), web=shown.host != LOCAL)
    fields.insert(3, ("destination", goal))
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
    watched = found(app, id)
    if not isinstance(watched, Remembered):
        library(app, "training").remember(watched.prediction, watched.host)
    with app.screen.cockpit(_title(watched)) as display:
        attend(app, watched, display, wanted)


@app.command(cls=Command)
def logs(ctx: typer.Context, id: OptionalId = None, follow: Follow = False) -> None:
    """Print a training's log, byte for byte.

    Example: rcli trainings logs last -f
    """
    app = world(ctx)
    told = found(app, id)
    if isinstance(told, Remembered) and not told.prediction.logs:
        raise RcliError(f"{told.host} has removed the log of training {told.prediction.id}")
    if not follow:
        tell_log(app, told.prediction.logs)
        return
    with coming_back(app, told, UNMOVED, app.screen.display(_title(told))):
        tell_logs(app, told.events())


@app.command(cls=Command)
def wait(ctx: typer.Context, id: OptionalId = None, timeout: WaitTimeout = None) -> None:
    """Wait until a training has ended, and print its new version.

    After --timeout the exit code is 5, and the training goes on.

    Example: rcli trainings wait --timeout 1h
    """
    app = world(ctx)
    seconds = None if timeout is None else times.duration(timeout, "--timeout")
    waited = found(app, id)
    with app.screen.display(_title(waited)) as display, coming_back(app, waited, UNMOVED, display):
        if not training.ended_within(waited, seconds, lambda status: display.phase(status)):
            raise NoAnswer(f"the training has not ended after {timeout}, and goes on")
    conclude(app, waited)


@app.command(cls=Command)
def cancel(ctx: typer.Context, id: Id) -> None:
    """Cancel a training that is waiting or running.

    Example: rcli trainings cancel last
    """
    app = world(ctx)
    running = found(app, id)
    if running.prediction.is_done:
        showing.ended_before(app, "training", running.prediction)
        return
    canceled = running.cancel()
    library(app, "training").refresh(canceled, running.host)
    showing.canceled(app, "training", canceled)


@app.command("open", cls=Command)
def open_(ctx: typer.Context, id: OptionalId = None) -> None:
    """Open a training's page in the browser; without one its address is printed.

    A training of this machine has no page: its address in the API is printed.

    Example: rcli trainings open last
    """
    app = world(ctx)
    opened = found(app, id)
    urls = opened.prediction.urls
    if opened.host != LOCAL and "web" in urls:
        show_page(app, urls["web"])
    elif "get" in urls:
        app.screen.note("it has no page; this is its address in the API:")
        app.screen.line(urls["get"])
    else:
        id = opened.prediction.id
        raise NotFound(f"{opened.host} has forgotten training {id}", hint=f"rcli library show {id}")


def _title(shown: Training) -> str:
    return f"{shown.host} · {shown.prediction.raw.get('destination') or shown.prediction.model}"
