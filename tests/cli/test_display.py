"""What a person sees at a terminal while something runs, and what is left on the screen."""

from __future__ import annotations

import re

import pytest

from tests.cli.conftest import PROJECTS, Shell
from tests.processes import Process
from tests.terminal import TerminalSession

GATE = str(PROJECTS / "gate")
DRAWN = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


def summary(session: TerminalSession) -> str:
    """The last line with its times left out, which are never the same."""
    return re.sub(r"[\d.]+ s", "… s", session.lines[-1])


def host_line(shell: Shell, columns: int) -> list[str]:
    """The line that names host, model and version, cut by the terminal where it is too narrow."""
    prediction = shell.prediction()
    line = f"local · {prediction['model']}:{prediction['version'][:12]}"
    return [line[start : start + columns] for start in range(0, len(line), columns)]


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_a_running_prediction_shows_its_state_and_leaves_no_trace_of_it(
    warm_shell: Shell, columns: int
) -> None:
    gate = warm_shell.cwd / "gate"
    warm_shell.run("run", GATE, "until=/")

    session = warm_shell.terminal("run", GATE, f"until={gate}", columns=columns)
    live = session.shows("running", "45%", "the picture is read", "denoising: step 9/20").splitlines()
    gate.touch()

    assert session.end() == 0
    above = host_line(warm_shell, columns)
    assert [live[: len(above)], len(live)] == [above, len(above) + 3]
    assert session.lines[: len(above) + 1] == [*above, "through the gate"]
    assert "running" not in "".join(session.lines[: len(above) + 1])
    assert len("".join(session.lines[len(above) + 1 :])) < 80


def test_a_cold_start_says_so(warm_shell: Shell) -> None:
    session = warm_shell.terminal("run", str(PROJECTS / "setup_slow"), "text=x")

    session.shows("cold start: setup", "folder/setup_slow")
    session.press("\x03")
    assert session.end() == 130
    assert session.lines[-1] == f"prediction {warm_shell.prediction()['id']} canceled"
    assert "setup" not in "".join(session.lines[:-1]).replace("setup_slow", "")


def test_what_is_said_meanwhile_stands_above_the_display(shell: Shell) -> None:
    """The first run of a folder on a cold engine is the one with most to say."""
    gate = shell.cwd / "gate"

    session = shell.terminal("run", GATE, f"until={gate}", columns=200)
    session.shows("running", "step 9/20")
    gate.touch()

    assert session.end() == 0
    assert session.lines[:-1] == [
        *host_line(shell, 200),
        f"first run of {GATE}: its code runs with your rights",
        "through the gate",
    ]
    assert summary(session) == f"succeeded in … s (running … s) · {shell.prediction()['id']}"


def test_text_takes_the_place_of_the_display(warm_shell: Shell) -> None:
    session = warm_shell.terminal("stream", str(PROJECTS / "tokens"), "n=3", "delay=0.3", columns=100)

    session.shows("token0 token1")
    assert "running" not in session.text
    assert session.end() == 0
    assert session.lines[-2] == "token0 token1 token2"


def test_a_text_that_breaks_off_does_not_run_into_what_is_said_of_it(warm_shell: Shell) -> None:
    session = warm_shell.terminal("stream", str(PROJECTS / "tokens"), "n=1000", "delay=0.1", columns=100)

    session.shows("token0 token1")
    session.press("\x03")
    assert session.end() == 130
    assert session.lines[-2].startswith("token0 token1")
    assert session.lines[-1] == f"prediction {warm_shell.prediction()['id']} canceled"


def test_a_pipe_on_stdout_leaves_the_display_on_stderr(warm_shell: Shell) -> None:
    gate, answer = warm_shell.cwd / "gate", warm_shell.cwd / "answer"

    with answer.open("wb") as file:
        session = warm_shell.terminal("run", GATE, f"until={gate}", stdout=file.fileno())
    session.shows("running", "45%")
    gate.touch()

    assert session.end() == 0
    assert answer.read_text() == "through the gate"
    assert "running  " not in session.text
    assert len(session.lines) == 2


@pytest.mark.parametrize(
    ("flags", "env"), [(["--plain"], {}), ([], {"TERM": "dumb"}), (["--progress", "none"], {"NO_COLOR": "1"})]
)
def test_without_animation_the_lines_are_plain(
    warm_shell: Shell, flags: list[str], env: dict[str, str]
) -> None:
    warm_shell.run("run", str(PROJECTS / "echo"), "text=x")

    session = warm_shell.terminal("run", str(PROJECTS / "echo"), "text=x", *flags, env=env, columns=200)

    assert session.end() == 0
    assert not DRAWN.search(session.raw)
    assert session.lines[-3:-1] == [*host_line(warm_shell, 200), "hello x"]


def test_without_colours_the_display_has_none(warm_shell: Shell) -> None:
    gate = warm_shell.cwd / "gate"

    session = warm_shell.terminal("run", GATE, f"until={gate}", env={"NO_COLOR": "1"})
    session.shows("running", "45%", "step 9/20")
    gate.touch()

    assert session.end() == 0
    assert not re.search(rb"\x1b\[[0-9;]*(3|4|9|10)\d[0-9;]*m", session.raw)


def test_progress_plain_is_a_line_for_each_phase(warm_shell: Shell) -> None:
    warm_shell.run("run", str(PROJECTS / "echo"), "text=x")

    process: Process = warm_shell.start("run", str(PROJECTS / "echo"), "text=x", "--progress", "plain")

    assert process.end() == 0
    assert process.stdout == b"hello x"
    assert re.sub(r"[\d.]+ s", "… s", process.stderr).splitlines()[1:] == [
        "local · folder/echo: starting (… s)",
        *(["local · folder/echo: running (… s)"] if "running" in process.stderr else []),
        "local · folder/echo: succeeded (… s)",
    ]


def test_hostile_text_does_nothing_to_a_terminal(warm_shell: Shell) -> None:
    session = warm_shell.terminal("run", str(PROJECTS / "hostile"), "fail=true", columns=200)

    assert session.end() == 3
    assert "one two three" in session.lines
    assert "a log line" in session.lines
    assert session.lines[-1].endswith("failed: no luck")
    assert b"\x1b]" not in session.raw
    assert b"\x1b[8m" not in session.raw
    assert b"\x1b[2J" not in session.raw


def test_hostile_text_does_nothing_when_it_is_shown_later(warm_shell: Shell) -> None:
    warm_shell.run("run", str(PROJECTS / "hostile"), "fail=true")

    session = warm_shell.terminal("predictions", "show", "last", columns=200)

    assert session.end() == 0
    assert "a log line" in session.text
    assert b"\x1b]" not in session.raw
    assert b"\x1b[2J" not in session.raw
