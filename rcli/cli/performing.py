"""What ``run``, ``stream`` and ``predictions watch`` do with a prediction, from creation to output."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from rcli.app import App, sign_in_hint
from rcli.cli.delivering import STDOUT, Delivery, Wishes
from rcli.cli.following import explain_failure, follow, taken_up_again
from rcli.errors import InvalidInput, NotAllowed, NotFound, RcliError, UsageError
from rcli.records import Prediction
from rcli.references import FolderReference, ModelReference, Reference, is_folder
from rcli.services import catalog, launch, lists, outputs, predict, variables
from rcli.services.catalog import Target
from rcli.services.launch import Job, Written
from rcli.services.library import Library
from rcli.services.predict import Running
from rcli.services.sources import Sources
from rcli.settings import LOCAL, REPLICATE
from rcli.ui.live import Display
from rcli.ui.views import SHORT

_MOST_CHOICES = 100


def perform(app: App, words: Sequence[str], written: Sequence[str], wishes: Wishes) -> None:
    """One prediction, from the words of the command line and what ``-i`` gave to the files on the disk."""
    model, rest = split(words, app.cwd)
    inputs = launch.read(rest, written, Sources(app.cwd, app.home, app.stdin.buffer))
    check_target(app, wishes)
    model = model or _chosen(app)
    with app.screen.display(model) as display:
        host, job = _job(app, model, inputs, wishes, display)

        def canceling() -> None:
            display.phase("canceling", "Ctrl-C again leaves at once")

        with predict.started(job.api, job.create, app.signals, canceling) as running:
            _remember(app, running.prediction, host)
            if wishes.detach:
                display.stop()
                _show_id(app, running.prediction)
                return
            delivery = Delivery(app, running, job.target.document, host, wishes)
            _follow(app, delivery, display)
        _hand_over(app, delivery, display)


def watch(app: App, running: Running, host: str, wishes: Wishes) -> None:
    """Follows a prediction that exists; its output is printed and saved as ``run`` does it."""
    delivery = Delivery(app, running, launch.document_of(running), host, wishes)
    with app.screen.display(running.prediction.model) as display:
        _follow(app, delivery, display)
        _hand_over(app, delivery, display)


def check_target(app: App, wishes: Wishes) -> None:
    """Raises UsageError where ``-o`` cannot save."""
    if wishes.target not in (None, STDOUT):
        outputs.check_target(app.cwd / str(wishes.target))


def split(words: Sequence[str], cwd: Path) -> tuple[str | None, list[str]]:
    """The model, None when there is none, and the inputs: a word with ``=`` that is no folder is an input.

    In a Cog project the model may be left out. Raises UsageError when there are two.
    """
    models = [word for word in words if is_folder(word) or "=" not in word]
    if len(models) > 1:
        raise UsageError(f"{models[1]!r} is no input", hint="inputs are written key=value")
    if models:
        return models[0], [word for word in words if word is not models[0]]
    if (cwd / "cog.yaml").is_file():
        return ".", list(words)
    return None, list(words)


def _chosen(app: App) -> str:
    """A model that the person at the terminal chooses. Raises UsageError where nobody can be asked."""
    if not app.may_ask:
        raise UsageError("no model is named", hint="rcli run MODEL key=value; rcli models list shows some")
    from rcli.ui import prompts  # imports a whole terminal toolkit

    here = lists.first(_MOST_CHOICES, app.connect(LOCAL).models)
    found = [f"{LOCAL}:{model.full_name}" for model in here]
    hosts = (LOCAL, *app.settings.hosts())
    with suppress(RcliError):  # without the library there is still something to choose
        recent = Library(app.settings.paths.library).recent(_MOST_CHOICES)
        found += [f"{each.host}:{each.model}" for each in recent if "/" in each.model and each.host in hosts]
    return prompts.choose("Model:", list(dict.fromkeys(found)), app.stderr)


def _job(app: App, model: str, written: Written, wishes: Wishes, display: Display) -> tuple[str, Job]:
    """Resolves the model, checks the inputs and sends the files; the first line names the host."""
    prefix, reference = app.parse(model)
    host = app.host_for(prefix, reference)
    if not isinstance(reference, FolderReference):
        _refuse_overrides(wishes)
    own = variables.parse(wishes.variables, app.environ)
    if own and host != LOCAL:
        raise UsageError(f"-e is for models on this machine: {host} keeps its models' variables itself")
    display.phase("connecting", f"to {host}")
    api = app.connect(host)
    if isinstance(reference, FolderReference):
        target, first_seen, warnings = launch.of_folder(api, reference.path, wishes.file, wishes.overrides)
    else:
        first_seen, warnings = False, ()
        with _missing_explained(app, host, reference, explicit=bool(prefix or app.flags.host)):
            target = catalog.resolve(api, reference, app.settings.locked_version(str(reference)))
    _introduce(app, host, target, display)
    if first_seen:
        app.screen.note(f"first run of {reference}: its code runs with your rights")
    for warning in warnings:
        app.screen.warning(warning)
    target = variables.given(api, target, own)
    with _schema_named(model):
        return host, launch.prepare(
            api,
            target,
            replace(written, defaults=app.settings.inputs(target.model)),
            lambda message, share: display.phase("sending", message, share),
            app.neighbour(host),
        )


def _refuse_overrides(wishes: Wishes) -> None:
    """Raises UsageError: what runs elsewhere, or comes with rcli, has its environment already."""
    if wishes.overrides.to_json():
        raise UsageError(
            "--with, --any-python and --torch-backend are for a project in a folder",
            hint="rcli run ./folder --with 'numpy<2'",
        )


def _introduce(app: App, host: str, target: Target, display: Display) -> None:
    """Says where what runs."""
    version = f":{target.version_id[:SHORT]}" if target.version_id else ""
    display.title = f"{host} · {target.model}" if target.model else host
    app.screen.note(f"{host} · {target.model}{version}")


@contextmanager
def _missing_explained(app: App, host: str, reference: Reference, *, explicit: bool) -> Iterator[None]:
    """Whoever never signed in and names a model of the cloud lands here; to them the engine means nothing."""
    try:
        yield
    except catalog.Misspelt:
        raise
    except NotFound as exc:
        if not explicit and (app.cwd / str(reference) / "cog.yaml").is_file():
            raise NotFound(exc.message, hint=f"did you mean the folder ./{reference}?") from exc
        may_be_elsewhere = isinstance(reference, ModelReference) and reference.owner != "rcli"
        if host == LOCAL and not explicit and may_be_elsewhere and not app.is_signed_in(REPLICATE):
            raise NotAllowed(
                f"{exc.message}, and nobody is signed in to {REPLICATE}", hint=sign_in_hint(REPLICATE)
            ) from exc
        raise


@contextmanager
def _schema_named(model: str) -> Iterator[None]:
    """An input that is refused leads to the list of those that are not."""
    try:
        yield
    except InvalidInput as exc:
        exc.hint = exc.hint or f"rcli models schema {shlex.quote(model)}"
        raise


def _follow(app: App, delivery: Delivery, display: Display) -> None:
    with taken_up_again(delivery.running):
        delivery.was_printed = follow(
            app, delivery.running, display, prints=delivery.prints, tells=delivery.tells_events
        )
    Library(app.settings.paths.library).remember(delivery.prediction, delivery.host)


def _hand_over(app: App, delivery: Delivery, display: Display) -> None:
    """Raises when the prediction failed, after the end of its log was shown."""
    if delivery.prediction.status != "succeeded":
        display.stop()
        app.screen.end_text()
        delivery.show_record()
        explain_failure(app, delivery.prediction)
        predict.check(delivery.prediction)
    try:
        with taken_up_again(delivery.running):
            delivery.save(display)
    except RcliError:
        display.stop()
        delivery.show_record()
        raise
    display.stop()
    with taken_up_again(delivery.running):
        delivery.show()


def _show_id(app: App, prediction: Prediction) -> None:
    if app.flags.wants_json:
        app.screen.json(prediction.raw)
    else:
        app.screen.line(prediction.id)
        app.screen.note(f"rcli predictions watch {prediction.id}")


def _remember(app: App, prediction: Prediction, host: str) -> None:
    library = app.settings.paths.library
    if not Library(library).remember(prediction, host):
        app.screen.warning(f"{library} cannot be written: {prediction.id} is not remembered")
