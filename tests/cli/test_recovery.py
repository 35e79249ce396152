"""What ``kill -9`` does: what was under way has failed with a reason, and everything else goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import PROJECTS, Shell
from tests.processes import all_gone, kill, living, unfinished

GATE = ("run", str(PROJECTS / "gate"), "until=/nowhere/at/all")
PLAIN = ("--progress", "plain")


def replica(shell: Shell, model: str) -> int:
    (row,) = [row for row in shell.engine()["replicas"] if row["model"] == model]
    return int(row["pid"])


def working_folders(shell: Shell) -> list[Path]:
    return list((shell.home / "rcli" / "data" / "engine" / "replicas").iterdir())


# the engine


def test_after_a_kill_of_the_engine_the_next_command_recovers(shell: Shell) -> None:
    process = shell.start(*GATE, *PLAIN)
    process.says("running")
    id = shell.prediction()["id"]
    kill(shell.engine()["pid"])

    assert process.end() == 5
    assert process.stderr.splitlines()[-1] == f"hint: rcli predictions watch {id} takes it up again"
    assert shell.run("run", "rcli/hello", "text=x") == "hello x"
    prediction = shell.prediction(id)
    assert prediction["status"] == "failed"
    assert prediction["error"] == "the engine was killed while this prediction ran"
    assert prediction["completed_at"]


def test_a_kill_of_the_engine_leaves_no_process_and_no_half_written_file(shell: Shell) -> None:
    process = shell.start(*GATE, *PLAIN)
    process.says("running")
    kill(shell.engine()["pid"])
    process.end()

    assert all_gone(shell.home)
    shell.run("serve", "status")
    shell.run("predictions", "list")
    assert working_folders(shell) == []
    assert unfinished(shell.home) == []


def test_what_waited_in_the_queue_of_a_killed_engine_runs_in_the_next(shell: Shell) -> None:
    gate = shell.cwd / "gate"
    waiting_for_it = ("run", str(PROJECTS / "gate"), f"until={gate}")
    process = shell.start(*waiting_for_it, *PLAIN)
    process.says("running")
    waiting = shell.run(*waiting_for_it, "--detach").strip()
    kill(shell.engine()["pid"])
    gate.touch()

    told = shell.run("predictions", "watch", waiting)

    assert process.end() == 5
    assert (told.exit_code, told) == (0, "through the gate")


def test_a_kill_during_a_cold_start_leaves_nothing_half_made(shell: Shell) -> None:
    process = shell.start("run", str(PROJECTS / "setup_slow"), "text=x", *PLAIN)
    process.says("cold start: setup")
    kill(shell.engine()["pid"])

    assert process.end() == 5
    assert all_gone(shell.home)
    assert shell.run("run", str(PROJECTS / "echo"), "text=x") == "hello x"
    assert len(working_folders(shell)) == 2  # what had not started yet starts again, in a folder of its own


# the replica


def test_after_a_kill_of_the_replica_the_next_prediction_gets_another(shell: Shell) -> None:
    gate = str(PROJECTS / "gate")
    process = shell.start(*GATE, *PLAIN)
    process.says("running")
    pid = replica(shell, "folder/gate")
    kill(pid)

    assert process.end() == 3
    assert process.stderr.splitlines()[-1] == (
        f"error: prediction {shell.prediction()['id']} failed: {shell.prediction()['error']}"
    )
    assert shell.prediction()["error"] == "the model's process crashed (its server was killed)"
    assert shell.run("run", gate, "until=/") == "through the gate"
    assert replica(shell, "folder/gate") != pid


def test_a_model_busy_in_c_does_not_survive_its_engine(shell: Shell) -> None:
    process = shell.start("run", str(PROJECTS / "blocked"), *PLAIN)
    process.says("running")
    kill(shell.engine()["pid"])
    process.end()

    assert all_gone(shell.home)


def test_the_children_of_a_model_do_not_survive_its_replica(shell: Shell) -> None:
    child = int(shell.run("run", str(PROJECTS / "subprocesses")))
    assert child in living(shell.home)
    kill(replica(shell, "folder/subprocesses"))

    assert shell.run("run", "rcli/hello", "text=x") == "hello x"
    shell.run("serve", "stop")
    assert all_gone(shell.home)


# the client


def test_after_a_kill_of_the_client_its_prediction_runs_on_and_can_be_watched(warm_shell: Shell) -> None:
    gate = warm_shell.cwd / "gate"
    process = warm_shell.start("run", str(PROJECTS / "gate"), f"until={gate}", *PLAIN)
    process.says("running")
    kill(process.pid)

    assert warm_shell.prediction()["status"] == "processing"
    watching = warm_shell.start("predictions", "watch", "last", *PLAIN)
    watching.says("running")
    gate.touch()
    assert watching.end() == 0
    assert watching.stdout == b"through the gate"


def test_a_client_killed_while_it_starts_the_engine_harms_nobody(shell: Shell) -> None:
    session = shell.terminal("run", "rcli/hello", "text=x")
    session.shows("starting", "the engine on this machine")
    kill(session.pid)

    assert shell.run("run", "rcli/hello", "text=y") == "hello y"
    shell.run("serve", "stop")
    assert all_gone(shell.home)


# secrets


def test_a_model_that_looks_for_tokens_finds_none(shell: Shell) -> None:
    secrets = {
        "REPLICATE_API_TOKEN": "r8_" + "s3cret" * 6,
        "HF_TOKEN": "hf_s3cret",
        "AWS_SECRET_ACCESS_KEY": "s3cret",
        "UV_INDEX_URL": "https://ada:s3cret@example.com/simple",
        "PIP_INDEX_URL": "https://ada:s3cret@example.com/simple",
    }

    told = shell.run("run", str(PROJECTS / "environ"), env=secrets)

    seen = json.loads(told)
    assert seen["PLACE"] == "hello world"
    assert "s3cret" not in told
    assert not set(secrets) & set(seen)


@pytest.mark.parametrize("name", ["environ", "cmdline"])
def test_no_process_that_we_start_carries_a_token(shell: Shell, name: str) -> None:
    secret = "r8_" + "s3cret" * 6
    shell.run("run", "rcli/hello", "text=x", env={"REPLICATE_API_TOKEN": secret})

    assert len(living(shell.home)) >= 2
    for pid in living(shell.home):
        assert b"s3cret" not in Path(f"/proc/{pid}/{name}").read_bytes()
