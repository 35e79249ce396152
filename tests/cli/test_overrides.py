"""A project run otherwise than its cog.yaml says, and what is said before anything is downloaded."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.conftest import Run

RUNNER = """from cog import BaseRunner


class Runner(BaseRunner):
    def run(self) -> str:
        import six

        return six.__version__
"""
SIX = 'run: run.py:Runner\nbuild:\n  python_packages: ["six==1.16.0"]\n'

Project = Callable[..., str]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Writes a project that tells which six it has; returns its folder."""

    def write(yaml: str = SIX, name: str = "sixes") -> str:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        (folder / "cog.yaml").write_text(yaml)
        (folder / "run.py").write_text(RUNNER)
        return str(folder)

    return write


def newest(shell: Shell) -> str:
    return shell.run("predictions", "list", "--jq", ".[0].id")


def test_a_package_is_replaced_without_editing_and_that_is_another_version(
    warm_shell: Shell, project: Project
) -> None:
    folder = project()

    told = [
        warm_shell.run("run", folder),
        warm_shell.run("run", folder, "--with", "six==1.17.0"),
        warm_shell.run("stream", folder, "--with", "six>=1.17", "--with", "idna"),
        warm_shell.run("run", folder),
    ]

    rows = json.loads(warm_shell.run("predictions", "list", "-n", "4", "--json"))
    last, streamed, replaced, first = (row["version"] for row in rows)
    assert [(str(one), one.exit_code) for one in told] == [
        ("1.16.0", 0),
        ("1.17.0", 0),
        ("1.17.0", 0),
        ("1.16.0", 0),
    ]
    assert first == last
    assert len({first, replaced, streamed}) == 3


def test_a_project_without_packages_can_be_given_some(warm_shell: Shell, project: Project) -> None:
    folder = project("run: run.py:Runner\n", name="bare")

    told = warm_shell.run("run", folder, "--with", "six==1.17.0")

    assert (told, told.stderr, told.exit_code) == ("1.17.0", "", 0)


def test_overrides_hold_for_the_pip_lines_of_a_project_too(warm_shell: Shell, project: Project) -> None:
    folder = project("run: run.py:Runner\nbuild:\n  run: [pip install --no-deps six==1.16.0]\n", name="lines")

    told = warm_shell.run("run", folder, "--with", "six==1.17.0")

    assert (told, told.exit_code) == ("1.17.0", 0)


@pytest.mark.parametrize("package", ["-r /etc/passwd", "./folder", "six\n-r x", ""])
def test_what_is_no_package_is_refused(warm_shell: Shell, project: Project, package: str) -> None:
    told = warm_shell.run("run", project(), f"--with={package}")

    assert told.stderr == f"error: {package!r} is no package that can be installed\nhint: --with 'numpy<2'\n"
    assert (told, told.exit_code) == ("", 2)


def test_an_unknown_build_of_pytorch_is_refused(warm_shell: Shell, project: Project) -> None:
    told = warm_shell.run("run", project(), "--torch-backend", "abacus")

    assert told.stderr == "error: 'abacus' is no build of PyTorch\nhint: --torch-backend cpu\n"
    assert told.exit_code == 2


@pytest.mark.parametrize("option", [["--with", "six"], ["--any-python"], ["--torch-backend", "cpu"]])
@pytest.mark.parametrize("model", ["rcli/hello", "local:me/model", "replicate/hello-world"])
def test_only_a_folder_can_be_run_otherwise(rcli: Run, model: str, option: list[str]) -> None:
    told = rcli("run", model, *option)

    assert told.stderr == (
        "error: --with, --any-python and --torch-backend are for a project in a folder\n"
        "hint: rcli run ./folder --with 'numpy<2'\n"
    )
    assert (told, told.exit_code) == ("", 2)


def test_a_folder_is_not_run_otherwise_on_another_host(rcli: Run, project: Project) -> None:
    told = rcli("run", project(), "--with", "six", "--host", "replicate")

    assert told.stderr.startswith("error: a folder runs on this machine")
    assert told.exit_code == 2


def test_a_python_that_nobody_has_is_refused_and_any_may_do(warm_shell: Shell, project: Project) -> None:
    folder = project(
        'run: run.py:Runner\nbuild:\n  python_version: "3.99"\n  python_packages: [six==1.17.0]\n'
    )
    before = newest(warm_shell)

    refused = warm_shell.run("run", folder)
    after = newest(warm_shell)
    told = warm_shell.run("run", folder, "--any-python")

    assert refused.stderr == (
        "error: the model asks for Python 3.99, which is not here and cannot be had: "
        "uv knows none that it may download\n"
        "hint: install Python 3.99, or try the model with --any-python\n"
    )
    assert (refused, refused.exit_code) == ("", 2)
    assert before == after
    assert (told, told.exit_code) == ("1.17.0", 0)


