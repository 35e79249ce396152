"""``rcli scaffold``: programs that one goes on with."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from rcli.cli.options import Command, NewFolder, group, world
from rcli.cli.steps import showing
from rcli.cli.steps.programs.programming import PROGRAM, Scaffold, program
from rcli.errors import UsageError

app = group()
app.info.cls = Scaffold


@app.callback()
def scaffold() -> None:
    """Write a small program: for a prediction or a model (rcli scaffold ID|MODEL), or for webhooks.

    For a model's project see rcli init.
    """


@app.command(cls=Command)
def webhook(
    ctx: typer.Context,
    path: NewFolder = Path(),
    python: Annotated[bool, typer.Option("--python", help="For Python.")] = False,
    node: Annotated[bool, typer.Option("--node", help="For Node.js.")] = False,
) -> None:
    """Write a small handler of webhooks: it verifies them, and stands rcli webhook check.

    It needs no packages. No file is ever overwritten.

    Example: rcli scaffold webhook --python my-handler
    """
    from rcli.services.projects import scaffold

    if python == node:
        raise UsageError("say which language", hint="rcli scaffold webhook --python, or --node")
    app = world(ctx)
    language, start = ("python", "python webhook.py") if python else ("node", "node webhook.mjs")
    folder = app.cwd / path
    files = scaffold.write(folder, f"webhook-{language}", f"rcli scaffold webhook --{language}")
    names = [str(path / file.relative_to(folder)) for file in files]
    showing.rows(
        app, {"folder": str(folder), "files": names}, names, (("file",), [(name,) for name in names])
    )
    go = f"cd {shlex.quote(str(path))} && " if path != Path() else ""
    app.screen.say(f"next: {go}REPLICATE_WEBHOOK_SIGNING_SECRET=$(rcli webhook secret) {start}")


app.command(PROGRAM, cls=Command)(program)
