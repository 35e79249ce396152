"""The three forms that every list and every record has: the API's own JSON, names only, or a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rcli.app import App
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
