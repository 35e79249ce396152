"""What ``run``, ``stream`` and ``predictions watch`` have in common: showing a prediction to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rcli.app import App
from rcli.errors import NoAnswer, RateLimited
from rcli.records import Finished, Logs, Output, Phase, Prediction, PredictionEvent
from rcli.services import predict
from rcli.services.outputs import NotSaved
from rcli.services.predict import Running
from rcli.ui import views
from rcli.ui.live import Display

_LAST_LINES = 20


def follow(
    app: App, running: Running, display: Display, *, prints: Callable[[str], bool], tells: bool
) -> bool:
    """Shows progress; prints the texts that ``prints`` is true of, or with ``tells`` every event as JSON.

    True if the output was printed on the way.
    """
    was_printed = False
    for event in running.events():
        if tells:
            display.stop()
            app.screen.event(_as_json(event))
        match event:
            case Phase(name, message):
                display.phase(name, message)
            case Logs(text):
                display.logs(text)
            case Output(str(text)) if not tells and prints(text):
                display.stop()
                app.screen.text(text)
                was_printed = True
    return was_printed or tells


@contextmanager
def taken_up_again(running: Running) -> Iterator[None]:
    """A prediction stays when the network or the disk does not: the hint says how to come back to it."""
    try:
        yield
    except (NoAnswer, RateLimited) as exc:
        exc.hint = f"rcli predictions watch {running.prediction.id} takes it up again"
        raise
    except NotSaved as exc:
        id = running.prediction.id
        exc.message += f" (the output of prediction {id})"
        exc.hint = f"rcli predictions watch {id} --output-dir FOLDER"
        raise


def explain_failure(app: App, prediction: Prediction) -> None:
    """The end of the model's log, where the reason usually is, and what else the server says of it."""
    if prediction.status != "failed":
        return
    lines = prediction.logs.splitlines()
    if (left_out := len(lines) - _LAST_LINES) > 0:
        app.screen.say(f"… {left_out} lines more: rcli predictions show {prediction.id}")
    for line in lines[-_LAST_LINES:]:
        app.screen.say(line)
    for line in predict.details(prediction):
        app.screen.say(f"  {line}")


def sum_up(app: App, prediction: Prediction) -> None:
    """One line with the times, for a person."""
    spent = views.seconds(prediction.metrics.get("predict_time"))
    total = views.seconds(prediction.metrics.get("total_time"))
    times = [f"in {total}" if total else "", f"(running {spent})" if spent and spent != total else ""]
    app.screen.note(" ".join([prediction.status, *filter(None, times), f"· {prediction.id}"]))


def _as_json(event: PredictionEvent) -> dict[str, object]:
    match event:
        case Phase(name, message):
            return {"event": "phase", "phase": name, **({"message": message} if message else {})}
        case Logs(text):
            return {"event": "logs", "data": text}
        case Output(value):
            return {"event": "output", "data": value}
        case Finished(prediction):
            return {"event": "done", "prediction": prediction.raw}