def test_a_python_that_the_network_does_not_give_fails_with_the_hint(shell: Shell, project: Project) -> None:
    folder = project('run: run.py:Runner\nbuild:\n  python_version: "3.10"\n')
    nowhere = {"UV_PYTHON_INSTALL_MIRROR": "http://127.0.0.1:9", "UV_HTTP_RETRIES": "0", "UV_NO_CACHE": "1"}
    env = {**nowhere, "UV_PYTHON_INSTALL_DIR": str(shell.home / "pythons"), "PATH": "/nowhere"}

    told = shell.run("run", folder, env=env)

    error, *_ = (line for line in told.stderr.splitlines() if line.startswith("error: "))
    assert "failed: the model asks for Python 3.10, which is not here and cannot be had: " in error
    assert told.stderr.splitlines()[-1] == "hint: install Python 3.10, or try the model with --any-python"
    assert (told, told.exit_code) == ("", 3)


@pytest.mark.parametrize(
    ("build", "said", "hint"),
    [
        (
            "system_packages: [sh, libnobodyhas-dev]",
            "this model needs system packages that are not installed: libnobodyhas-dev",
            "sudo apt-get install libnobodyhas-dev",
        ),
        (
            "run: [pip install six, make install]",
            "build.run: 'make install' needs a container: only pip install works without one",
            "do it on this machine, leave the line out of a copy of cog.yaml, then: rcli run . -f copy.yaml",
        ),
    ],
)
def test_what_needs_a_container_is_named_before_anything_starts(
    warm_shell: Shell, project: Project, build: str, said: str, hint: str
) -> None:
    folder = project(f"run: run.py:Runner\nbuild:\n  {build}\n")
    before = newest(warm_shell)

    told = warm_shell.run("run", folder)

    assert told.stderr == f"error: {said}\nhint: {hint}\n"
    assert (told, told.exit_code) == ("", 2)
    assert newest(warm_shell) == before


def test_a_gpu_that_is_not_there_is_a_warning_with_the_size_of_the_download(
    shell: Shell, project: Project
) -> None:
    folder = project('run: run.py:Runner\nbuild:\n  gpu: true\n  python_packages: ["six==1.17.0"]\n')
    (shell.home / "rcli" / "cache").unlink()  # the shared environments: this one is to be built anew

    first = shell.run("run", folder)
    second = shell.run("run", folder)

    general = (
        "warning: the project asks for a GPU and this machine has none: it will run on the CPU, if it can"
    )
    size = [line for line in first.stderr.splitlines() if "download" in line]
    assert general in first.stderr.splitlines()
    assert len(size) == 1
    assert size[0].startswith("warning: its packages are a download of ")
    assert size[0].endswith(" MB, less what uv's cache has")
    assert 5 < float(size[0].split()[7]) < 30
    assert second.stderr.splitlines() == [general]
    assert (first, second) == ("1.17.0", "1.17.0")


def test_a_size_that_cannot_be_known_is_not_invented(shell: Shell, project: Project) -> None:
    folder = project('run: run.py:Runner\nbuild:\n  gpu: true\n  python_packages: ["six==1.17.0"]\n')
    (shell.home / "rcli" / "cache").unlink()
    offline = {"UV_OFFLINE": "1", "UV_CACHE_DIR": str(shell.home / "uv")}

    told = shell.run("run", folder, env=offline)

    unknown = "warning: how large the download of its packages is cannot be known beforehand"
    assert unknown in told.stderr.splitlines()
    assert told.exit_code == 3


def test_the_inputs_of_a_project_that_cannot_run_here_can_be_looked_at(rcli: Run, project: Project) -> None:
    folder = project("run: run.py:Runner\nbuild:\n  run: [make install]\n")

    looked = rcli("models", "schema", folder)
    refused = rcli("run", folder)
    project("run: run.py:Runner\n")
    told = rcli("run", folder, "--with", "six==1.17.0")

    assert (looked.stderr, looked.exit_code) == ("", 0)
    assert refused.exit_code == 2
    assert (told, told.exit_code) == ("1.17.0", 0)
