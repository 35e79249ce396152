"""``rcli predictions wait``: until all of them have ended."""

from __future__ import annotations

from collections.abc import Iterator

import typer

from rcli.app import App
from rcli.cli.options import Ids, WaitTimeout, world
from rcli.cli.steps.lookup import library, place
from rcli.errors import NoAnswer, RcliError
from rcli.records import Prediction
from rcli.services import times
from rcli.services.work import predict
from rcli.services.work.waiting import Waiting
from rcli.ui import views
from rcli.ui.live import Display


def wait(ctx: typer.Context, ids: Ids, timeout: WaitTimeout = None) -> int:
    """Wait until predictions have ended, and print a line for each as it does.

    The exit code is the highest of them: 3 if one failed, 7 if one was canceled. After --timeout it is 5, and
    they go on running.

    Example: rcli predictions wait last --timeout 5m
    """
    app = world(ctx)
    seconds = None if timeout is None else times.duration(timeout, "--timeout")
    waiting = _waiting(app, ids, seconds)
    total, code = waiting.left, 0
    for host, prediction in _ended(app, waiting, total):
        library(app).refresh(prediction, host)
        code = max(code, _tell(app, prediction))
    if waiting.left:
        app.screen.error(_unfinished(waiting, timeout or ""))
        code = max(code, NoAnswer.exit_code)
    return code


def _waiting(app: App, texts: list[str], seconds: float | None) -> Waiting:
    pending: dict[str, list[str]] = {}
    for host, id in dict.fromkeys(place(app, text) for text in texts):
        pending.setdefault(host, []).append(id)
    return Waiting({host: app.connect(host, as_is=True) for host in pending}, pending, seconds)


def _ended(app: App, waiting: Waiting, total: int) -> Iterator[tuple[str, Prediction]]:
    """Each as it ends; while nothing does, a person sees how many there are."""
    display: Display
    following = waiting.ended(lambda left: display.phase("waiting", f"{total - left} of {total} have ended"))
    while True:
        display = app.screen.display(", ".join(waiting.apis))
        with display:
            found = next(following, None)
        if found is None:
            return
        yield found


def _tell(app: App, prediction: Prediction) -> int:
    """A line of data, and what went wrong; returns the exit code for it."""
    if app.flags.wants_json:
        app.screen.event(prediction.raw)
    elif app.flags.quiet:
        app.screen.line(prediction.id)
    else:
        app.screen.line(
            "\t".join([prediction.id, prediction.status, views.seconds(_total(prediction)) or ""])
        )
    try:
        predict.check(prediction)
    except RcliError as exc:
        app.screen.error(exc)
        return exc.exit_code
    return 0


def _total(prediction: Prediction) -> object:
    return prediction.metrics.get("total_time") or prediction.metrics.get("predict_time")


def _unfinished(waiting: Waiting, timeout: str) -> NoAnswer:
    ids = waiting.ids
    number = f"prediction {ids[0]} has" if len(ids) == 1 else f"{len(ids)} predictions have"
    goes = "goes" if len(ids) == 1 else "go"
    them = "it" if len(ids) == 1 else "them"
    return NoAnswer(
        f"{number} not ended after {timeout}, and {goes} on",
        hint=f"rcli predictions wait {' '.join(ids)}, or rcli predictions cancel {them}",
    )
