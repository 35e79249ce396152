"""``rcli predictions cancel``: some, or all that rcli made and that have not ended."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from rcli.app import App
from rcli.cli.options import Yes, world
from rcli.cli.steps import showing
from rcli.cli.steps.confirming import confirmed
from rcli.cli.steps.lookup import found, library
from rcli.errors import Interrupted, NotFound, RcliError, UsageError
from rcli.records import Prediction
from rcli.services.library.records import Entry
from rcli.services.work.predict import Running
from rcli.services.work.waiting import known_states

Some = Annotated[list[str] | None, typer.Argument(metavar="[ID]…", help="Ids, beginnings of them, or last.")]
All = Annotated[bool, typer.Option("--all", help="All that rcli made on the host and that have not ended.")]


def cancel(ctx: typer.Context, ids: Some = None, all: All = False, yes: Yes = False) -> int:
    """Cancel predictions that are waiting or running.

    --all spares those that other programs made, and asks first.

    Examples: rcli predictions cancel last
              rcli predictions cancel --all --host local --yes
    """
    app = world(ctx)
    if all == bool(ids):
        raise UsageError("name predictions, or take --all", hint="rcli predictions cancel last")
    if not all:
        return max(_tried(app, text) for text in dict.fromkeys(ids or ()))
    return _cancel_all(app, yes)


def _cancel_all(app: App, yes: bool) -> int:
    host = app.default_host
    running = _running(app, host)
    if not running:
        app.screen.say(f"nothing that rcli made runs on {host}")
        return 0
    named = ", ".join(f"{each.prediction.id} ({each.prediction.model})" for each in running)
    if not yes and not confirmed(app, f"Cancel {len(running)} on {host}: {named}?"):
        app.screen.say("nothing was canceled")
        return 0
    return max(_canceled(app, each, host) for each in running)


def _running(app: App, host: str) -> list[Running]:
    """What the library knows as running and the service too; the library learns what has ended."""
    kept = library(app)
    entries: dict[str, Entry] = {entry.id: entry for entry in kept.unended(host)}
    if not entries:
        return []
    api = app.connect(host, as_is=True)
    states: Iterable[Prediction] = known_states(api, entries, lambda id: kept.mark_removed(entries[id]))
    running = []
    for prediction in states:
        if prediction.is_done:
            kept.refresh(prediction, host)
        else:
            running.append(Running(api, prediction))
    return running


def _tried(app: App, text: str) -> int:
    """Cancels one of those that were named; what is wrong with it does not spare the others."""
    try:
        running = found(app, text)
        return _canceled(app, running, running.api.client.host.name)
    except Interrupted:
        raise
    except RcliError as exc:
        app.screen.error(exc)
        return exc.exit_code


def _canceled(app: App, running: Running, host: str) -> int:
    if running.prediction.is_done:
        showing.ended_before(app, "prediction", running.prediction)
        return 0
    try:
        canceled = running.cancel()
    except NotFound as exc:
        app.screen.error(exc)
        return exc.exit_code
    library(app).refresh(canceled, host)
    showing.canceled(app, "prediction", canceled, several=True)
    return 0
