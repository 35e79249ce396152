"""Models and their versions, as the database keeps them."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from rcli import __version__
from rcli.engine.data import overriding
from rcli.engine.data.store import Row, Store
from rcli.engine.data.variables import NONE, Variables
from rcli.records import Overrides

BUNDLED = "rcli"
"""The owner of the models that come with rcli; nobody else may write there."""

FOLDER = "folder"
"""The owner under which folders of this machine run."""


Visibility = Literal["public", "private"]

EDITABLE = ("description", "readme", "github_url", "paper_url", "weights_url", "license_url")
"""What may be changed of a model once it is there."""


@dataclass(frozen=True)
class Model:
    """One row; ``created_at`` in Unix seconds. ``hardware`` is what its owner asked for."""

    owner: str
    name: str
    description: str | None
    created_at: float
    visibility: Visibility = "private"
    hardware: str = "cpu"
    readme: str | None = None
    github_url: str | None = None
    paper_url: str | None = None
    weights_url: str | None = None
    license_url: str | None = None
    cover_image_url: str | None = None

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"


@dataclass(frozen=True)
class Version:
    """What runs: ``snapshot`` names its files, ``file`` its cog.yaml; ``document`` is the OpenAPI schema.

    ``overrides`` are what the run that made it changed in the build section. ``variables`` are a run's own
    and not in the database. ``weights`` is the id of the file that a training has made.
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
    variables: Variables = NONE
    weights: str | None = None

    @property
    def model(self) -> str:
        return f"{self.owner}/{self.name}"

    @property
    def key(self) -> str:
        """What replicas are told apart by: other variables need another process."""
        return f"{self.id}:{self.variables.id}" if self.variables.id else self.id


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
        return [read_model(row) for row in rows]

    def model(self, owner: str, name: str) -> Model | None:
        row = self._store.row("SELECT * FROM models WHERE owner = ? AND name = ?", (owner, name))
        return read_model(row) if row else None

    def versions(self, owner: str, name: str) -> list[Version]:
        """The newest first."""
        rows = self._store.rows(
            "SELECT * FROM versions WHERE owner = ? AND name = ? ORDER BY number DESC", (owner, name)
        )
        return [_version(row) for row in rows]

    def newest_of(self, owner: str) -> list[Version]:
        """The newest version of each of an owner's models."""
        rows = self._store.rows(
            "SELECT * FROM versions WHERE number IN"
            " (SELECT MAX(number) FROM versions WHERE owner = ? GROUP BY name)",
            (owner,),
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
        """Adds the model, or brings its description up to date; what comes with rcli is public."""
        self._store.write(
            "INSERT INTO models (owner, name, description, created_at, visibility) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET description = COALESCE(excluded.description, description)",
            (owner, name, description, time.time(), "public" if owner == BUNDLED else "private"),
        )

    def create_model(self, model: Model) -> None:
        """Adds a model that is not there yet."""
        columns = list(vars(model))
        self._store.write(
            f"INSERT INTO models ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
            list(vars(model).values()),
        )

    def update_model(self, owner: str, name: str, changes: Mapping[str, str | None]) -> None:
        """``changes`` are some of EDITABLE."""
        columns = [column for column in EDITABLE if column in changes]
        if columns:
            self._store.write(
                f"UPDATE models SET {', '.join(f'{column} = ?' for column in columns)}"
                " WHERE owner = ? AND name = ?",
                [*(changes[column] for column in columns), owner, name],
            )

    def delete_model(self, owner: str, name: str) -> None:
        self._store.write("DELETE FROM models WHERE owner = ? AND name = ?", (owner, name))

    def add_version(self, version: Version) -> None:
        """Adds it as the model's latest; one that was there before becomes the latest again."""
        self._store.write(
            "INSERT OR REPLACE INTO versions"
            " (owner, name, id, created_at, cog_version, snapshot, file, document, concurrency, overrides,"
            " weights, read_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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
                version.weights,
                __version__,
            ),
        )

    def read_by_others(self) -> list[Version]:
        """Those whose document another version of rcli has read off their source."""
        rows = self._store.rows("SELECT * FROM versions WHERE read_by != ? ORDER BY number", (__version__,))
        return [_version(row) for row in rows]

    def read_anew(self, version: Version) -> None:
        """Keeps the document and the concurrency that the version has now as what this rcli read."""
        self._store.write(
            "UPDATE versions SET document = ?, concurrency = ?, read_by = ?"
            " WHERE owner = ? AND name = ? AND id = ?",
            (
                *(json.dumps(version.document), version.concurrency, __version__),
                *(version.owner, version.name, version.id),
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

    def set_watched(self, version: Version, watched: bool) -> None:
        """Whether a watch made it, and may remove it when it has made the next one."""
        self._store.write(
            "UPDATE versions SET watched = ? WHERE owner = ? AND name = ? AND id = ?",
            (watched, version.owner, version.name, version.id),
        )

    def watched(self, owner: str, name: str, version_id: str) -> Version | None:
        """A version, if a watch made it and nobody pushed the same by hand since."""
        row = self._store.row(
            "SELECT * FROM versions WHERE owner = ? AND name = ? AND id = ? AND watched",
            (owner, name, version_id),
        )
        return _version(row) if row else None

    def drop_version(self, version: Version) -> None:
        """Forgets a version, and nothing that it made."""
        self._store.write(
            "DELETE FROM versions WHERE owner = ? AND name = ? AND id = ?",
            (version.owner, version.name, version.id),
        )

    def latest_snapshots(self) -> set[str]:
        """What each model's newest version and all trained ones are made of.

        Of folders only the trained ones count: a folder can be taken again.
        """
        rows = self._store.rows(
            "SELECT snapshot FROM versions WHERE number IN"
            " (SELECT MAX(number) FROM versions WHERE owner != ? GROUP BY owner, name)"
            " OR weights IS NOT NULL",
            (FOLDER,),
        )
        return {row[0] for row in rows}

    def deployed_snapshots(self) -> set[str]:
        """What the current releases of deployments are made of."""
        rows = self._store.rows(
            "SELECT v.snapshot FROM releases r JOIN versions v ON v.id = r.version"
            " AND v.owner || '/' || v.name = r.model WHERE (r.deployment, r.number) IN"
            " (SELECT deployment, MAX(number) FROM releases GROUP BY deployment)"
        )
        return {row[0] for row in rows}

    def remove_snapshot(self, snapshot: str) -> None:
        """Forgets the versions that are made of it, and folders that have no version left.

        A model that somebody created stays: it is theirs to delete, and versions may come.
        """
        self._store.write("DELETE FROM versions WHERE snapshot = ?", (snapshot,))
        self._store.write(
            "DELETE FROM models WHERE owner = ? AND NOT EXISTS"
            " (SELECT 1 FROM versions v WHERE v.owner = models.owner AND v.name = models.name)",
            (FOLDER,),
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


def read_model(row: Row) -> Model:
    return Model(**{column: row[column] for column in Model.__dataclass_fields__})


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
        weights=row["weights"],
    )
