"""The journal of one listener: what comes in, what goes out, what is looked at."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from rcli.listener.events import Event
from rcli.listener.forward import Delivery
from rcli.listener.journal.entries import Entry, Turn
from rcli.listener.journal.file import connect, explained, integer, transaction
from rcli.listener.journal.forgetting import KEPT, MOST_BYTES, forget
from rcli.listener.journal.reading import attempts, entries, read_event


class Journal:
    """Of one listener; belongs to the thread that uses it. ``close`` it."""

    def __init__(self, db: sqlite3.Connection, path: Path, listener: str) -> None:
        self._db, self._path, self._listener = db, path, listener
        self._changes = integer(db, "SELECT COALESCE(MAX(changed), 0) FROM events")

    @classmethod
    def open(cls, path: Path, listener: str) -> Journal:
        """Raises RcliError when the file cannot be used."""
        with explained(path):
            return cls(connect(path), path, listener)

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
        return bool(integer(self._db, sql, (self._listener, id)))

    def mark(self, name: str, value: str) -> None:
        """Remembers a text under a name, for a source that goes on after a restart."""
        with self._change():
            self._mark(name, value)

    def marks(self, prefix: str = "") -> dict[str, str]:
        """What is remembered under names that begin so."""
        sql = "SELECT name, value FROM marks WHERE listener = ? AND substr(name, 1, ?) = ?"
        return dict(self._db.execute(sql, (self._listener, len(prefix), prefix)).fetchall())

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
        return integer(self._db, sql, (self._listener,))

    # what is looked at

    def event(self, number: int) -> Event:
        """An event whole. Raises NotFound for one that was forgotten."""
        return read_event(self._db, number)

    def changed(self, after: int, limit: int) -> list[tuple[int, Entry]]:
        """Events that came or changed after this change, each once as it is now, with its latest change."""
        return entries(self._db, self._listener, "changed", after, limit)

    def shown(self, after: int, limit: int) -> list[tuple[int, Entry]]:
        """Events of which every endpoint has had its first attempt, in the order in which that was so."""
        return entries(self._db, self._listener, "shown", after, limit)

    def latest_change(self) -> int:
        return self._changes

    def attempts(self, number: int) -> list[Delivery]:
        """All attempts to deliver an event, the oldest first."""
        return attempts(self._db, number)

    def forget(self, now: float, *, kept: float = KEPT, most: int = MOST_BYTES) -> bool:
        """Removes a few events: older than ``kept`` seconds, else the oldest settled beyond ``most`` bytes.

        True when there may be more to remove.
        """
        with self._change():
            return forget(self._db, now, kept=kept, most=most)

    @contextmanager
    def _change(self) -> Iterator[None]:
        with explained(self._path), transaction(self._db):
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
