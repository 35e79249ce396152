"""The disk that local models use: environments, snapshots and files, and what can be freed of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from rcli.engine.data.catalog import Catalog, Version
from rcli.engine.data.files import File, Files
from rcli.engine.runtime.environments import Environments
from rcli.engine.runtime.snapshots import Snapshots
from rcli.engine.work.jobs import Jobs
from rcli.engine.work.launching import Launcher

KEPT_SECONDS = 30 * 24 * 3600.0
"""What was used more recently is only removed when everything is to go."""

FRESH_SECONDS = 60.0
"""A snapshot that was taken more recently stays in any case: somebody is about to register or run it."""


@dataclass(frozen=True)
class Entry:
    """One thing on disk: ``size`` in bytes, ``last_used`` in Unix seconds; ``in_use`` by a loaded model."""

    kind: Literal["environment", "snapshot", "file"]
    id: str
    name: str
    size: int
    last_used: float
    in_use: bool


@dataclass(frozen=True)
class Freed:
    """What a prune removed; ``size`` in bytes."""

    count: int
    size: int


class Caches:
    """Reads sizes in a thread: an environment may have a hundred thousand files."""

    def __init__(
        self,
        catalog: Catalog,
        snapshots: Snapshots,
        environments: Environments,
        files: Files,
        jobs: Jobs,
        launcher: Launcher,
    ) -> None:
        self._catalog = catalog
        self._snapshots = snapshots
        self._environments = environments
        self._files = files
        self._jobs = jobs
        self._launcher = launcher

    async def entries(self) -> list[Entry]:
        """The largest first."""
        found = [*await self._environment_entries(), *await self._snapshot_entries(), *self._file_entries()]
        return sorted(found, key=lambda entry: -entry.size)

    async def prune(self, *, everything: bool) -> Freed:
        """Removes what no loaded model needs and nobody used for 30 days, or all of it."""
        before = time.time() - (0 if everything else KEPT_SECONDS)
        unused = [entry for entry in await self.entries() if not entry.in_use and entry.last_used <= before]
        removed = [entry for entry in unused if await self._remove(entry, before)]
        return Freed(len(removed), sum(entry.size for entry in removed))

    async def replace(self, owner: str, name: str, former: Iterable[str]) -> list[str]:
        """Removes versions that a watch made before the newest, but those that are still used or deployed.

        Returns the ids of the latter; one that somebody pushed by hand meanwhile is no longer the watch's.
        """
        left = []
        for version in filter(None, (self._catalog.watched(owner, name, each) for each in former)):
            used = {live.version.snapshot for live in self._jobs.alive()} | self._catalog.deployed_snapshots()
            if version.snapshot in used:
                left.append(version.id)
            else:
                await self._drop(version)
        return left

    async def _drop(self, version: Version) -> None:
        """Predictions that it made stay; its files go, unless another version is made of them."""
        self._catalog.drop_version(version)
        if version.snapshot not in self._catalog.snapshot_names():
            remove = self._snapshots.remove
            await asyncio.to_thread(remove, version.snapshot, taken_before=version.created_at)

    async def _remove(self, entry: Entry, before: float) -> bool:
        """Looks again whether it is unused: removing those before it took its time."""
        match entry.kind:
            case "environment":
                return await self._environments.discard(
                    entry.id, lambda: entry.id in self._environments_in_use()
                )
            case "snapshot":
                return await self._remove_snapshot(entry.id)
            case "file":
                file = self._files.get(entry.id)
                if file is None or file.used_at > before or _is_kept(file, self._jobs.files_in_use()):
                    return False
                self._files.delete(file)
        return True

    async def _remove_snapshot(self, snapshot: str) -> bool:
        fresh = time.time() - FRESH_SECONDS
        if snapshot in self._snapshots_in_use() or self._snapshots.taken_at(snapshot) >= fresh:
            return False
        self._catalog.remove_snapshot(snapshot)
        return await asyncio.to_thread(self._snapshots.remove, snapshot, taken_before=fresh)

    def _environments_in_use(self) -> set[str]:
        loaded = self._jobs.environments_in_use() | self._launcher.environments_in_use()
        return loaded | self._environments.held()

    def _snapshots_in_use(self) -> set[str]:
        """A model's newest version is always in use, but a folder's: nothing would take it again.

        What is deployed is in use as well, asleep or not.
        """
        kept = self._catalog.latest_snapshots() | self._catalog.deployed_snapshots()
        return self._jobs.snapshots_in_use() | kept

    async def _environment_entries(self) -> list[Entry]:
        used = self._environments_in_use()
        return [
            Entry(
                "environment", found.key, " ".join(found.packages), found.size, found.used, found.key in used
            )
            for found in await asyncio.to_thread(self._environments.list)
        ]

    async def _snapshot_entries(self) -> list[Entry]:
        used_now = self._snapshots_in_use()
        names = self._catalog.snapshot_names()
        entries = []
        for snapshot in await asyncio.to_thread(self._snapshots.ids):
            name, used = names.get(snapshot, ("", 0.0))
            size = await asyncio.to_thread(self._snapshots.size, snapshot)
            entries.append(Entry("snapshot", snapshot, name, size, used, snapshot in used_now))
        return entries

    def _file_entries(self) -> list[Entry]:
        held = self._jobs.files_in_use()
        return [
            Entry("file", file.id, file.name, file.size, file.used_at, _is_kept(file, held))
            for file in self._files.all()
        ]


def _is_kept(file: File, held: Collection[str]) -> bool:
    """Weights belong to their version; what a prediction under way was given stays as well."""
    return file.kind == "weights" or file.id in held
