"""A project from its first file to a version that others run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.cli.examples.trial import Trial, listed
from tests.cli.test_push import Machine
from tests.processes import ROOT

NAMES = listed("init, exec, push, lock, scaffold webhook, scaffold program")
SDXL = ROOT / "tests" / "guide" / "models" / "sdxl"


@pytest.fixture
def projects(shell: Shell, machine: Machine) -> Trial:
    trial, home = Trial(shell), shell.cwd
    project = home / "my-model"

    def ask_python(argv: list[str]) -> None:
        session = shell.terminal(*argv)
        session.shows(">>>")
        session.press("import cog; 6 * 7\r")
        session.shows("\n42")
        session.press("exit()\r")
        assert session.end() == 0, session.text

    def publish(argv: list[str]) -> None:
        process = trial.start(argv, **machine.env)
        assert process.end() == 0, process.stderr
        assert process.stdout.decode() == f"cog push r8.im/me/model in {project}\n"

    def leave_and_run() -> None:
        trial.go(home)
        trial.run("run", "rcli/hello", "text=you")

    trial.before = {
        "rcli exec python": lambda: trial.go(project),
        "rcli exec -e DEBUG=1 ./my-model -- python -m unittest": lambda: trial.go(home),
        "rcli push . local:me/model": lambda: trial.go(project),
        "rcli push ./my-model local:me/model --watch": lambda: trial.go(home),
        "rcli push . r8.im/me/model": lambda: trial.go(project),
        "rcli lock stability-ai/sdxl": lambda: trial.run("push", str(SDXL), "local:stability-ai/sdxl"),
        "rcli scaffold program last --python": leave_and_run,
    }
    trial.ways = {
        "rcli exec python": ask_python,
        "rcli exec -e DEBUG=1 ./my-model -- python -m unittest": trial.to_the_end,
        "rcli push ./my-model local:me/model --watch": trial.interrupted(
            lambda process: bool(re.search(rb"\tme/model:\w{64}", process.stdout))
        ),
        "rcli push . r8.im/me/model": publish,
    }
    trial.gives = {
        "rcli push . local:me/model": "me/model:",
        "rcli lock stability-ai/sdxl": "stability-ai/sdxl:",
        "rcli scaffold webhook --python my-handler": str(Path("my-handler", "webhook.py")),
        "rcli scaffold program last --python": "# pip install 'replicate",
    }
    return trial
