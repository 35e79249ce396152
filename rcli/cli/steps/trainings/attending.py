"""What a person or a script gets to see of a training: its course on the way, its new version at the end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rcli.app import App
from rcli.cli.steps.lookup import library
from rcli.cli.steps.work.following import as_json
from rcli.errors import ClosedPipe, Interrupted, NoAnswer, RateLimited, RcliError
from rcli.records import Logs, Phase
from rcli.services.library.records import SavedFile
from rcli.services.results import outputs
from rcli.services.work import cost, phases
from rcli.services.work.curves import Curves
from rcli.services.work.phases import Course, known_as
from rcli.services.work.training import Training, save_weights
from rcli.settings import LOCAL
from rcli.ui import views
from rcli.ui.cockpit import Cockpit
from rcli.ui.live import Display
from rcli.ui.logs import standing

WEIGHTS = "application/octet-stream"
"""The content type of a file that only its model can read."""

LAST_LINES = 30
"""How much of a failed training's log is shown."""


@dataclass(frozen=True)
class Attention:
    """``tells``: every event as JSON; ``logs``: the whole log to stderr; ``cancels``: Ctrl-C cancels it.

    ``table`` is the file for its metrics; ``downloads``: its weights are saved.
    """

    tells: bool = False
    logs: bool = False
    cancels: bool = False
    table: Path | None = None
    downloads: bool = False


UNMOVED = Attention()


def attention(app: App, *, logs: bool, csv: Path | None, downloads: bool, cancels: bool = False) -> Attention:
    """What the options say. Where nobody can look at a picture, the log's lines take its place."""
    flags = app.flags
    in_a_pipe = not (app.stderr.isatty() or flags.quiet or flags.wants_json or flags.progress != "auto")
    return Attention(flags.wants_json, logs or in_a_pipe, cancels, app.cwd / csv if csv else None, downloads)


def attend(app: App, training: Training, display: Display, attention: Attention) -> None:
    """Shows a training to its end, and its new version then. Raises PredictionFailed or Canceled."""
    course, metrics = Course(), _Metrics(display, attention.table)
    metrics.prices(app, training)
    try:
        with coming_back(app, training, attention, display):
            for event in training.events():
                if attention.tells:
                    display.stop()
                    app.screen.event(as_json(event))
                match event:
                    case Phase(name, message):
                        course.enter(name, time.monotonic())
                        display.phase(known_as(name, training.host), message)
                        metrics.enter(name, training)
                    case Logs(text):
                        _take(app, display, text, attention)
                        metrics.take(text)
    finally:
        metrics.end()
        display.stop()
        if training.limit:
            training.limit.stop()
        app.screen.end_log()
        metrics.save(app)
        for line in [] if attention.tells else metrics.picture():
            app.screen.note(line)
    conclude(app, training, attention, course)


def check_table(table: Path | None) -> None:
    """Raises UsageError where the metrics cannot be saved."""
    if table:
        outputs.check_target(table)


def _take(app: App, display: Display, text: str, attention: Attention) -> None:
    display.logs(text, shown=not attention.logs)
    if attention.logs:
        app.screen.log(text)


class _Metrics:
    """The numbers of a log on their way to the screen and into a file; without either nobody reads them."""

    def __init__(self, display: Display, table: Path | None) -> None:
        self._curves = Curves()
        self._cockpit = display if isinstance(display, Cockpit) else None
        self._table = table

    def take(self, text: str) -> None:
        if (self._cockpit or self._table) and self._curves.feed(text):
            self._draw()

    def prices(self, app: App, training: Training) -> None:
        """What a second costs, where a basis is known."""
        if self._cockpit and training.host != LOCAL:
            self._cockpit.costs(cost.rate(training.prediction, app.settings) or 0.0)

    def enter(self, phase: str, training: Training) -> None:
        """The clock shows how long it has been running, also to whoever comes later."""
        if self._cockpit and phase == "processing":
            self._cockpit.runs(phases.running_time(training.prediction))

    def end(self) -> None:
        self._curves.end()
        self._draw()

    def _draw(self) -> None:
        if self._cockpit:
            self._cockpit.draw(self._curves.drawn, self._curves.others)

    def picture(self) -> list[str]:
        """What is to stay on the screen."""
        return self._cockpit.final() if self._cockpit else []

    def save(self, app: App) -> None:
        """What was read so far; that it cannot be written changes nothing about the training."""
        if not self._table:
            return
        try:
            with self._table.open("x", encoding="utf-8", newline="") as file:
                self._curves.write(file)
        except OSError as exc:
            app.screen.warning(f"the metrics are not saved: {self._table}: {exc.strerror}")
        else:
            app.screen.note(f"{len(self._curves.rows)} lines of metrics in {self._table}")


