"""Which prediction a user means, and where the library is."""

from __future__ import annotations

from contextlib import suppress

from rcli.app import App
from rcli.errors import NotFound, UsageError
from rcli.services.library import Library
from rcli.services.library.records import Kind
from rcli.services.work import predict
from rcli.services.work.predict import Running


def library(app: App, kind: Kind | None = "prediction") -> Library:
    """What is remembered of one kind, None: of all; the same one as long as the command lasts."""
    found = app.lasting.get(name := f"library of {kind}")
    if not isinstance(found, Library):
        keeps = app.settings.get("library").value != "off"
        found = Library(app.settings.paths.library, keeps, kind)
        app.lasting[name] = found
    return found


def place(app: App, text: str, kind: Kind | None = "prediction") -> tuple[str, str]:
    """The host's name and the whole id; an explicit host wins. An id that rcli does not know may be whole.

    Raises UsageError when several ids begin so, NotFound for ``last`` before the first run.
    """
    if not text:
        raise UsageError("no prediction is named", hint="rcli predictions list")
    if not text.isprintable():
        raise NotFound(f"no prediction has the id {text!r}", hint="rcli predictions list")
    remembered = library(app, kind).look_up(text)
    id, host = (remembered.id, remembered.host) if remembered else (text, app.default_host)
    return app.flags.host or host, id


def found(app: App, text: str) -> Running:
    """A prediction by id, by the beginning of one that rcli made, or ``last``. Raises NotFound."""
    host, id = place(app, text)
    api = app.connect(host, as_is=True)
    try:
        return predict.find(api, id)
    except NotFound as exc:
        with suppress(UsageError):  # several begin so
            if training := library(app, "training").look_up(text):
                exc.hint = f"it is a training: rcli trainings show {training.id}"
        raise
