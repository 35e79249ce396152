"""What ``run`` does with its words: one prediction, several, or a program instead of any."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import typer

from rcli.app import App
from rcli.cli.options import chosen
from rcli.cli.steps.results.delivering import Wishes
from rcli.errors import UsageError

Mode = Callable[[App, Sequence[str], Sequence[str], Wishes], int | None]


def mode(ctx: typer.Context) -> Mode:
    """Raises UsageError for options that exclude each other."""
    language, repeats = chosen(ctx, "--code"), chosen(ctx, "--repeat") is not None
    if language and (repeats or chosen(ctx, "--sweep")):
        raise UsageError("--code writes a program for one prediction", hint="leave --sweep and --repeat away")
    if language:
        from rcli.cli.steps.programs import coding

        return partial(coding.show, language)
    if repeats or chosen(ctx, "--sweep"):
        from rcli.cli.steps.work import several

        return several.mode(ctx)
    from rcli.cli.steps.work.performing import perform

    return perform
