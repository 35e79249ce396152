"""Options that a command has without its function naming them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import typer
from typer.core import TyperOption

F = TypeVar("F", bound=Callable[..., Any])

_MORE = "rcli.options."


def also(*options: TyperOption) -> Callable[[F], F]:
    """Gives a command options that its function does not name; ``chosen`` knows their values."""

    def give(function: F) -> F:
        function.__dict__["also"] = options
        return function

    return give


def further(names: list[str], about: str, **more: Any) -> TyperOption:
    """An option for ``also``; without ``metavar`` it is a flag. Its name is the first of ``names``."""
    attributes: dict[str, Any] = {"is_flag": "metavar" not in more, **more}
    return TyperOption(
        param_decls=[*names, "further_" + _plain(names[0])],
        help=about,
        expose_value=False,
        callback=_chosen(names[0]),
        default=None if "metavar" in more else False,
        **attributes,
    )


def chosen(ctx: typer.Context, name: str) -> Any:
    """The value of an option such as ``--name`` that ``also`` gave the command."""
    return ctx.meta.get(_MORE + name)


def _plain(name: str) -> str:
    return name.lstrip("-").replace("-", "_")


def _chosen(name: str) -> Callable[..., Any]:
    def keep(ctx: typer.Context, param: object, value: Any) -> Any:
        ctx.meta[_MORE + name] = value
        return value

    return keep
