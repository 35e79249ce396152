"""``rcli webhook replay``: a prediction's webhook once more, from whoever still knows it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

import typer

from rcli.app import App
from rcli.cli.options import Ids, also, further, world
from rcli.cli.options import chosen as option
from rcli.cli.steps import lookup
from rcli.cli.steps.webhooks import handling
from rcli.cli.steps.webhooks.forwarding import kinds
from rcli.errors import NotFound, UsageError
from rcli.listener import journal
from rcli.listener.events import MADE_BY, Event
from rcli.listener.running import Place
from rcli.listener.sending import send, signed, told_of
from rcli.records import Prediction
from rcli.services.library import LAST
from rcli.webhooks import Kind, new_message_id

SOURCES = ("journal", "service", "library")

Kinds = Annotated[
    list[str] | None,
    typer.Option("--event", metavar="EVENT", help="start, output, logs or completed, which is meant else."),
]


@also(
    further(["--from"], "Who tells: journal, service or library; else the first that can.", metavar="WHO"),
    further(["--new-id"], "Under ids of their own, for handlers that remember those they have seen."),
    *handling.HANDLER,
)
def replay(ctx: typer.Context, ids: Ids, event: Kinds = None) -> int:
    """Send webhooks of past predictions to your handler again, signed anew.

    What rcli webhook listen has kept is sent byte for byte under its id; of anything else the message is
    made of what the service, or the library, knows now.

    Example: rcli webhook replay last --forward-to http://localhost:3000/webhook
    """
    app = world(ctx)
    endpoint = handling.endpoint(ctx)
    wanted = kinds(event or ["completed"], "--event")
    events = [found for id in ids for found in _events(ctx, app, id, wanted)]
    return handling.tell(app, events, send(events, endpoint))


def _events(ctx: typer.Context, app: App, text: str, wanted: frozenset[Kind]) -> list[Event]:
    """Raises NotFound when nobody knows them."""
    asked = option(ctx, "--from")
    if asked and asked not in SOURCES:
        raise UsageError(f"--from takes {', '.join(SOURCES)}, not {asked!r}", hint="--from service")
    host, id = lookup.place(app, text, "prediction" if text == LAST else None)
    key = handling.key(ctx, host)
    ways: dict[str, Callable[[], list[Event]]] = {
        "journal": lambda: _kept(app, id, key, wanted),
        "service": lambda: _made(_asked(app, host, id), key, wanted),
        "library": lambda: _made(_remembered(app, host, id), key, wanted),
    }
    for name, way in ways.items():
        if asked in (None, name) and (found := way()):
            return [_renamed(each, key) for each in found] if option(ctx, "--new-id") else found
    known = lookup.library(app, None).known(id, host)
    hint = f"rcli {known.entry.kind}s show {text}" if known else f"rcli predictions list --host {host}"
    raise NotFound(_unknown(text, host, asked, " or ".join(sorted(wanted))), hint=hint)


def _unknown(text: str, host: str, asked: str | None, wanted: str) -> str:
    who = {"journal": "what rcli webhook listen has kept", "service": host, "library": "the library"}
    where = f"not to {who[asked]}" if asked else f"neither to {', nor to '.join(who.values())}"
    return f"no {wanted} event of {text} is known, {where}"


def _kept(app: App, id: str, key: str, wanted: frozenset[Kind]) -> list[Event]:
    """What listeners have kept: each event as it came, signed again."""
    found = journal.recorded(Place(app.settings.paths.webhooks, "").journal, id)
    chosen = [each for each in found if each.kind in wanted or each.id == id]
    return [replace(each, headers=_marked(each)).signed(key, time.time()) for each in chosen]


def _marked(event: Event) -> dict[str, str]:
    return {**event.headers, MADE_BY: "replay"}


def _made(record: Prediction | None, key: str, wanted: frozenset[Kind]) -> list[Event]:
    told = [told_of(record, kind) for kind in wanted] if record else []
    return [signed(message, key, "replay", time.time()) for message in told if message]


def _asked(app: App, host: str, id: str) -> Prediction | None:
    """What the service knows, unless it has removed what matters. Raises RcliErrors but NotFound."""
    api = app.connect(host, as_is=True)
    for ask in (api.prediction, api.training):
        try:
            found = ask(id)
        except NotFound:
            continue
        return None if found.data_removed and lookup.library(app, None).known(id, host) else found
    return None


def _remembered(app: App, host: str, id: str) -> Prediction | None:
    record = lookup.library(app, None).known(id, host)
    return record.as_told() if record else None


def _renamed(event: Event, key: str) -> Event:
    return replace(event, id=new_message_id()).signed(key, time.time())
