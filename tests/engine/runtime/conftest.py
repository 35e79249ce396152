"""Replicas of the small Cog projects in tests/projects, under the real coglet."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from rcli.engine import schema
from rcli.engine.runtime.project import read_project
from rcli.engine.runtime.replicas import Event, Log, Outcome, Replica

PROJECTS = Path(__file__).parents[2] / "projects"


@dataclass
class Running:
    """A replica, with what its setup said and what its predictions emitted."""

    replica: Replica
    base: Path
    setup_logs: list[str]
    events: list[Event] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def predict(self, identifier: str = "p1", /, **given: Any) -> Outcome:
        return await self.replica.predict(identifier, given, self.emit)

    def emit(self, event: Event) -> None:
        self.events.append(event)
        self.heard.set()

    async def hear(self, text: str) -> None:
        """Wait until a line with this text was logged."""
        while text not in self.logs:
            self.heard.clear()
            await asyncio.wait_for(self.heard.wait(), 60)

    @property
    def logs(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, Log))

    def sent(self, reference: str, identifier: str = "p1") -> bytes:
        """The content of an output file."""
        return (self.base / "outbox" / identifier / reference.removeprefix("rcli-output:")).read_bytes()

    def give(self, name: str, text: str, identifier: str = "p1") -> str:
        """Put an input file where the prediction may read it; returns its address."""
        path = self.base / "inbox" / identifier / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path.as_uri()


Start = Callable[..., AbstractAsyncContextManager[Running]]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Start a project's replica for the time of an ``async with``."""

    @contextlib.asynccontextmanager
    async def started(
        name: str,
        *,
        mode: Literal["predict", "train"] = "predict",
        concurrency: int = 1,
        weights: str | None = None,
        environ: Mapping[str, str] = os.environ,
        setup_timeout: float = 30,
        python: Path = Path(sys.executable),
    ) -> AsyncIterator[Running]:
        folder = tmp_path / "copy"
        shutil.copytree(PROJECTS / name, folder)
        project = read_project(folder)
        logs: list[str] = []
        replica = await Replica.start(
            project=project,
            folder=folder,
            python=python,
            document=schema.generate(folder, project.run, project.train).document,
            concurrency=concurrency,
            inbox=tmp_path / "inbox",
            outbox=tmp_path / "outbox",
            environ=environ,
            weights=weights,
            mode=mode,
            log=tmp_path / "logs" / "replica.log",
            records=tmp_path / "records",
            setup_timeout=setup_timeout,
            on_log=logs.append,
        )
        try:
            yield Running(replica, tmp_path, logs)
        finally:
            await replica.stop()

    return started
