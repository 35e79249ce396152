"""What a replica's process is given, and that it ends with the engine."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rcli.engine.runtime import leftovers
from rcli.engine.runtime.supervisor import Plan, Server, python_folder, replica_environment

ENGINE = """
import asyncio, os, sys
from pathlib import Path
from rcli.engine import schema
from rcli.engine.runtime.project import read_project
from rcli.engine.runtime.replicas import Replica

async def main(base, folder):
    project = read_project(folder)
    replica = await Replica.start(
        project=project, folder=folder, python=Path(sys.executable),
        document=schema.generate(folder, project.run, project.train).document, concurrency=1,
        inbox=base / "inbox", outbox=base / "outbox", environ=os.environ, weights=None, mode="predict",
        log=base / "replica.log", records=base / "records", setup_timeout=30, on_log=lambda text: None)
    await replica.predict("p1", {}, lambda event: print(replica.pid, flush=True))

asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
"""


def test_the_environment_is_an_allow_list_with_the_models_own_on_top() -> None:
    given = {
        "PATH": "/usr/bin",
        "HOME": "/home/me",
        "LC_ALL": "C",
        "https_proxy": "http://proxy",
        "HTTP_PROXY": "http://me:password@proxy",
        "CUDA_VISIBLE_DEVICES": "0",
        "SSH_AUTH_SOCK": "/run/agent",
        "REPLICATE_API_TOKEN": "r8_secret",
        "UV_INDEX_URL": "https://secret@host",
    }

    made = replica_environment(
        given, (("OMP_NUM_THREADS", "8"), ("PATH", "/model:$PATH")), bin_folder=Path("/env/bin"), threads=2
    )

    assert made == {
        "PATH": "/env/bin:/model:/usr/bin",
        "HOME": "/home/me",
        "LC_ALL": "C",
        "https_proxy": "http://proxy",
        "CUDA_VISIBLE_DEVICES": "0",
        "OMP_NUM_THREADS": "8",
        "OPENBLAS_NUM_THREADS": "2",
        "PYTHONUNBUFFERED": "1",
    }


@pytest.mark.parametrize("victim", ["engine", "server"])
def test_a_replica_busy_in_c_ends_when_its_engine_or_its_server_is_killed(
    tmp_path: Path, victim: str
) -> None:
    """A stopped engine cannot help, so the worker must notice by itself that its server is gone."""
    project = tmp_path / "copy"
    shutil.copytree(Path(__file__).parents[2] / "projects" / "blocked", project)
    command = [sys.executable, "-c", ENGINE, str(tmp_path), str(project)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as engine:
        assert engine.stdout is not None
        replica = int(engine.stdout.readline())
        family = leftovers.session_members(replica)
        if victim == "server":
            engine.send_signal(signal.SIGSTOP)
            os.kill(replica, signal.SIGKILL)
            still_there = living(family)
        engine.send_signal(signal.SIGKILL)

    if victim == "engine":
        still_there = living(family)
    assert len(family) == 2
    assert still_there == []


def living(pids: list[int]) -> list[int]:
    """Those that are still there after a while."""
    deadline = time.monotonic() + 60
    while any(leftovers.start_time(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    return [pid for pid in pids if leftovers.start_time(pid)]


def test_an_interpreter_of_another_name_still_answers_to_python(tmp_path: Path) -> None:
    folder = python_folder(Path(sys.executable).with_name("python3"), tmp_path)

    command = ["python", "-c", "import sys; print(sys.prefix)"]
    shown = subprocess.run(command, env={"PATH": str(folder)}, capture_output=True, text=True, check=True)

    assert shown.stdout.strip() == sys.prefix
    assert python_folder(Path("/some/where/bin/python"), tmp_path) == Path("/some/where/bin")


def test_a_hostile_line_is_passed_on_and_so_is_a_last_line_without_its_end(tmp_path: Path) -> None:
    deep = '{"a":' * 50_000
    program = tmp_path / "bin" / "python"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\necho '{deep}'\necho plain\nprintf 'no end of line'\n")
    program.chmod(0o700)
    plan = Plan(
        *("run.py:Runner", "predict", tmp_path, program, 1, tmp_path / "inbox", tmp_path / "outbox"),
        *(os.environ, (), None, tmp_path / "replica.log", tmp_path / "records"),
    )

    async def run() -> list[str]:
        server = await Server.spawn(plan)
        told: list[str] = []
        server.on_setup = told.append
        while server.alive:
            server.news.clear()
            await server.news.wait()
        await server.end()
        return told

    assert asyncio.run(run()) == [f"{deep}\n", "plain\n", "no end of line\n"]


def test_a_listener_that_refuses_a_line_does_not_stop_the_reading(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "python"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho bad\necho good\n")
    program.chmod(0o700)
    plan = Plan(
        *("run.py:Runner", "predict", tmp_path, program, 1, tmp_path / "inbox", tmp_path / "outbox"),
        *(os.environ, (), None, tmp_path / "replica.log", tmp_path / "records"),
    )

    async def run() -> list[str]:
        server = await Server.spawn(plan)
        told: list[str] = []

        def listen(text: str) -> None:
            told.append(text)
            if text == "bad\n":
                raise ValueError(text)

        server.on_setup = listen
        while server.alive:
            server.news.clear()
            await server.news.wait()
        await server.end()
        return told

    assert asyncio.run(run()) == ["bad\n", "good\n"]
