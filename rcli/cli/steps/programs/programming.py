"""``rcli scaffold ID|MODEL``: the program that runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from rcli.cli.options import Inputs, world
from rcli.cli.run import ProjectFile
from rcli.errors import UsageError

PROGRAM = "program"


class Scaffold(TyperGroup):
    """A first word that is none of its verbs is what a program is to be written for."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        known = (*self.commands, *ctx.help_option_names)
        return super().parse_args(ctx, [PROGRAM, *args] if args and args[0] not in known else args)


def program(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ID|MODEL [KEY=VALUE]…", help="A prediction (an id, or last) or a model, and inputs."
        ),
    ] = None,
    input: Inputs = None,
    python: Annotated[bool, typer.Option("--python", help="For Python, with the package replicate.")] = False,
    node: Annotated[bool, typer.Option("--node", help="For Node.js, with the package replicate.")] = False,
    curl: Annotated[bool, typer.Option("--curl", help="For a shell, with curl.")] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write it there; nothing is replaced."),
    ] = None,
    file: ProjectFile = "cog.yaml",
) -> None:
    """Write the program that makes a prediction again, or runs a model with its default inputs.

    The version is pinned. Files are named, and sent by the program; the token and secret inputs come from
    the environment, and are not in it. The word program may be left out.

    \b
    Examples: rcli scaffold program last --python
              rcli scaffold program rcli/hello text=you --curl -o hello.sh
    """
    from rcli.cli.steps.programs import coding

    chosen = [name for name, wanted in (("python", python), ("node", node), ("curl", curl)) if wanted]
    if len(chosen) != 1:
        raise UsageError(
            "which language? One of --python, --node, --curl", hint="rcli scaffold last --python"
        )
    place = world(ctx).cwd / output if output else None
    coding.scaffold(world(ctx), chosen[0], words or [], input or [], place, file)
