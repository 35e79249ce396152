"""What all commands share: the common options, and groups that know them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from rcli.app import App
from rcli.cli import examples
from rcli.cli.further import also as also
from rcli.cli.further import chosen as chosen
from rcli.cli.further import further as further
from rcli.references import is_folder
from rcli.ui.screen import program

Inputs = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        "-i",
        metavar="KEY=VALUE",
        help="An input: key=value, key:=JSON or key=@FILE; or a file of all.",
    ),
]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, metavar="N", help="At most this many rows.")]
Every = Annotated[bool, typer.Option("--all", help="All rows, however many there are.")]
Output = Annotated[
    str | None, typer.Option("--output", "-o", metavar="FILE", help="Save the output there; - is stdout.")
]
OutputDir = Annotated[
    Path | None, typer.Option("--output-dir", metavar="FOLDER", help="Save output files there.")
]
Detach = Annotated[bool, typer.Option("--detach", "-d", help="Leave it running and print its id.")]
Logs = Annotated[bool, typer.Option("--logs", help="Write the model's whole log to stderr as it comes.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="An id, the beginning of one, or last.")]
Ids = Annotated[list[str], typer.Argument(metavar="ID…", help="Ids, beginnings of them, or last.")]
WaitTimeout = Annotated[
    str | None, typer.Option("--timeout", metavar="TIME", help="Give up after this long: 30s, 5m, 1h.")
]
Sku = Annotated[
    str | None, typer.Option("--hardware", metavar="SKU", help="What it runs on: rcli hardware list.")
]
Words = Annotated[list[str], typer.Argument(metavar="WORD…", help="What to look for.")]
NewFolder = Annotated[Path, typer.Argument(metavar="[FOLDER]", help="Where; it is made if it is not there.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Model = Annotated[str, typer.Argument(metavar="MODEL", help="owner/name[:version], or a folder.")]

_COMMON: tuple[tuple[list[str], str, str, dict[str, Any]], ...] = (
    (["--host"], "host", "Talk to this host.", {"metavar": "NAME"}),
    (["--json"], "json", "Print the API's own JSON.", {"is_flag": True}),
    (["--jq"], "jq", "Print what this jq expression makes of the JSON.", {"metavar": "EXPR"}),
    (["--quiet", "-q"], "quiet", "Print ids or paths only.", {"is_flag": True}),
    (["--plain"], "plain", "No colours, no animation.", {"is_flag": True}),
    (["--progress"], "progress", "auto, plain (a line now and then) or none.", {"metavar": "HOW"}),
    (["--no-input"], "no_input", "Never ask.", {"is_flag": True}),
    (["--debug", "-v"], "debug", "Show the HTTP traffic, without secrets.", {"is_flag": True}),
)


# Typer keeps its copy of click private; its public error classes lead to the base of them all.
_ParsingError = cast(type[Exception], typer.BadParameter.__mro__[2])


class Command(TyperCommand):
    """A command that has the common options without naming them."""

    def __init__(self, *args: Any, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.params.extend(getattr(attributes.get("callback"), "also", ()))
        self._own = list(self.params)
        self.params.extend(_option(*row) for row in _COMMON)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """People who know Cog write ``--json @FILE`` for all inputs at once, and get JSON."""
        names = {param.name for param in self._own}
        args = _inputs_apart(args) if "input" in names else args
        args = _waits_said(args) if "further_prefer_wait" in names else args
        if {"words", "file"} <= names and (others := _without_help(args)) is not None:
            self._help_on_model(ctx, others)
        return super().parse_args(ctx, args)

    def _help_on_model(self, ctx: Any, args: list[str]) -> None:
        """``rcli run MODEL --help`` tells that model's inputs; without a model nothing happens here."""
        with suppress(_ParsingError):  # the usual help says what is right
            super().parse_args(ctx, args)
            words = ctx.params["words"] or ()
            if model := next((word for word in words if "=" not in word or is_folder(word)), None):
                from rcli.cli.steps.request import model_help

                model_help.show(world(ctx), ctx.command_path, model, ctx.params["file"], ctx.get_help())
                ctx.exit()

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """The command's own options first, the common ones in a section of their own."""
        common = [record for param in self.params[len(self._own) :] if (record := param.get_help_record(ctx))]
        everything, self.params = self.params, self._own
        try:
            super().format_options(ctx, formatter)
        finally:
            self.params = everything
        with formatter.section("Everywhere"):
            formatter.write_dl(common)

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        with examples.left_out(self):
            super().format_help_text(ctx, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """The examples come last: they stand above the prompt at which one of them is typed."""
        examples.write(self, formatter)


class Group(TyperGroup):
    """A noun; one that is a command itself has examples, too."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in self.commands and not args[0].startswith("-"):
            from rcli.cli.habits import unknown_verb

            raise unknown_verb(ctx.command_path, args[0], self.commands)
        return super().resolve_command(ctx, args)

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        with examples.left_out(self):
            super().format_help_text(ctx, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        examples.write(self, formatter)


class OneVerb(Group):
    """A noun whose only verb may be left out: ``rcli account --json`` is ``rcli account show --json``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        (verb,) = self.commands
        is_missing = not args or (args[0].startswith("-") and args[0] not in ctx.help_option_names)
        return super().parse_args(ctx, [verb, *args] if is_missing else args)


GIVING = (
    further(["--resize"], "Shrink pictures before they are sent: 1024 or 800x600.", metavar="PIXELS"),
    further(["--interactive"], "Ask for every input."),
    further(["--dry-run"], "Print what would be sent, and send nothing."),
)
TERMS = (
    further(
        ["--timeout"], "Cancel it if it has not ended by then: 30s, 5m, 1h; from 5 s on.", metavar="TIME"
    ),
    further(
        ["--prefer-wait"],
        "Let the service hold its first answer back for the result, 1 to 60 s.",
        metavar="[SECONDS]",
    ),
    further(["--webhook"], "The service tells this address, too.", metavar="URL"),
    further(
        ["--webhook-events"],
        "What it tells: start,output,logs,completed.",
        metavar="EVENTS",
        multiple=True,
    ),
)
TRAINING = (
    TERMS[0],
    *TERMS[-2:],
    GIVING[0],
    further(["--convert"], "Bring pictures into a format: jpg, png or webp.", metavar="FORMAT"),
)
"""Those of them that a training has too, and its own."""

VARIABLES = further(
    ["--env", "-e"],
    "A variable for the model's process on this machine; NAME alone passes yours on.",
    metavar="NAME=VALUE",
    multiple=True,
)
PROJECT = (
    further(
        ["--with"],
        "Another package or version in a folder's project: 'numpy<2'.",
        metavar="PACKAGE",
        multiple=True,
    ),
    further(["--any-python"], "Run a folder's project with the Python of rcli."),
    further(["--torch-backend"], "PyTorch for a folder's project: cpu or auto.", metavar="BUILD"),
    VARIABLES,
)
"""What ``rcli.cli.steps.request.changes`` reads."""

SEVERAL = (
    further(["--repeat"], "Run it so many times.", metavar="N"),
    further(
        ["--sweep"],
        "Run it for each value: seed=1..8, or size=small,large.",
        metavar="KEY=VALUES",
        multiple=True,
    ),
    further(["--yes", "-y"], "Do not ask before several are paid for."),
)
CODE = (
    further(["--code"], "Print the program that would do the same: python, node, curl.", metavar="LANGUAGE"),
)
"""What ``rcli.cli.steps.work.modes`` reads."""

PINS = (further(["--locked"], "Refuse a model that the project's rcli.lock does not pin."),)
NAMES = (
    further(
        ["--name"],
        "Names of saved files: {model} {owner} {name} {id} {n} {ext} {date} {stem}.",
        metavar="TEMPLATE",
    ),
    further(["--provenance"], "Write into PNG and JPEG files where they came from."),
)
SHOW = (
    further(["--no-preview"], "Show no pictures in the terminal."),
    further(["--open"], "Open the first saved file."),
)
FINISH = (*NAMES, *SHOW, further(["--web"], "Open the prediction's page in the browser."))
"""What ``rcli.cli.steps.results.finish`` reads."""


def group(about: str | None = None) -> typer.Typer:
    """A noun with verbs; its help is shown when the verb is missing. None: its callback tells about it."""
    made = typer.Typer(
        cls=Group,
        add_completion=False,
        rich_markup_mode=None,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    if about:
        made.info.help = about
    return made


def world(ctx: typer.Context) -> App:
    """The app that ``main`` was given."""
    app = ctx.find_object(App)
    assert app is not None
    return app


def _without_help(args: list[str]) -> list[str] | None:
    """The words without those that ask for help, None if none does."""
    end = args.index("--") if "--" in args else len(args)
    kept = [word for word in args[:end] if word not in ("--help", "-h")]
    return [*kept, *args[end:]] if len(kept) < end else None


def _inputs_apart(args: list[str]) -> list[str]:
    """The words with ``--json @FILE``, or ``--json {…}``, as the two options that it stands for."""
    words: list[str] = []
    for word in args[: args.index("--") if "--" in args else None]:
        name, equals, value = word.partition("=")
        if name == "--json" and equals and value.startswith(("@", "{")):
            words += ["--json", "--input", value]
        elif words[-1:] == ["--json"] and word.startswith(("@", "{")):
            words += ["--input", word]
        else:
            words.append(word)
    return words + args[args.index("--") if "--" in args else len(args) :]


def _waits_said(args: list[str]) -> list[str]:
    """``--prefer-wait`` alone means the longest that a service waits."""
    following = [*args[1:], ""][: len(args)]
    return [
        f"{word}=60" if word == "--prefer-wait" and not next_.isdecimal() else word
        for word, next_ in zip(args, following, strict=True)
    ]


def _option(names: list[str], field: str, about: str, more: dict[str, Any]) -> TyperOption:
    return TyperOption(
        param_decls=[*names, f"common_{field}"],
        help=about,
        expose_value=False,
        callback=_kept(field),
        default=False if more.get("is_flag") else None,
        **more,
    )


def _kept(field: str) -> Callable[..., Any]:
    def keep(ctx: typer.Context, param: object, value: Any) -> Any:
        if field == "progress" and value not in (None, "auto", "plain", "none"):
            raise typer.BadParameter("--progress takes auto, plain or none", ctx=ctx)
        if field == "jq" and value:
            program(value)
        if value:
            setattr(world(ctx).flags, field, value)
        return value

    return keep
