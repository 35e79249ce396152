"""What this client ran, by id: so that an id is enough, the beginning of one, or ``last``.

A small SQLite file of the user's own. Inputs and outputs are not in it. Writing to it never makes a command
fail: on a full disk, or with a broken file, things are merely not remembered.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rcli.errors import NotFound, RcliError, UsageError
from rcli.paths import make_private_folder
from rcli.records import Prediction

LAST = "last"

_PATIENCE = 1.0
"""Seconds to wait for another rcli that writes just now."""

_COLUMNS = "id, host, kind, model, version, status, created_at"
_MOST_CANDIDATES = 5


@dataclass(frozen=True)
class Entry:
    """One thing that rcli ran; ``created_at`` is the server's ISO 8601 time, ``kind`` is ``prediction``."""

    id: str
    host: str
    kind: str
    model: str
    version: str | None
    status: str
    created_at: str | None


@dataclass(frozen=True)
class Library:
    """The library in one file, which is made when there is something to remember."""

    path: Path

    def remember(self, prediction: Prediction, host: str) -> bool:
        """Adds a prediction, or brings what is known of it up to date. False if it could not be written."""
        row = (
            *(prediction.id, host, "prediction", prediction.model),
            *(prediction.version, prediction.status, prediction.created_at),
        )
        try:
            with self._opened() as db:
                _write(db, row)
        except (sqlite3.Error, OSError, _Newer):
            return False
        return True

    def find(self, text: str) -> Entry:
        """What a whole id, the beginning of one, or ``last`` means.

        Raises NotFound, UsageError when several ids begin so, RcliError when the library cannot be read.
        """
        found = self._candidates(text)
        if not found:
            what = "nothing was run yet" if text == LAST else f"nothing that rcli ran has the id {text!r}"
            raise NotFound(what, hint="rcli predictions list")
        return _single(text, found)

    def look_up(self, text: str) -> Entry | None:
        """Like ``find``, but None for an id that a service may know, or if the library cannot be read."""
        if text == LAST:
            return self.find(text)
        try:
            found = self._candidates(text)
        except RcliError:
            return None
        return _single(text, found) if found else None

    def recent(self, limit: int, host: str | None = None) -> list[Entry]:
        """The newest first, of one host or of all. Raises RcliError when the library cannot be read."""
        with self._read() as db:
            return _recent(db, limit, host) if db else []

    def _candidates(self, text: str) -> list[Entry]:
        with self._read() as db:
            if not db or not text:
                return []
            return _recent(db, 1, None) if text == LAST else _beginning_with(db, text)

    @contextmanager
    def _read(self) -> Iterator[sqlite3.Connection | None]:
        """The database, None if there is none yet."""
        if not self.path.exists():
            yield None
            return
        try:
            with self._opened() as db:
                yield db
        except _Newer as exc:
            raise RcliError(f"{self.path} was made by a newer rcli", hint="update rcli") from exc
        except (sqlite3.Error, OSError) as exc:
            raise RcliError(
                f"the library {self.path} cannot be read: {exc}",
                hint="move that file away to begin a new one",
            ) from exc

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        make_private_folder(self.path.parent)
        _make_private(self.path)
        with closing(sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None)) as db:
            db.execute("PRAGMA synchronous=NORMAL")
            _migrate(db)
            yield db


class _Newer(Exception):
    """The file has tables that this version does not know."""


def _make_private(path: Path) -> None:
    """Only the owner may read the file; SQLite gives its two side files the same mode."""
    number = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.fchmod(number, 0o600)
    finally:
        os.close(number)


def _migrate(db: sqlite3.Connection) -> None:
    if _version(db) < len(_MIGRATIONS):
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("BEGIN IMMEDIATE")
        with db:  # another rcli may have done it while we waited
            for number in range(_version(db), len(_MIGRATIONS)):
                _MIGRATIONS[number](db)
                db.execute(f"PRAGMA user_version={number + 1}")
    if _version(db) > len(_MIGRATIONS):
        raise _Newer


def _version(db: sqlite3.Connection) -> int:
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    return version


def _create_runs(db: sqlite3.Connection) -> None:
    db.execute(
        """
        CREATE TABLE runs (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL,
            host TEXT NOT NULL,
            kind TEXT NOT NULL,
            model TEXT NOT NULL,
            version TEXT,
            status TEXT NOT NULL,
            created_at TEXT,
            UNIQUE (id, host)
        )
        """
    )


_MIGRATIONS: list[Callable[[sqlite3.Connection], None]] = [_create_runs]
"""Only ever appended to: the position is the version."""


def _write(db: sqlite3.Connection, row: tuple[str | None, ...]) -> None:
    db.execute(
        f"""
        INSERT INTO runs ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id, host) DO UPDATE SET
            model = excluded.model, version = excluded.version, status = excluded.status
        """,
        row,
    )


def _recent(db: sqlite3.Connection, limit: int, host: str | None) -> list[Entry]:
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM runs WHERE ? IS NULL OR host = ? ORDER BY number DESC LIMIT ?",
        (host, host, limit),
    )
    return [Entry(*row) for row in rows]


def _beginning_with(db: sqlite3.Connection, text: str) -> list[Entry]:
    """Ids that begin with a text, as far as they are worth naming; a whole id comes first and alone."""
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM runs WHERE substr(id, 1, ?) = ? ORDER BY id = ? DESC, number DESC LIMIT ?",
        (len(text), text, text, _MOST_CANDIDATES + 1),
    )
    found = [Entry(*row) for row in rows]
    return [entry for entry in found if entry.id == text] or found


def _single(text: str, found: list[Entry]) -> Entry:
    if len(found) == 1:
        return found[0]
    named = ", ".join(f"{entry.id} ({entry.host})" for entry in found[:_MOST_CANDIDATES])
    more = ", …" if len(found) > _MOST_CANDIDATES else ""
    raise UsageError(f"several ids begin with {text!r}: {named}{more}", hint="write more of the id")
