"""``rcli webhook trigger``: an event of a prediction that nobody has made, in the shape of a real one."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from rcli.app import App
from rcli.cli.options import also, chosen, further, world
from rcli.cli.steps import named
from rcli.cli.steps.webhooks import handling
from rcli.errors import UsageError
from rcli.listener import sample
from rcli.listener.changes import Message
from rcli.listener.sending import send, signed
from rcli.records import Json
from rcli.services.models import examples
from rcli.webhooks import KINDS, new_message_id

EventName = Annotated[str, typer.Argument(metavar="EVENT", help="start, output, logs or completed.")]


@also(
    further(["--model"], "Like a prediction of this model.", metavar="MODEL"),
    further(["--training"], "A training's event."),
    further(
        ["--set"],
        "Another value: status=failed, metrics.predict_time=3, output:='[1, 2]'.",
        metavar="KEY=VALUE",
        multiple=True,
    ),
    *handling.HANDLER,
)
def trigger(ctx: typer.Context, event: EventName) -> int:
    """Send your handler an event of a made-up prediction, signed as the service signs.

    \b
    Examples: rcli webhook trigger completed --forward-to http://localhost:3000/webhook
              rcli webhook trigger completed --set status=failed --forward-to http://localhost:3000/webhook
    """
    app = world(ctx)
    if event not in KINDS:
        raise UsageError(f"{event!r} is no event", hint=f"one of {', '.join(KINDS)}")
    endpoint = handling.endpoint(ctx)
    changes = [_change(word) for word in chosen(ctx, "--set") or ()]
    status = next((str(value) for path, value in changes if path == ["status"]), "succeeded")
    payload = sample.as_told(sample.ended(_whole(ctx, app), status), event)
    for path, value in changes:
        payload = _placed(payload, path, value)
    made = signed(Message(event, new_message_id(), payload), handling.key(ctx), "trigger", time.time())
    return handling.tell(app, [made], send([made], endpoint))


def _whole(ctx: typer.Context, app: App) -> Json:
    """A prediction that has succeeded: made up, or like one of the model's."""
    now, model = datetime.now(UTC), chosen(ctx, "--model")
    if chosen(ctx, "--training"):
        return sample.training(now)
    if model is None:
        return sample.prediction(now)
    host, reference = named.model(app, model)
    found = examples.prediction(app.connect(host), reference)
    return sample.renewed(sample.prediction(now) | found, now)


def _change(word: str) -> tuple[list[str], Any]:
    """Where a word of ``--set`` leads and the value; ``key:=JSON`` is any value. Raises UsageError."""
    path, equals, text = word.partition("=")
    names = path.removesuffix(":").split(".")
    if not equals or not all(names):
        raise UsageError(f"--set takes KEY=VALUE, not {word!r}", hint="--set status=failed")
    if not path.endswith(":"):
        return names, text
    try:
        return names, json.loads(text)
    except json.JSONDecodeError as exc:
        raise UsageError(f"--set {word}: this is no JSON: {exc}", hint="--set output:='[1, 2]'") from exc


def _placed(into: Json, path: list[str], value: Any) -> Json:
    first, *rest = path
    inner = into.get(first)
    inner = inner if isinstance(inner, dict) else {}
    return into | {first: _placed(inner, rest, value) if rest else value}
