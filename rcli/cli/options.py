"""What all commands share: the common options, and groups that know them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperOption

from rcli.app import App
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
Output = Annotated[
    str | None, typer.Option("--output", "-o", metavar="FILE", help="Save the output there; - is stdout.")
]
OutputDir = Annotated[
    Path | None, typer.Option("--output-dir", metavar="FOLDER", help="Save output files there.")
]
Prediction = Annotated[str, typer.Argument(metavar="ID", help="An id, the beginning of one, or last.")]
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


class Command(TyperCommand):
    """A command that has the common options without naming them."""

    def __init__(self, *args: Any, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self._own = list(self.params)
        self.params.extend(_option(*row) for row in _COMMON)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """People who know Cog write ``--json @FILE`` for all inputs at once, and get JSON."""
        takes_inputs = any(param.name == "input" for param in self._own)
        return super().parse_args(ctx, _inputs_apart(args) if takes_inputs else args)

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


def group(about: str | None = None) -> typer.Typer:
    """A noun with verbs; its help is shown when the verb is missing. None: its callback tells about it."""
    made = typer.Typer(
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
