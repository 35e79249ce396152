"""How folders become versions: a snapshot of the content, the schema that its source declares."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import re
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

import rcli
from rcli.engine.data import overriding
from rcli.engine.data.catalog import BUNDLED, FOLDER, Catalog, Version
from rcli.engine.runtime import container
from rcli.engine.runtime.downloads import Download
from rcli.engine.runtime.environments import Environments, has_gpu
from rcli.engine.runtime.project import Build, read_project
from rcli.engine.runtime.snapshots import Snapshot, Snapshots, Survey
from rcli.errors import NotFound, RcliError, UsageError
from rcli.records import Overrides

LOG = logging.getLogger(__name__)

NO_GPU = "the project asks for a GPU and this machine has none: it will run on the CPU, if it can"

MODELS = Path(rcli.__file__).parent / "models"
"""The folder of the bundled projects."""


Change = Literal["new", "restored", "unchanged"]
"""What taking a version changed for its model; ``restored``: one that it had is its latest again."""


@dataclass(frozen=True)
class Destination:
    """The model that a folder's version is to belong to.

    ``watched``: what is new there was not pushed by hand, and goes when its watch has made the next one.
    """

    owner: str
    name: str
    watched: bool = False


@dataclass(frozen=True)
class Registered:
    """What a folder is now: its version, and whether the folder was never taken before."""

    version: Version
    first_seen: bool
    warnings: tuple[str, ...]
    change: Change


@dataclass(frozen=True)
class Checked:
    """A sound project: what belongs to it, its OpenAPI document, and the image that its cog.yaml names.

    ``warnings`` tell what differs on this machine, if that was asked for.
    """

    survey: Survey
    document: dict[str, Any]
    image: str | None
    warnings: tuple[str, ...] = ()


class Registry:
    """Takes folders in; what has not changed since the last time costs a look at its files."""

    def __init__(self, catalog: Catalog, snapshots: Snapshots, environments: Environments) -> None:
        self._catalog = catalog
        self._snapshots = snapshots
        self._environments = environments

    async def take(self, folder: Path, file: str, overrides: Overrides, *, to_run: bool) -> Registered:
        """Raises NotFound, ProjectError, SnapshotError, SchemaError; BuildError if it cannot run here.

        What is only looked at has no warnings, and counts as never taken.
        """
        snapshot = await self._snapshot(folder, file)
        version = self._version(FOLDER, _folder_name(folder), snapshot, file, overrides)
        if not to_run:
            added, change = self._add(version, None)
            return Registered(added, first_seen=False, warnings=(), change=change)
        warnings = await self._fit(snapshot.path, file, overrides)
        await self._keep(snapshot, folder, file)
        added, change = self._add(version, None)
        return Registered(added, self._catalog.first_seen(str(folder.resolve())), warnings, change)

    async def push(self, folder: Path, file: str, into: Destination) -> Registered:
        """Makes what a folder is now the latest version of a model, which is made if there is none.

        Raises as ``take`` does, and registers nothing then.
        """
        snapshot = await self._snapshot(folder, file)
        version = self._version(into.owner, into.name, snapshot, file)
        warnings = await self._fit(snapshot.path, file, overriding.PLAIN)
        await self._keep(snapshot, folder, file)
        is_new = self._catalog.model(into.owner, into.name) is None
        added, change = self._add(version, _description(snapshot.path) if is_new else None)
        if change == "new" or not into.watched:
            self._catalog.set_watched(added, into.watched)
        return Registered(added, False, warnings, change)

    async def check(self, folder: Path, file: str, *, to_run: bool = False) -> Checked:
        """Reads a project where it lies, and keeps nothing of it. Raises what ``take`` does of its source.

        ``to_run``: and BuildError if it cannot run here.
        """
        checked = await asyncio.to_thread(self._check, folder, file)
        if not to_run:
            return checked
        return replace(checked, warnings=await self._fit(folder, file, overriding.PLAIN))

    def _check(self, folder: Path, file: str) -> Checked:
        from rcli.engine.schema import generate

        _check_folder(folder)
        survey = self._snapshots.survey(folder, file)
        project = read_project(folder, file)
        schema = generate(folder, project.run, project.train)
        return Checked(survey, schema.document, project.image)

    async def _snapshot(self, folder: Path, file: str) -> Snapshot:
        _check_folder(folder)
        return await asyncio.to_thread(self._snapshots.take, folder, file)

    async def _fit(self, folder: Path, file: str, overrides: Overrides) -> tuple[str, ...]:
        """Warnings of what differs on this machine. Raises BuildError if it cannot run here."""
        project = read_project(folder, file)
        build = project.build.changed(overrides)
        await self._environments.check(build)
        missing = await asyncio.to_thread(container.warnings, project, build, gpu=has_gpu())
        return (*await self._warnings(build), *missing)

    async def _keep(self, snapshot: Snapshot, folder: Path, file: str) -> None:
        """A look at the environment can take long: what was pruned meanwhile is taken once more."""
        if not self._snapshots.touch(snapshot.id):
            again = await asyncio.to_thread(self._snapshots.take, folder, file)
            if again.id != snapshot.id:
                raise UsageError(f"{folder} changed while it was registered", hint="try again")

    def read_anew(self) -> None:
        """Documents that another rcli wrote are written as this one reads the same source.

        One whose source is gone, or is nothing to this rcli, stays as it is.
        """
        for version in self._catalog.read_by_others():
            snapshot = self._snapshots.get(version.snapshot)
            with suppress(RcliError):
                if snapshot is not None:
                    version = replace(version, **_read(snapshot.path, version.file))
            self._catalog.read_anew(version)

    def take_bundled(self, models: Path = MODELS) -> None:
        """Brings the models that come with rcli up to date; a model that is gone stays in the database.

        One that cannot be read is left out, and the log says why: the engine is of use without it.
        """
        for folder in sorted(models.iterdir()):
            if (folder / "cog.yaml").is_file():
                try:
                    self._take_bundled(folder)
                except RcliError as error:
                    LOG.error("the bundled model %s cannot be used: %s", folder.name, error.message)

    def _take_bundled(self, folder: Path) -> None:
        fingerprint = _fingerprint(folder)
        if self._catalog.fingerprint(folder.name) == fingerprint and self._is_there(folder.name):
            return
        snapshot = self._snapshots.take(folder)
        self._add(self._version(BUNDLED, folder.name, snapshot, "cog.yaml"), _description(folder))
        self._catalog.set_fingerprint(folder.name, fingerprint)

    def _is_there(self, name: str) -> bool:
        latest = self._catalog.latest(BUNDLED, name)
        return latest is not None and self._snapshots.get(latest.snapshot) is not None

    async def _warnings(self, build: Build) -> tuple[str, ...]:
        """What the user may want to know before anything is downloaded."""
        if not build.gpu or has_gpu():
            return ()
        download = await self._environments.download(build)
        return (NO_GPU, *_size_warning(download))

    def _version(
        self, owner: str, name: str, snapshot: Snapshot, file: str, overrides: Overrides = overriding.PLAIN
    ) -> Version:
        """Reads the source; what was read once under another name is not read again."""
        version_id = _version_id(snapshot, file, overrides)
        known = self._catalog.version_by_id(version_id)
        if known is not None:
            return replace(known, owner=owner, name=name)
        return Version(
            owner=owner,
            name=name,
            id=version_id,
            created_at=time.time(),
            cog_version=metadata.version("cog"),
            snapshot=snapshot.id,
            file=file,
            overrides=overrides,
            **_read(snapshot.path, file),
        )

    def _add(self, version: Version, description: str | None) -> tuple[Version, Change]:
        """The version as its model has it now: of what it had before, the time that it was made stays."""
        latest = self._catalog.latest(version.owner, version.name)
        if latest is not None and latest.id == version.id:
            return latest, "unchanged"
        former = self._catalog.version(version.owner, version.name, version.id)
        added = former or replace(version, created_at=time.time())
        watched = former is not None and self._catalog.watched(added.owner, added.name, added.id) is not None
        self._catalog.add_model(version.owner, version.name, description)
        self._catalog.add_version(added)
        self._catalog.set_watched(added, watched)
        return added, "restored" if former else "new"


def _read(folder: Path, file: str) -> dict[str, Any]:
    """The fields of a version that its source tells. Raises ProjectError, SchemaError."""
    from rcli.engine.schema import generate

    project = read_project(folder, file)
    schema = generate(folder, project.run, project.train)
    return {
        "document": schema.document,
        "concurrency": schema.concurrency or project.concurrency or 1,
    }


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise NotFound(f"there is no folder {folder}")


def _version_id(snapshot: Snapshot, file: str, overrides: Overrides) -> str:
    """The content's own id; what is made of it in another way than usual has one derived from it."""
    words = [snapshot.id]
    if file != "cog.yaml":
        words.append(file)
    if overrides != overriding.PLAIN:
        words.append(overriding.dump(overrides))
    return snapshot.id if len(words) == 1 else _sha256(" ".join(words))


