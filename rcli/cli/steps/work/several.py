"""``run --repeat`` and ``run --sweep``: several predictions of one command line, a few at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial

import typer

from rcli.app import App
from rcli.cli.options import chosen
from rcli.cli.steps.lookup import library
from rcli.cli.steps.request.resolving import schema_named, title
from rcli.cli.steps.results.delivering import Delivery, Wishes
from rcli.cli.steps.results.finish import open_first, preview
from rcli.cli.steps.work.following import Telling, explain_failure, follow, taken_up_again
from rcli.cli.steps.work.performing import Plan, planned
from rcli.errors import RcliError, UsageError
from rcli.services.library.queries import Filter
from rcli.services.models.schema import input_fields
from rcli.services.request.inputs import Inputs
from rcli.services.results import outputs
from rcli.services.results.outputs import Saved
from rcli.services.work import batch, forecast, launch, sweeps
from rcli.services.work.batch import NotCreated
from rcli.services.work.launch import Job, Resolved
from rcli.services.work.predict import Running
from rcli.services.work.sweeps import Sweep, Variation
from rcli.settings import LOCAL
from rcli.ui import live, views
from rcli.ui.board import Board
from rcli.ui.logs import LogTail

_MOST_UNASKED = 100

_FOR_ONE = "is for one prediction, and these are several"


@dataclass(frozen=True)
class Several:
    """What is to run; ``agreed``: nobody needs to be asked whether it may cost something."""

    sweeps: tuple[Sweep, ...]
    repeat: int
    agreed: bool


def mode(ctx: typer.Context) -> Callable[[App, Sequence[str], Sequence[str], Wishes], int]:
    """How the options say that it is to be done. Raises UsageError."""
    repeat = chosen(ctx, "--repeat") or "1"
    if not (repeat.isdecimal() and 1 <= int(repeat) <= sweeps.MOST):
        raise UsageError(f"--repeat takes a number of predictions, not {repeat!r}", hint="--repeat 4")
    parsed = sweeps.parse(chosen(ctx, "--sweep") or ())
    return partial(perform, Several(parsed, int(repeat), bool(chosen(ctx, "--yes"))))


def perform(wanted: Several, app: App, words: Sequence[str], written: Sequence[str], wishes: Wishes) -> int:
    """All predictions, their outputs in order; returns the highest exit code of them."""
    _refuse(wishes)
    variations = sweeps.variations(wanted.sweeps, wanted.repeat)
    if len(variations) > _MOST_UNASKED and not wanted.agreed:
        raise UsageError(f"these are {len(variations)} predictions", hint="--yes goes ahead")
    plan = planned(app, words, written, wishes)
    with schema_named(plan.name):
        built = sweeps.build(plan.model.target, plan.written, variations, plan.handling.answers)
    if not wanted.agreed:
        _agree(app, plan.model, len(variations))
    secrets = [each.name for each in input_fields(plan.model.target.document) if each.is_secret]
    labels = [each.label(secrets) for each in variations]
    with app.screen.board(title(plan.model.host, plan.model.target), labels) as board:
        jobs = _jobs(app, plan, variations, built, wishes, board)
        return _Round(app, plan, jobs, labels, wishes, board).run()


def _refuse(wishes: Wishes) -> None:
    """Raises UsageError for what there cannot be several of."""
    if wishes.target is not None:
        raise UsageError(f"-o {_FOR_ONE}", hint="--output-dir FOLDER, with --name '{id}-{n}{ext}'")
    if wishes.giving.dry_run:
        raise UsageError(f"--dry-run {_FOR_ONE}", hint="leave --sweep and --repeat away to see the request")
    if wishes.logs:
        raise UsageError(f"--logs {_FOR_ONE}", hint="rcli predictions logs ID shows one afterwards")
    if wishes.finish.web:
        raise UsageError(f"--web {_FOR_ONE}")


def _agree(app: App, model: Resolved, count: int) -> None:
    """Asks before several are paid for; the engine is free. Raises UsageError without a yes."""
    if model.host == LOCAL or count == 1:
        return
    price = _price(app, model, count)
    if not app.may_ask:
        told = f": {price}" if price else ""
        raise UsageError(
            f"{count} predictions on {model.host} may cost something{told}", hint="--yes goes ahead"
        )
    from rcli.ui import prompts  # imports a whole terminal toolkit

    told = f"They cost {price}." if price else "They may cost something."
    if not prompts.confirm(f"Run {count} predictions on {model.host}? {told}", app.stderr):
        raise UsageError("nothing was created")


def _price(app: App, model: Resolved, count: int) -> str | None:
    """What they will cost together and on what that rests, None if nobody can tell."""
    past = library(app).past(Filter(model=model.target.name, host=model.host, status="succeeded"))
    known = forecast.of(count, model.target, past, model.api, app.settings)
    if known.amount is None:
        return None
    return views.cost(known) if known.is_least else f"about {views.cost(known)}"


def _jobs(
    app: App,
    plan: Plan,
    variations: Sequence[Variation],
    built: Sequence[Inputs],
    wishes: Wishes,
    board: Board,
) -> list[Job]:
    """Sends the files, those that all share once."""
    model, engine = plan.model, app.neighbour(plan.model.host)
    swept = {pair.name for pair in variations[0].pairs}

    def sent(inputs: Inputs) -> Job:
        job = launch.dispatch(model.api, model.target, inputs, progress, engine, plan.handling)
        return replace(job, terms=wishes.terms)

    def progress(message: str, share: float | None) -> None:
        board.phase("sending", message, share)

    first = sent(built[0])
    others = (sweeps.varied(first, model.target, built[0], each, swept) or sent(each) for each in built[1:])
    return [first, *others]


@dataclass
class _Round:
    """All predictions on their way, and what they gave so far."""

    app: App
    plan: Plan
    jobs: Sequence[Job]
    labels: Sequence[str]
    wishes: Wishes
    board: Board
    _saved: list[Saved] = field(default_factory=list)
    _codes: list[int] = field(default_factory=list)
    _not_created: int = 0

    def run(self) -> int:
        """Where a person watches, outputs are printed at the end, else as soon as it is their turn."""
        with batch.started(self.jobs, self._work, self.app.signals, self._canceling) as running:
            found = running.results()
            if self.board.is_drawn:
                found = iter(list(found))
                self.board.stop()
            for number, future in enumerate(found):
                self._codes.append(self._show(number, future, running.running.get(number)))
        return self._finish()

    def _canceling(self) -> None:
        self.board.phase("canceling", "Ctrl-C again leaves at once")

    def _work(self, number: int, running: Running) -> Delivery:
        """On a thread: follows one and saves its output. Raises RcliErrors."""
        job, host, kept = self.jobs[number], self.plan.model.host, library(self.app)
        delivery = Delivery(self.app, running, job.target.document, host, self.wishes)
        kept.remember(running.prediction, host, job.origin)
        display = _Line(partial(self.board.tell, number))
        try:
            if self.wishes.detach:
                return delivery
            with taken_up_again(running):
                telling = Telling(lambda text: False, tells=False, logs=False)
                follow(self.app, running, display, delivery.course, telling)
                kept.remember(running.prediction, host)
                running.check()
                delivery.save(display)
            kept.remember_files(running.prediction.id, host, outputs.kept(delivery.saved))
            return delivery
        finally:
            self.board.tell(number, running.prediction.status)

    def _show(self, number: int, future: Future[Delivery], running: Running | None) -> int:
        """One output, or what went wrong; returns the exit code for it."""
        try:
            delivery = future.result()
        except NotCreated:
            self._not_created += 1
            return 0
        except RcliError as exc:
            self._tell_failure(number, running, exc)
            return exc.exit_code
        self._show_output(number, delivery)
        self._saved += delivery.saved
        return 0

    def _tell_failure(self, number: int, running: Running | None, error: RcliError) -> None:
        if running:
            if self.app.flags.wants_json:
                self.app.screen.event(running.prediction.raw)
            explain_failure(self.app, running.prediction)
        error.message = f"{self.labels[number]}: {error.message}"
        self.app.screen.error(error)

    def _show_output(self, number: int, delivery: Delivery) -> None:
        """A line at least, since others follow: JSON, an id, paths, or the text."""
        screen, prediction, result = self.app.screen, delivery.prediction, delivery.result
        if self.app.flags.wants_json:
            screen.event(prediction.raw)
            for saved in delivery.saved:
                screen.say(str(saved.path))
            return
        if self.wishes.detach or (self.app.flags.quiet and not delivery.saved):
            screen.line(prediction.id)
            return
        screen.note(f"{self.labels[number]} · {prediction.id}")
        match result.kind:
            case "text":
                screen.text(result.text or "")
                screen.text("" if (result.text or "").endswith("\n") else "\n")
            case "json":
                screen.event(outputs.localized(result.output, delivery.saved))
            case "nothing":
                screen.note("the model gave no output")
            case "files":
                for saved in delivery.saved:
                    screen.path(saved.path)

    def _finish(self) -> int:
        """Pictures side by side, and what is left to say."""
        if self._not_created:
            self.app.screen.say(f"{self._not_created} of {len(self.jobs)} were not created after that")
        paths = [each.path for each in self._saved]
        if not self.app.flags.wants_json:
            preview(self.app, self.wishes.finish, paths)
        if self.wishes.finish.opens:
            open_first(self.app, paths)
        failed = sum(code != 0 for code in self._codes) + self._not_created
        self.app.screen.note(f"{len(self.jobs) - failed} of {len(self.jobs)} succeeded")
        return max(self._codes)


class _Line(live.Silent):
    """One prediction's part of the board: its phase, and how far its log says it is."""

    def __init__(self, tell: Callable[[str, float | None], None]) -> None:
        self._tell = tell
        self._tail = LogTail(1)
        self._phase = ""

    def phase(self, name: str, message: str = "", fraction: float | None = None) -> None:
        self._phase = name
        self._tell(name, fraction)

    def logs(self, text: str, *, shown: bool = True) -> None:
        self._tail.feed(text)
        self._tell(self._phase, self._tail.fraction)
