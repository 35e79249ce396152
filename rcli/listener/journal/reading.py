"""What the journal holds: events whole, events as a list shows them, attempts."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Literal, cast

from rcli.errors import NotFound
from rcli.listener.events import Event, Origin
from rcli.listener.forward import Delivery
from rcli.listener.journal.entries import Entry, Fate
from rcli.listener.journal.file import connect, explained
from rcli.webhooks import Kind


def recorded(path: Path, id: str) -> list[Event]:
    """What any listener has kept of a prediction, a training or a message with this id, in order; maybe none.

    Raises RcliError when the file cannot be used.
    """
    if not path.exists():
        return []
    with explained(path), closing(connect(path)) as db:
        numbers = db.execute(
            "SELECT number FROM events WHERE prediction = ? OR id = ? ORDER BY number", (id, id)
        ).fetchall()
        found = [read_event(db, number) for (number,) in numbers]
    return list({event.id: event for event in found}.values())


def read_event(db: sqlite3.Connection, number: int) -> Event:
    """An event whole. Raises NotFound for one that was forgotten."""
    row = db.execute(
        "SELECT id, kind, body, headers, origin, created FROM events WHERE number = ?", (number,)
    ).fetchone()
    if row is None:
        raise NotFound("the journal has forgotten this event", hint="rcli webhook replay ID")
    id, kind, body, headers, origin, created = row
    return Event(id, cast(Kind, kind), body, json.loads(headers), cast(Origin, origin), created)


def entries(
    db: sqlite3.Connection, listener: str, column: Literal["changed", "shown"], after: int, limit: int
) -> list[tuple[int, Entry]]:
    """A listener's events that have more than ``after`` in a column, by it, each with what is there."""
    rows = db.execute(
        f"SELECT {column}, number, id, kind, origin, created, prediction, model, status, size"
        f" FROM events WHERE listener = ? AND {column} > ? ORDER BY {column} LIMIT ?",
        (listener, after, limit),
    ).fetchall()
    return [(row[0], _entry(row, _fates(db, row[1]))) for row in rows]


def _fates(db: sqlite3.Connection, number: int) -> tuple[Fate, ...]:
    rows = db.execute(
        "SELECT target, attempts, due, status, seconds, error FROM deliveries WHERE event = ?"
        " ORDER BY number",
        (number,),
    )
    return tuple(Fate(*row) for row in rows)


def attempts(db: sqlite3.Connection, number: int) -> list[Delivery]:
    """All attempts to deliver an event, the oldest first."""
    rows = db.execute(
        "SELECT e.id, d.target, a.at, a.seconds, a.status, a.error, a.headers, a.body"
        " FROM attempts a JOIN deliveries d ON d.number = a.delivery JOIN events e ON e.number = d.event"
        " WHERE d.event = ? ORDER BY a.number",
        (number,),
    )
    return [_delivery(row) for row in rows]


def _entry(row: Sequence[Any], fates: tuple[Fate, ...]) -> Entry:
    number, id, kind, origin, created, prediction, model, status, size = row[1:]
    return Entry(number, id, kind, origin, created, prediction, model, status, size, fates)


def _delivery(row: Sequence[Any]) -> Delivery:
    event, target, at, seconds, status, error, headers, body = row
    pairs = tuple((name, value) for name, value in json.loads(headers))
    return Delivery(event, target, at, seconds, status, error, pairs, body)
