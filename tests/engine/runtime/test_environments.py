"""Environments with the real uv: one small package from the index, and what can go wrong."""

from __future__ import annotations

import asyncio
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rcli.engine.runtime.environments import BuildError, Environment, Environments
from rcli.engine.runtime.installer import Progress, run_uv
from rcli.engine.runtime.project import Build

UNREACHABLE = {"UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0"}
SIX = Build(python_packages=("six==1.17.0",))


@pytest.fixture
def environments(tmp_path: Path) -> Environments:
    return Environments(tmp_path / "environments", os.environ)


def nothing(line: str) -> None:
    assert line


def ensure(
    environments: Environments, build: Build, progress: Callable[[str], None] = nothing
) -> Environment:
    return asyncio.run(environments.ensure(build, progress))


def imports(environment: Environment, statement: str) -> str:
    command = [str(environment.python), "-c", statement]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_a_model_without_packages_runs_in_our_own_interpreter(
    environments: Environments, tmp_path: Path
) -> None:
    running = ".".join(platform.python_version_tuple()[:2])

    for build in (Build(), Build(python_version=running, python_requirements="\n"), Build(gpu=True)):
        assert ensure(environments, build) == Environment("own", Path(sys.executable), None)
    assert not (tmp_path / "environments").exists()


def test_a_package_is_installed_with_cog_once_and_found_again(environments: Environments) -> None:
    told: list[str] = []

    made = ensure(environments, SIX, told.append)
    told_first = list(told)
    again = ensure(environments, SIX, told.append)

    statement = (
        "import six, importlib.metadata as m; print(six.__version__, m.version('cog'), m.version('coglet'))"
    )
    assert imports(made, statement) == "1.17.0 0.23.1 0.23.1"
    assert told_first[0] == f"making an environment with Python {platform.python_version()}"
    assert "resolving packages" in told_first
    assert (again, told) == (made, told_first)


def test_the_key_is_that_of_the_build_section_and_not_of_the_model(environments: Environments) -> None:
    async def both() -> tuple[Environment, Environment]:
        other = Build(python_requirements="six==1.17.0\n")
        return await asyncio.gather(environments.ensure(SIX, nothing), environments.ensure(other, nothing))

    one, other = asyncio.run(both())

    assert one.key != other.key
    assert [described.key for described in environments.list()] == sorted(
        [one.key, other.key], key=[described.key for described in environments.list()].index
    )


def test_two_who_want_the_same_environment_share_one_build(environments: Environments) -> None:
    told: list[str] = []

    async def both() -> list[Environment]:
        return await asyncio.gather(*(environments.ensure(SIX, told.append) for _ in range(2)))

    one, other = asyncio.run(both())

    assert one == other
    assert len([line for line in told if line.startswith("making")]) == 1


def test_pip_lines_of_build_run_are_carried_out_in_order_with_their_flags(
    environments: Environments,
) -> None:
    build = Build(
        run=(
            "pip install six==1.16.0",
            "python -m pip install --no-deps -U 'six==1.17.0' && pip install idna",
        )
    )

    made = ensure(environments, build)

    assert imports(made, "import six, idna; print(six.__version__)") == "1.17.0"


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("curl -L https://host/x | sh", "only pip install works without one"),
        ("make install", "only pip install works without one"),
        ("pip freeze", "only pip install works without one"),
        ("pip install six; rm -rf /", "a shell's operators do"),
        ("pip install numpy<2", "a shell's operators do"),
        ("pip install $(cat list)", "a shell's operators do"),
        ("pip install six && make", "only pip install works without one"),
    ],
)
def test_other_commands_are_refused_by_name_before_anything_is_done(
    environments: Environments, tmp_path: Path, line: str, why: str
) -> None:
    with pytest.raises(BuildError) as caught:
        ensure(environments, Build(run=(line,)))

    assert caught.value.message.startswith(f"build.run: {line!r} needs a container: {why}")
    assert not (tmp_path / "environments").exists()


def test_system_packages_must_be_there_already(environments: Environments) -> None:
    present = Build(system_packages=("sh", "bash"))
    missing = Build(system_packages=("sh", "libnobodyhas-dev", "norsuchtool"))

    assert ensure(environments, present).path is None
    with pytest.raises(BuildError, match="not installed: libnobodyhas-dev norsuchtool") as caught:
        ensure(environments, missing)
    assert caught.value.hint == "sudo apt-get install libnobodyhas-dev norsuchtool"


def test_a_package_that_does_not_exist_fails_with_uvs_words_and_leaves_nothing(
    environments: Environments, tmp_path: Path
) -> None:
    build = Build(python_packages=("six==99.0.0",))

    with pytest.raises(BuildError, match=r"there is no version of six==99.0.0") as caught:
        ensure(environments, build)

    assert caught.value.message.startswith("the model's packages cannot be installed\nerror: ")
    assert os.listdir(tmp_path / "environments") == []


