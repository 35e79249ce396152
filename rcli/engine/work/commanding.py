"""What a command of the user's needs to run where a project's model would: environment, PATH, variables."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rcli.engine.runtime import holds
from rcli.engine.runtime.environments import Environment, Environments
from rcli.engine.runtime.project import Project, read_project
from rcli.engine.runtime.supervisor import half_the_cores, python_folder, replica_environment
from rcli.errors import NotFound
from rcli.records import Overrides

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")


@dataclass(frozen=True)
class Bench:
    """``bin`` goes first on PATH, ``prefix`` is the virtual environment, None for rcli's own interpreter.

    ``variables`` are cog.yaml's, ``defaults`` give way to the user's own. Whoever uses the environment locks
    the file ``hold``; None: there is nothing that could be removed.
    """

    bin: Path
    prefix: Path | None
    variables: Mapping[str, str]
    defaults: Mapping[str, str]
    hold: Path | None


class Commanding:
    """``environ`` is the engine's; ``folder`` is for what no environment has: a ``python`` on PATH."""

    def __init__(self, environments: Environments, environ: Mapping[str, str], folder: Path) -> None:
        self._environments, self._environ, self._folder = environments, environ, folder

    async def check(self, folder: Path, file: str, overrides: Overrides) -> Project:
        """The project of a folder as it is now, code that does not parse included.

        Raises NotFound, ProjectError; BuildError for what can be known without a download.
        """
        if not folder.is_dir():
            raise NotFound(f"there is no folder {folder}")
        project = await asyncio.to_thread(read_project, folder, file)
        await self._environments.check(project.build.changed(overrides))
        return project

    async def prepare(self, project: Project, overrides: Overrides, progress: Callable[[str], None]) -> Bench:
        """Finds or makes the environment. Raises BuildError."""
        environment = await self._environments.ensure(project.build.changed(overrides), progress)
        place = _bin(environment.python, self._folder)
        model = replica_environment(
            self._environ, project.environment, bin_folder=place, threads=half_the_cores()
        )
        return Bench(
            bin=place,
            prefix=environment.path,
            variables={name: model[name] for name, _ in project.environment},
            defaults={name: model[name] for name in _THREADS},
            hold=_hold(environment),
        )


def _bin(python: Path, folder: Path) -> Path:
    """The folder with a ``python`` in it that is the model's."""
    return python.parent if (python.parent / "python").exists() else python_folder(python, folder)


def _hold(environment: Environment) -> Path | None:
    return environment.path.parent / holds.NAME if environment.path is not None else None
