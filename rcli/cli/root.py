"""All commands in one static table; a command's module is imported when it is called."""

from __future__ import annotations

from importlib import import_module
from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup

from rcli.errors import UsageError

COMMANDS = {
    "run": ("rcli.cli.run:run", "Run a model and get its output."),
    "stream": ("rcli.cli.run:stream", "Run a language model and print its tokens as they come."),
    "exec": ("rcli.cli.exec:app", "Run a command in a model's environment."),
    "init": ("rcli.cli.init:init", "Write a Cog project that runs at once."),
    "push": ("rcli.cli.push:push", "Make a folder a version of a model, here or on Replicate."),
    "lock": ("rcli.cli.lock:lock", "Pin models' versions for a project."),
    "predictions": (
        "rcli.cli.predictions:app",
        "Create, follow, cancel and repeat predictions, save their outputs.",
    ),
    "train": ("rcli.cli.train:train", "Train a model on your data."),
    "trainings": ("rcli.cli.trainings:app", "See, follow and cancel trainings."),
    "library": ("rcli.cli.library:app", "What ran, kept on this machine when the service has forgotten it."),
    "models": ("rcli.cli.models:app", "List and show models and their inputs."),
    "serve": ("rcli.cli.serve:app", "Run the engine as a server for every Replicate client."),
    "auth": ("rcli.cli.auth:app", "Sign in and out."),
    "config": ("rcli.cli.config:app", "Read and change settings."),
    "cache": ("rcli.cli.cache:app", "See and free the disk that local models use."),
}

_NAMES = {"help_option_names": ["-h", "--help"]}


class Root(TyperGroup):
    """The ``rcli`` command itself."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """``rcli help run`` is ``rcli run --help``."""
        if args[:1] == ["help"]:
            args = [*args[1:], "--help"]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: object) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: object, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        if cmd_name not in self.commands:
            self.commands[cmd_name] = _loaded(cmd_name)
        return self.commands[cmd_name]

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            raise _unknown(args[0])
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: object, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in COMMANDS.items()])


def build() -> TyperCommand:
    """The command tree, with nothing of it imported yet."""
    app = typer.Typer(
        cls=Root, add_completion=False, rich_markup_mode=None, context_settings=_NAMES, no_args_is_help=True
    )
    app.callback()(rcli)
    return cast(TyperCommand, typer.main.get_command(app))


def rcli(
    version: bool = typer.Option(False, "--version", "-V", help="Show the version and exit.", is_eager=True),
) -> None:
    """The terminal for machine-learning models: in Replicate's cloud, and on this machine.

    \b
    rcli run stability-ai/sdxl -i prompt="a cat in space"
    rcli stream rcli/smollm2 -i prompt="Tell me a joke"
    rcli run ./my-model -i image=@cat.png -o out.png
    """
    if version:
        from rcli import __version__

        typer.echo(f"rcli {__version__}")
        raise typer.Exit


def _unknown(name: str) -> UsageError:
    from difflib import get_close_matches

    near = get_close_matches(name, COMMANDS, n=1)
    hint = f"did you mean rcli {near[0]}?" if near else "rcli --help"
    return UsageError(f"there is no command {name!r}", hint=hint)


def _loaded(name: str) -> TyperCommand:
    path, _ = COMMANDS[name]
    module, _, attribute = path.partition(":")
    found = getattr(import_module(module), attribute)
    app = found if isinstance(found, typer.Typer) else _single(found)
    command = cast(TyperCommand, typer.main.get_command(app))
    command.name = name
    return command


def _single(function: Any) -> typer.Typer:
    from rcli.cli.options import Command

    app = typer.Typer(add_completion=False, rich_markup_mode=None, context_settings=_NAMES)
    app.command(cls=Command)(function)
    return app
