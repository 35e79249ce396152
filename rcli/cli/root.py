"""All commands in one static table; a command's module is imported when it is called."""

from __future__ import annotations

from importlib import import_module
from typing import Any, cast

import typer
from typer.core import TyperCommand, TyperGroup

COMMANDS = {
    "run": ("rcli.cli.run:run", "Run a model and get its output."),
    "stream": ("rcli.cli.run:stream", "Run a language model and print its tokens as they come."),
    "exec": ("rcli.cli.exec:app", "Run a command in a model's environment."),
    "init": ("rcli.cli.init:init", "Write a Cog project that runs at once."),
    "scaffold": ("rcli.cli.scaffold:app", "Write a small program to begin with."),
    "push": ("rcli.cli.push:push", "Make a folder a version of a model, here or on Replicate."),
    "lock": ("rcli.cli.lock:lock", "Pin models' versions for a project."),
    "predictions": (
        "rcli.cli.predictions:app",
        "Create, follow, cancel and repeat predictions, save their outputs.",
    ),
    "train": ("rcli.cli.train:train", "Train a model on your data."),
    "trainings": ("rcli.cli.trainings:app", "See, follow and cancel trainings."),
    "library": ("rcli.cli.library:app", "What ran, kept on this machine when the service has forgotten it."),
    "models": ("rcli.cli.models:app", "Find models and see what they take; make and change your own."),
    "versions": ("rcli.cli.versions:app", "See a model's versions, and what changed between them."),
    "collections": ("rcli.cli.collections:app", "See models that belong together."),
    "search": ("rcli.cli.search:search", "Find models, collections and pages by words."),
    "deployments": ("rcli.cli.deployments:app", "Run a model under a name and on instances of your own."),
    "files": ("rcli.cli.files:app", "Upload files for models to read, save and delete them."),
    "hardware": ("rcli.cli.hardware:app", "What models run on, and what that costs."),
    "webhook": ("rcli.cli.webhook:app", "Receive webhooks on this machine and pass them on."),
    "ps": ("rcli.cli.ps:ps", "See what runs, wherever it does."),
    "serve": ("rcli.cli.serve:app", "Run the engine as a server for every Replicate client."),
    "api": ("rcli.cli.api:api", "Send any request to the API."),
    "auth": ("rcli.cli.auth:app", "Sign in and out."),
    "account": ("rcli.cli.account:app", "Whom your token belongs to."),
    "config": ("rcli.cli.config:app", "Read and change settings."),
    "doctor": ("rcli.cli.doctor:doctor", "Find what keeps rcli from working, and how to mend it."),
    "cache": ("rcli.cli.cache:app", "See and free the disk that local models use."),
    "completion": ("rcli.cli.completion:app", "Let your shell complete commands, models, ids and inputs."),
    "help": (
        "rcli.cli.help:help",
        "Tell about a command, or about exit-codes, environment, hosts, inputs, settings.",
    ),
}

GROUPS = {
    "Run": "run stream predictions ps library webhook",
    "Train": "train trainings",
    "Models": "models versions collections search deployments files hardware",
    "Projects": "init exec push lock scaffold",
    "This machine": "serve doctor cache",
    "Yourself": "auth account config api completion help",
}
"""How the help arranges the commands; those that are in none of them come last."""

TOPICS = ("exit-codes", "environment", "hosts", "inputs", "settings")
"""What ``rcli help`` tells beside the commands."""

_NAMES = {"help_option_names": ["-h", "--help"]}


class Root(TyperGroup):
    """The ``rcli`` command itself."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """``rcli help run`` is ``rcli run --help``; ``rcli help --help`` tells what help itself can do."""
        own = (*TOPICS, *ctx.help_option_names)
        if args[:1] == ["help"] and args[1:2] not in ([word] for word in own):
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
            from rcli.cli.habits import unknown_command

            raise unknown_command(args[0], COMMANDS, TOPICS)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: object, formatter: Any) -> None:
        grouped = {title: names.split() for title, names in GROUPS.items()}
        others = [name for name in COMMANDS if name not in " ".join(GROUPS.values()).split()]
        width = max(map(len, COMMANDS))
        for title, names in [*grouped.items(), ("More", others)]:
            rows = [(name.ljust(width), COMMANDS[name][1]) for name in names if name in COMMANDS]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


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
