"""``rcli run`` and ``rcli stream``: one prediction from the inputs to the files."""

from __future__ import annotations

from typing import Annotated

import typer

from rcli.cli.options import (
    CODE,
    FINISH,
    GIVING,
    PINS,
    PROJECT,
    SEVERAL,
    TERMS,
    Detach,
    Inputs,
    Logs,
    Output,
    OutputDir,
    also,
    chosen,
    world,
)

Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[MODEL] [KEY=VALUE]…", help="The model (in a Cog project: this one), and inputs."
    ),
]
ProjectFile = Annotated[
    str,
    typer.Option(
        "--file", "-f", metavar="NAME", help="The project's file, if not cog.yaml.", show_default=False
    ),
]


@also(*PROJECT, *GIVING, *TERMS, *SEVERAL, *CODE, *PINS, *FINISH)
def run(
    ctx: typer.Context,
    words: Words = None,
    input: Inputs = None,
    output: Output = None,
    output_dir: OutputDir = None,
    file: ProjectFile = "cog.yaml",
    detach: Detach = False,
    logs: Logs = False,
) -> int | None:
    """Run a model and get its output: text is printed as it comes, files are saved and their paths printed.

    MODEL is owner/name, owner/name:version, a folder with a cog.yaml, or deployments/owner/name.
    Inputs are key=value, key:=JSON, or key=@FILE; all at once they are -i FILE.json, -i FILE.yaml, -i -
    (standard input), or, with JSON to be printed as well, --json @FILE.

    \b
    Examples: rcli run rcli/hello -i text=world
              rcli run ./my-model -i image=@cat.png -o out.png
              rcli run rcli/names -i n=3 --sweep prompt=Ma,Be
    """
    from rcli.cli.steps.request.changes import overrides, variables
    from rcli.cli.steps.request.giving import giving
    from rcli.cli.steps.request.terms import terms
    from rcli.cli.steps.results.delivering import Wishes  # help texts need none of it
    from rcli.cli.steps.results.finish import finish
    from rcli.cli.steps.work.modes import mode

    wishes = Wishes(
        file,
        overrides(ctx),
        variables(ctx),
        detach=detach,
        target=output,
        folder=output_dir,
        terms=terms(ctx),
        giving=giving(ctx),
        logs=logs,
        finish=finish(ctx, output),
        locked=chosen(ctx, "--locked"),
    )
    return mode(ctx)(world(ctx), words or [], input or [], wishes)


@also(*PROJECT, *GIVING, *TERMS, *CODE, *PINS)
def stream(
    ctx: typer.Context,
    words: Words = None,
    input: Inputs = None,
    file: ProjectFile = "cog.yaml",
    logs: Logs = False,
) -> int | None:
    """Run a language model and print its tokens as they come, byte for byte.

    A model that does not stream prints what run would.

    Example: rcli stream rcli/smollm2 -i prompt="Tell me a joke"
    """
    from rcli.cli.steps.request.changes import overrides, variables
    from rcli.cli.steps.request.giving import giving
    from rcli.cli.steps.request.terms import terms
    from rcli.cli.steps.results.delivering import Wishes
    from rcli.cli.steps.work.modes import mode

    wishes = Wishes(
        file,
        overrides(ctx),
        variables(ctx),
        streams=True,
        terms=terms(ctx),
        giving=giving(ctx),
        logs=logs,
        locked=chosen(ctx, "--locked"),
    )
    return mode(ctx)(world(ctx), words or [], input or [], wishes)
