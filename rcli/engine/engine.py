"""The engine: its parts, put together once, and what happens when it starts and stops."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from rcli import __version__, signing
from rcli.engine import life
from rcli.engine.data.catalog import Catalog, Version
from rcli.engine.data.deployments import Deployment, Deployments
from rcli.engine.data.files import Files
from rcli.engine.data.predictions import Prediction
from rcli.engine.data.search import Search
from rcli.engine.data.store import Store
from rcli.engine.data.variables import VariableSets
from rcli.engine.runtime import machine, scratch
from rcli.engine.runtime.environments import Environments
from rcli.engine.runtime.snapshots import Snapshots
from rcli.engine.runtime.uv_cache import UvCache
from rcli.engine.web.bases import current
from rcli.engine.web.links import Links
from rcli.engine.web.objects import Json, work_object
from rcli.engine.web.signatures import Signer
from rcli.engine.work.caches import Caches
from rcli.engine.work.commanding import Commanding
from rcli.engine.work.jobs import Jobs
from rcli.engine.work.launching import Launcher
from rcli.engine.work.messages import Messenger
from rcli.engine.work.registry import Registry
from rcli.engine.work.removal import Removal
from rcli.engine.work.retention import Limits, Retention
from rcli.engine.work.trainings import Trainings
from rcli.engine.work.webhooks import WebhookSender
from rcli.errors import RcliError
from rcli.paths import Paths
from rcli.settings import EngineSettings

HOUR = 3600.0
EXIT_BROKEN = 74


class Engine:
    """``environ`` is what its own children (uv) may see; replicas see less."""

    def __init__(self, paths: Paths, settings: EngineSettings, environ: Mapping[str, str]) -> None:
        """Raises NewerDatabase. The folder is private already, and its lock is held."""
        loop = asyncio.get_running_loop()
        self.folder = paths.engine
        self.token = life.kept_secret(self.folder / "token")
        self.signer = Signer(life.kept_secret(self.folder / "signing_key").encode())
        self.webhook_key = _webhook_key(self.folder / "webhook_key")
        self.store = Store.open(self.folder / "engine.db", loop.call_soon, _give_up)
        self.files = Files(
            self.store,
            self.folder / "files",
            reserve=settings.disk_reserve << 20,
            on_growth=lambda size: self.retention.grew(size),
        )
        self.catalog = Catalog(self.store)
        self.deployments = Deployments(self.store)
        self.search = Search(self.store)
        self.snapshots = Snapshots(paths.snapshots)
        self.environments = Environments(paths.environments, environ)
        self.variables = VariableSets()
        self.commanding = Commanding(self.environments, environ, self.folder / "own-python")
        self.launcher = Launcher(
            self.folder / "replicas",
            snapshots=self.snapshots,
            environments=self.environments,
            environ=environ,
            setup_timeout=settings.setup_timeout,
            weights=self._weights,
        )
        self._reachable = asyncio.Event()
        self.stopping = asyncio.Event()
        self.jobs = self._make_jobs(settings)
        messenger = Messenger(self.webhook_key, read=self.jobs.table.get, describe=self._described)
        self.webhooks = WebhookSender(self.store, messenger, self.touch)
        self.registry = Registry(self.catalog, self.snapshots, self.environments)
        removal = Removal(self.store, self.files)
        self.caches = self._make_caches(removal, environ)
        limits = Limits(settings.retention, settings.quota)
        self.retention = Retention(removal, self.files, self.caches, limits, self.jobs.files_in_use)
        self.idle = life.IdleClock(settings.idle, is_working=self.is_working, stop=self.stopping.set)
        self.state: life.State | None = None
        self._ending: tuple[str, str | None] = ("failed", "the engine was stopped while this {} ran")
        self._chores: list[asyncio.Task[None]] = []
        self._drains = 0

    def _make_jobs(self, settings: EngineSettings) -> Jobs:
        return Jobs(
            self.store,
            self.files,
            launch=self.launcher.launch,
            train=Trainings(self.catalog, self.files).conclude,
            replica_idle=settings.replica_idle,
            max_replicas=settings.max_replicas or machine.replicas_at_once(),
            memory_reserve=settings.memory_reserve << 20,
            max_queue=settings.max_queue,
            changed=self.touch,
        )

    def _make_caches(self, removal: Removal, environ: Mapping[str, str]) -> Caches:
        return Caches(
            self.catalog,
            self.snapshots,
            self.environments,
            self.files,
            self.jobs,
            self.launcher,
            removal,
            UvCache(environ, self.folder),
        )

    def start(self) -> None:
        """Clears what a killed engine left, and brings the bundled models up to date."""
        self.launcher.clear()
        self.snapshots.sweep()
        self.environments.sweep()
        scratch.sweep(lambda name: self.jobs.table.get(name) is not None)
        self.registry.read_anew()
        self.registry.take_bundled()
        for deployment in self.deployments.all():
            self.deploy(deployment)
        self.jobs.recover(self._version)
        self.store.commit()

    async def run(self, url: str, port: int) -> None:
        """From the moment the socket listens until somebody wants the engine to stop."""
        self.state = life.State(url, os.getpid(), __version__, port, time.time())
        self._reachable.set()
        life.write_state(self.folder, self.state)
        self.idle.touch()
        chores = (self.idle.run(), self._forget_webhooks(), self.retention.run())
        self._chores = [asyncio.create_task(chore) for chore in chores]
        self.webhooks.start(self.jobs.get)
        try:
            await self.stopping.wait()
        finally:
            life.remove_state(self.folder)
            await self.close()

    async def close(self) -> None:
        """Ends all work; nothing is left running afterwards."""
        for chore in self._chores:
            chore.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        await self.jobs.close(*self._ending)
        await self.webhooks.close()
        self.store.commit()

    def deploy(self, deployment: Deployment) -> None:
        """Keeps as many instances as its current release asks for."""
        release = deployment.release
        if version := self._version(release.model, release.version):
            name = deployment.full_name
            self.jobs.scale(version, name, release.min_instances, release.max_instances)

    def withdraw(self, deployment: Deployment) -> None:
        """Keeps none of its current release warm; what it has accepted comes to its end."""
        release = deployment.release
        if version := self._version(release.model, release.version):
            self.jobs.scale(version, deployment.full_name, 0, max(1, release.max_instances))

    @property
    def port(self) -> int:
        """The port that it listens on, 0 before it does."""
        return self.state.port if self.state is not None else 0

    def is_working(self) -> bool:
        return self.jobs.is_working() or self.webhooks.is_busy()

    def touch(self) -> None:
        self.idle.touch()

    def stop(self) -> None:
        """Cancels what runs, then exits."""
        self._ending = ("canceled", None)
        self.stopping.set()

    async def drain(self, seconds: float) -> bool:
        """Refuses new work and waits for what runs; false, and open again, when it takes too long."""
        self._drains += 1
        self.jobs.refusing = True
        try:
            ended = await self.jobs.drained(seconds)
        finally:
            self._drains -= 1
        if ended:
            self.stopping.set()
        self.jobs.refusing = ended or self._drains > 0 or self.stopping.is_set()
        return ended

    def _version(self, model: str, version_id: str) -> Version | None:
        owner, _, name = model.partition("/")
        return self.catalog.version(owner, name, version_id)

    def _described(self, row: Prediction, base: str) -> Json:
        """As any client sees it: nobody knows whether a webhook's receiver understands ``aborted``."""
        links = Links(current(base, self.port), self.signer, self.files)
        return work_object(row, links, knows_aborted=False)

    async def _weights(self, version: Version) -> str | None:
        """The port may be another one than when the version was made, and is not known at once."""
        if version.weights is None:
            return None
        await self._reachable.wait()
        assert self.state is not None
        file = self.files.get(version.weights)
        if file is None:
            raise RcliError(f"the weights of {version.model} are gone: train it again")
        return Links(self.state.url, self.signer, self.files).weights(file)

    async def _forget_webhooks(self) -> None:
        while True:
            self.webhooks.forget()
            await asyncio.sleep(HOUR)


def _webhook_key(file: Path) -> str:
    """Somebody may have put a key of their own there. Raises BadKey."""
    key = life.kept_secret(file, signing.new_key)
    try:
        signing.check_key(key)
    except signing.BadKey as exc:
        raise signing.BadKey(f"{exc.message}, but {file} holds another text", hint=f"rm {file}") from exc
    return key


def _give_up(error: sqlite3.OperationalError) -> NoReturn:
    """Ends the process as a kill would: the next start knows what to make of that."""
    sys.stderr.write(f"error: the engine's database cannot be written: {error}\n")
    sys.stderr.flush()
    os._exit(EXIT_BROKEN)
