"""``rcli library rescue``: what only the services have is saved before they delete it."""

from __future__ import annotations

from collections.abc import Iterable

from rcli.app import App
from rcli.cli.steps.lookup import library
from rcli.cli.steps.results import saving
from rcli.errors import Interrupted, NotFound, RcliError
from rcli.services.library import Library
from rcli.services.library.queries import Filter
from rcli.services.library.records import Entry
from rcli.services.results import outputs, safekeeping
from rcli.services.work import predict
from rcli.services.work.predict import Running


def rescue(app: App) -> int:
    """Returns the highest exit code; what is gone already is no error."""
    kept = library(app)
    records = list(filter(safekeeping.may_be_lost, kept.records(Filter(host=app.flags.host))))
    by_host: dict[str, list[Entry]] = {}
    for record in records:
        by_host.setdefault(record.entry.host, []).append(record.entry)
    ended = [_rescue_from(app, kept, host, entries) for host, entries in by_host.items()]
    saved = sum(number for number, _ in ended)
    app.screen.say(f"{saved} {'file was' if saved == 1 else 'files were'} saved")
    return max((code for _, code in ended), default=0)


def _rescue_from(app: App, kept: Library, host: str, entries: Iterable[Entry]) -> tuple[int, int]:
    """How many files were saved, and the exit code: a host that cannot be asked does not spare the others."""
    number = code = 0
    try:
        api = app.connect(host, as_is=True)
    except Interrupted:
        raise
    except RcliError as exc:
        app.screen.error(exc)
        return number, exc.exit_code
    for entry in entries:
        try:
            number += _rescue_one(app, kept, predict.find(api, entry.id), host)
        except Interrupted:
            raise
        except NotFound:
            kept.mark_removed(entry)
        except RcliError as exc:
            app.screen.error(exc)
            code = max(code, exc.exit_code)
    return number, code


def _rescue_one(app: App, kept: Library, running: Running, host: str) -> int:
    prediction = running.prediction
    if not prediction.is_done:
        return 0
    kept.refresh(prediction, host)
    if not safekeeping.planned(running).files:
        return 0
    folder = safekeeping.managed(app.settings.outputs, prediction.id)
    with app.screen.display(prediction.model) as display:
        saved = saving.fetch(running, host, folder, display, managed=True)
    kept.remember_files(prediction.id, host, outputs.kept(saved))
    for each in saved:
        app.screen.path(each.path)
    return len(saved)
