"""``rcli predictions``: what ran, what runs, and stopping it."""

from __future__ import annotations

from typing import Annotated

import typer

from rcli.app import App
from rcli.cli.options import (
    FINISH,
    GIVING,
    PROJECT,
    SEVERAL,
    TERMS,
    Command,
    Every,
    Id,
    Inputs,
    Limit,
    Output,
    OutputDir,
    also,
    group,
    world,
)
from rcli.cli.options import Logs as LogsToo
from rcli.cli.run import ProjectFile, Words
from rcli.cli.steps import showing
from rcli.cli.steps.lookup import found, library, place
from rcli.cli.steps.request.changes import overrides, variables
from rcli.cli.steps.request.giving import giving
from rcli.cli.steps.request.terms import terms
from rcli.cli.steps.results.delivering import Wishes
from rcli.cli.steps.results.finish import finish
from rcli.cli.steps.results.saving import download, open_
from rcli.cli.steps.work import following, performing
from rcli.cli.steps.work.canceling import cancel
from rcli.cli.steps.work.modes import mode
from rcli.cli.steps.work.rerunning import rerun
from rcli.cli.steps.work.waiting import wait
from rcli.errors import NotFound, RcliError
from rcli.services import lists
from rcli.services.work import predict
from rcli.settings import LOCAL
from rcli.ui import views

app = group("Create predictions, see and follow them, run them again, save what they gave.")


@app.command("list", cls=Command)
def list_(ctx: typer.Context, limit: Limit = 20, all: Every = False) -> None:
    """List predictions, the newest first.

    Example: rcli predictions list --host local
    """
    app = world(ctx)
    rows = lists.first(limit, app.default_api().predictions, all=all)
    table = views.predictions(rows, age=app.screen.is_terminal)
    showing.rows(app, [row.raw for row in rows], (row.id for row in rows), table)


@app.command(cls=Command)
def show(ctx: typer.Context, id: Id) -> None:
    """Show one prediction: its state, input, output, logs and times.

    Example: rcli predictions show last
    """
    app = world(ctx)
    running = found(app, id)
    prediction = running.prediction
    if prediction.is_done:
        library(app).refresh(prediction, running.api.client.host.name)
    web = running.api.client.host.name != LOCAL
    fields = views.prediction(prediction, error=predict.explained(prediction), web=web)
    showing.record(app, prediction.raw, prediction.id, fields)
    if prediction.data_removed:
        app.screen.note(f"rcli library show {prediction.id} tells what rcli has kept of it")


@app.command(cls=Command)
@also(*FINISH)
def watch(
    ctx: typer.Context,
    id: Id,
    output: Output = None,
    output_dir: OutputDir = None,
    logs: LogsToo = False,
) -> None:
    """Follow a prediction to its end, and print or save its output as run does.

    Ctrl-C leaves it running.

    Example: rcli predictions watch last
    """
    app = world(ctx)
    wishes = Wishes(target=output, folder=output_dir, finish=finish(ctx, output), logs=logs)
    performing.check_target(app, wishes)
    running = found(app, id)
    performing.watch(app, running, running.api.client.host.name, wishes)


@app.command(cls=Command)
def logs(
    ctx: typer.Context,
    id: Id,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what comes, until the prediction ends.")
    ] = False,
) -> None:
    """Print a prediction's log, byte for byte.

    Example: rcli predictions logs last -f
    """
    app = world(ctx)
    host, whole = place(app, id)
    if follow:
        following.tell_logs(app, found(app, id).events(streams=False))
        return
    following.tell_log(app, _log(app, host, whole))


@app.command(cls=Command)
@also(*PROJECT, *GIVING, *TERMS, *SEVERAL)
def create(
    ctx: typer.Context,
    words: Words = None,
    input: Inputs = None,
    file: ProjectFile = "cog.yaml",
) -> int | None:
    """Create a prediction and print it as it is then, without waiting for its end.

    MODEL and inputs are written as for rcli run. Of several (--repeat, --sweep) the ids are printed.

    Examples: rcli predictions create rcli/hello text=world -q
              rcli predictions create rcli/hello --sweep text=a,b -q
    """
    wishes = Wishes(
        file,
        overrides(ctx),
        variables(ctx),
        detach=True,
        whole=True,
        terms=terms(ctx),
        giving=giving(ctx),
    )
    return mode(ctx)(world(ctx), words or [], input or [], wishes)


def _log(app: App, host: str, id: str) -> str:
    """The log as the service has it, or as the library does. Raises NotFound, RcliError if nobody has it."""
    known = library(app).known(id, host)
    try:
        prediction = predict.find(app.connect(host, as_is=True), id).prediction
    except NotFound:
        if known is None:
            raise
    else:
        if prediction.is_done:
            library(app).refresh(prediction, host)
        if prediction.logs or not prediction.data_removed:
            return prediction.logs
    if known is None or known.logs is None:
        raise RcliError(f"the service has removed the log of prediction {id}")
    app.screen.note("the service has removed it; this is the library's")
    return known.logs


app.command(cls=Command)(cancel)
app.command(cls=Command)(wait)
app.command(cls=Command)(rerun)
app.command(cls=Command)(download)
app.command("open", cls=Command)(open_)
