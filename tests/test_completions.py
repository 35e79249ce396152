"""The completion scripts are those of today's commands, and real shells complete with them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from completions.generate import FOLDER, scripts
from tests.processes import PATIENCE
from tests.terminal import TerminalSession

Complete = Callable[[str], set[str]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the completing happens."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "cog.yaml").write_text("")
    (tmp_path / "my cat.png").write_text("")
    (tmp_path / "cat.png").write_text("")
    return tmp_path


@pytest.mark.parametrize("name", ["rcli.bash", "_rcli", "rcli.fish", "rcli.ps1"])
def test_the_scripts_are_up_to_date(name: str) -> None:
    assert (FOLDER / name).read_text() == scripts()[name], "python completions/generate.py writes them"


def shell(name: str) -> str:
    return shutil.which(name) or pytest.skip(f"there is no {name} here")


def output(*argv: str, cwd: Path) -> set[str]:
    environ = {"PATH": os.environ["PATH"], "HOME": str(cwd), "LANG": "C.UTF-8"}
    done = subprocess.run(
        argv, cwd=cwd, env=environ, capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    assert done.stderr == ""
    return set(done.stdout.splitlines())


@pytest.fixture
def bash(folder: Path) -> Complete:
    """What bash would put in the place of the last word, behind the last character that splits words."""
    program = f"""
        source {FOLDER}/rcli.bash
        COMP_LINE=$1 COMP_POINT=${{#1}} COMP_WORDS=($1) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        _rcli 2>/dev/null
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    return lambda line: output(shell("bash"), "-c", program, "bash", line, cwd=folder) - {""}


@pytest.fixture
def fish(folder: Path) -> Complete:
    def complete(line: str) -> set[str]:
        program = f"source {FOLDER}/rcli.fish; complete -C $argv[1]"
        found = output(shell("fish"), "--no-config", "-c", program, line, cwd=folder)
        return {each.partition("\t")[0] for each in found}

    return complete


def test_bash_completes_commands(bash: Complete) -> None:
    assert bash("rcli pre") == {"predictions"}
    assert bash("rcli predictions ") >= {"list", "show", "watch", "cancel", "rerun"}
    assert bash("rcli predictions show l") == {"last"}
    assert bash("rcli config get engine.i") == {"engine.idle"}


def test_bash_completes_options_and_their_values(bash: Complete) -> None:
    assert bash("rcli run --out") == {"--output", "--output-dir"}
    assert bash("rcli predictions list --host ") == {"replicate", "local"}
    assert bash("rcli run x --progress p") == {"plain"}
    assert bash("rcli predictions list --limit ") == set()


def test_bash_completes_files(bash: Complete) -> None:
    assert bash("rcli run ./mo") == {"./models"}
    assert bash("rcli run x image=@") == {"cat.png", "my cat.png", "models"}
    assert bash("rcli run x -i image=@ca") == {"cat.png"}
    assert bash("rcli run x image=@models/") == {"models/cog.yaml"}
    assert bash("rcli run x -o c") == {"cat.png"}
    assert bash("rcli run --output-dir m") == {"models"}


def test_fish_completes_commands(fish: Complete) -> None:
    assert fish("rcli pre") == {"predictions"}
    assert fish("rcli predictions ") >= {"list", "show", "watch", "cancel", "rerun"}
    assert fish("rcli predictions show l") == {"last"}


def test_fish_completes_options_and_their_values(fish: Complete) -> None:
    assert fish("rcli run --out") == {"--output", "--output-dir"}
    assert fish("rcli predictions list --host ") == {"replicate", "local"}
    assert fish("rcli run x --progress p") == {"plain"}


def test_fish_completes_files(fish: Complete) -> None:
    assert fish("rcli run ./mo") == {"./models/"}
    assert fish("rcli run x image=@") == {"image=@cat.png", "image=@my cat.png", "image=@models/"}
    assert fish("rcli run x -i image=@ca") == {"image=@cat.png"}
    assert "cat.png" in fish("rcli run x -o c")


@pytest.fixture
def zsh(folder: Path) -> Iterator[Complete]:
    """What the line looks like after the Tab key on a terminal."""
    sessions: list[TerminalSession] = []

    def complete(line: str) -> set[str]:
        environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "xterm", "LANG": "C.UTF-8"}
        session = TerminalSession([shell("zsh"), "-f", "-i"], environ, folder, columns=200)
        sessions.append(session)
        session.press("PS1='> '; autoload -U compinit; compinit -u -D\r")
        session.press(f"source {FOLDER}/_rcli; clear; echo ready\r")
        session.until(lambda screen: screen.splitlines()[:1] == ["ready"])
        session.press(f"{line}\t\x01[\x05] \r")  # Ctrl-A, Ctrl-E: brackets around the whole line
        session.until(lambda screen: any("]" in row for row in screen.splitlines()))
        row = next(row for row in session.lines if "]" in row)
        return {row.partition("[")[2].partition("]")[0].strip()}

    yield complete
    for session in sessions:
        session.kill()


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("rcli pre", "rcli predictions"),
        ("rcli predictions sh", "rcli predictions show"),
        ("rcli predictions show l", "rcli predictions show last"),
        ("rcli run --output-", "rcli run --output-dir"),
        ("rcli run x --progress p", "rcli run x --progress plain"),
        ("rcli run ./mo", "rcli run ./models"),
        ("rcli run x -i image=@ca", "rcli run x -i image=@cat.png"),
        ("rcli run x image=@mo", "rcli run x image=@models"),
    ],
)
def test_zsh_completes(zsh: Complete, typed: str, completed: str) -> None:
    assert zsh(typed) == {completed}
