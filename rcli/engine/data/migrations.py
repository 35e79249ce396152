"""The shape of the engine's database: one function a step, appended and never changed once released."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from rcli.errors import RcliError


class NewerDatabase(RcliError):
    """A later rcli has written this database."""


def migrate(connection: sqlite3.Connection) -> None:
    """Brings the database to the newest shape. Raises NewerDatabase if it is beyond what we know."""
    (reached,) = connection.execute("PRAGMA user_version").fetchone()
    if reached > len(STEPS):
        raise NewerDatabase(
            f"the engine's database has version {reached}, this rcli knows {len(STEPS)}",
            hint="use the newer rcli, or move to another folder with RCLI_HOME",
        )
    for number, step in enumerate(STEPS[reached:], start=reached + 1):
        connection.execute("BEGIN IMMEDIATE")
        step(connection)
        connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")


def _first_floor(connection: sqlite3.Connection) -> None:
    for statement in _FIRST_FLOOR.split(";\n"):
        connection.execute(statement)


def _overrides(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE versions ADD COLUMN overrides TEXT NOT NULL DEFAULT '{}'")


_FIRST_FLOOR = """
CREATE TABLE models (
    owner TEXT NOT NULL, name TEXT NOT NULL, description TEXT, created_at REAL NOT NULL,
    PRIMARY KEY (owner, name)
);
CREATE TABLE versions (
    number INTEGER PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL, id TEXT NOT NULL,
    created_at REAL NOT NULL, cog_version TEXT NOT NULL, snapshot TEXT NOT NULL, file TEXT NOT NULL,
    document TEXT NOT NULL, concurrency INTEGER NOT NULL,
    UNIQUE (owner, name, id)
);
CREATE INDEX versions_by_id ON versions (id);
CREATE TABLE bundled (name TEXT PRIMARY KEY, fingerprint TEXT NOT NULL);
CREATE TABLE folders (path TEXT PRIMARY KEY, first_seen REAL NOT NULL);
CREATE TABLE predictions (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, model TEXT NOT NULL, version TEXT NOT NULL,
    source TEXT NOT NULL, status TEXT NOT NULL, input TEXT NOT NULL, output TEXT, error TEXT, logs TEXT,
    metrics TEXT NOT NULL DEFAULT '{}', created_at REAL NOT NULL, started_at REAL, completed_at REAL,
    deadline REAL, iterates INTEGER NOT NULL
);
CREATE INDEX predictions_by_time ON predictions (created_at, number);
CREATE INDEX predictions_by_model ON predictions (model);
CREATE INDEX predictions_alive ON predictions (status) WHERE status IN ('starting', 'processing');
CREATE TABLE events (
    prediction INTEGER NOT NULL, sequence INTEGER NOT NULL, at REAL NOT NULL,
    kind TEXT NOT NULL, data TEXT NOT NULL,
    PRIMARY KEY (prediction, sequence)
) WITHOUT ROWID;
CREATE TABLE files (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, name TEXT NOT NULL,
    content_type TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL, metadata TEXT NOT NULL,
    created_at REAL NOT NULL, expires_at REAL, used_at REAL NOT NULL
);
CREATE INDEX files_by_content ON files (sha256)
"""

STEPS: tuple[Callable[[sqlite3.Connection], None], ...] = (_first_floor, _overrides)