def test_without_a_network_the_error_says_so(tmp_path: Path) -> None:
    environ = os.environ | UNREACHABLE | {"UV_CACHE_DIR": str(tmp_path / "cache")}
    environments = Environments(tmp_path / "environments", environ)

    with pytest.raises(BuildError, match="no network, or the index does not answer") as caught:
        ensure(environments, SIX)

    assert caught.value.hint is not None
    assert os.listdir(tmp_path / "environments") == []


def test_an_interrupted_build_leaves_nothing_and_can_be_repeated(
    environments: Environments, tmp_path: Path
) -> None:
    async def interrupt() -> None:
        begun = asyncio.Event()
        building = asyncio.create_task(environments.ensure(SIX, lambda line: begun.set()))
        await begun.wait()
        building.cancel()
        await asyncio.gather(building, return_exceptions=True)

    asyncio.run(interrupt())

    assert os.listdir(tmp_path / "environments") == []
    assert ensure(environments, SIX).path is not None


def test_an_environment_without_its_marker_is_swept_and_made_anew(environments: Environments) -> None:
    made = ensure(environments, SIX)
    assert made.path is not None
    marker = made.path.parent / "ready.json"
    marker.unlink()

    assert environments.list() == []
    again = ensure(environments, SIX)
    assert again.path is not None
    assert again.path.exists()
    assert not made.path.exists()

    (again.path.parent / "ready.json").unlink()
    environments.sweep()
    assert not again.path.parent.exists()


def test_use_is_remembered_and_removal_is_complete(environments: Environments) -> None:
    made = ensure(environments, SIX)
    assert made.path is not None
    os.utime(made.path.parent / "ready.json", (1_000_000, 1_000_000))

    before = environments.list()[0]
    ensure(environments, SIX)
    after = environments.list()[0]
    environments.remove(made.key)

    assert before.packages == ("six==1.17.0",)
    assert before.size > 1_000_000
    assert before.used == 1_000_000 < after.used
    assert environments.list() == []
    assert not made.path.parent.exists()


def test_a_python_that_cannot_be_had_is_refused_with_a_hint(tmp_path: Path) -> None:
    environ = os.environ | {"UV_PYTHON_DOWNLOADS": "never", "UV_OFFLINE": "1"}
    environments = Environments(tmp_path / "environments", environ)

    with pytest.raises(BuildError, match=r"asks for Python 3.99, which is not here") as caught:
        ensure(environments, Build(python_version="3.99"))

    assert caught.value.hint == "install Python 3.99, or try the model with --any-python"


def test_an_sdk_that_is_too_old_is_replaced(environments: Environments) -> None:
    made = ensure(environments, Build(sdk_version="0.9.0"))

    assert imports(made, "import importlib.metadata as m; print(m.version('cog'))") == "0.23.1"


def test_uvs_words_are_told_without_what_it_drew_before_them(tmp_path: Path) -> None:
    environ = os.environ | UNREACHABLE | {"UV_CACHE_DIR": str(tmp_path / "cache")}
    command = ["pip", "install", "--target", "t", "--python", sys.executable, "six==1.17.0"]

    with pytest.raises(BuildError) as caught:
        asyncio.run(run_uv(command, environ, tmp_path, nothing))

    assert caught.value.message.splitlines()[1].startswith("error: Failed to fetch: ")


def test_downloads_are_told_with_their_share() -> None:
    told: list[str] = []
    progress = Progress(told.append)

    progress.read("⠋ Resolving dependencies...   \r⠙ Preparing packages... (0/2)    \r\n")
    progress.read(
        "numpy    ------------------------------ 4.00 MiB/16.00 MiB   \r\nsix --- 512.00 KiB/1.00 MiB"
    )
    progress.read(
        "⠙ Preparing packages... (1/2) \nnumpy   ------------------------------ 10.00 MiB/16.00 MiB\n"
    )
    progress.read("⠙ Preparing packages... (1/2)\nPrepared 2 packages in 1s\n")

    assert told == [
        "resolving packages",
        "downloading numpy (4.5 of 17.0 MiB, 26 %)",
        "downloading numpy (11.0 of 17.0 MiB, 65 %)",
        "installing 2 packages",
    ]


def test_without_a_terminal_uvs_plain_messages_are_told() -> None:
    told: list[str] = []

    Progress(told.append).read("Resolved 2 packages in 3ms\nDownloading numpy (16.1MiB)\n Downloaded numpy\n")

    assert told == ["downloading numpy (16.1 MiB)"]


def test_uv_really_draws_its_downloads_as_we_read_them(tmp_path: Path) -> None:
    told: list[str] = []
    environ = os.environ | {"UV_CACHE_DIR": str(tmp_path / "cache")}
    command = ["pip", "install", "--target", "t", "--python", sys.executable, "--no-deps", "coglet==0.23.1"]

    asyncio.run(run_uv(command, environ, tmp_path, told.append))

    downloads = [line for line in told if line.startswith("downloading coglet (")]
    assert downloads
    assert all(line.endswith(" %)") for line in downloads)
    assert told[-1] == "installing 1 package"
