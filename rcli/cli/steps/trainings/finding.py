"""Which training a user means: as its host tells of it, or the library where the host has forgotten it."""

from __future__ import annotations

from rcli.app import App
from rcli.cli.steps.lookup import library
from rcli.errors import NotFound, RcliError
from rcli.services import local
from rcli.services.library import LAST, Library
from rcli.services.library.records import Entry, Record
from rcli.services.work import training
from rcli.services.work.training import Hosts, Remembered, Training
from rcli.settings import LOCAL


def found(app: App, text: str | None) -> Training:
    """By its id, the beginning of one, or ``last``; None: the one that runs.

    What the library knows of it is brought up to date. Raises NotFound, UsageError when several are meant.
    """
    kept = library(app, "training")
    entry = _entry(app, kept, text) if text else None
    hosts = _hosts(app, entry, text)
    try:
        seen = _asked(hosts, entry, text)
    except NotFound:
        record = kept.known(entry.id, app.flags.host or entry.host) if entry else None
        if record is None or not _tells(record):
            raise
        kept.mark_removed(record.entry)
        return _remembered(app, record)
    kept.refresh(seen.prediction, seen.host)
    if seen.prediction.data_removed and (record := kept.known(seen.prediction.id, seen.host)):
        return _remembered(app, record) if _tells(record) else seen
    return seen


def _asked(hosts: Hosts, entry: Entry | None, text: str | None) -> Training:
    if text is None:
        return training.running(hosts)
    if entry and text != LAST:
        return training.find(hosts[0], entry.id)
    return training.look_up(hosts, text)


def _entry(app: App, kept: Library, text: str) -> Entry | None:
    """What the library takes this for, None if it does not know, or cannot be read."""
    if text != LAST:
        return kept.look_up(text)
    try:
        return next(iter(kept.recent(1, app.flags.host)), None)
    except RcliError:
        return None


def _hosts(app: App, entry: Entry | None, text: str | None) -> Hosts:
    """Where a training may be: where rcli made it; else on the usual host, and on this machine if its engine
    runs. The last one may be on any of them.
    """
    names = [app.flags.host or app.default_host]
    if entry and text != LAST:
        names = [app.flags.host or entry.host]
    elif not app.flags.host:
        here = local.running(app.settings) is not None
        names += [LOCAL] if here else []
        names += [entry.host] if entry and _may_ask(app, entry.host) else []
    return [app.connect(name, as_is=True) for name in dict.fromkeys(names)]


def _may_ask(app: App, host: str) -> bool:
    """Whether there is a host of this name still, and somebody is signed in there."""
    return host == LOCAL or (host in app.settings.hosts() and app.is_signed_in(host))


def _remembered(app: App, record: Record) -> Training:
    """It as it was seen last."""
    app.screen.note(f"{record.entry.host} has forgotten it; this is the library's")
    return Remembered(app.connect(record.entry.host, as_is=True), record.as_told())


def _tells(record: Record) -> bool:
    """Whether more than an id is kept."""
    return record.origin is not None or record.completed_at is not None
