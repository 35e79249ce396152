"""Predictions from their start to what is kept of them."""

from __future__ import annotations

import shutil

import pytest

from tests.cli.conftest import PROJECTS, Shell
from tests.cli.examples.trial import Trial, listed
from tests.processes import ROOT

NAMES = listed("""
    run, stream, ps
    predictions list, predictions show, predictions watch, predictions logs
    predictions create, predictions cancel, predictions wait, predictions rerun
    predictions download, predictions open
    library list, library search, library show, library open, library export
    library rescue, library prune
    cache list, cache prune
""")
HOUSE = ROOT / "tests" / "data" / "house.png"
PICTURE = ("run", "./my-model", "-i", "image=@cat.png")


@pytest.fixture
def runs(shell: Shell) -> Trial:
    trial = Trial(shell)
    shutil.copyfile(HOUSE, shell.cwd / "cat.png")
    shutil.copytree(PROJECTS / "picture", shell.cwd / "my-model")
    shutil.copytree(PROJECTS / "gate", shell.cwd / "gate")

    def work() -> None:
        trial.run("run", "./gate", "until=never", "--detach")

    def see_it_canceled() -> None:
        assert shell.run("predictions", "wait", "last").exit_code == 7

    def work_again() -> None:
        see_it_canceled()
        work()

    def run_hello() -> None:
        see_it_canceled()
        trial.run("run", "rcli/hello", "text=x", "--detach")

    def run_a_picture() -> None:
        assert (shell.cwd / "out.png").read_bytes() == HOUSE.read_bytes()
        trial.run(*PICTURE)

    def run_a_cat() -> None:
        trial.run("run", "rcli/hello", "text=a cat in space")
        trial.gives["rcli library search cat space --status succeeded"] = shell.prediction()["id"]

    def leave_a_picture() -> None:
        trial.run(*PICTURE, "--detach")
        trial.run("predictions", "wait", "last")

    trial.before = {
        "rcli predictions cancel last": work,
        "rcli predictions cancel --all --host local --yes": work_again,
        "rcli predictions wait last --timeout 5m": run_hello,
        "rcli predictions rerun last -i seed=2": lambda: trial.run("run", "rcli/names", "n=1"),
        'rcli predictions download last --output-dir cats --name "{model}-{n}{ext}"': run_a_picture,
        "rcli predictions open last": lambda: trial.run("run", "rcli/hello", "text=x"),
        "rcli library search cat space --status succeeded": run_a_cat,
        "rcli library open last": lambda: trial.run(*PICTURE),
        "rcli library rescue": leave_a_picture,
    }
    trial.gives = {
        "rcli run rcli/hello -i text=world": "hello world",
        "rcli run ./my-model -i image=@cat.png -o out.png": f"{shell.cwd / 'out.png'}\n",
        "rcli library open last": str(shell.home),
        "rcli library rescue": str(shell.home),
    }
    return trial
