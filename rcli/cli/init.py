"""``rcli init``: a new project."""

from __future__ import annotations

import shlex
from pathlib import Path

import typer

from rcli.cli.options import NewFolder, world
from rcli.cli.steps import showing


def init(
    ctx: typer.Context,
    path: NewFolder = Path(),
) -> None:
    """Write a Cog project that runs at once: a model, its cog.yaml, a test. No file is ever overwritten.

    Example: rcli init my-model
    """
    from rcli.services.projects import scaffold

    app = world(ctx)
    folder = app.cwd / path
    files = scaffold.write(folder)
    names = [str(path / file.relative_to(folder)) for file in files]
    showing.rows(
        app, {"folder": str(folder), "files": names}, names, (("file",), [(name,) for name in names])
    )
    go = f"cd {shlex.quote(str(path))} && " if path != Path() else ""
    app.screen.say(f"next: {go}rcli run -i prompt=world")
