"""What a command changes of a project without editing it: packages, Python, variables."""

from __future__ import annotations

import typer

from rcli.cli.options import chosen
from rcli.records import Overrides


def overrides(ctx: typer.Context) -> Overrides:
    """What ``--with``, ``--any-python`` and ``--torch-backend`` say."""
    packages = tuple(chosen(ctx, "--with") or ())
    return Overrides(packages, bool(chosen(ctx, "--any-python")), chosen(ctx, "--torch-backend"))


def variables(ctx: typer.Context) -> tuple[str, ...]:
    """What ``-e`` says, as it was written."""
    return tuple(chosen(ctx, "--env") or ())
