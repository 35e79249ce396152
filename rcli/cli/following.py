"""What ``run``, ``stream`` and ``predictions watch`` have in common: showing a prediction to its end."""

from __future__ import annotations

from rcli.app import App
from rcli.records import Finished, Logs, Output, Phase, Prediction, PredictionEvent
from rcli.services.predict import Running
from rcli.ui import views
from rcli.ui.live import Display

_LAST_LINES = 20


def follow(app: App, running: Running, display: Display, *, prints: bool, tells: bool) -> bool:
    """Shows progress; prints text as it comes if ``prints``, or every event as JSON if ``tells``.

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
            case Output(str(text)) if prints and not tells:
                display.stop()
                app.screen.text(text)
                was_printed = True
    return was_printed or tells


def explain_failure(app: App, prediction: Prediction) -> None:
    """The end of the model's log, where the reason usually is."""
    lines = prediction.logs.rstrip("\n").splitlines()
    if prediction.status == "failed" and lines:
        left_out = len(lines) - _LAST_LINES
        if left_out > 0:
            app.screen.say(f"… {left_out} lines more: rcli predictions show {prediction.id}")
        app.screen.say("\n".join(lines[-_LAST_LINES:]))


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
