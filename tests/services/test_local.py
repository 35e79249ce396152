"""The life of the real engine, as its starters see it."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from rcli import __version__, credentials
from rcli.api.client import Client
from rcli.api.endpoints import Replicate
from rcli.api.engine import Engine
from rcli.errors import RcliError, UsageError
from rcli.services import local
from rcli.services.engine_process import environment
from rcli.services.local import EngineState
from rcli.settings import Settings, write
from tests.processes import ended

ROOT = Path(__file__).parents[2]
SLEEPER = ROOT / "tests" / "projects" / "sleeper"
ENSURE = """
import os, sys
from pathlib import Path
from rcli.services import local
from rcli.settings import Settings
state = local.ensure(Settings.read(os.environ, Path.cwd()))
print(state.pid)
"""
SERVE = """
import os, sys
from pathlib import Path
from rcli.services import local
from rcli.settings import Settings
settings = Settings.read(os.environ, Path.cwd())
how = local.Serving(int(sys.argv[1]))
local.serve(settings, how, announce=lambda state: print(state.pid, state.url, flush=True))
"""


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    """Of somebody whose environment has tokens; whatever engine was started is ended afterwards."""
    environ = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    environ |= {
        "RCLI_HOME": str(tmp_path / "rcli"),
        "REPLICATE_API_TOKEN": "r8_secret",
        "HF_TOKEN": "hf_secret",
        "PYTHONPATH": str(ROOT),
    }
    made = Settings.read(environ, tmp_path)
    yield made
    if local.running(made):
        local.stop(made)


@pytest.fixture
def python(settings: Settings, tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Runs a script with these settings in a process of its own."""

    def run(
        code: str, *argv: str, cwd: Path = tmp_path, flags: tuple[str, ...] = ()
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *flags, "-c", code, *argv],
            env=dict(settings.environ),
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return run


Python = Callable[..., "subprocess.Popen[str]"]


def api(settings: Settings, state: EngineState) -> Client:
    token = credentials.find(settings, state.host)
    assert token
    return Client(state.host, token.secret)


def pretend(settings: Settings, state: EngineState) -> None:
    """Writes a state file as an engine would."""
    settings.paths.engine.mkdir(parents=True, exist_ok=True)
    (settings.paths.engine / "engine.json").write_text(json.dumps(asdict(state)))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def test_the_engine_is_started_once_and_found_from_then_on(settings: Settings) -> None:
    starts: list[str] = []

    first = local.ensure(settings, lambda: starts.append("start"))
    second = local.ensure(settings, lambda: starts.append("start"))

    assert first == second == local.find(settings.paths)
    assert starts == ["start"]
    assert first.version == __version__
    with api(settings, first) as client:
        assert Engine(client).status()["pid"] == first.pid


def test_its_files_are_for_nobody_else(settings: Settings) -> None:
    local.ensure(settings)

    def mode(path: Path) -> int:
        return stat.S_IMODE(path.stat().st_mode)

    engine = settings.paths.engine
    assert {mode(settings.paths.data), mode(engine)} == {0o700}
    assert {mode(file) for file in engine.iterdir() if file.is_file()} == {0o600}


def test_eight_processes_at_once_start_one_engine(settings: Settings, python: Python) -> None:
    racers = [python(ENSURE) for _ in range(8)]

    told = [racer.communicate(timeout=60) for racer in racers]

    assert {stderr for _, stderr in told} == {""}
    assert len({stdout for stdout, _ in told}) == 1
    state = local.find(settings.paths)
    assert state
    assert int(told[0][0]) == state.pid
    assert local.log_lines(settings, 10) == []


def test_a_killed_engine_is_replaced(settings: Settings) -> None:
    first = local.ensure(settings)

    os.kill(first.pid, signal.SIGKILL)
    assert ended(first.pid)
    second = local.ensure(settings)

    assert second.pid != first.pid
    assert local.running(settings)