@contextmanager
def coming_back(app: App, training: Training, attention: Attention, display: Display) -> Iterator[None]:
    """A training goes on when nobody watches it: the hint says how to come back to it.

    The library learns what was seen of it.
    """
    again = command(training, "watch")
    try:
        yield
    except ClosedPipe:
        raise
    except Interrupted as exc:
        if training.prediction.is_done:
            raise
        exc.hint = _canceled(training, display) if attention.cancels else f"{_goes_on(training)}: {again}"
        raise
    except (NoAnswer, RateLimited) as exc:
        exc.hint = f"{again} takes it up again"
        raise
    finally:
        library(app, "training").refresh(training.prediction, training.host)


def _goes_on(training: Training) -> str:
    """A limit that only this client keeps ends with it."""
    unlimited = training.limit is not None and training.host != LOCAL
    return "the training goes on" + (" without a --timeout" if unlimited else "")


def command(training: Training, verb: str) -> str:
    """A command on this training that can be pasted, wherever it is the default."""
    return f"rcli trainings {verb} {training.prediction.id} --host {training.host}"


def _canceled(training: Training, display: Display) -> str:
    display.phase("canceling", "Ctrl-C again leaves at once")
    try:
        status = training.cancel().status
    except (Interrupted, RcliError):
        return f"the training may go on: {command(training, 'cancel')}"
    ended = status in ("succeeded", "failed")
    id = training.prediction.id
    return f"training {id} had {status} already" if ended else f"training {id} canceled"


def conclude(
    app: App, training: Training, attention: Attention = UNMOVED, course: Course | None = None
) -> None:
    """What a training has come to. Raises PredictionFailed or Canceled."""
    course = course or Course()
    prediction = training.prediction
    if prediction.status != "succeeded":
        if app.flags.wants_json and not attention.tells:
            app.screen.json(prediction.raw)
        if prediction.status == "failed" and not attention.logs:
            _show_end_of_log(app, training)
        _sum_up(app, training, course)
        training.check()
    if not attention.tells:
        show(app, training)
    _sum_up(app, training, course)
    if training.version:
        app.screen.note(f"rcli run {training.host}:{training.version.partition(':')[0]}")
    if attention.downloads:
        _download(app, training)


def show(app: App, training: Training) -> None:
    """The new version's reference, or with --json the training."""
    if app.flags.wants_json:
        app.screen.json(training.prediction.raw)
    elif training.version:
        app.screen.line(training.version)
    else:
        app.screen.json(training.prediction.output)


def _download(app: App, training: Training) -> None:
    """Saves the weights, and prints the path; with --json it goes to stderr."""
    title = f"{training.host} · weights"
    with app.screen.display(title) as display, coming_back(app, training, UNMOVED, display):

        def progress(done: int, total: int | None) -> None:
            of = f" of {views.size(total)}" if total else ""
            display.phase("saving", f"{views.size(done)}{of}", done / total if total else None)

        path = save_weights(training, app.settings.outputs, progress)
    saved = SavedFile(str(path), path.stat().st_size, WEIGHTS)
    library(app, "training").remember_files(training.prediction.id, training.host, [saved])
    if app.flags.wants_json:
        app.screen.say(str(path))
    else:
        app.screen.path(path)


def _show_end_of_log(app: App, training: Training) -> None:
    lines = standing(training.prediction.logs)
    if (left_out := len(lines) - LAST_LINES) > 0:
        app.screen.say(f"… {left_out} lines more: {command(training, 'logs')}")
    for line in lines[-LAST_LINES:]:
        app.screen.say(line)


def _sum_up(app: App, training: Training, course: Course) -> None:
    """One line for a person."""
    if not app.screen.sums_up:
        return
    prediction = training.prediction
    spent = views.cost(cost.of_training(prediction, training.host, app.settings))
    times = phases.by_phase(prediction, course, training.host)
    app.screen.say(views.ending(prediction, phases.total_time(prediction), times, spent, None))
