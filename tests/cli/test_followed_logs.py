"""``logs -f`` on a terminal: a progress bar is one line, whatever is made of the window."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.conftest import PROJECTS, Shell
from tests.cloud import ID, Cloud, cloud, prediction
from tests.recording_server import json_answer, problem
from tests.terminal import TerminalSession

__all__ = ["cloud"]

LAST_STEP = "denoising:  45%|████      | 9/20 [00:01<00:01,  8.31it/s]"


@pytest.fixture
def drawing(warm_shell: Shell) -> Iterator[str]:
    """The id of a prediction that has drawn its bar and runs until the test's end, or the file ``gate``."""
    gate = warm_shell.cwd / "gate"
    id = warm_shell.run("predictions", "create", str(PROJECTS / "bar"), f"until={gate}", "-q").strip()
    yield id
    gate.touch()
    warm_shell.watch(id)


def at_its_last_step(session: TerminalSession, step: str = LAST_STEP) -> list[str]:
    """What is shown as soon as the whole of the bar's last step is."""
    return session.until(lambda screen: screen.endswith(step)).splitlines()


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_a_bar_is_one_line_that_is_written_anew(warm_shell: Shell, drawing: str, columns: int) -> None:
    session = warm_shell.terminal("predictions", "logs", drawing, "-f", columns=columns)
    shown = LAST_STEP if len(LAST_STEP) < columns else LAST_STEP[: columns - 2] + "…"
    live = at_its_last_step(session, shown)
    (warm_shell.cwd / "gate").touch()

    assert session.end() == 0
    assert live[-2:] == ["the picture is read", shown]
    assert "".join(session.lines).endswith(f"the picture is read{LAST_STEP}")
    assert session.text.count("denoising") == 1
    assert b"owned" not in session.raw


def test_without_animation_a_line_comes_when_it_has_ended(warm_shell: Shell, drawing: str) -> None:
    session = warm_shell.terminal("predictions", "logs", drawing, "-f", columns=120, env={"TERM": "dumb"})
    session.shows("the picture is read")
    (warm_shell.cwd / "gate").touch()

    assert session.end() == 0
    assert session.lines[-2:] == ["the picture is read", LAST_STEP]
    assert b"\x1b" not in session.raw


def test_who_stops_following_has_the_last_step_on_the_screen(warm_shell: Shell, drawing: str) -> None:
    session = warm_shell.terminal("predictions", "logs", drawing, "-f", columns=120)
    at_its_last_step(session)
    session.press("\x03")

    assert session.end() == 130
    assert session.lines[-1] == LAST_STEP


@pytest.mark.parametrize("noun", ["predictions", "trainings"])
def test_what_goes_wrong_meanwhile_stands_below_the_last_step(
    warm_shell: Shell, cloud: Cloud, noun: str
) -> None:
    steps = [prediction("processing", logs=f"loaded\n 10%|#\r 20%|##{more}") for more in ("", "\r 30%|###")]
    cloud.api.answer(f"GET /v1/{noun}", json_answer({"results": steps[:1], "next": None}))
    refused = problem(401, detail="no such token", status=401)
    cloud.api.answer(f"GET /v1/{noun}/{ID}", *map(json_answer, [steps[0], *steps]), refused)
    session = warm_shell.terminal(noun, "logs", ID, "-f", "--host", "replicate", columns=120, env=cloud.env)

    assert session.end() == 4
    assert session.lines[:2] == ["loaded", " 30%|###"]
    assert session.lines[2].startswith("error: ")
