"""``run --code``: the program that would do the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rcli.app import App
from rcli.cli.steps.delivering import Wishes
from rcli.cli.steps.performing import planned
from rcli.cli.steps.resolving import schema_named
from rcli.errors import UsageError
from rcli.services import programs
from rcli.services.work import launch


def show(language: str, app: App, words: Sequence[str], written: Sequence[str], wishes: Wishes) -> None:
    """Checks the inputs and prints the program; nothing is created. Raises RcliErrors."""
    programs.check_language(language)
    if wishes.giving.box:
        raise UsageError("--resize is done by rcli, and a program would not", hint="leave --resize away")
    if wishes.variables:
        raise UsageError("-e is told to rcli's engine, and a program would not", hint="leave -e away")
    nothing_made = replace(wishes, giving=replace(wishes.giving, dry_run=True))
    plan = planned(app, words, written, nothing_made)
    model = plan.model
    with schema_named(plan.name):
        built = launch.build(model.target, plan.written, plan.handling.answers)
    text = programs.write(language, model.api.client.host, model.target, built, wishes.terms)
    app.screen.line(text.rstrip("\n"))
