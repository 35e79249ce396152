"""Deployments: names under which a version runs, each with the release that counts now."""

from __future__ import annotations

from dataclasses import dataclass

from rcli.engine.data.store import Row, Store


@dataclass(frozen=True)
class Release:
    """What a deployment runs: ``model`` is ``owner/name``, ``version`` an id; ``created_at`` in Unix seconds.

    ``number`` counts the changes of its deployment from 1.
    """

    number: int
    model: str
    version: str
    hardware: str
    min_instances: int
    max_instances: int
    created_at: float


@dataclass(frozen=True)
class Deployment:
    """One row with its newest release; ``number`` orders deployments by age."""

    number: int
    owner: str
    name: str
    release: Release

    @property
    def full_name(self) -> str:
        return f"{self.owner}/{self.name}"


class Deployments:
    """Questions and changes; each change is durable after the store's next commit."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def page(self, limit: int, before: int | None) -> list[Deployment]:
        """The newest first; ``before`` is the number of the deployment that ended the last page."""
        rows = self._store.rows(f"{_CURRENT} WHERE d.number < ? {_ORDER} LIMIT ?", (before or 1 << 62, limit))
        return [_deployment(row) for row in rows]

    def all(self) -> list[Deployment]:
        """The newest first."""
        return [_deployment(row) for row in self._store.rows(f"{_CURRENT} {_ORDER}")]

    def get(self, owner: str, name: str) -> Deployment | None:
        row = self._store.row(f"{_CURRENT} WHERE d.owner = ? AND d.name = ?", (owner, name))
        return _deployment(row) if row else None

    def of_version(self, model: str, version: str) -> list[Deployment]:
        """Those whose current release runs this version."""
        rows = self._store.rows(f"{_CURRENT} WHERE r.model = ? AND r.version = ? {_ORDER}", (model, version))
        return [_deployment(row) for row in rows]

    def create(self, owner: str, name: str, release: Release) -> Deployment:
        """Adds a deployment that is not there yet, with its first release."""
        number = self._store.write("INSERT INTO deployments (owner, name) VALUES (?, ?)", (owner, name))
        deployment = Deployment(number, owner, name, release)
        self._add_release(deployment)
        return deployment

    def release(self, deployment: Deployment) -> None:
        """Keeps the release that the deployment has now as its newest."""
        self._add_release(deployment)

    def delete(self, deployment: Deployment) -> None:
        self._store.write("DELETE FROM releases WHERE deployment = ?", (deployment.number,))
        self._store.write("DELETE FROM deployments WHERE number = ?", (deployment.number,))

    def _add_release(self, deployment: Deployment) -> None:
        release = deployment.release
        self._store.write(
            "INSERT INTO releases (deployment, number, model, version, hardware, min_instances,"
            " max_instances, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                deployment.number,
                release.number,
                release.model,
                release.version,
                release.hardware,
                release.min_instances,
                release.max_instances,
                release.created_at,
            ),
        )


def _deployment(row: Row) -> Deployment:
    release = Release(**{column: row[column] for column in Release.__dataclass_fields__})
    return Deployment(row["deployment"], row["owner"], row["name"], release)


_CURRENT = """
SELECT d.owner, d.name, r.* FROM deployments d JOIN releases r ON r.deployment = d.number AND r.number =
    (SELECT MAX(number) FROM releases WHERE deployment = d.number)
"""
_ORDER = "ORDER BY d.number DESC"
