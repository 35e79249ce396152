"""What ``run``, ``stream`` and ``predictions watch`` do with a prediction, from creation to output."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rcli.app import App, sign_in_hint
from rcli.cli.delivering import STDOUT, Delivery, Wishes
from rcli.cli.following import explain_failure, follow
from rcli.errors import NotAllowed, NotFound, UsageError
from rcli.records import Prediction
from rcli.references import FolderReference, is_folder
from rcli.services import catalog, inputs, launch, outputs, predict
from rcli.services.catalog import Target
from rcli.services.launch import Job, Written
from rcli.services.library import Library
from rcli.services.predict import Running
from rcli.settings import LOCAL, REPLICATE
from rcli.ui.live import Display
from rcli.ui.views import SHORT


def perform(app: App, words: Sequence[str], wishes: Wishes) -> None:
    """One prediction, from the words of the command line to the files on the disk."""
    model, rest = split(words, app.cwd)
    pairs = inputs.parse_pairs(rest)
    if wishes.target not in (None, STDOUT):
        outputs.check_target(app.cwd / str(wishes.target))
    with app.screen.display(model) as display:
        host, job = _job(app, model, pairs, wishes, display)
        with predict.started(job.api, job.create, app.signals) as running:
            _remember(app, running.prediction, host)
            if wishes.detach:
                display.stop()
                _show_id(app, running.prediction)
                return
            delivery = Delivery(app, running, job.target.document, host, wishes)
            _follow(app, delivery, display)
        _hand_over(app, delivery, display)


def watch(app: App, running: Running, host: str) -> None:
    """Follows a prediction that exists; its output is printed and saved as ``run`` does it."""
    delivery = Delivery(app, running, launch.document_of(running), host, Wishes())
    with app.screen.display(running.prediction.model) as display:
        _follow(app, delivery, display)
        _hand_over(app, delivery, display)


def split(words: Sequence[str], cwd: Path) -> tuple[str, list[str]]:
    """The model and the inputs: a word with ``=`` that is no folder is an input.

    In a Cog project the model may be left out. Raises UsageError when there is none.
    """
    models = [word for word in words if is_folder(word) or "=" not in word]
    if len(models) > 1:
        raise UsageError(f"{models[1]!r} is no input", hint="inputs are written key=value")
    if models:
        return models[0], [word for word in words if word is not models[0]]
    if (cwd / "cog.yaml").is_file():
        return ".", list(words)
    raise UsageError("no model is named", hint="rcli run MODEL key=value; rcli models list shows some")


def _job(app: App, model: str, pairs: list[inputs.Pair], wishes: Wishes, display: Display) -> tuple[str, Job]:
    """Resolves the model, checks the inputs and sends the files; the first line names the host."""
    prefix, reference = app.parse(model)
    host = app.host_for(prefix, reference)
    display.phase("connecting", f"to {host}")
    api = app.connect(host)
    if isinstance(reference, FolderReference):
        target = _registered(app, reference, wishes.file)
    else:
        with _missing_explained(app, host, explicit=bool(prefix or app.flags.host)):
            target = catalog.resolve(api, reference, app.settings.locked_version(str(reference)))
    version = f":{target.version_id[:SHORT]}" if target.version_id else ""
    app.screen.note(f"{host} · {target.model}{version}")
    written = Written(pairs, app.cwd, app.home, app.stdin.buffer, app.settings.inputs(target.model))
    return host, launch.prepare(
        api, target, written, lambda message, share: display.phase("sending", message, share)
    )


def _registered(app: App, reference: FolderReference, file: str) -> Target:
    target, first_seen, warnings = launch.of_folder(app.engine(), reference.path, file)
    if first_seen:
        app.screen.note(f"first run of {reference.path}: its code runs with your rights")
    for warning in warnings:
        app.screen.warning(warning)
    return target


@contextmanager
def _missing_explained(app: App, host: str, *, explicit: bool) -> Iterator[None]:
    """Whoever never signed in and names a model of the cloud lands here; to them the engine means nothing."""
    try:
        yield
    except NotFound as exc:
        if host == LOCAL and not explicit and not app.is_signed_in(REPLICATE):
            raise NotAllowed(
                f"{exc.message}, and nobody is signed in to {REPLICATE}", hint=sign_in_hint(REPLICATE)
            ) from exc
        raise


def _follow(app: App, delivery: Delivery, display: Display) -> None:
    delivery.was_printed = follow(
        app, delivery.running, display, prints=delivery.prints_text, tells=delivery.tells_events
    )
    _remember(app, delivery.prediction, delivery.host)


def _hand_over(app: App, delivery: Delivery, display: Display) -> None:
    """Raises when the prediction failed, after the end of its log was shown."""
    if delivery.prediction.status != "succeeded":
        display.stop()
        app.screen.end_text()
        delivery.show_record()
        explain_failure(app, delivery.prediction)
        predict.check(delivery.prediction)
    delivery.save(display)
    display.stop()
    delivery.show()


def _show_id(app: App, prediction: Prediction) -> None:
    if app.flags.json or app.flags.jq:
        app.screen.json(prediction.raw)
    else:
        app.screen.line(prediction.id)
        app.screen.note(f"rcli predictions watch {prediction.id}")


def _remember(app: App, prediction: Prediction, host: str) -> None:
    library = app.settings.paths.library
    if not Library(library).remember(prediction, host):
        app.screen.warning(f"{library} cannot be written: {prediction.id} is not remembered")
