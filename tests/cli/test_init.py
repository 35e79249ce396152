"""``rcli init``: a project that runs at once, and never a file lost."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.conftest import Run, environment
from tests.processes import ROOT, command

FILES = [
    *("README.md", "cog.yaml", ".dockerignore", ".gitignore", "run.py"),
    *("tests/__init__.py", "tests/test_run.py"),
]


def content(folder: Path) -> dict[str, str]:
    return {
        str(Path(root, name).relative_to(folder)): Path(root, name).read_text()
        for root, _, names in os.walk(folder)
        for name in names
    }


def test_a_new_project_runs_and_its_own_test_passes_without_any_download(shell: Shell) -> None:
    (shell.home / "rcli" / "cache").unlink()  # the environments of other tests
    offline = {"HTTPS_PROXY": "http://127.0.0.1:9", "UV_OFFLINE": "1"}
    made = shell.run("init", "x", env=offline)

    ran = shell.run("run", "-i", "prompt=world", "-i", "times=2", cwd=shell.cwd / "x", env=offline)
    tested = subprocess.run(
        command("exec", "python", "-m", "unittest"),
        cwd=shell.cwd / "x",
        env=environment(shell.home) | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert made == "".join(f"x/{name}\n" for name in FILES)
    assert made.stderr == "next: cd x && rcli run -i prompt=world\n"
    assert (ran, ran.exit_code) == ("hello world\nhello world", 0)
    assert tested.returncode == 0, tested.stderr
    assert "Ran 2 tests" in tested.stderr
    assert shell.run("cache", "list", "--jq", '.[] | select(.kind == "environment")') == ""


def test_the_written_inputs_have_their_bounds(warm_shell: Shell) -> None:
    warm_shell.run("init", "bounds")

    told = warm_shell.run("run", "./bounds", "prompt=x", "times=11")

    assert told.stderr.startswith("error: times: 11 is more than 10\n")
    assert told.exit_code == 2


def test_without_a_folder_it_is_the_one_at_hand(rcli: Run, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir()

    told = rcli("init", cwd=folder)

    assert sorted(content(folder)) == sorted(FILES)
    assert told.stderr == "next: rcli run -i prompt=world\n"


def test_json_and_quiet_tell_the_files(rcli: Run, tmp_path: Path) -> None:
    as_json = rcli("init", "a", "--json")
    quiet = rcli("init", "b c", "-q")

    assert json.loads(as_json) == {"folder": str(tmp_path / "a"), "files": [f"a/{name}" for name in FILES]}
    assert (quiet, quiet.stderr) == ("".join(f"b c/{name}\n" for name in FILES), "")


def test_what_is_there_is_never_overwritten_and_nothing_is_added_to_it(rcli: Run, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "run.py").write_text("my own\n")
    (folder / "cog.yaml").symlink_to("nowhere")

    told = rcli("init", "mine")

    assert told.stderr == (
        f"error: {folder} has cog.yaml, run.py already: nothing was written\nhint: rcli init another-folder\n"
    )
    assert (told, told.exit_code) == ("", 2)
    assert sorted(os.listdir(folder)) == ["cog.yaml", "run.py"]
    assert (folder / "run.py").read_text() == "my own\n"


def test_other_files_stay_as_they_are(rcli: Run, tmp_path: Path) -> None:
    (tmp_path / "mine" / "tests").mkdir(parents=True)
    (tmp_path / "mine" / "tests" / "other.py").write_text("my own\n")

    told = rcli("init", "mine")

    assert told.exit_code == 0
    assert (tmp_path / "mine" / "tests" / "other.py").read_text() == "my own\n"


@pytest.mark.parametrize("path", ["file", "mine"])
def test_what_cannot_be_written_leaves_nothing_behind(rcli: Run, tmp_path: Path, path: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "tests").touch()
    before = sorted(tmp_path.rglob("*"))

    told = rcli("init", path)

    assert told.stderr.startswith("error: cannot write ")
    assert told.stderr.endswith("; nothing was written\n")
    assert (told, told.exit_code) == ("", 1)
    assert sorted(tmp_path.rglob("*")) == before
