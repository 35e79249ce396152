"""What was received and what became of it, in an SQLite file of the user's own: the queue on disk.

A listener has a name; whoever listens again under that name goes on where the last one ended. One process
listens under one name at a time. Events are committed before anyone is told that they were taken: a kill of
the process loses none (power loss may).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from rcli.errors import NotFound, RcliError
from rcli.listener.events import Event, Origin
from rcli.listener.forward import Delivery
from rcli.paths import make_private_folder
from rcli.webhooks import Kind

KEPT = 7 * 24 * 3600.0
"""Seconds for which events are kept."""

MOST_BYTES = 1 << 30
"""Bodies that are kept in all; the oldest settled ones go first."""

AT_ONCE = 200
"""Events that are removed in one step."""

PATIENCE = 10.0
"""Seconds to wait for another process that writes just now."""


@dataclass(frozen=True)
class Turn:
    """One event that one endpoint is still to get. ``number`` is the delivery's, ``event`` the event's."""

    number: int
    event: int
    prediction: str
    attempts: int


@dataclass(frozen=True)
class Fate:
    """What became of an event at one endpoint so far; ``due`` is when it is tried again, None when settled.

    ``due`` 0 waits for its first attempt. ``status``, ``seconds`` and ``error`` are the last attempt's.
    """

    target: str
    attempts: int
    due: float | None
    status: int | None
    seconds: float | None
    error: str | None

    @property
    def delivered(self) -> bool:
        return self.attempts > 0 and self.due is None and self.error is None


@dataclass(frozen=True)
class Entry:
    """An event as a list shows it, without its body. ``size`` in bytes, ``created`` in Unix seconds."""

    number: int
    id: str
    kind: Kind
    origin: Origin
    created: float
    prediction: str
    model: str
    status: str
    size: int
    fates: tuple[Fate, ...]


class Journal:
    """Of one listener; belongs to the thread that uses it. ``close`` it."""

    def __init__(self, db: sqlite3.Connection, path: Path, listener: str) -> None:
        self._db, self._path, self._listener = db, path, listener
        self._changes = _number(db, "SELECT COALESCE(MAX(changed), 0) FROM events")

    @classmethod
    def open(cls, path: Path, listener: str) -> Journal:
        """Raises RcliError when the file cannot be used."""
        with explained(path):
            return cls(_connect(path), path, listener)

    def close(self) -> None:
        self._db.close()

    # what comes in

    def add(self, event: Event, targets: Sequence[str], marks: Mapping[str, str] | None = None) -> bool:
        """Keeps an event, to be delivered to these targets, and sets ``marks`` with it, all or nothing.

        False for an event whose id is known: then only the marks are set.
        """
        with self._change():
            for name, value in (marks or {}).items():
                self._mark(name, value)
            if self.knows(event.id):
                return False
            number = self._insert(event, first_shown=not targets)
            self._db.executemany(
                "INSERT INTO deliveries (listener, event, target, prediction, due) VALUES (?, ?, ?, ?, 0)",
                [(self._listener, number, target, event.prediction) for target in targets],
            )
        return True

    def knows(self, id: str) -> bool:
        """Whether the event with this ``webhook-id`` was taken before."""
        sql = "SELECT EXISTS (SELECT 1 FROM events WHERE listener = ? AND id = ?)"
        return bool(_number(self._db, sql, (self._listener, id)))

    def mark(self, name: str, value: str) -> None:
        """Remembers a text under a name, for a source that goes on after a restart."""
        with self._change():
            self._mark(name, value)

    def marks(self, prefix: str = "") -> dict[str, str]:
        """What is remembered under names that begin so."""
        sql = "SELECT name, value FROM marks WHERE listener = ? AND substr(name, 1, ?) = ?"
        return dict(self._db.execute(sql, (self._listener, len(prefix), prefix)).fetchall())

    def unmark(self, *names: str) -> None:
        with self._change():
            self._db.executemany(
                "DELETE FROM marks WHERE listener = ? AND name = ?",
                [(self._listener, name) for name in names],
            )

    # what goes out

    def waiting(self, target: str, after: int, limit: int) -> list[Turn]:
        """Deliveries to one target that were never tried, in order of arrival, after delivery ``after``."""
        rows = self._db.execute(
            "SELECT number, event, prediction, attempts FROM deliveries"
            " WHERE listener = ? AND target = ? AND due = 0 AND number > ? ORDER BY number LIMIT ?",
            (self._listener, target, after, limit),
        )
        return [Turn(*row) for row in rows]

    def again(self, target: str, now: float, limit: int) -> list[Turn]:
        """Deliveries to one target whose time for another attempt has come, the longest due first."""
        rows = self._db.execute(
            "SELECT number, event, prediction, attempts FROM deliveries"
            " WHERE listener = ? AND target = ? AND due > 0 AND due <= ? ORDER BY due LIMIT ?",
            (self._listener, target, now, limit),
        )
        return [Turn(*row) for row in rows]

    def next_again(self, target: str, now: float) -> float | None:
        """When the next further attempt will be due that is not due yet, in Unix seconds."""
        sql = "SELECT MIN(due) FROM deliveries WHERE listener = ? AND target = ? AND due > ?"
        found: float | None = self._db.execute(sql, (self._listener, target, now)).fetchone()[0]
        return found

    def note(self, turn: Turn, delivery: Delivery, due: float | None) -> None:
        """What an attempt brought; ``due`` is when there will be another one, None for never."""
        with self._change():
            self._db.execute(
                "INSERT INTO attempts (delivery, at, seconds, status, error, headers, body)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    turn.number,
                    delivery.at,
                    delivery.seconds,
                    delivery.status,
                    delivery.error,
                    json.dumps(delivery.headers),
                    delivery.body,
                ),
            )
            self._db.execute(
                "UPDATE deliveries SET attempts = attempts + 1, due = ?, status = ?, seconds = ?, error = ?"
                " WHERE number = ?",
                (due, delivery.status, delivery.seconds, delivery.error, turn.number),
            )
            self._touch(turn.event)

    def resend(self, number: int, targets: Sequence[str], now: float) -> None:
        """Has an event delivered once more, now, to targets that may have had it before."""
        with self._change():
            for target in targets:
                self._db.execute(
                    "INSERT INTO deliveries (listener, event, target, prediction, due)"
                    " SELECT listener, number, ?, prediction, ? FROM events WHERE number = ?"
                    " ON CONFLICT (event, target) DO UPDATE SET due = excluded.due, attempts = 0",
                    (target, now, number),
                )
            self._touch(number)

    def pending(self) -> int:
        """Deliveries that are not settled, to whatever target."""
        sql = "SELECT COUNT(*) FROM deliveries WHERE listener = ? AND due IS NOT NULL"
        return _number(self._db, sql, (self._listener,))

    # what is looked at

    def event(self, number: int) -> Event:
        """An event whole. Raises NotFound for one that was forgotten."""
        return read_event(self._db, "number = ?", (number,))

    def changed(self, after: int, limit: int) -> list[tuple[int, Entry]]:
        """Events that came or changed after this change, each once as it is now, with its latest change."""
        return self._entries("changed", after, limit)

    def shown(self, after: int, limit: int) -> list[tuple[int, Entry]]:
        """Events of which every endpoint has had its first attempt, in the order in which that was so."""
        return self._entries("shown", after, limit)

    def latest_change(self) -> int:
        return self._changes

    def attempts(self, number: int) -> list[Delivery]:
        """All attempts to deliver an event, the oldest first."""
        rows = self._db.execute(
            "SELECT e.id, d.target, a.at, a.seconds, a.status, a.error, a.headers, a.body"
            " FROM attempts a JOIN deliveries d ON d.number = a.delivery JOIN events e ON e.number = d.event"
            " WHERE d.event = ? ORDER BY a.number",
            (number,),
        )
        return [_delivery(row) for row in rows]

    def forget(self, now: float, *, kept: float = KEPT, most: int = MOST_BYTES) -> bool:
        """Removes a few events: older than ``kept`` seconds, else the oldest settled beyond ``most`` bytes.

        True when there may be more to remove.
        """
        with self._change():
            old = self._db.execute(
                "SELECT number FROM events WHERE created < ? LIMIT ?", (now - kept, AT_ONCE)
            ).fetchall()
            gone = old or self._beyond(most)
            self._db.executemany("DELETE FROM events WHERE number = ?", gone)
        return bool(gone)

    def _beyond(self, most: int) -> list[tuple[int]]:
        over = _number(self._db, "SELECT COALESCE(SUM(size), 0) FROM events") - most
        if over <= 0:
            return []
        settled = self._db.execute(
            "SELECT number, size FROM events e WHERE NOT EXISTS"
            " (SELECT 1 FROM deliveries d WHERE d.event = e.number AND d.due IS NOT NULL)"
            " ORDER BY number LIMIT ?",
            (AT_ONCE,),
        )
        gone: list[tuple[int]] = []
        for number, size in settled:
            if over <= 0:
                break
            over -= size
            gone.append((number,))
        return gone

    @contextmanager
    def _change(self) -> Iterator[None]:
        with explained(self._path), _transaction(self._db):
            yield

    def _insert(self, event: Event, *, first_shown: bool) -> int:
        self._changes += 1
        done = self._db.execute(
            "INSERT INTO events (listener, id, kind, origin, created, prediction, model, status, size,"
            " headers, body, changed, shown) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self._listener,
                event.id,
                event.kind,
                event.origin,
                event.created,
                event.prediction,
                event.model,
                event.status,
                len(event.body),
                json.dumps(dict(event.headers)),
                event.body,
                self._changes,
                self._changes if first_shown else None,
            ),
        )
        return done.lastrowid or 0

    def _mark(self, name: str, value: str) -> None:
        self._db.execute(
            "INSERT INTO marks (listener, name, value) VALUES (?, ?, ?)"
            " ON CONFLICT (listener, name) DO UPDATE SET value = excluded.value",
            (self._listener, name, value),
        )

    def _touch(self, number: int) -> None:
        self._changes += 1
        self._db.execute(
            "UPDATE events SET changed = :change, shown = COALESCE(shown, IIF(EXISTS"
            " (SELECT 1 FROM deliveries WHERE event = :number AND due = 0), NULL, :change))"
            " WHERE number = :number",
            {"change": self._changes, "number": number},
        )

    def _entries(self, column: str, after: int, limit: int) -> list[tuple[int, Entry]]:
        rows = self._db.execute(
            f"SELECT {column}, number, id, kind, origin, created, prediction, model, status, size"
            f" FROM events WHERE listener = ? AND {column} > ? ORDER BY {column} LIMIT ?",
            (self._listener, after, limit),
        ).fetchall()
        return [(row[0], _entry(row, self._fates(row[1]))) for row in rows]

    def _fates(self, number: int) -> tuple[Fate, ...]:
        rows = self._db.execute(
            "SELECT target, attempts, due, status, seconds, error FROM deliveries WHERE event = ?"
            " ORDER BY number",
            (number,),
        )
        return tuple(Fate(*row) for row in rows)


def recorded(path: Path, id: str) -> list[Event]:
    """What any listener has kept of a prediction, a training or a message with this id, in order; maybe none.

    Raises RcliError when the file cannot be used.
    """
    if not path.exists():
        return []
    with explained(path), closing(_connect(path)) as db:
        numbers = db.execute(
            "SELECT number FROM events WHERE prediction = ? OR id = ? ORDER BY number", (id, id)
        ).fetchall()
        found = [read_event(db, "number = ?", row) for row in numbers]
    return list({event.id: event for event in found}.values())


def read_event(db: sqlite3.Connection, where: str, parameters: Sequence[object]) -> Event:
    row = db.execute(
        f"SELECT id, kind, body, headers, origin, created FROM events WHERE {where}", tuple(parameters)
    ).fetchone()
    if row is None:
        raise NotFound("the journal has forgotten this event", hint="rcli webhook replay ID")
    id, kind, body, headers, origin, created = row
    return Event(id, cast(Kind, kind), body, json.loads(headers), cast(Origin, origin), created)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """What is wrong with the file, as RcliErrors."""
    try:
        yield
    except sqlite3.OperationalError as exc:
        raise RcliError(f"the journal {path} cannot be used: {exc}", hint="try again") from exc
    except (sqlite3.Error, OSError) as exc:
        raise RcliError(
            f"the journal {path} cannot be read: {exc}", hint=f"move {path}* away to begin a new one"
        ) from exc


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    with db:
        yield


def _entry(row: Sequence[Any], fates: tuple[Fate, ...]) -> Entry:
    number, id, kind, origin, created, prediction, model, status, size = row[1:]
    return Entry(number, id, kind, origin, created, prediction, model, status, size, fates)


def _delivery(row: Sequence[Any]) -> Delivery:
    event, target, at, seconds, status, error, headers, body = row
    pairs = tuple((name, value) for name, value in json.loads(headers))
    return Delivery(event, target, at, seconds, status, error, pairs, body)


def _connect(path: Path) -> sqlite3.Connection:
    make_private_folder(path.parent)
    path.touch(mode=0o600)
    db = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA foreign_keys = ON")
        db.execute(f"PRAGMA journal_size_limit = {64 << 20}")
        _migrate(db)
    except BaseException:
        db.close()
        raise
    return db


def _migrate(db: sqlite3.Connection) -> None:
    if _version(db) < len(_MIGRATIONS):
        with _transaction(db):
            for number in range(_version(db), len(_MIGRATIONS)):
                _MIGRATIONS[number](db)
                db.execute(f"PRAGMA user_version = {number + 1}")
    if _version(db) > len(_MIGRATIONS):
        raise RcliError("the journal of webhooks was made by a newer rcli", hint="update rcli")


def _version(db: sqlite3.Connection) -> int:
    return _number(db, "PRAGMA user_version")


def _number(db: sqlite3.Connection, sql: str, parameters: Sequence[object] = ()) -> int:
    return int(db.execute(sql, tuple(parameters)).fetchone()[0])


def _create(db: sqlite3.Connection) -> None:
    """``due``: 0 for a first attempt in its turn, a time for a further one, NULL when settled."""
    for statement in _TABLES:
        db.execute(statement)


_TABLES = (
    """
    CREATE TABLE events (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        listener TEXT NOT NULL,
        id TEXT NOT NULL,
        kind TEXT NOT NULL,
        origin TEXT NOT NULL,
        created REAL NOT NULL,
        prediction TEXT NOT NULL,
        model TEXT NOT NULL,
        status TEXT NOT NULL,
        size INTEGER NOT NULL,
        changed INTEGER NOT NULL,
        shown INTEGER,
        headers TEXT NOT NULL,
        body BLOB NOT NULL,
        UNIQUE (listener, id)
    )
    """,
    "CREATE INDEX events_by_change ON events (listener, changed)",
    "CREATE INDEX events_by_showing ON events (listener, shown)",
    "CREATE INDEX events_by_prediction ON events (prediction)",
    "CREATE INDEX events_by_id ON events (id)",
    "CREATE INDEX events_by_time ON events (created)",
    """
    CREATE TABLE deliveries (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        listener TEXT NOT NULL,
        event INTEGER NOT NULL REFERENCES events ON DELETE CASCADE,
        target TEXT NOT NULL,
        prediction TEXT NOT NULL,
        due REAL,
        attempts INTEGER NOT NULL DEFAULT 0,
        status INTEGER,
        seconds REAL,
        error TEXT,
        UNIQUE (event, target)
    )
    """,
    "CREATE INDEX deliveries_due ON deliveries (listener, target, due, number) WHERE due IS NOT NULL",
    """
    CREATE TABLE attempts (
        number INTEGER PRIMARY KEY,
        delivery INTEGER NOT NULL REFERENCES deliveries ON DELETE CASCADE,
        at REAL NOT NULL,
        seconds REAL NOT NULL,
        status INTEGER,
        error TEXT,
        headers TEXT NOT NULL,
        body BLOB NOT NULL
    )
    """,
    "CREATE INDEX attempts_by_delivery ON attempts (delivery)",
    "CREATE TABLE marks (listener TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,"
    " PRIMARY KEY (listener, name))",
)

_MIGRATIONS: list[Callable[[sqlite3.Connection], None]] = [_create]
"""Only ever appended to: the position is the version."""
