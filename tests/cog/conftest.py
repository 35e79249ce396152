"""One engine for all cases, and for each case a copy of its project, a command line and a web server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.cog.place import Place
from tests.conftest import make_home, runner
from tests.engine.conftest import RunningEngine, launch, started

CONFIG = "[engine]\nreplica_idle = 5\n"  # a hundred models loaded at once would fill a small machine


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="session")
def cog_engine(tmp_path_factory: pytest.TempPathFactory, environments: Path) -> Iterator[RunningEngine]:
    """The engine of all cases, which the commands in its home find."""
    home = make_home(tmp_path_factory.mktemp("cog") / "home", environments) / "rcli"
    (home / "config").mkdir()
    (home / "config" / "config.toml").write_text(CONFIG)
    running = started(home, launch(home, "--idle", "0"))
    yield running
    running.close()


@pytest.fixture
def stand(tmp_path: Path, cog_engine: RunningEngine) -> Iterator[Callable[[Path], Place]]:
    """Copies a project and stands in the copy."""
    servers: list[ThreadingHTTPServer] = []

    def stand_in(project: Path) -> Place:
        cwd = tmp_path / project.name
        handler = partial(_Quiet, directory=str(cwd))
        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), handler))
        Thread(target=servers[-1].serve_forever, daemon=True).start()
        place = Place(cwd, cog_engine, runner(cog_engine.home.parent, cwd), servers[-1].server_port)
        place.copy(project)
        return place

    yield stand_in
    for server in servers:
        server.shutdown()
        server.server_close()
