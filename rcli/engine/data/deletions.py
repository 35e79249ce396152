"""What goes with a version that is deleted: its weights, its predictions, their streams and files."""

from __future__ import annotations

import json
from collections.abc import Iterator

from rcli.engine.data.catalog import Version
from rcli.engine.data.files import Files, referenced, texts
from rcli.engine.data.store import Store


def delete_version(store: Store, files: Files, version: Version) -> None:
    """Forgets the version and all that it made; nobody may be working on any of it."""
    for file_id in set(_outputs(store, version)):
        if (file := files.get(file_id)) and file.kind == "output":
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


def _outputs(store: Store, version: Version) -> Iterator[str]:
    """The ids of the files that its predictions refer to."""
    made = {"model": version.model, "version": version.id}
    kept = store.rows(
        f"SELECT output FROM predictions WHERE output IS NOT NULL AND number IN (SELECT number {_MADE})", made
    )
    said = store.rows(
        f"SELECT data FROM events WHERE kind = 'value' AND prediction IN (SELECT number {_MADE})", made
    )
    for row in [*kept, *said]:
        for text in texts(json.loads(row[0])):
            if file_id := referenced(text):
                yield file_id


_MADE = "FROM predictions WHERE model = :model AND version = :version"
