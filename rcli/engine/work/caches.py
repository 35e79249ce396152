"""The disk that local models use: environments, snapshots and files, and what can be freed of it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Literal

from rcli.engine.data.catalog import BUNDLED, Catalog
from rcli.engine.data.files import Files
from rcli.engine.runtime.environments import Environments
from rcli.engine.runtime.snapshots import Snapshots
from rcli.engine.work.jobs import Jobs
from rcli.engine.work.launching import Launcher

KEPT_SECONDS = 30 * 24 * 3600.0
"""What was used more recently is only removed when everything is to go."""


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
        removed = [entry for entry in await self.entries() if not entry.in_use and entry.last_used <= before]
        for entry in removed:
            await self._remove(entry)
        return Freed(len(removed), sum(entry.size for entry in removed))

    async def _remove(self, entry: Entry) -> None:
        match entry.kind:
            case "environment":
                await asyncio.to_thread(self._environments.remove, entry.id)
            case "snapshot":
                self._catalog.remove_snapshot(entry.id)
                await asyncio.to_thread(self._snapshots.remove, entry.id)
            case "file" if file := self._files.get(entry.id):
                self._files.delete(file)

    async def _environment_entries(self) -> list[Entry]:
        used = self._jobs.environments_in_use() | self._launcher.environments_in_use()
        return [
            Entry(
                "environment", found.key, " ".join(found.packages), found.size, found.used, found.key in used
            )
            for found in await asyncio.to_thread(self._environments.list)
        ]

    async def _snapshot_entries(self) -> list[Entry]:
        """A bundled model's newest version is always in use: nothing would take it again."""
        loaded = self._jobs.snapshots_in_use()
        newest = self._catalog.latest_snapshots(BUNDLED)
        names = self._catalog.snapshot_names()
        entries = []
        for snapshot in await asyncio.to_thread(self._snapshots.ids):
            name, used = names.get(snapshot, ("", 0.0))
            size = await asyncio.to_thread(self._snapshots.size, snapshot)
            entries.append(Entry("snapshot", snapshot, name, size, used, snapshot in loaded | newest))
        return entries

    def _file_entries(self) -> list[Entry]:
        """Files that a prediction under way was given stay."""
        held = self._jobs.files_in_use()
        return [
            Entry("file", file.id, file.name, file.size, file.used_at, file.id in held)
            for file in self._files.all()
        ]
