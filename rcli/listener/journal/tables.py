"""The journal's tables, and what has changed them since the first one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

TABLES = (
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


def _create(db: sqlite3.Connection) -> None:
    """``due``: 0 for a first attempt in its turn, a time for a further one, NULL when settled."""
    for statement in TABLES:
        db.execute(statement)


MIGRATIONS: list[Callable[[sqlite3.Connection], None]] = [_create]
"""Only ever appended to: the position is the version."""
