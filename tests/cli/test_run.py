"""``rcli run`` on this machine, from the words to the output."""

from __future__ import annotations

import json
from pathlib import Path

from tests.conftest import Run

PROJECTS = Path(__file__).parents[1] / "projects"


def test_a_bundled_model_answers(warm_rcli: Run) -> None:
    answer = warm_rcli("run", "rcli/hello", "-i", "text=world")

    assert (answer, answer.stderr, answer.exit_code) == ("hello world", "", 0)
