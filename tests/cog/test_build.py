"""What a project is built with, where that needs more than a folder: wheels, other Pythons, odd places."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from rcli.engine.runtime.interpreters import Interpreters
from tests.conftest import Run, make_home, runner
from tests.engine.conftest import RunningEngine, launch, started

ECHO = """from cog import BaseRunner


class Runner(BaseRunner):
    def run(self, text: str = "hello") -> str:
        return text
"""
GREETER = """import greetings
from cog import BaseRunner


class Runner(BaseRunner):
    def run(self) -> str:
        return greetings.WORD
"""
METADATA = "Metadata-Version: 2.1\nName: greetings\nVersion: 1.0\nRequires-Dist: cog==0.9\n"
VERSION = """import platform

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self) -> str:
        return platform.python_version()
"""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory, environments: Path) -> Iterator[RunningEngine]:
    """An engine that finds whatever Pythons this machine has."""
    home = make_home(tmp_path_factory.mktemp("build") / "home", environments) / "rcli"
    root = os.environ.get("PYENV_ROOT", str(Path.home() / ".pyenv"))
    running = started(home, launch(home, "--idle", "0", PYENV_ROOT=root))
    yield running
    running.close()


@pytest.fixture
def rcli(engine: RunningEngine, tmp_path: Path) -> Run:
    return runner(engine.home.parent, tmp_path)


def write(folder: Path, source: str, build: str = "", run: str = "run.py:Runner") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cog.yaml").write_text(f"run: {run}\n{build}")
    (folder / "run.py").write_text(source)
    return folder


def make_wheel(folder: Path, word: str) -> Path:
    """A package ``greetings`` of one module; the same word gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    about = "greetings-1.0.dist-info"
    content = {
        "greetings.py": f"WORD = {word!r}\n",
        f"{about}/METADATA": METADATA,
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{about}/RECORD": "",
    }
    path = folder / "greetings-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in content.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return path


def made(engine: RunningEngine) -> set[str]:
    """The environments that the engine has."""
    entries = engine.http.get("/_rcli/cache").json()["entries"]
    return {entry["id"] for entry in entries if entry["kind"] == "environment"}


def test_a_local_wheel_is_installed_with_the_cog_that_runs_it(rcli: Run, tmp_path: Path) -> None:
    project = write(tmp_path / "wheel", GREETER, "build:\n  python_requirements: requirements.txt\n")
    make_wheel(project / "my dist", "hello")
    (project / "requirements.txt").write_text("./my dist/greetings-1.0-py3-none-any.whl  # ours\n")
    (project / ".dockerignore").write_text("my dist\n")

    told = rcli("run", str(project))

    assert (told, told.exit_code) == ("hello", 0)


def test_only_another_content_of_the_wheel_or_other_packages_make_another_environment(
    rcli: Run, tmp_path: Path, engine: RunningEngine
) -> None:
    project = write(tmp_path / "wheel", GREETER, "build:\n  python_requirements: requirements.txt\n")
    wheel = make_wheel(project, "one")
    (project / "requirements.txt").write_text(f"{wheel.name}\n")

    first = rcli("run", str(project))
    before = made(engine)
    write(
        project, GREETER.replace("WORD", "WORD.upper()"), "build:\n  python_requirements: requirements.txt\n"
    )
    edited = rcli("run", str(project))
    between = made(engine)
    make_wheel(project, "two")
    rebuilt = rcli("run", str(project))

    assert (first, edited, rebuilt) == ("one", "ONE", "TWO")
    assert before == between < made(engine)


def other_python() -> str | None:
    """The minor version of a Python that is here, can run Cog and is not the running one."""
    running = ".".join(platform.python_version_tuple()[:2])
    for version in ("3.10", "3.12", "3.13", "3.11"):
        interpreters = Interpreters(Path.cwd(), os.environ, "")
        if version != running and asyncio.run(interpreters.here(version)):
            return version
    return None


def test_another_python_is_used_where_it_is_there(rcli: Run, tmp_path: Path) -> None:
    version = other_python()
    if version is None:
        pytest.skip("there is no other Python on this machine")
    project = write(tmp_path / "python", VERSION, f"build:\n  python_version: {version}\n")

    told = rcli("run", str(project))

    assert told.startswith(f"{version}.")


def test_the_running_python_needs_no_environment(rcli: Run, tmp_path: Path, engine: RunningEngine) -> None:
    version = platform.python_version()
    project = write(tmp_path / "python", VERSION, f'build:\n  python_version: "{version}"\n')
    before = made(engine)

    told = rcli("run", str(project))

    assert (told, made(engine)) == (version, before)


@pytest.mark.parametrize("name", ["a folder with spaces", "modèle-日本", "it's", "-dash"])
def test_a_projects_folder_may_have_any_name(rcli: Run, tmp_path: Path, name: str) -> None:
    project = write(tmp_path / name, ECHO)

    told = rcli("run", str(project), "-i", "text=bob")

    assert (told, told.exit_code) == ("bob", 0)


def test_a_project_that_cannot_be_written_to_runs(rcli: Run, tmp_path: Path) -> None:
    project = write(tmp_path / "fixed", ECHO + "\n\nopen('made.txt', 'w').close()\n")
    for path in (project / "run.py", project / "cog.yaml"):
        path.chmod(0o400)
    project.chmod(0o500)

    told = rcli("run", str(project))
    project.chmod(0o700)

    assert (told, told.exit_code) == ("hello", 0)
    assert sorted(path.name for path in project.iterdir()) == ["cog.yaml", "run.py"]


def test_links_within_a_project_work_and_those_that_leave_it_are_named(rcli: Run, tmp_path: Path) -> None:
    project = write(tmp_path / "links", ECHO, run="latest/run.py:Runner")
    (project / "v1").mkdir()
    shutil.move(project / "run.py", project / "v1" / "run.py")
    (project / "latest").symlink_to("v1")
    inside = rcli("run", str(project), "-i", "text=bob")

    (project / "weights").symlink_to(tmp_path)
    outside = rcli("run", str(project))

    assert (inside, inside.exit_code) == ("bob", 0)
    assert f"the link weights leads out of the project, to {tmp_path}" in outside.stderr
    assert (
        "hint: copy its content into the project, or leave it out: echo weights >> .dockerignore"
        in outside.stderr
    )
    assert outside.exit_code == 2


def test_what_a_link_leads_to_may_be_left_out(rcli: Run, tmp_path: Path) -> None:
    project = write(tmp_path / "links", ECHO)
    (project / "weights").symlink_to(tmp_path)
    (project / ".dockerignore").write_text("weights\n")

    told = rcli("run", str(project))

    assert (told, told.exit_code) == ("hello", 0)


def test_a_command_stands_done_when_its_file_is_there(rcli: Run, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "pget"
    line = f"curl -o {program} -L https://host/pget && chmod +x {program}"
    project = write(tmp_path / "tool", ECHO, f"build:\n  run:\n    - {line}\n")

    before = rcli("run", str(project))
    program.parent.mkdir()
    program.touch(mode=0o755)
    after = rcli("run", str(project))

    assert f"build.run: '{line}' needs a container" in before.stderr
    assert (before.exit_code, after, after.exit_code) == (2, "hello", 0)
