"""The disk that local models use: environments, snapshots and files, and what can be freed of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from rcli.engine.data.catalog import BUNDLED, Catalog, Version
from rcli.engine.data.files import FileKind, Files
from rcli.engine.runtime.environments import Environments
from rcli.engine.runtime.installer import BuildError
from rcli.engine.runtime.project import read_project
from rcli.engine.runtime.snapshots import Snapshots
from rcli.engine.runtime.uv_cache import UvCache
from rcli.engine.work.jobs import Jobs
from rcli.engine.work.launching import Launcher
from rcli.engine.work.removal import Removal

KEPT_SECONDS = 30 * 24 * 3600.0
"""What was used more recently is only removed when somebody says so."""

FRESH_SECONDS = 60.0
"""A snapshot that was taken more recently stays in any case: somebody is about to register or run it."""

UPLOAD_SECONDS = 3600.0
"""A quota spares an upload that was used more recently: the prediction for it may be on its way."""

Kind = Literal["environment", "snapshot", "database", "uv"] | FileKind


@dataclass(frozen=True)
class Entry:
    """One thing on disk: ``size`` in bytes, ``last_used`` in Unix seconds; ``in_use``: nothing removes it.

    ``bundled``: a model that comes with rcli runs in this environment.
    """

    kind: Kind
    id: str
    name: str
    size: int
    last_used: float
    in_use: bool
    bundled: bool = False


@dataclass(frozen=True)
class Wish:
    """What is to go: what nobody used since ``before`` (Unix seconds).

    ``past``: inputs, outputs and logs of predictions that ended before as well, which the setting
    engine.retention keeps. ``bundled``: environments of bundled models too. ``uv``: uv prunes its cache.
    """

    before: float
    past: bool = False
    bundled: bool = False
    dry_run: bool = False
    uv: bool = False


@dataclass(frozen=True)
class Freed:
    """What a prune removed, or would: ``size`` in bytes, the number of predictions that lost their data.

    ``uv`` is what uv said when it pruned its cache.
    """

    entries: tuple[Entry, ...]
    size: int
    predictions: int
    uv: str = ""


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
        removal: Removal,
        uv: UvCache,
    ) -> None:
        self._catalog = catalog
        self._snapshots = snapshots
        self._environments = environments
        self._files = files
        self._jobs = jobs
        self._launcher = launcher
        self._removal = removal
        self._uv = uv

    async def entries(self) -> list[Entry]:
        """The largest first."""
        found = [
            *await self._rebuildable(),
            *self._file_entries(),
            self._database(),
            *await self._uv_entries(),
        ]
        return sorted(found, key=lambda entry: -entry.size)

    async def prune(self, wish: Wish) -> Freed:
        """Removes what no loaded model, no pushed one and no running prediction needs. Raises BuildError."""
        unused = [
            entry
            for entry in await self._rebuildable()
            if _is_unused(entry, wish.before, wish.bundled) and not self._is_fresh(entry)
        ]
        files = self._prunable(wish)
        if wish.dry_run:
            count = self._removal.remains.count_due(wish.before) if wish.past else 0
            size = self._files.size_of({entry.id for entry in files}) + sum(entry.size for entry in unused)
            return Freed((*unused, *files), size, count)
        said = await self._uv.prune() if wish.uv else ""
        removed = [entry for entry in unused if await self._remove(entry)]
        size = sum(entry.size for entry in removed)
        count, freed = await self._removal.remove(wish.before) if wish.past else (0, 0)
        freed += await self._removal.remove_unused(time.time())
        freed += sum([await self._remove_upload(entry, wish.before) for entry in files])
        gone = [entry for entry in files if self._files.find(entry.id) is None]
        return Freed((*removed, *gone), size + freed, count, said)

    async def size(self) -> int:
        """Bytes of environments and snapshots."""
        return sum(entry.size for entry in await self._rebuildable())

    async def spare(self, wanted: int) -> int:
        """Frees so many bytes, if it can: what was used least recently first, uploads only at the end."""
        now, freed = time.time(), 0
        rebuildable = sorted(await self._rebuildable(), key=lambda entry: entry.last_used)
        for entry in rebuildable:
            if freed < wanted and _is_unused(entry, now, bundled=False) and await self._remove(entry):
                freed += entry.size
        for entry in sorted(self._file_entries(), key=lambda entry: entry.last_used):
            if freed < wanted and entry.kind == "upload":
                freed += await self._remove_upload(entry, now - UPLOAD_SECONDS)
        return freed

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

    async def _remove(self, entry: Entry) -> bool:
        """Looks again whether it is unused: removing those before it took its time."""
        if entry.kind == "environment":
            return await self._environments.discard(entry.id, lambda: entry.id in self._environments_in_use())
        if entry.id in self._snapshots_in_use() or self._is_fresh(entry):
            return False
        self._catalog.remove_snapshot(entry.id)
        fresh = time.time() - FRESH_SECONDS
        return await asyncio.to_thread(self._snapshots.remove, entry.id, taken_before=fresh)

    def _is_fresh(self, entry: Entry) -> bool:
        taken = self._snapshots.taken_at(entry.id) if entry.kind == "snapshot" else 0.0
        return taken >= time.time() - FRESH_SECONDS

    def _prunable(self, wish: Wish) -> list[Entry]:
        """Uploads that nobody used since, inputs and outputs that go with their predictions or had none."""
        going = set(self._removal.remains.files_due(wish.before)) if wish.past else set()
        going |= set(self._removal.remains.unused_files(time.time(), 1 << 31))
        return [
            entry
            for entry in self._file_entries()
            if entry.id in going or (entry.kind == "upload" and _is_unused(entry, wish.before))
        ]

    async def _remove_upload(self, entry: Entry, before: float) -> int:
        """Looks again, as ``_remove`` does. Returns how many bytes that freed."""
        file = self._files.find(entry.id)
        if file is None or file.kind != "upload" or file.used_at > before or file.id in self._held():
            return 0
        return await self._files.remove(file)

    def _environments_in_use(self) -> set[str]:
        loaded = self._jobs.environments_in_use() | self._launcher.environments_in_use()
        return loaded | self._environments.held()

    def _snapshots_in_use(self) -> set[str]:
        """A model's newest version is always in use, but a folder's: nothing would take it again.

        What is deployed is in use as well, asleep or not.
        """
        kept = self._catalog.latest_snapshots() | self._catalog.deployed_snapshots()
        return self._jobs.snapshots_in_use() | kept

    async def _rebuildable(self) -> list[Entry]:
        return [*await self._environment_entries(), *await self._snapshot_entries()]

    async def _environment_entries(self) -> list[Entry]:
        listed = await asyncio.to_thread(self._environments.list)
        used, bundled = self._environments_in_use(), await self._bundled_environments() if listed else set()
        return [
            Entry(
                kind="environment",
                id=found.key,
                name=" ".join(found.packages),
                size=found.size,
                last_used=found.used,
                in_use=found.key in used,
                bundled=found.key in bundled,
            )
            for found in listed
        ]

    async def _bundled_environments(self) -> set[str]:
        """The keys of what the models that come with rcli run in; one that cannot run here needs nothing."""
        keys = set()
        for version in self._catalog.newest_of(BUNDLED):
            if snapshot := self._snapshots.get(version.snapshot):
                with suppress(BuildError):
                    build = read_project(snapshot.path, version.file).build
                    keys.add(await self._environments.key(build) or "")
        return keys

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
        """Weights belong to their version."""
        held = self._held()
        return [
            Entry(
                file.kind,
                file.id,
                file.name,
                file.size,
                file.used_at,
                in_use=file.id in held or file.kind == "weights",
            )
            for file in self._files.all()
        ]

    def _held(self) -> set[str]:
        """What predictions under way were given, or have made."""
        return self._jobs.files_in_use() | self._removal.remains.files_under_way()

    def _database(self) -> Entry:
        size = self._removal.remains.size()
        return Entry("database", "engine.db", "predictions, logs, streams", size, time.time(), in_use=True)

    async def _uv_entries(self) -> list[Entry]:
        try:
            found = await self._uv.measure()
        except BuildError:  # uv's settings are none of ours
            return []
        return [Entry("uv", "uv", str(found.path), found.size, found.used, in_use=False)] if found else []


def _is_unused(entry: Entry, before: float, bundled: bool = True) -> bool:
    return not entry.in_use and entry.last_used <= before and (bundled or not entry.bundled)
