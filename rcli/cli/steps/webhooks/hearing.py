"""What a person or a script gets to see of a listener: a list with keys, or a line for each event."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from rcli.app import App
from rcli.errors import ClosedPipe, Interrupted, NotFound
from rcli.listener.events import Event
from rcli.listener.forward import Delivery, target_name
from rcli.listener.journal import Entry, Fate
from rcli.listener.running import Running
from rcli.records import Json
from rcli.ui import browser
from rcli.ui.events import EventList, Row, Window
from rcli.ui.keys import Keys, listening

PAUSE = 0.1
"""Seconds from one look at the keyboard to the next at the events."""


def hear(app: App, running: Running, title: Sequence[str]) -> None:
    """Shows what comes until the user ends it, or the source does. Raises what ended the listener."""
    try:
        if _is_watched(app):
            _List(app, running, title).run()
        else:
            _tell_all(app, running)
    except ClosedPipe:
        raise
    except Interrupted as exc:
        if waiting := running.waiting:
            exc.hint = f"{waiting} deliveries are still to be made: the same command goes on with them"
        raise


def _is_watched(app: App) -> bool:
    """Whether there is a person with a keyboard before a terminal that can be drawn on."""
    flags, screen = app.flags, app.screen
    return (
        screen.is_terminal and app.stdin.isatty() and not (flags.wants_json or screen.quiet or screen.plain)
    )


# for scripts


def _tell_all(app: App, running: Running) -> None:
    while not running.is_over:
        running.wait(1)
        _tell_some(app, running)
    _tell_some(app, running)


def _tell_some(app: App, running: Running) -> None:
    for notice in running.notices():
        tell = app.screen.warning if notice.is_warning else app.screen.say
        tell(notice.text)
    while entries := running.shown():
        for entry in entries:
            with suppress(NotFound):  # forgotten meanwhile
                _tell(app, running, entry)


def _tell(app: App, running: Running, entry: Entry) -> None:
    if app.flags.wants_json:
        event, _ = running.details(entry.number)
        app.screen.event(as_json(event, entry))
    elif app.flags.quiet:
        app.screen.line(entry.prediction)
    else:
        cells = (
            time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(entry.created)),
            entry.kind,
            entry.prediction,
            entry.model,
            entry.status,
            forwarded(entry.fates),
        )
        app.screen.line("\t".join(" ".join(cell.split()) for cell in cells))


def as_json(event: Event, entry: Entry) -> Json:
    """One event for a program: the message, and what became of it at each endpoint."""
    return {
        "id": event.id,
        "event": event.kind,
        "origin": event.origin,
        "created": event.created,
        "prediction": event.payload,
        "deliveries": [
            {
                "target": target_name(fate.target),
                "status": fate.status,
                "error": fate.error,
                "seconds": fate.seconds,
                "attempts": fate.attempts,
            }
            for fate in entry.fates
        ],
    }


# for a person


class _List:
    """The live list and its keys."""

    def __init__(self, app: App, running: Running, title: Sequence[str]) -> None:
        self._app, self._running = app, running
        self._list = EventList(title)
        self._window = Window(app.stdout)
        self._detailed: int | None = None
        self._acts: dict[str, Callable[[int], None]] = {
            "r": self._resend,
            "o": self._open,
            "d": self._show,
            "enter": self._show,
        }

    def run(self) -> None:
        coloured = not self._app.environ.get("NO_COLOR")
        with listening(self._app.stdin) as keys, self._window.open():
            while self._act(keys) and not self._running.is_over:
                self._look()
                self._window.show(self._list.lines(*self._window.size(), coloured=coloured))
        self._running.wait(0)

    def _look(self) -> None:
        self._running.wait(0)
        while entries := self._running.changed():
            for entry in entries:
                self._list.put(row(entry))
                if entry.number == self._detailed:
                    self._show(entry.number)
        for notice in self._running.notices():
            self._list.remark, self._list.is_warning = notice.text, notice.is_warning
        self._list.waiting = self._running.waiting

    def _act(self, keys: Keys) -> bool:
        """What keys ask for; False to quit."""
        for key in keys.pressed(PAUSE):
            if key == "q":
                return False
            if self._detailed is not None and key in ("d", "escape", "enter"):
                self._detailed = None
                self._list.show_details(None)
            elif key in self._acts and (number := self._list.chosen) is not None:
                self._acts[key](number)
            else:
                self._list.move(key)
        return True

    def _resend(self, number: int) -> None:
        self._running.resend(number)
        self._say("sent once more")

    def _show(self, number: int) -> None:
        try:
            self._list.show_details(details(*self._running.details(number)))
            self._detailed = number
        except NotFound as exc:
            self._say(exc.message)

    def _open(self, number: int) -> None:
        try:
            event, _ = self._running.details(number)
        except NotFound as exc:
            self._say(exc.message)
            return
        urls = event.payload.get("urls")
        page = urls.get("web") if isinstance(urls, dict) else None
        if not isinstance(page, str):
            self._say("this prediction has no page")
        else:
            self._say(f"opened {page}" if browser.opens(page, self._app.environ) else page)

    def _say(self, text: str) -> None:
        self._list.remark, self._list.is_warning = text, False


def row(entry: Entry) -> Row:
    """One line of the list."""
    clock = time.strftime("%H:%M:%S", time.localtime(entry.created))
    told = forwarded(entry.fates, short=True)
    return Row(
        entry.number,
        clock,
        entry.kind,
        entry.prediction,
        entry.model,
        entry.status,
        told,
        _style(entry.fates),
    )


def forwarded(fates: Sequence[Fate], *, short: bool = False) -> str:
    """How an event went to its endpoints, such as ``200 12 ms``; ``short``: for a column of a list."""
    return " · ".join(_fate(fate, short) for fate in fates) or "-"


def _fate(fate: Fate, short: bool) -> str:
    if not fate.attempts:
        return "waits" if fate.due == 0 else "sends again"
    is_command = fate.target.startswith("exec:")
    if fate.status is None:
        told = fate.error or "no answer"
        told = told.partition(" to ")[0] if short else told
    else:
        told = f"{'exit ' if is_command else ''}{fate.status} {round((fate.seconds or 0) * 1000)} ms"
    if fate.due:
        told += f", again at {time.strftime('%H:%M:%S', time.localtime(fate.due))}"
    return told


def _style(fates: Sequence[Fate]) -> str:
    if any(fate.attempts and not fate.delivered for fate in fates):
        return "yellow" if any(fate.due for fate in fates) else "red"
    return "green" if fates and all(fate.delivered for fate in fates) else "dim"


def details(event: Event, attempts: Sequence[Delivery]) -> list[str]:
    """All that is known of an event, in lines: headers, body, and what each endpoint answered."""
    lines = [f"{event.kind} {event.id}, {len(event.body)} bytes, {event.origin}", "", "headers:"]
    lines += [f"  {name}: {value}" for name, value in event.headers.items()]
    for attempt in attempts:
        lines += ["", *_attempt(attempt)]
    lines += ["", "body:"]
    lines += [f"  {each}" for each in json.dumps(event.payload, indent=2, ensure_ascii=False).splitlines()]
    return lines


def _attempt(attempt: Delivery) -> list[str]:
    at = time.strftime("%H:%M:%S", time.localtime(attempt.at))
    came = attempt.error or f"{attempt.status}"
    lines = [f"{at} to {target_name(attempt.target)}, {came} in {round(attempt.seconds * 1000)} ms:"]
    lines += [f"  {name}: {value}" for name, value in attempt.headers]
    return [*lines, *(f"  {each}" for each in attempt.body.decode("utf-8", "replace").splitlines())]
