"""Every command's help ends with examples, which run as written: each story tries those of its commands."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.cli.examples.managing import NAMES as MANAGING
from tests.cli.examples.managing import managing
from tests.cli.examples.projects import NAMES as PROJECTS
from tests.cli.examples.projects import SDXL, projects
from tests.cli.examples.runs import NAMES as RUNS
from tests.cli.examples.runs import runs
from tests.cli.examples.server import NAMES as SERVER
from tests.cli.examples.server import server
from tests.cli.examples.training import NAMES as TRAINING
from tests.cli.examples.training import training
from tests.cli.examples.trial import Trial, examples
from tests.cli.examples.webhooks import NAMES as WEBHOOKS
from tests.cli.examples.webhooks import handler, webhooks
from tests.cli.examples.yourself import NAMES as YOURSELF
from tests.cli.examples.yourself import yourself
from tests.cli.test_auth import env, service
from tests.cli.test_push import machine
from tests.cloud import cloud
from tests.recording_server import recording_server
from tests.test_docs import ALL

__all__ = ["cloud", "env", "handler", "machine", "recording_server", "service"]
__all__ += ["managing", "projects", "runs", "server", "training", "webhooks", "yourself"]

STORIES = {
    "managing": MANAGING,
    "projects": PROJECTS,
    "runs": RUNS,
    "server": SERVER,
    "training": TRAINING,
    "webhooks": WEBHOOKS,
    "yourself": YOURSELF,
}


def test_no_command_is_left_out() -> None:
    tried = [name for names in STORIES.values() for name in names]

    assert sorted(tried) == sorted(ALL)


@pytest.mark.parametrize("story", STORIES)
def test_the_examples_run_as_written(story: str, request: pytest.FixtureRequest) -> None:
    trial: Trial = request.getfixturevalue(story)

    trial.perform(STORIES[story])


def test_what_the_help_of_rcli_itself_begins_with_runs(shell: Shell) -> None:
    trial = Trial(shell)
    trial.run("push", str(SDXL), "local:stability-ai/sdxl")
    told = trial.run("--help")

    first, *others = [line.strip() for line in told.splitlines() if line.startswith("  rcli ")]
    painted = trial.run(*shlex.split(first)[1:])

    assert first == 'rcli run stability-ai/sdxl -i prompt="a cat in space"'
    assert Path(painted.strip()).suffix == ".png"
    assert set(others) <= {*examples(shell, "rcli run"), *examples(shell, "rcli stream")}
