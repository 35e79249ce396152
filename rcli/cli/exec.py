"""``rcli exec``: a command in a model's environment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from rcli.app import App
from rcli.cli.options import PROJECT, Command, also, world
from rcli.cli.run import ProjectFile
from rcli.errors import UsageError
from rcli.references import FolderReference, is_folder
from rcli.settings import LOCAL

if TYPE_CHECKING:
    from rcli.records import Overrides

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command(
    cls=Command,
    context_settings={"help_option_names": ["-h", "--help"], "allow_interspersed_args": False},
)
@also(*PROJECT)
def exec_(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH] [--] CMD…", help="The project (here, if left out) and the command."),
    ] = None,
    file: ProjectFile = "cog.yaml",
) -> None:
    """Run a command in a model's environment, in the project's own folder: python, a script, a test, a shell.

    The environment is the one that run uses; it is made if there is none yet. What stands behind the
    command's first word is its own. It gets your variables but REPLICATE_API_TOKEN; its exit code is rcli's.

    \b
    Examples: rcli exec python
              rcli exec -e DEBUG=1 ./my-model -- python -m unittest
    """
    from rcli.cli.steps.request.changes import overrides, variables

    folder, command = _split(world(ctx), words or [])
    _run(world(ctx), folder, command, file, overrides(ctx), variables(ctx))


def _split(app: App, words: Sequence[str]) -> tuple[FolderReference, Sequence[str]]:
    """The project's folder and the command: a folder can be no command, and ``--`` divides them in any case.

    Raises UsageError where there is no command.
    """
    path, command = ".", list(words)
    if command and is_folder(command[0]) and (command[1:2] == ["--"] or _is_directory(app, command[0])):
        path, *command = command
        command = command[1:] if command[:1] == ["--"] else command
    if not command:
        raise UsageError("there is no command to run", hint="rcli exec python")
    prefix, reference = app.parse(path)
    app.host_for(prefix, reference)
    assert isinstance(reference, FolderReference)
    return reference, command


def _is_directory(app: App, word: str) -> bool:
    _, reference = app.parse(word)
    return isinstance(reference, FolderReference) and reference.path.is_dir()


def _run(
    app: App,
    folder: FolderReference,
    command: Sequence[str],
    file: str,
    overrides: Overrides,
    written: Sequence[str],
) -> None:
    from rcli.services.projects import execution
    from rcli.services.request import variables

    own = variables.parse(written, app.environ)
    with app.screen.display(f"{LOCAL} · {folder}") as display:
        display.phase("connecting", f"to {LOCAL}")
        bench, hold = execution.prepare(
            app.engine(), folder.path, file, overrides, lambda line: display.phase("environment", line)
        )
        environ = execution.environment(app.environ, bench, own, folder.path)
    app.signals.hand_over()
    execution.become(command, environ, folder.path, hold)
