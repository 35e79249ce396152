"""From a version to a replica that is ready: its environment, a copy of its files, its setup."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from rcli.engine.data.catalog import Version
from rcli.engine.data.predictions import Work, new_id
from rcli.engine.runtime.environments import Environments
from rcli.engine.runtime.leftovers import sweep
from rcli.engine.runtime.project import read_project
from rcli.engine.runtime.replicas import Replica
from rcli.engine.runtime.snapshots import Snapshots
from rcli.engine.work.live import Phase

Show = Callable[[Phase], None]
Weights = Callable[[Version], Awaitable[str | None]]
"""Where a replica finds the weights of its version, None for one that was not trained."""


class Launcher:
    """``folder`` holds one folder for each replica: the working copy, its inbox and outbox, its log."""

    def __init__(
        self,
        folder: Path,
        *,
        snapshots: Snapshots,
        environments: Environments,
        environ: Mapping[str, str],
        setup_timeout: float,
        weights: Weights,
    ) -> None:
        self._folder = folder
        self._records = folder.with_name("running")
        self._snapshots = snapshots
        self._environments = environments
        self._environ = environ
        self._setup_timeout = setup_timeout
        self._weights = weights
        self._starting: dict[Path, str] = {}

    def environments_in_use(self) -> set[str]:
        """The environments of replicas that are on their way up."""
        return set(self._starting.values())

    def clear(self) -> None:
        """Ends and removes what an engine that was killed left behind."""
        sweep(self._records)
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(mode=0o700, parents=True)

    async def launch(self, version: Version, kind: Work, show: Show) -> RunningReplica:
        """Raises BuildError, SetupFailed, ProjectError; leaves nothing behind then, nor when canceled."""
        home = self._folder / new_id()
        home.mkdir(mode=0o700)
        try:
            return await self._launch(version, kind, home, show)
        except BaseException:
            await asyncio.to_thread(shutil.rmtree, home, ignore_errors=True)
            raise
        finally:
            self._starting.pop(home, None)

    async def _launch(self, version: Version, kind: Work, home: Path, show: Show) -> RunningReplica:
        show(Phase("environment"))
        copy = home / "project"
        await asyncio.to_thread(self._snapshots.copy, version.snapshot, copy)
        project = read_project(copy, version.file)
        environment = await self._environments.ensure(
            project.build.changed(version.overrides), lambda message: show(Phase("environment", message))
        )
        self._starting[home] = environment.key
        show(Phase("setup"))
        weights = await self._weights(version)
        replica = await Replica.start(
            project=project,
            folder=copy,
            python=environment.python,
            document=version.document,
            concurrency=version.concurrency,
            inbox=home / "inbox",
            outbox=home / "outbox",
            environ=_reaching(weights, self._environ) if weights else self._environ,
            weights=weights,
            mode="train" if kind == "training" else "predict",
            log=home / "log",
            records=self._records,
            setup_timeout=self._setup_timeout,
            on_log=lambda text: show(Phase("setup", _last_line(text))),
            variables=version.variables.pairs,
        )
        return RunningReplica(replica, home, environment.key)


class RunningReplica:
    """A replica, the folder that it lives in, and the key of its environment."""

    def __init__(self, replica: Replica, home: Path, environment: str) -> None:
        self.replica = replica
        self.environment = environment
        self._home = home

    def inbox(self, prediction_id: str) -> Path:
        return self._home / "inbox" / prediction_id

    def outbox(self, prediction_id: str) -> Path:
        return self._home / "outbox" / prediction_id

    async def stop(self) -> None:
        await self.replica.stop()
        await asyncio.to_thread(shutil.rmtree, self._home, ignore_errors=True)


def _reaching(address: str, environ: Mapping[str, str]) -> dict[str, str]:
    """With this address left out of what goes through a proxy."""
    names = ("no_proxy", "NO_PROXY")
    hosts = dict.fromkeys(environ[name] for name in names if environ.get(name))
    direct = ",".join([*hosts, urlsplit(address).hostname or ""])
    return {**environ, **dict.fromkeys(names, direct)}


def _last_line(text: str) -> str:
    lines = text.split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
