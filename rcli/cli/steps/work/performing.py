"""What ``run``, ``stream`` and ``predictions watch`` do with a prediction, from creation to output."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rcli.app import App
from rcli.cli.steps import showing
from rcli.cli.steps.lookup import library
from rcli.cli.steps.request import asking, choosing, rehearsing
from rcli.cli.steps.request.resolving import resolve, schema_named, split, title
from rcli.cli.steps.results.delivering import STDOUT, Delivery, Wishes
from rcli.cli.steps.work.following import Telling, explain_failure, follow, sum_up, taken_up_again
from rcli.errors import RcliError
from rcli.records import Prediction
from rcli.services.library.records import Origin
from rcli.services.request.inputs import Inputs
from rcli.services.request.sources import FileInput, Sources
from rcli.services.request.uploads import Uploads
from rcli.services.results import outputs
from rcli.services.work import launch, predict
from rcli.services.work.launch import Handling, Job, Resolved, Written
from rcli.services.work.predict import Running
from rcli.settings import LOCAL
from rcli.ui import views
from rcli.ui.live import Display


def perform(app: App, words: Sequence[str], written: Sequence[str], wishes: Wishes) -> None:
    """One prediction, from the words of the command line and what ``-i`` gave to the files on the disk."""
    check_target(app, wishes)
    plan = planned(app, words, written, wishes)
    if wishes.giving.dry_run:
        _rehearse(app, plan, wishes)
        return
    built = _built(app, plan)
    carry_out(
        app,
        title(plan.model.host, plan.model.target),
        lambda display: _job(app, plan, built, display),
        wishes,
    )


@dataclass(frozen=True)
class Plan:
    """A model that was found, what was written for it, and what is done with that."""

    name: str
    model: Resolved
    written: Written
    handling: Handling


def planned(app: App, words: Sequence[str], written: Sequence[str], wishes: Wishes) -> Plan:
    """Reads what was written, and asks the host for the model. Raises RcliErrors."""
    name, rest = split(words, app.cwd)
    sources = Sources(app.cwd, app.home, app.stdin.buffer)
    inputs = launch.read(rest, written, sources)
    answers = asking.answers(app, sources, everything=wishes.giving.asks_all)
    name = name or choosing.model(app)
    with app.screen.display(name) as display:
        model = resolve(app, name, wishes, display)
    uploads = Uploads(app.settings.paths.cache / "uploads.json")
    handling = Handling(wishes.giving.box, uploads, answers, lambda *files: _tell_made(app, *files))
    return Plan(name, model, replace(inputs, defaults=app.settings.inputs(model.target.model)), handling)


def _built(app: App, plan: Plan) -> Inputs:
    """The inputs, asked for where they are missing: there is no display to be disturbed by that."""
    with schema_named(plan.name):
        return launch.build(plan.model.target, plan.written, plan.handling.answers)


def _job(app: App, plan: Plan, built: Inputs, display: Display) -> tuple[str, Job]:
    """Sends the files."""
    model = plan.model

    def progress(message: str, share: float | None) -> None:
        display.phase("sending", message, share)

    engine = app.neighbour(model.host)
    return model.host, launch.dispatch(model.api, model.target, built, progress, engine, plan.handling)


def _rehearse(app: App, plan: Plan, wishes: Wishes) -> None:
    model, target = plan.model, plan.model.target
    with schema_named(plan.name):
        request = launch.rehearse(
            model.api, target, plan.written, wishes.terms, plan.handling, rehearsing.described
        )
    rehearsing.show(app, request)


def _tell_made(app: App, before: FileInput, after: FileInput) -> None:
    """What became of a folder, or of a picture that was too large."""
    was, now = views.size(before.size), views.size(after.size)
    if before.archive:
        count = len(before.members)
        files = f"{count} files" if count > 1 else "1 file"
        app.screen.note(f"{before.written[1:]}: {files}, {was}, packed as {after.name}, {now}")
    else:
        app.screen.note(f"{before.name}: {was}, shrunk to {now}")


def carry_out(app: App, title: str, prepare: Callable[[Display], tuple[str, Job]], wishes: Wishes) -> None:
    """What ``prepare`` makes ready, from its creation to the output; it returns the host's name too."""
    with app.screen.display(title) as display:
        host, job = prepare(display)
        job = replace(job, terms=wishes.terms)

        def canceling() -> None:
            display.phase("canceling", "Ctrl-C again leaves at once")

        def canceled(prediction: Prediction) -> None:
            library(app).refresh(prediction, host)

        leaving = predict.Leaving(canceling, canceled)
        with predict.started(job.api, job.create, app.signals, leaving, wishes.terms.cancel_after) as running:
            _remember(app, running.prediction, host, job.origin)
            if wishes.detach:
                display.stop()
                _show_created(app, running.prediction, host, wishes)
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


def _follow(app: App, delivery: Delivery, display: Display) -> None:
    delivery.open_page()
    with taken_up_again(delivery.running, delivery.wishes.where):
        telling = Telling(delivery.prints, delivery.tells_events, delivery.wishes.logs)
        delivery.was_printed = follow(app, delivery.running, display, delivery.course, telling)
    library(app).remember(delivery.prediction, delivery.host)


def _hand_over(app: App, delivery: Delivery, display: Display) -> None:
    """Raises when the prediction failed, after the end of its log was shown."""
    if delivery.prediction.status != "succeeded":
        display.stop()
        app.screen.end_text()
        delivery.show_record()
        explain_failure(app, delivery.prediction, has_log=delivery.wishes.logs)
        sum_up(app, delivery.running, delivery.course)
        delivery.running.check()
    try:
        with taken_up_again(delivery.running, delivery.wishes.where):
            delivery.save(display)
    except RcliError:
        display.stop()
        delivery.show_record()
        raise
    library(app).remember_files(delivery.prediction.id, delivery.host, outputs.kept(delivery.saved))
    display.stop()
    with taken_up_again(delivery.running, delivery.wishes.where):
        delivery.show()


def _show_created(app: App, prediction: Prediction, host: str, wishes: Wishes) -> None:
    """The id, or all that is known of it by now."""
    if wishes.whole:
        fields = views.prediction(prediction, error=predict.explained(prediction), web=host != LOCAL)
        showing.record(app, prediction.raw, prediction.id, fields)
    elif app.flags.wants_json:
        app.screen.json(prediction.raw)
    else:
        app.screen.line(prediction.id)
        app.screen.note(f"rcli predictions watch {prediction.id}")


def _remember(app: App, prediction: Prediction, host: str, origin: Origin) -> None:
    kept = library(app)
    if not kept.remember(prediction, host, origin):
        app.screen.warning(f"{kept.path} cannot be written: {prediction.id} is not remembered")
