"""What goes with a version that is deleted: its weights, its predictions, their streams and files."""

from __future__ import annotations

from rcli.engine.data.catalog import Version
from rcli.engine.data.files import Files
from rcli.engine.data.store import Store


def delete_version(store: Store, files: Files, version: Version) -> None:
    """Forgets the version and all that it made; nobody may be working on any of it."""
    for file_id in _files(store, version):
        if (file := files.find(file_id)) and file.kind in ("input", "output"):
            files.delete(file)
    if version.weights and (weights := files.get(version.weights)):
        files.delete(weights)
    made = {"model": version.model, "version": version.id}
    store.write(f"DELETE FROM events WHERE prediction IN (SELECT number {_MADE})", made)
    store.write(f"DELETE FROM webhooks WHERE prediction IN (SELECT id {_MADE})", made)
    store.write(f"DELETE {_MADE}", made)
    store.write(
        "DELETE FROM versions WHERE owner = ? AND name = ? AND id = ?",
        (version.owner, version.name, version.id),
    )


def trainings_of(store: Store, version: Version) -> int:
    """How many trainings began with this version."""
    row = store.row(
        "SELECT COUNT(*) FROM predictions WHERE model = ? AND version = ? AND kind = 'training'",
        (version.model, version.id),
    )
    return int(row[0]) if row else 0


def _files(store: Store, version: Version) -> list[str]:
    """The ids of the files that its predictions refer to, and no others."""
    rows = store.rows(
        f"SELECT DISTINCT file FROM uses u WHERE prediction IN (SELECT number {_MADE}) AND NOT EXISTS"
        f" (SELECT 1 FROM uses o WHERE o.file = u.file AND o.prediction NOT IN (SELECT number {_MADE}))",
        {"model": version.model, "version": version.id},
    )
    return [row[0] for row in rows]


_MADE = "FROM predictions WHERE model = :model AND version = :version"
