"""The library's file: opened for one question or change at a time, and brought up to date on the way."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from rcli.errors import RcliError
from rcli.paths import make_private_folder

_PATIENCE = 1.0
"""Seconds to wait for another rcli that writes just now."""


class Newer(Exception):
    """The file has tables that this version does not know."""


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """The database, made if there is none. Raises Newer, sqlite3.Error, OSError."""
    make_private_folder(path.parent)
    _make_private(path)
    with closing(sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous=NORMAL")
        _migrate(db)
        yield db


def staying(path: Path) -> sqlite3.Connection:
    """A connection to a library that is there, on which nothing more is asked; any thread may close it."""
    db = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
    _version(db)  # only then it counts
    return db


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """All or nothing; nobody else writes meanwhile."""
    db.execute("BEGIN IMMEDIATE")
    with db:
        yield


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """What is wrong with the file as RcliErrors, for those who need it."""
    try:
        yield
    except Newer as exc:
        raise RcliError(f"{path} was made by a newer rcli", hint="update rcli") from exc
    except sqlite3.OperationalError as exc:
        raise RcliError(f"the library {path} cannot be used: {exc}", hint="try again") from exc
    except (sqlite3.Error, OSError) as exc:
        raise RcliError(
            f"the library {path} cannot be read: {exc}",
            hint=f"move {path}* away to begin a new one",
        ) from exc


def _make_private(path: Path) -> None:
    """Only the owner may read the file; SQLite gives its two side files the same mode.

    Nothing here opens the file under its name: closing it again would take away the locks that another
    connection of this process has on it, as POSIX wants it.
    """
    if not path.exists():
        number, empty = tempfile.mkstemp(dir=path.parent, prefix=".library-")
        os.close(number)
        with suppress(OSError):  # another rcli made it, or a disk without links: then SQLite makes it
            os.link(empty, path)
        os.unlink(empty)
    if path.exists():
        path.chmod(0o600)


def _migrate(db: sqlite3.Connection) -> None:
    if _version(db) < len(_MIGRATIONS):
        db.execute("PRAGMA journal_mode=WAL")
        with transaction(db):  # another rcli may have done it while we waited
            for number in range(_version(db), len(_MIGRATIONS)):
                _MIGRATIONS[number](db)
                db.execute(f"PRAGMA user_version={number + 1}")
    if _version(db) > len(_MIGRATIONS):
        raise Newer


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


def _create_records(db: sqlite3.Connection) -> None:
    """What may be long lies in a table of its own, so that looking for an id reads little."""
    db.execute(
        """
        CREATE TABLE records (
            run INTEGER PRIMARY KEY,
            reference TEXT,
            input TEXT,
            files TEXT NOT NULL DEFAULT '[]',
            secrets TEXT NOT NULL DEFAULT '[]',
            output TEXT,
            error TEXT,
            logs TEXT,
            metrics TEXT NOT NULL DEFAULT '{}',
            started_at TEXT,
            completed_at TEXT,
            web TEXT,
            saved TEXT NOT NULL DEFAULT '[]',
            removed INTEGER NOT NULL DEFAULT 0
        )
        """
    )


def _add_variables(db: sqlite3.Connection) -> None:
    """Of those that a prediction was made with, the names."""
    db.execute("ALTER TABLE records ADD COLUMN variables TEXT NOT NULL DEFAULT '[]'")


def _add_destination(db: sqlite3.Connection) -> None:
    """The model that gets a training's new version; ``runs.kind`` has been there from the beginning."""
    db.execute("ALTER TABLE records ADD COLUMN destination TEXT")


_MIGRATIONS: list[Callable[[sqlite3.Connection], None]] = [
    _create_runs,
    _create_records,
    _add_variables,
    _add_destination,
]
"""Only ever appended to: the position is the version."""
