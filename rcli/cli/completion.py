"""``rcli completion``: the scripts by which shells complete, printed or put in their place."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from rcli.cli.options import Command, group, world
from rcli.errors import UsageError
from rcli.services import shells

app = group("Let your shell complete commands, models, ids and inputs.")

Shell = Literal["bash", "zsh", "fish", "powershell"]


@app.command(cls=Command)
def install(
    ctx: typer.Context,
    shell: Annotated[
        Shell | None, typer.Option("--shell", metavar="SHELL", help="bash, zsh, fish or powershell.")
    ] = None,
) -> None:
    """Put the script into its place, and a line into the shell's start-up file where one is needed.

    Without --shell it is the one of $SHELL. Again does no harm: a newer rcli brings a newer script.

    Example: rcli completion install --shell bash
    """
    app = world(ctx)
    name = shell or shells.of_user(app.environ)
    if name is None:
        raise UsageError("which shell is yours is not known", hint="rcli completion install --shell zsh")
    done = shells.install(name, app.home, app.environ)
    app.screen.path(done.script)
    app.screen.say(_told(name, done))


@app.command(cls=Command)
def bash(ctx: typer.Context) -> None:
    """Print the script for bash.

    Example: rcli completion bash
    """
    _print(ctx, "bash")


@app.command(cls=Command)
def zsh(ctx: typer.Context) -> None:
    """Print the script for zsh.

    Example: rcli completion zsh
    """
    _print(ctx, "zsh")


@app.command(cls=Command)
def fish(ctx: typer.Context) -> None:
    """Print the script for fish.

    Example: rcli completion fish
    """
    _print(ctx, "fish")


@app.command(cls=Command)
def powershell(ctx: typer.Context) -> None:
    """Print the script for PowerShell.

    Example: rcli completion powershell
    """
    _print(ctx, "powershell")


def _told(shell: str, done: shells.Installed) -> str:
    if done.changed:
        return f"{done.changed} reads it from now on: open a new terminal"
    match done.before:
        case "nothing":
            return f"{shell} reads it from now on: open a new terminal"
        case "other":
            return "it has taken the place of another version: open a new terminal"
    return "it was there already, and is up to date"


def _print(ctx: typer.Context, shell: str) -> None:
    world(ctx).screen.text(shells.script(shell))
