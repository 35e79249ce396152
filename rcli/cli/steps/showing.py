"""The three forms that every list and every record has: the API's own JSON, names only, or a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rcli.app import App
from rcli.records import Prediction
from rcli.ui.views import Fields, Table


def rows(app: App, raw: Any, names: Iterable[str], table: Table, *, empty: str = "none") -> None:
    if app.flags.wants_json:
        app.screen.json(raw)
    elif app.flags.quiet:
        for name in names:
            app.screen.line(name)
    else:
        app.screen.table(*table, empty=empty)


def record(app: App, raw: Any, name: str, fields: Fields) -> None:
    if app.flags.wants_json:
        app.screen.json(raw)
    elif app.flags.quiet:
        app.screen.line(name)
    else:
        app.screen.fields(fields)


def deleted(app: App, noun: str, name: str, *, state: str = "is deleted") -> None:
    """What is there no more: its name for scripts that ask for names, a sentence for all others."""
    if app.flags.wants_json:
        app.screen.event({noun: name, "deleted": True})
    elif app.flags.quiet:
        app.screen.line(name)
    else:
        app.screen.say(f"{noun} {name} {state}")


def canceled(app: App, noun: str, now: Prediction, *, several: bool = False) -> None:
    """A prediction or training that has just been canceled; of several each is a line of JSON."""
    if app.flags.wants_json:
        app.screen.event(now.raw) if several else app.screen.json(now.raw)
    elif app.flags.quiet:
        app.screen.line(now.id)
    else:
        app.screen.say(f"{noun} {now.id} is {now.status}")


def ended_before(app: App, noun: str, found: Prediction) -> None:
    app.screen.say(f"{noun} {found.id} has ended already: {found.status}")
