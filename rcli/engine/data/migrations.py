"""The shape of the engine's database: one function a step, appended and never changed once released."""

from __future__ import annotations

import re
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


def _management(connection: sqlite3.Connection) -> None:
    for statement in _MANAGEMENT.split(";\n"):
        connection.execute(statement)


def _watched(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE versions ADD COLUMN watched INTEGER NOT NULL DEFAULT 0")


def _webhooks(connection: sqlite3.Connection) -> None:
    for statement in _WEBHOOKS.split(";\n"):
        connection.execute(statement)


_MANAGEMENT = """
ALTER TABLE models ADD COLUMN visibility TEXT NOT NULL DEFAULT 'private';
ALTER TABLE models ADD COLUMN hardware TEXT NOT NULL DEFAULT 'cpu';
ALTER TABLE models ADD COLUMN readme TEXT;
ALTER TABLE models ADD COLUMN github_url TEXT;
ALTER TABLE models ADD COLUMN paper_url TEXT;
ALTER TABLE models ADD COLUMN weights_url TEXT;
ALTER TABLE models ADD COLUMN license_url TEXT;
ALTER TABLE models ADD COLUMN cover_image_url TEXT;
UPDATE models SET visibility = 'public' WHERE owner = 'rcli';
CREATE TABLE deployments (
    number INTEGER PRIMARY KEY, owner TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (owner, name)
);
CREATE TABLE releases (
    deployment INTEGER NOT NULL, number INTEGER NOT NULL, model TEXT NOT NULL, version TEXT NOT NULL,
    hardware TEXT NOT NULL, min_instances INTEGER NOT NULL, max_instances INTEGER NOT NULL,
    created_at REAL NOT NULL,
    PRIMARY KEY (deployment, number)
) WITHOUT ROWID;
CREATE INDEX predictions_succeeded ON predictions (model, version) WHERE status = 'succeeded'
"""


def _kinds(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE predictions ADD COLUMN kind TEXT NOT NULL DEFAULT 'prediction'")
    connection.execute("ALTER TABLE predictions ADD COLUMN deployment TEXT")


def _variables(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE predictions ADD COLUMN variables TEXT NOT NULL DEFAULT ''")


def _trainings(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE versions ADD COLUMN weights TEXT")
    connection.execute("ALTER TABLE predictions ADD COLUMN destination TEXT")


def _readers(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE versions ADD COLUMN read_by TEXT NOT NULL DEFAULT ''")


def _retention(connection: sqlite3.Connection) -> None:
    for statement in _RETENTION.split(";\n"):
        connection.execute(statement)
    uses = re.compile(r'"rcli-file:([a-z2-7]{26})/')
    for number, *texts in connection.execute(
        "SELECT number, input, output FROM predictions UNION ALL"
        " SELECT prediction, data, NULL FROM events WHERE kind = 'value'"
    ).fetchall():
        for file_id in {found for text in texts if text for found in uses.findall(text)}:
            connection.execute("INSERT OR IGNORE INTO uses VALUES (?, ?)", (number, file_id))


_RETENTION = """
ALTER TABLE files ADD COLUMN md5 TEXT;
UPDATE files SET expires_at = NULL WHERE kind != 'upload';
ALTER TABLE predictions ADD COLUMN data_removed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX predictions_kept ON predictions (completed_at) WHERE data_removed = 0;
CREATE INDEX predictions_removing ON predictions (number) WHERE data_removed = 1;
CREATE TABLE uses (
    prediction INTEGER NOT NULL, file TEXT NOT NULL, PRIMARY KEY (prediction, file)
) WITHOUT ROWID;
CREATE INDEX uses_by_file ON uses (file);
CREATE TRIGGER uses_end AFTER DELETE ON predictions BEGIN
    DELETE FROM uses WHERE prediction = OLD.number; END
"""

_WEBHOOKS = """
CREATE TABLE webhooks (
    prediction TEXT PRIMARY KEY, url TEXT NOT NULL, receiver TEXT NOT NULL, events TEXT NOT NULL,
    base TEXT NOT NULL, message_id TEXT NOT NULL, last TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    next_attempt REAL, settled_at REAL, last_error TEXT
);
CREATE INDEX webhooks_due ON webhooks (next_attempt, receiver) WHERE next_attempt IS NOT NULL;
CREATE INDEX webhooks_open ON webhooks (prediction) WHERE settled_at IS NULL
"""

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

STEPS: tuple[Callable[[sqlite3.Connection], None], ...] = (
    _first_floor,
    _overrides,
    _management,
    _watched,
    _variables,
    _kinds,
    _webhooks,
    _trainings,
    _retention,
    _readers,
)
