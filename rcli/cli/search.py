"""``rcli search``: models, collections and pages."""

from __future__ import annotations

from typing import Annotated

import typer

from rcli.cli.options import Words, world
from rcli.cli.steps import showing
from rcli.ui import inventory

Most = Annotated[
    int, typer.Option("--limit", "-n", min=1, max=50, metavar="N", help="At most so many models, 1 to 50.")
]


def search(ctx: typer.Context, words: Words, limit: Most = 20) -> None:
    """Find models, collections and pages by words, the best first.

    Example: rcli search picture --host local
    """
    app = world(ctx)
    found = app.default_api().search(" ".join(words), limit)
    table = inventory.search(found, brief=app.screen.is_terminal)
    names = [
        *(row.full_name for row in found.models),
        *(row.slug for row in found.collections),
        *(href for _, href in found.pages),
    ]
    showing.rows(app, found.raw, names, table, empty="nothing was found")
