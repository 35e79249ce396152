"""``run --code`` and ``scaffold``: the program that would do the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rcli.app import App
from rcli.cli.steps.lookup import library, place
from rcli.cli.steps.request.resolving import schema_named
from rcli.cli.steps.results.delivering import Wishes
from rcli.cli.steps.work.performing import planned
from rcli.errors import UsageError
from rcli.records import NO_TERMS
from rcli.references import is_folder
from rcli.services import programs
from rcli.services.programs import beginning
from rcli.services.request.sources import Sources
from rcli.services.work import launch
from rcli.services.work import rerun as again


def show(language: str, app: App, words: Sequence[str], written: Sequence[str], wishes: Wishes) -> None:
    """Checks the inputs and prints the program; nothing is created. Raises RcliErrors."""
    programs.check_language(language)
    if wishes.giving.box:
        raise UsageError("--resize is done by rcli, and a program would not", hint="leave --resize away")
    if wishes.variables:
        raise UsageError("-e is told to rcli's engine, and a program would not", hint="leave -e away")
    plan = planned(app, words, written, _nothing_made(wishes))
    model = plan.model
    with schema_named(plan.name):
        built = launch.build(model.target, plan.written, plan.handling.answers)
    host, streams = model.api.client.host, wishes.streams
    text = programs.write(language, host, model.target, built, wishes.terms, streams=streams)
    app.screen.line(text.rstrip("\n"))


def scaffold(
    app: App, language: str, words: Sequence[str], written: Sequence[str], target: Path | None, file: str
) -> None:
    """Prints the program for a prediction or a model, or writes it to a file. Raises RcliErrors."""
    if target:
        programs.check_place(target)
    first, *rest = words or [""]
    text = _of_prediction(app, language, first, rest, written) if _is_id(first) else None
    text = text or _of_model(app, language, words, written, file)
    if target is None:
        app.screen.line(text.rstrip("\n"))
        return
    programs.keep(target, text)
    app.screen.path(target)


def _is_id(word: str) -> bool:
    """A version's id is one of a model."""
    return bool(word) and not is_folder(word) and not {"/", "=", ":"} & set(word) and len(word) < 64


def _of_prediction(app: App, language: str, id: str, words: Sequence[str], written: Sequence[str]) -> str:
    host, whole = place(app, id)
    former = again.find(app.connect(host, as_is=True), whole, library(app).known(whole, host))
    _, reference = app.parse(former.reference)
    target = again.target(former, reference)
    changed = launch.read(words, written, Sources(app.cwd, app.home, app.stdin.buffer))
    secrets = again.missing_secrets(former, target.document, changed)
    changed = again.with_secrets(changed, dict.fromkeys(secrets, launch.SECRET))
    if former.variables:
        app.screen.warning(f"it ran with -e {', '.join(former.variables)}, which a program cannot give")
    with schema_named(former.reference):
        built = again.inputs_here(former, target, changed)
    return programs.write(language, former.api.client.host, target, built, NO_TERMS)


def _of_model(app: App, language: str, words: Sequence[str], written: Sequence[str], file: str) -> str:
    plan = planned(app, words, written, _nothing_made(Wishes(file)))
    model = plan.model
    first = beginning.values(model.api, model.target, {pair.name for pair in plan.written.pairs})
    begun = replace(plan.written, defaults={**first, **plan.written.defaults})
    with schema_named(plan.name):
        built = launch.build(model.target, begun, plan.handling.answers)
    return programs.write(language, model.api.client.host, model.target, built, NO_TERMS)


def _nothing_made(wishes: Wishes) -> Wishes:
    return replace(wishes, giving=replace(wishes.giving, dry_run=True))
