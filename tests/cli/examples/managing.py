"""Models, versions, deployments, files and what else there is to manage."""

from __future__ import annotations

import shutil

import pytest

from tests.cli.conftest import PROJECTS, Shell
from tests.cli.examples.trial import Trial, listed
from tests.processes import ROOT

NAMES = listed("""
    account show, hardware list, collections list, collections show, search, api
    models list, models search, models show, models readme, models examples, models schema
    models create, models update, models delete
    versions list, versions show, versions diff, versions delete
    deployments create, deployments list, deployments show, deployments run
    deployments scale, deployments update, deployments delete
    files upload, files list, files show, files download, files delete
""")


def pushed(trial: Trial, model: str, greeting: str = "hello") -> str:
    """The id of a version of the project echo, with an input of its own for each greeting."""
    folder = trial.shell.cwd / f"echo-{greeting}"
    shutil.copytree(PROJECTS / "echo", folder, dirs_exist_ok=True)
    source = folder / "run.py"
    source.write_text(source.read_text().replace("self.greeting = ", f"self.greeting = '{greeting}' or "))
    return trial.run("push", str(folder), model, "-q").strip().rpartition(":")[2]


@pytest.fixture
def managing(shell: Shell) -> Trial:
    trial = Trial(shell)
    shutil.copyfile(ROOT / "tests" / "data" / "house.png", shell.cwd / "cat.png")
    (shell.cwd / "README.md").write_text("# Painter\n")
    pushed(trial, "local:me/echo")
    pushed(trial, "local:me/echo", "good day")

    def push_painter() -> None:
        trial.given["7762fd07"] = pushed(trial, "local:me/painter", "bye")[:8]

    def find_file() -> None:
        trial.given["3k9"] = trial.run("files", "list", "-q", "--host", "local").split()[0]

    trial.before = {
        "rcli versions delete local:me/painter 7762fd07 --yes": push_painter,
        "rcli files show 3k9 --host local": find_file,
    }
    trial.gives = {"rcli deployments run local:shop text=world": "good day world"}
    return trial
