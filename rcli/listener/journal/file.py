"""The journal's file: how it is opened, brought up to date and written to, and what can be wrong with it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rcli.errors import RcliError
from rcli.listener.journal.tables import MIGRATIONS
from rcli.paths import make_private_folder

PATIENCE = 10.0
"""Seconds to wait for another process that writes just now."""


def connect(path: Path) -> sqlite3.Connection:
    """Makes the file if there is none. Raises sqlite3.Error, OSError, RcliError for a newer rcli's."""
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
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    with db:
        yield


def integer(db: sqlite3.Connection, sql: str, parameters: Sequence[object] = ()) -> int:
    """The one number that a query is about."""
    return int(db.execute(sql, tuple(parameters)).fetchone()[0])


def _migrate(db: sqlite3.Connection) -> None:
    if _version(db) < len(MIGRATIONS):
        with transaction(db):
            for number in range(_version(db), len(MIGRATIONS)):
                MIGRATIONS[number](db)
                db.execute(f"PRAGMA user_version = {number + 1}")
    if _version(db) > len(MIGRATIONS):
        raise RcliError("the journal of webhooks was made by a newer rcli", hint="update rcli")


def _version(db: sqlite3.Connection) -> int:
    return integer(db, "PRAGMA user_version")
