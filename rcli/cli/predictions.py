"""``rcli predictions``: what ran, what runs, and stopping it."""

from __future__ import annotations

import typer

from rcli.app import App
from rcli.cli import performing, showing
from rcli.cli.delivering import Wishes
from rcli.cli.options import Command, Limit, Output, OutputDir, Prediction, group, world
from rcli.errors import UsageError
from rcli.services import lists, predict
from rcli.services.library import Library
from rcli.services.predict import Running
from rcli.settings import LOCAL
from rcli.ui import views

app = group("List, show, watch and cancel predictions.")


@app.command("list", cls=Command)
def list_(ctx: typer.Context, limit: Limit = 20) -> None:
    """List predictions, the newest first.

    Example: rcli predictions list --host local
    """
    app = world(ctx)
    found = lists.first(limit, app.connect(app.default_host, as_is=True).predictions)
    table = views.predictions(found, age=app.screen.is_terminal)
    showing.rows(app, [row.raw for row in found], (row.id for row in found), table)


@app.command(cls=Command)
def show(ctx: typer.Context, id: Prediction) -> None:
    """Show one prediction: its state, input, output, logs and times.

    Example: rcli predictions show last
    """
    app = world(ctx)
    running = _found(app, id)
    prediction = running.prediction
    web = running.api.client.host.name != LOCAL
    fields = views.prediction(prediction, error=predict.explained(prediction), web=web)
    showing.record(app, prediction.raw, prediction.id, fields)


@app.command(cls=Command)
def watch(
    ctx: typer.Context,
    id: Prediction,
    output: Output = None,
    output_dir: OutputDir = None,
) -> None:
    """Follow a prediction to its end, and print or save its output as run does.

    Ctrl-C leaves it running.

    Example: rcli predictions watch last
    """
    app = world(ctx)
    wishes = Wishes(target=output, folder=output_dir)
    performing.check_target(app, wishes)
    running = _found(app, id)
    performing.watch(app, running, running.api.client.host.name, wishes)


@app.command(cls=Command)
def cancel(ctx: typer.Context, id: Prediction) -> None:
    """Cancel a prediction that is waiting or running.

    Example: rcli predictions cancel last
    """
    app = world(ctx)
    running = _found(app, id)
    if running.prediction.is_done:
        app.screen.say(f"prediction {running.prediction.id} has ended already: {running.prediction.status}")
        return
    canceled = running.cancel()
    if app.flags.wants_json:
        app.screen.json(canceled.raw)
    elif app.flags.quiet:
        app.screen.line(canceled.id)
    else:
        app.screen.say(f"prediction {canceled.id} is {canceled.status}")


def _found(app: App, text: str) -> Running:
    """A prediction by id, by the beginning of one that rcli made, or ``last``; an explicit host wins."""
    if not text:
        raise UsageError("no prediction is named", hint="rcli predictions list")
    remembered = Library(app.settings.paths.library).look_up(text)
    id, host = (remembered.id, remembered.host) if remembered else (text, app.default_host)
    return predict.find(app.connect(app.flags.host or host, as_is=True), id)
