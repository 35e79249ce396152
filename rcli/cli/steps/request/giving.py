"""How a model gets its inputs: asked for, shrunk on the way, or only shown."""

from __future__ import annotations

from dataclasses import dataclass

import typer

from rcli.cli.further import chosen
from rcli.services.request.sending import Box, box


@dataclass(frozen=True)
class Giving:
    """Pictures are shrunk to ``box``; ``asks_all``: a person is asked for every input; ``dry_run``: nothing
    is sent.
    """

    box: Box | None = None
    asks_all: bool = False
    dry_run: bool = False


AS_WRITTEN = Giving()


def giving(ctx: typer.Context) -> Giving:
    """What the options of a command say. Raises UsageError for a size that is none."""
    return Giving(
        box(chosen(ctx, "--resize")), bool(chosen(ctx, "--interactive")), bool(chosen(ctx, "--dry-run"))
    )