def test_a_port_that_another_program_took_over_is_not_the_engine(settings: Settings) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()

    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        pretend(settings, EngineState(f"http://127.0.0.1:{port}", ended.pid, __version__, port, 0.0))
        was_running = local.running(settings)
        state = local.ensure(settings)

    assert not was_running
    assert state.port != port


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"url": "http://127.0.0.1:1"}'])
def test_a_state_file_that_says_nothing_is_no_engine(settings: Settings, content: str) -> None:
    settings.paths.engine.mkdir(parents=True)
    (settings.paths.engine / "engine.json").write_text(content)

    assert local.find(settings.paths) is None
    assert not local.running(settings)


def test_a_pipe_closes_when_the_command_ends(settings: Settings, python: Python) -> None:
    """``answer=$(rcli run …)`` waits until nobody has the pipe open."""
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    with subprocess.Popen(
        [sys.executable, "-c", ENSURE],
        env=dict(settings.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=[writer],
    ) as process:
        os.close(writer)
        assert process.stdout
        printed = process.stdout.read()
        left_open = os.read(reader, 1)
    os.close(reader)

    assert left_open == b""
    assert local.running(settings)
    state = local.find(settings.paths)
    assert state
    assert int(printed) == state.pid


def test_the_engine_is_no_part_of_the_session_that_started_it(settings: Settings) -> None:
    state = local.ensure(settings)

    assert os.getsid(state.pid) == state.pid


def test_the_engine_sees_no_token(settings: Settings) -> None:
    state = local.ensure(settings)

    seen = Path(f"/proc/{state.pid}/environ").read_text()

    assert f"RCLI_HOME={settings.environ['RCLI_HOME']}" in seen
    assert "secret" not in seen


def test_a_relative_home_means_the_same_folder_for_the_engine(settings: Settings) -> None:
    relative = replace(settings, environ={"RCLI_HOME": "here"})

    assert environment(relative) == {"RCLI_HOME": str(Path.cwd() / "here")}


def test_modules_in_the_working_folder_are_not_imported(
    settings: Settings, python: Python, tmp_path: Path
) -> None:
    cloned = tmp_path / "cloned"
    cloned.mkdir()
    for name in ("uvicorn", "starlette", "rcli"):
        (cloned / f"{name}.py").write_text("raise SystemExit('taken over')")

    with python(ENSURE, cwd=cloned, flags=("-P",)) as process:
        stdout, stderr = process.communicate(timeout=60)

    assert stderr == ""
    assert int(stdout) > 0
    assert local.running(settings)


def test_another_version_is_drained_and_replaced(settings: Settings) -> None:
    old = local.ensure(settings)
    pretend(settings, replace(old, version="0.0.1"))

    new = local.ensure(settings)

    assert new.pid != old.pid
    assert new.version == __version__
    assert ended(old.pid)


def test_a_newer_database_is_left_alone(settings: Settings) -> None:
    local.ensure(settings)
    local.stop(settings)
    connection = sqlite3.connect(settings.paths.engine / "engine.db")
    connection.execute("PRAGMA user_version = 999")
    connection.close()

    with pytest.raises(RcliError, match=r"^the engine's database has version 999,") as caught:
        local.ensure(settings)

    assert caught.value.hint == "use the newer rcli, or move to another folder with RCLI_HOME"
    assert "\n" not in caught.value.message
    assert not local.running(settings)


def test_settings_that_the_engine_cannot_use_are_named(settings: Settings) -> None:
    write(settings.paths, ("engine", "idle"), "soon")

    with pytest.raises(RcliError, match=r"engine\.idle takes seconds") as caught:
        local.ensure(settings)

    assert caught.value.hint == f"the engine's log: {settings.paths.engine / 'engine.log'}"


def test_an_engine_that_crashes_at_its_start_shows_the_end_of_its_log(settings: Settings) -> None:
    (settings.paths.engine / "token").mkdir(parents=True)

    with pytest.raises(RcliError, match="the engine ended with exit code 1\n") as caught:
        local.ensure(settings)

    assert "Is a directory" in caught.value.message.splitlines()[-1]
    assert local.log_lines(settings, 1)[0].strip() == caught.value.message.splitlines()[-1].strip()


def test_a_home_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    settings = Settings.read({"RCLI_HOME": str(tmp_path / "file" / "rcli")}, tmp_path)

    with pytest.raises(RcliError, match=r"cannot use .*engine: Not a directory") as caught:
        local.ensure(settings)

    assert caught.value.hint == "RCLI_HOME moves all of rcli's files"


def test_without_the_runtime_for_models_the_reason_is_said(settings: Settings, python: Python) -> None:
    with python(ENSURE, flags=("-S",)) as process:
        _, stderr = process.communicate(timeout=60)

    assert "models run on Linux (x86-64, arm64) and on macOS with Apple silicon" in stderr
    assert not settings.paths.engine.exists()


@pytest.mark.parametrize("end", [local.drain, local.stop])
def test_an_idle_engine_ends_at_once(settings: Settings, end: Callable[[Settings], bool]) -> None:
    state = local.ensure(settings)

    assert end(settings)
    assert ended(state.pid)
    assert not local.running(settings)
    assert local.find(settings.paths) is None
    assert not end(settings)


@pytest.mark.parametrize("end", [local.drain, local.stop])
def test_where_no_engine_ever_ran_there_is_nothing_to_end(
    settings: Settings, end: Callable[[Settings], bool]
) -> None:
    assert not end(settings)
    assert not settings.paths.data.exists()


def test_an_engine_that_works_is_not_drained(settings: Settings) -> None:
    state = local.ensure(settings)
    with api(settings, state) as client:
        project = Engine(client).register(SLEEPER, "cog.yaml")
        prediction = Replicate(client).create_prediction(project.version.id, {"seconds": 60})

        with pytest.raises(RcliError, match=f"still runs {prediction.id}") as caught:
            local.drain(settings, 0.1)

        assert caught.value.hint == (f"wait for it, or: rcli predictions cancel {prediction.id} --host local")
        assert local.ensure(settings) == state
        assert local.stop(settings)
    assert ended(state.pid)


def test_serving_ends_with_the_command(settings: Settings, python: Python) -> None:
    port = free_port()
    with python(SERVE, str(port)) as process:
        assert process.stdout
        pid, url = process.stdout.readline().split()
        found = local.find(settings.paths)

        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)

    assert url == f"http://127.0.0.1:{port}"
    assert found
    assert (found.pid, found.port) == (int(pid), port)
    assert ended(int(pid))
    assert not local.running(settings)


def test_serving_ends_with_a_command_that_is_killed(settings: Settings, python: Python) -> None:
    with python(SERVE, str(free_port())) as process:
        assert process.stdout
        pid, _ = process.stdout.readline().split()

        process.kill()
        process.communicate(timeout=30)

    assert ended(int(pid))
    assert local.find(settings.paths) is None
    assert local.ensure(settings).pid != int(pid)


def test_serving_takes_over_from_an_engine_that_runs(settings: Settings, python: Python) -> None:
    former = local.ensure(settings)
    with python(SERVE, str(free_port())) as process:
        assert process.stdout
        pid, _ = process.stdout.readline().split()
        taken_over = local.ensure(settings)

        stopped = local.stop(settings)
        process.communicate(timeout=30)

    assert taken_over.pid == int(pid) != former.pid
    assert stopped
    assert process.returncode == 0
    assert ended(former.pid)


def test_a_taken_port_costs_no_engine(settings: Settings) -> None:
    state = local.ensure(settings)

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port} cannot be used: Address already in use"):
            local.serve(settings, local.Serving(port), announce=lambda _: None)

    assert local.ensure(settings) == state
