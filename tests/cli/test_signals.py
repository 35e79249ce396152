"""Ctrl-C and its relatives, in real processes: what is left is what the user wanted."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cli.conftest import PROJECTS, Shell
from tests.conftest import environment
from tests.processes import Process, all_gone, command

GATE = ("run", str(PROJECTS / "gate"), "until=/nowhere/at/all", "--progress", "plain")
CODES = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]


@contextmanager
def halted(pid: int) -> Iterator[None]:
    """A process that does nothing for a while."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize(("number", "exit_code"), CODES)
def test_a_signal_cancels_what_runs(warm_shell: Shell, number: int, exit_code: int) -> None:
    process = warm_shell.start(*GATE)
    process.says("running")
    process.signal(number)

    assert process.end() == exit_code
    prediction = warm_shell.prediction()
    assert prediction["status"] == "canceled"
    assert process.stderr.endswith(f"\nprediction {prediction['id']} canceled\n")
    assert process.stdout == b""


def test_under_nohup_a_closed_terminal_ends_nothing(warm_shell: Shell) -> None:
    gate = warm_shell.cwd / "gate"
    argv = command("run", str(PROJECTS / "gate"), f"until={gate}", "--progress", "plain")
    process = Process(["nohup", *argv], environment(warm_shell.home), warm_shell.cwd)
    try:
        process.says("running")
        process.signal(signal.SIGHUP)
        gate.touch()

        assert process.end() == 0
    finally:
        process.kill()
    assert process.stdout == b"through the gate"


def test_ctrl_c_during_a_cold_start_cancels_it(warm_shell: Shell) -> None:
    process = warm_shell.start("run", str(PROJECTS / "setup_slow"), "text=x", "--progress", "plain")
    process.says("cold start: setup")
    process.signal(signal.SIGINT)

    assert process.end() == 130
    assert warm_shell.prediction()["status"] == "canceled"
    assert process.stderr.endswith(f"prediction {warm_shell.prediction()['id']} canceled\n")
    assert not [row for row in warm_shell.engine()["replicas"] if row["model"] == "folder/setup_slow"]


def test_ctrl_c_in_the_queue_cancels_what_waits_alone(warm_shell: Shell) -> None:
    gate = warm_shell.cwd / "gate"
    first = warm_shell.start("run", str(PROJECTS / "gate"), f"until={gate}", "--progress", "plain")
    first.says("running")
    second = warm_shell.start(*GATE)
    second.says("queued")
    second.signal(signal.SIGINT)

    assert second.end() == 130
    assert warm_shell.prediction()["status"] == "canceled"
    gate.touch()
    assert first.end() == 0
    assert first.stdout == b"through the gate"


def test_ctrl_c_ends_a_stream_after_what_was_printed(warm_shell: Shell) -> None:
    process = warm_shell.start("stream", str(PROJECTS / "tokens"), "n=100000", "delay=0.01")
    process.until(lambda process: b"token3 " in process.stdout)
    process.signal(signal.SIGINT)

    assert process.end() == 130
    assert process.stdout.startswith(b"token0 token1 token2 token3 ")
    assert warm_shell.prediction()["status"] == "canceled"
    assert process.stderr == f"prediction {warm_shell.prediction()['id']} canceled\n"


def test_what_was_canceled_leaves_the_model_ready(warm_shell: Shell) -> None:
    process = warm_shell.start(*GATE)
    process.says("running")
    process.signal(signal.SIGINT)
    process.end()

    answer = warm_shell.run("run", str(PROJECTS / "gate"), "until=/")

    assert (answer, answer.exit_code) == ("through the gate", 0)


def test_ctrl_c_while_the_engine_starts_leaves_one_that_works(shell: Shell) -> None:
    session = shell.terminal("run", "rcli/hello", "text=x")
    session.shows("starting", "the engine on this machine")
    session.press("\x03")

    assert session.end() == 130
    assert session.lines in ([], ["^C"])
    assert shell.run("run", "rcli/hello", "text=x") == "hello x"


def test_ctrl_c_while_the_program_is_being_loaded_is_no_traceback(warm_shell: Shell) -> None:
    """Python tells each module that it has imported: by the settings' turn the signals are ours."""
    argv = [sys.executable, "-X", "importtime", "-m", "rcli", "run", "rcli/hello", "text=x"]
    process = Process(argv, environment(warm_shell.home), warm_shell.cwd)
    try:
        process.says("rcli.settings\n")
        process.signal(signal.SIGINT)

        assert process.end() == 130
    finally:
        process.kill()
    assert "Traceback" not in process.stderr


def test_a_second_ctrl_c_leaves_at_once(shell: Shell) -> None:
    """The engine is halted here: canceling would take for ever."""
    process = shell.start(*GATE)
    process.says("running")
    with halted(shell.engine()["pid"]):
        process.signal(signal.SIGINT)
        process.says("canceling")
        process.signal(signal.SIGINT)

        assert process.end() == 130
    id = shell.prediction()["id"]
    assert process.stderr.endswith(f"\nprediction {id} may go on: rcli predictions cancel {id}\n")


def test_a_closed_terminal_ends_the_command_and_its_prediction(warm_shell: Shell) -> None:
    session = warm_shell.terminal(*GATE[:-2])
    session.shows("running", "step 9/20")
    session.hang_up()

    assert session.wait() == 129
    assert warm_shell.watch().exit_code == 7
    assert warm_shell.prediction()["status"] == "canceled"


def test_the_engine_outlives_the_terminal_that_started_it(shell: Shell) -> None:
    session = shell.terminal(*GATE[:-2])
    session.shows("running", "step 9/20")
    pid = shell.engine()["pid"]
    session.hang_up()

    assert session.wait() == 129
    assert shell.engine()["pid"] == pid
    shell.run("serve", "stop")
    assert all_gone(shell.home)
