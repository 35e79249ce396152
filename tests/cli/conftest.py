"""A shell for each test: commands in this process, in processes of their own, and on a terminal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Result, Run, environment, runner
from tests.processes import Process, command
from tests.terminal import TerminalSession

PROJECTS = Path(__file__).parents[1] / "projects"


@dataclass
class Shell:
    """Where a user stands: a home and a working folder. ``run`` runs here, the others start processes."""

    home: Path
    cwd: Path
    run: Run
    _kills: list[Callable[[], None]] = field(default_factory=list)

    def start(self, *argv: str, env: dict[str, str] | None = None) -> Process:
        process = Process(command(*argv), environment(self.home) | (env or {}), self.cwd)
        self._kills.append(process.kill)
        return process

    def terminal(
        self,
        *argv: str,
        columns: int = 80,
        rows: int = 24,
        stdout: int | None = None,
        env: dict[str, str] | None = None,
    ) -> TerminalSession:
        session = TerminalSession(
            command(*argv),
            environment(self.home) | (env or {}),
            self.cwd,
            columns=columns,
            rows=rows,
            stdout=stdout,
        )
        self._kills.append(session.kill)
        return session

    def prediction(self, id: str = "last") -> dict[str, Any]:
        """What the server says of a prediction."""
        shown: dict[str, Any] = json.loads(self.run("predictions", "show", id, "--json"))
        return shown

    def engine(self) -> dict[str, Any]:
        """What the engine says of itself."""
        status: dict[str, Any] = json.loads(self.run("serve", "status", "--json"))
        return status

    def watch(self, id: str = "last") -> Result:
        """Waits for the end of a prediction."""
        return self.run("predictions", "watch", id)

    def close(self) -> None:
        for kill in self._kills:
            kill()


@pytest.fixture
def shell(home: Path, tmp_path: Path) -> Iterator[Shell]:
    """A home of the test's own, for what harms the engine."""
    shell = Shell(home, tmp_path, runner(home, tmp_path))
    yield shell
    shell.close()


@pytest.fixture
def warm_shell(warm_home: Path, tmp_path: Path) -> Iterator[Shell]:
    """The shared home; its engine runs already."""
    shell = Shell(warm_home, tmp_path, runner(warm_home, tmp_path))
    yield shell
    shell.close()
