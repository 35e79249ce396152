"""Models and their versions, as the database keeps them."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from rcli.engine.data import overriding
from rcli.engine.data.store import Row, Store
from rcli.records import Overrides

BUNDLED = "rcli"
"""The owner of the models that come with rcli; nobody else may write there."""

FOLDER = "folder"
"""The owner under which folders of this machine run."""


@dataclass(frozen=True)
class Model:
    """One row; ``created_at`` in Unix seconds."""

    owner: str
    name: str
    description: str | None
    created_at: float

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"


@dataclass(frozen=True)
class Version:
    """What runs: ``snapshot`` names its files, ``file`` its cog.yaml; ``document`` is the OpenAPI schema.

    ``overrides`` are what the run that made it changed in the build section.
    """

    owner: str
    name: str
    id: str
    created_at: float
    cog_version: str
    snapshot: str
    file: str
    document: dict[str, Any]
    concurrency: int
    overrides: Overrides = overriding.PLAIN

    @property
    def model(self) -> str:
        return f"{self.owner}/{self.name}"


Order = Literal["model_created_at", "latest_version_created_at"]


class Catalog:
    """Questions and changes; each change is durable after the store's next commit."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def models(self, order: Order, *, descending: bool, limit: int, offset: int) -> list[Model]:
        by = "created_at" if order == "model_created_at" else "newest"
        way = "DESC" if descending else "ASC"
        rows = self._store.rows(
            "SELECT m.*, (SELECT MAX(v.number) FROM versions v WHERE v.owner = m.owner AND v.name = m.name)"
            f" AS newest FROM models m ORDER BY {by} {way}, owner, name LIMIT ? OFFSET ?",
            (limit, offset),
        )
        return [_model(row) for row in rows]

    def model(self, owner: str, name: str) -> Model | None:
        row = self._store.row("SELECT * FROM models WHERE owner = ? AND name = ?", (owner, name))
        return _model(row) if row else None

    def versions(self, owner: str, name: str) -> list[Version]:
        """The newest first."""
        rows = self._store.rows(
            "SELECT * FROM versions WHERE owner = ? AND name = ? ORDER BY number DESC", (owner, name)
        )
        return [_version(row) for row in rows]

    def latest(self, owner: str, name: str) -> Version | None:
        row = self._store.row(
            "SELECT * FROM versions WHERE owner = ? AND name = ? ORDER BY number DESC LIMIT 1", (owner, name)
        )
        return _version(row) if row else None

    def version(self, owner: str, name: str, version_id: str) -> Version | None:
        row = self._store.row(
            "SELECT * FROM versions WHERE owner = ? AND name = ? AND id = ?", (owner, name, version_id)
        )
        return _version(row) if row else None

    def version_by_id(self, version_id: str) -> Version | None:
        """The same content may stand under several names; the newest of them counts."""
        row = self._store.row(
            "SELECT * FROM versions WHERE id = ? ORDER BY number DESC LIMIT 1", (version_id,)
        )
        return _version(row) if row else None

    def add_model(self, owner: str, name: str, description: str | None) -> None:
        """Adds the model, or brings its description up to date."""
        self._store.write(
            "INSERT INTO models (owner, name, description, created_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET description = excluded.description",
            (owner, name, description, time.time()),
        )

    def add_version(self, version: Version) -> None:
        """Adds it as the model's latest; one that was there before becomes the latest again."""
        self._store.write(
            "INSERT OR REPLACE INTO versions"
            " (owner, name, id, created_at, cog_version, snapshot, file, document, concurrency, overrides)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                version.owner,
                version.name,
                version.id,
                version.created_at,
                version.cog_version,
                version.snapshot,
                version.file,
                json.dumps(version.document),
                version.concurrency,
                overriding.dump(version.overrides),
            ),
        )

    def snapshot_names(self) -> dict[str, tuple[str, float]]:
        """For each snapshot its newest model, and when that was last made or run (Unix seconds)."""
        rows = self._store.rows(
            "SELECT v.snapshot, v.owner || '/' || v.name, MAX(v.created_at, COALESCE("
            "(SELECT MAX(p.created_at) FROM predictions p WHERE p.version = v.id), 0))"
            " FROM versions v ORDER BY v.number"
        )
        return {row[0]: (row[1], row[2]) for row in rows}

    def latest_snapshots(self, owner: str) -> set[str]:
        """What the newest version of each of an owner's models is made of."""
        rows = self._store.rows(
            "SELECT snapshot FROM versions WHERE number IN"
            " (SELECT MAX(number) FROM versions WHERE owner = ? GROUP BY name)",
            (owner,),
        )
        return {row[0] for row in rows}

    def remove_snapshot(self, snapshot: str) -> None:
        """Forgets the versions that are made of it, and models that have no version left."""
        self._store.write("DELETE FROM versions WHERE snapshot = ?", (snapshot,))
        self._store.write(
            "DELETE FROM models WHERE NOT EXISTS"
            " (SELECT 1 FROM versions v WHERE v.owner = models.owner AND v.name = models.name)"
        )

    def fingerprint(self, bundled: str) -> str | None:
        """What a bundled model's folder looked like when it was last taken."""
        row = self._store.row("SELECT fingerprint FROM bundled WHERE name = ?", (bundled,))
        return str(row[0]) if row else None

    def set_fingerprint(self, bundled: str, fingerprint: str) -> None:
        self._store.write("INSERT OR REPLACE INTO bundled VALUES (?, ?)", (bundled, fingerprint))

    def first_seen(self, path: str) -> bool:
        """Notes the folder; true when it was not known before."""
        known = self._store.row("SELECT 1 FROM folders WHERE path = ?", (path,)) is not None
        if not known:
            self._store.write("INSERT INTO folders VALUES (?, ?)", (path, time.time()))
        return not known


def _model(row: Row) -> Model:
    return Model(row["owner"], row["name"], row["description"], row["created_at"])


@lru_cache(maxsize=64)
def _document(text: str) -> dict[str, Any]:
    """Parsed once for all predictions of a version; nobody may change it."""
    return dict(json.loads(text))


def _version(row: Row) -> Version:
    return Version(
        owner=row["owner"],
        name=row["name"],
        id=row["id"],
        created_at=row["created_at"],
        cog_version=row["cog_version"],
        snapshot=row["snapshot"],
        file=row["file"],
        document=_document(row["document"]),
        concurrency=row["concurrency"],
        overrides=overriding.load(row["overrides"]),
    )
