"""The examples at the end of the help run as written, one after the other, as a user would try them."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.cli.conftest import PROJECTS, Shell
from tests.test_docs import ALL, invocations

ORDER = """
    account show, hardware list, collections list, collections show, search, api
    models list, models search, models show, models readme, models examples, models schema
    models create, models update, models delete
    versions list, versions show, versions diff, versions delete
    deployments create, deployments list, deployments show, deployments run
    deployments scale, deployments update, deployments delete
    files upload, files list, files show, files download, files delete
"""
NAMES = [f"rcli {name}" for name in re.split(r",\s*|\n\s*", ORDER.strip())]
NOUNS = {name.split()[1] for name in NAMES}


def examples(name: str) -> list[list[str]]:
    *_, text = re.split(r"Examples?:", ALL[name].help.replace("\b", ""))
    return [argv for line in text.strip().splitlines() for argv in invocations(line.strip())]


def pushed(shell: Shell, model: str, greeting: str = "hello") -> str:
    """The id of a version of the project echo, with an input of its own for each greeting."""
    folder = shell.cwd / f"echo-{greeting}"
    shutil.copytree(PROJECTS / "echo", folder, dirs_exist_ok=True)
    source = folder / "run.py"
    source.write_text(source.read_text().replace("self.greeting = ", f"self.greeting = '{greeting}' or "))
    ran = shell.run("push", str(folder), model, "-q")
    assert ran.exit_code == 0, ran.stderr
    return ran.strip().rpartition(":")[2]


def test_all_of_their_commands_are_tried() -> None:
    assert sorted(NAMES) == sorted(name for name in ALL if name.split()[1] in NOUNS)


def test_the_examples_run_as_written(shell: Shell) -> None:
    shutil.copyfile(Path(__file__).parents[1] / "data" / "house.png", shell.cwd / "cat.png")
    (shell.cwd / "README.md").write_text("# Painter\n")
    pushed(shell, "local:me/echo")
    pushed(shell, "local:me/echo", "good day")
    ids = {}

    for name in NAMES:
        if name == "rcli versions delete":
            ids["7762fd07"] = pushed(shell, "local:me/painter", "bye")[:8]
        if name == "rcli files show":
            ids["3k9"] = shell.run("files", "list", "-q", "--host", "local").split()[0]
        for argv in examples(name):
            ran = shell.run(*(ids.get(word, word) for word in argv))
            assert ran.exit_code == 0, (argv, ran.stderr)
