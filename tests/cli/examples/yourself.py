"""Who you are and how you like it: accounts, settings, completion, help."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.cli.examples.trial import Trial, listed
from tests.cli.test_auth import EVES, GOOD

NAMES = listed("""
    auth login, auth switch, auth status, doctor, auth logout
    config path, config list, config get, config set, config edit
    config host add, config host list, config host use, config host remove
    library off
    completion install, completion bash, completion zsh, completion fish, completion powershell
    help
""")


def editor(folder: Path) -> str:
    """An editor that adds a line to its file."""
    program = folder / "editor"
    program.write_text("#!/bin/sh\necho '# edited' >> \"$1\"\n")
    program.chmod(0o755)
    return str(program)


@pytest.fixture
def yourself(shell: Shell, env: dict[str, str]) -> Trial:
    trial = Trial(shell, env | {"EDITOR": editor(shell.cwd)})
    (shell.cwd / "token.txt").write_text(f"{GOOD}\n")
    config = shell.home / "rcli" / "config" / "config.toml"
    from_file = "rcli auth login --with-token < token.txt"

    def sign_in(argv: list[str]) -> None:
        session = shell.terminal(*argv, env=trial.env)
        session.shows("Token for replicate:")
        session.press(f"{EVES}\r")
        assert session.end() == 0, session.text

    def be_eve() -> None:
        trial.run("auth", "switch", "eve")

    def see_the_edit() -> None:
        assert config.read_text().endswith("# edited\n")

    trial.before = {
        "rcli auth switch ada": be_eve,
        "rcli auth logout": be_eve,
        "rcli config host add work https://models.example.com": see_the_edit,
    }
    trial.ways = {"rcli auth login": sign_in, from_file: trial.piped(from_file)}
    trial.gives = {
        "rcli config path": f"{config}\n",
        "rcli config get engine.idle": "900\n",
        "rcli completion install --shell bash": str(shell.home),
        "rcli help run": "Usage: rcli run ",
        "rcli help exit-codes": "Exit codes:",
    }
    return trial
