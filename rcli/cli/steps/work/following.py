"""What ``run``, ``stream`` and ``predictions watch`` have in common: showing a prediction to its end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rcli.app import App
from rcli.errors import ClosedPipe, Interrupted, NoAnswer, RateLimited
from rcli.records import Finished, Logs, Output, Phase, Prediction, PredictionEvent
from rcli.services.results.outputs import NotSaved
from rcli.services.work import cost, phases, predict
from rcli.services.work.phases import Course, known_as
from rcli.services.work.predict import Running
from rcli.ui import views
from rcli.ui.live import Display
from rcli.ui.logs import standing

_LAST_LINES = 20


@dataclass(frozen=True)
class Telling:
    """What goes on while it runs: texts that ``prints`` is true of, or with ``tells`` every event as JSON;
    with ``logs`` the whole log to stderr."""

    prints: Callable[[str], bool]
    tells: bool
    logs: bool


def follow(app: App, running: Running, display: Display, course: Course, telling: Telling) -> bool:
    """Shows progress, and notes in ``course`` what takes its time.

    True if the output was printed on the way.
    """
    was_printed, tells = False, telling.tells
    host = running.api.client.host.name
    for event in running.events():
        if tells:
            display.stop()
            app.screen.event(as_json(event))
        match event:
            case Phase(name, message):
                course.enter(name, time.monotonic())
                display.phase(known_as(name, host), message)
            case Logs(text):
                display.logs(text, shown=not telling.logs)
                if telling.logs:
                    app.screen.log(text)
            case Output(str(text)) if not tells and telling.prints(text):
                display.stop()
                app.screen.text(text)
                was_printed = True
    app.screen.end_log()
    return was_printed or tells


def tell_logs(app: App, events: Iterable[PredictionEvent]) -> None:
    """The log alone, or with --json its events."""
    try:
        for event in events:
            match event:
                case Logs() if app.flags.wants_json:
                    app.screen.event(as_json(event))
                case Logs(text):
                    app.screen.roll(text)
    finally:
        app.screen.end_roll()


def tell_log(app: App, log: str) -> None:
    """A whole log: exact, but on a terminal as it stands there in the end."""
    if app.screen.is_terminal and not app.flags.wants_json:
        app.screen.text("".join(f"{line}\n" for line in standing(log)))
    else:
        tell_logs(app, [Logs(log)] if log else [])


@contextmanager
def taken_up_again(running: Running, where: str = "") -> Iterator[None]:
    """A prediction stays when the person, the network or the disk does not: the hint says how to come back.

    ``where``: the options that say where its output goes, as they are typed.
    """
    try:
        yield
    except ClosedPipe:
        raise
    except Interrupted as exc:
        if running.prediction.status == "succeeded":
            id = running.prediction.id
            exc.hint = f"prediction {id} has succeeded: rcli predictions watch {id}{where} saves its output"
        raise
    except (NoAnswer, RateLimited) as exc:
        exc.hint = f"rcli predictions watch {running.prediction.id}{where} takes it up again"
        raise
    except NotSaved as exc:
        id = running.prediction.id
        exc.message += f" (the output of prediction {id})"
        exc.hint = f"rcli predictions watch {id} --output-dir FOLDER"
        raise


def explain_failure(app: App, prediction: Prediction, *, has_log: bool = False) -> None:
    """The end of the model's log, where the reason usually is, and what else the server says of it.

    ``has_log``: all of the log was shown already.
    """
    if prediction.status != "failed":
        return
    lines = [] if has_log else standing(prediction.logs)
    if (left_out := len(lines) - _LAST_LINES) > 0:
        app.screen.say(f"… {left_out} lines more: rcli predictions show {prediction.id}")
    for line in lines[-_LAST_LINES:]:
        app.screen.say(line)
    for line in predict.details(prediction):
        app.screen.say(f"  {line}")


def sum_up(app: App, running: Running, course: Course, where: str | None = None) -> None:
    """One line for a person: what took how long, what it cost, and ``where`` the output went."""
    if not app.screen.sums_up:
        return
    prediction = running.prediction
    line = views.ending(
        prediction,
        phases.total_time(prediction),
        phases.by_phase(prediction, course, running.api.client.host.name),
        views.cost(cost.of(prediction, running.api, app.settings)),
        where,
    )
    app.screen.say(line)


def as_json(event: PredictionEvent) -> dict[str, object]:
    match event:
        case Phase(name, message):
            return {"event": "phase", "phase": name, **({"message": message} if message else {})}
        case Logs(text):
            return {"event": "logs", "data": text}
        case Output(value):
            return {"event": "output", "data": value}
        case Finished(prediction):
            return {"event": "done", "prediction": prediction.raw}
