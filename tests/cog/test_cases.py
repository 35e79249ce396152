"""Small Cog projects, one per behaviour, used as a user would: see tests/cog/case.py for their format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cog import case
from tests.cog.place import Place
from tests.cog.steps import differences

FEWEST = 120


def title(folder: Path) -> str:
    try:
        return f"{folder.name}: {case.read(folder).behaviour}"
    except ValueError:  # the case's own test says what is wrong with it
        return folder.name


@pytest.mark.parametrize("folder", case.folders(), ids=title)
def test_a_project_behaves_as_its_case_says(folder: Path, stand: Callable[[Path], Place]) -> None:
    place = stand(folder)

    for number, step in enumerate(case.read(folder).steps, 1):
        assert differences(step, place) == [], f"step {number} of {folder.name}"


def test_there_are_cases_for_what_cog_documents() -> None:
    assert len(case.folders()) >= FEWEST


def test_every_case_has_a_behaviour_of_its_own() -> None:
    behaviours = [case.read(folder).behaviour for folder in case.folders()]

    assert len(set(behaviours)) == len(behaviours)


@pytest.mark.parametrize(
    "step",
    [
        'rcli = ["run"]\nstdou = ""',
        'rcli = ["run"]\nstdout_has = "text"',
        'rcli = ["run"]\nexit = "2"',
        'rcli = ["run"]\nfiles_size = { a = "1" }',
        'post = {}\nstdout = ""',
        'stdout = ""',
    ],
)
def test_what_no_step_has_is_refused(step: str, tmp_path: Path) -> None:
    (tmp_path / "case.toml").write_text(f'behaviour = "It works"\n[[steps]]\n{step}\n')

    with pytest.raises((ValueError, TypeError)):
        case.read(tmp_path)
