"""The engine as a server, from its start to its end."""

from __future__ import annotations

import pytest

from rcli.connections import bound
from tests.cli.conftest import Shell
from tests.cli.examples.trial import Trial, listed

NAMES = listed("serve, serve status, auth token, serve logs, serve stop")


@pytest.fixture
def server(shell: Shell) -> Trial:
    trial = Trial(shell)
    with bound("127.0.0.1", 0) as free:
        port = str(free.getsockname()[1])
    trial.given = {"7878": port}
    trial.before = {"rcli serve --background": lambda: trial.run("config", "set", "engine.port", port)}
    trial.ways = {
        "rcli serve --port 7878": trial.interrupted(
            lambda process: f"export REPLICATE_BASE_URL=http://127.0.0.1:{port}\n" in process.stderr
        ),
        "rcli serve logs -f": trial.interrupted(
            lambda process: b"rcli/hello" in process.stdout,
            lambda process: b"\n" in process.stdout,
            lambda: trial.run("models", "show", "rcli/hello"),
        ),
    }
    trial.gives = {"rcli serve status --json": "{"}
    return trial