def _size_warning(download: Download | None) -> tuple[str, ...]:
    if download is None:
        return ("how large the download of its packages is cannot be known beforehand",)
    if download == Download(0):
        return ()
    beside = f" and {', '.join(download.unknown)} of unknown size" if download.unknown else ""
    return (f"its packages are a download of {_amount(download.size)}{beside}, less what uv's cache has",)


def _amount(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(size / 1e6, 0.1):.1f} MB"


def _folder_name(folder: Path) -> str:
    """The folder's name as a model's name: lower-case letters, digits, dots, dashes and underscores."""
    name = re.sub(r"[^a-z0-9._-]+", "-", folder.resolve().name.lower()).strip("-._")
    return name or "project"


def _fingerprint(folder: Path) -> str:
    """Names, sizes and times of change of everything in a small folder."""
    seen = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(names):
            status = os.stat(os.path.join(place, name))
            seen.append(f"{os.path.relpath(place, folder)}/{name} {status.st_size} {status.st_mtime_ns}")
    return _sha256("\n".join(seen))


def _description(folder: Path) -> str | None:
    """The first paragraph of the project's README below its title."""
    try:
        paragraphs = (folder / "README.md").read_text(encoding="utf-8").split("\n\n")
    except FileNotFoundError:
        return None
    texts = (" ".join(part.split()) for part in paragraphs)
    return next((text for text in texts if text and not text.startswith("#")), None)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
