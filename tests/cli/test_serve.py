"""``rcli serve``: the engine in the foreground, and the one behind every local run."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import time

import httpx
import pytest

from rcli import __version__
from rcli.ui.clean import clean
from tests.cli.conftest import PROJECTS, Shell
from tests.processes import Process, all_gone, ended, living


def url(process: Process) -> str:
    """The address that a server in the foreground says it has."""
    process.says("REPLICATE_API_TOKEN")
    return url_of(process.stderr)


def url_of(told: str) -> str:
    (line,) = [line for line in told.splitlines() if line.startswith("export REPLICATE_BASE_URL=")]
    return line.partition("=")[2]


def until_refusing(shell: Shell) -> None:
    """Waits until the engine takes nothing new any more."""
    folder = shell.home / "rcli" / "data" / "engine"
    state, token = json.loads((folder / "engine.json").read_text()), (folder / "token").read_text().strip()
    body = {"version": "rcli/hello", "input": {"text": "x"}}
    with httpx.Client(headers={"authorization": f"Bearer {token}", "cancel-after": "1h"}) as client:
        while client.post(f"{state['url']}/v1/predictions", json=body).status_code != 503:
            time.sleep(0.02)


def test_the_status_names_address_process_and_version(shell: Shell) -> None:
    shell.run("run", "rcli/hello", "text=x")

    status = json.loads(shell.run("serve", "status", "--json"))
    fields = dict(line.split("\t", 1) for line in shell.run("serve", "status").splitlines())

    assert status["version"] == __version__
    assert status["pid"] in living(shell.home)
    assert status["url"].startswith("http://127.0.0.1:")
    assert (fields["url"], fields["pid"], fields["version"]) == (
        status["url"],
        str(status["pid"]),
        __version__,
    )
    assert [row["model"] for row in status["replicas"]] == ["rcli/hello"]
    assert fields["model rcli/hello"].startswith(f"ready, pid {status['replicas'][0]['pid']}, ")
    assert fields["model rcli/hello"].endswith(" MB")
    assert status["memory"]["engine_bytes"] > 10_000_000
    assert status["disk"]["free_bytes"] > 0
    assert fields["memory"].startswith("the engine ")
    assert fields["disk"].startswith("files of predictions ")


def test_asking_for_the_status_starts_nothing(shell: Shell) -> None:
    told = shell.run("serve", "status")

    assert (told, told.exit_code) == ("", 1)
    assert told.stderr == ("error: the engine does not run\nhint: rcli serve; or any local run starts it\n")
    assert living(shell.home) == []


def test_the_engine_of_another_version_is_shown_as_it_is_and_replaced_by_the_next_run(shell: Shell) -> None:
    shell.run("run", "rcli/hello", "text=x")
    before = shell.engine()["pid"]
    state = shell.home / "rcli" / "data" / "engine" / "engine.json"
    state.write_text(json.dumps(json.loads(state.read_text()) | {"version": "0.0.1"}))

    assert shell.engine()["pid"] == before
    assert shell.run("run", "rcli/hello", "text=y") == "hello y"
    assert shell.engine()["pid"] != before
    assert ended(before)


def test_an_engine_of_another_version_that_works_can_still_be_talked_to(shell: Shell) -> None:
    id = shell.run("run", str(PROJECTS / "gate"), f"until={shell.cwd}/gate", "--detach").strip()
    before = shell.engine()["pid"]
    state = shell.home / "rcli" / "data" / "engine" / "engine.json"
    state.write_text(json.dumps(json.loads(state.read_text()) | {"version": "0.0.1"}))

    shown = shell.run("predictions", "show", id, "--json")
    listed = shell.run("predictions", "list", "--quiet", "--host", "local")
    canceled = shell.run("predictions", "cancel", id, "--host", "local", "--quiet")
    watched = shell.run("predictions", "watch", id)

    assert json.loads(shown)["id"] == id
    assert (listed.split(), canceled.split(), watched.exit_code) == ([id], [id], 7)
    assert shell.engine()["pid"] == before
    assert shell.run("serve", "stop").stderr == "the engine has stopped\n"
    assert ended(before)


def test_an_engine_that_does_not_answer_is_said_to_within_seconds(shell: Shell) -> None:
    shell.run("run", "rcli/hello", "text=x")
    pid = shell.engine()["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        started = time.monotonic()
        told = shell.run("serve", "status")
        took = time.monotonic() - started
    finally:
        os.kill(pid, signal.SIGCONT)

    assert (told, told.exit_code) == ("", 5)
    assert told.stderr == f"error: the engine does not answer\nhint: end the process {pid}\n"
    assert took < 20


def test_why_the_engine_cannot_start_is_said_with_what_to_do(shell: Shell) -> None:
    shell.run("run", "rcli/hello", "text=x")
    shell.run("serve", "stop")
    connection = sqlite3.connect(shell.home / "rcli" / "data" / "engine" / "engine.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()

    told = shell.run("run", "rcli/hello", "text=x")

    said, advice = told.stderr.splitlines()[-2:]
    assert told.exit_code == 1
    assert said.startswith("error: the engine's database has version 99, this rcli knows ")
    assert advice == "hint: use the newer rcli, or move to another folder with RCLI_HOME"


def test_stopping_ends_every_process(shell: Shell) -> None:
    shell.run("run", str(PROJECTS / "subprocesses"))
    assert len(living(shell.home)) >= 3

    told = shell.run("serve", "stop")

    assert (told.stderr, told.exit_code) == ("the engine has stopped\n", 0)
    assert all_gone(shell.home)
    assert shell.run("serve", "stop").stderr == "the engine does not run\n"


def test_what_still_runs_keeps_the_engine_from_stopping(shell: Shell) -> None:
    gate = shell.cwd / "gate"
    id = shell.run("run", str(PROJECTS / "gate"), f"until={gate}", "--detach").strip()

    told = shell.run("serve", "stop", terminal=True)

    assert told.exit_code == 1
    assert clean(told.stderr) == (
        "1 prediction is under way: waiting for it, at most 10 s\n"
        f"error: the engine (rcli {__version__}) still runs {id}\n"
        f"hint: wait for it, or: rcli predictions cancel {id} --host local\n"
    )
    gate.touch()
    assert shell.watch(id) == "through the gate"
    assert shell.run("serve", "stop").exit_code == 0


def test_a_run_during_another_s_stop_gets_the_next_engine(shell: Shell) -> None:
    gate = shell.cwd / "gate"
    id = shell.run("run", str(PROJECTS / "gate"), f"until={gate}", "--detach").strip()
    before = shell.engine()["pid"]
    stopping = shell.start("serve", "stop")
    until_refusing(shell)

    late = shell.start("run", "rcli/hello", "text=x", "--debug")
    late.says("503")
    gate.touch()

    assert stopping.end() == 0
    assert (late.end(), late.stdout) == (0, b"hello x")
    assert shell.engine()["pid"] != before
    assert shell.watch(id) == "through the gate"


def test_other_machines_are_not_let_in_without_a_chosen_token(shell: Shell) -> None:
    told = shell.run("serve", "--bind", "0.0.0.0", "--port", "0")

    assert told.exit_code == 2
    assert told.stderr == (
        "error: on 0.0.0.0 other machines can reach the engine: name the token that they have to show\n"
        "hint: rcli serve --bind 0.0.0.0 --token-file FILE\n"
    )
    assert living(shell.home) == []


def test_a_chosen_token_is_what_other_programs_and_rcli_itself_use(shell: Shell) -> None:
    file = shell.cwd / "token.txt"
    file.write_text("correct-horse-battery-staple\n")
    process = shell.start("serve", "--port", "0", "--token-file", str(file))
    address = url(process)

    told = httpx.get(
        f"{address}/v1/account", headers={"authorization": "Bearer correct-horse-battery-staple"}
    )

    assert told.status_code == 200
    assert shell.run("run", "rcli/hello", "text=x") == "hello x"
    assert "correct-horse" not in process.stderr


def test_a_server_in_the_foreground_takes_over_and_ends_on_ctrl_c(shell: Shell) -> None:
    shell.run("run", "rcli/hello", "text=x")
    before = shell.engine()["pid"]

    process = shell.start("serve", "--port", "0")
    address = url(process)

    assert ended(before)
    assert shell.engine()["url"] == address
    assert shell.run("run", "rcli/hello", "text=y") == "hello y"
    process.signal(signal.SIGINT)
    assert process.end() == 130
    assert process.stderr.endswith("\nthe engine has stopped\n")
    assert all_gone(shell.home)


def test_ctrl_c_at_its_terminal_ends_the_server(shell: Shell) -> None:
    session = shell.terminal("serve", "--port", "0", columns=120)
    session.shows("serving Replicate's API on http://127.0.0.1:", "REPLICATE_API_TOKEN")
    session.press("\x03")

    assert session.end() == 130
    assert session.lines[-2:] == ["^C", "the engine has stopped"]
    assert all_gone(shell.home)


def test_the_announced_settings_are_all_that_another_program_needs(shell: Shell) -> None:
    process = shell.start("serve", "--port", "0")
    address = url(process)
    token = shell.run("auth", "token", "--host", "local").strip()

    with httpx.Client(base_url=address, headers={"Authorization": f"Bearer {token}"}) as client:
        found = client.get("/v1/models/rcli/hello").json()
        created = client.post(
            "/v1/predictions",
            headers={"Prefer": "wait"},
            json={"version": found["latest_version"]["id"], "input": {"text": "you"}},
        )

    assert (created.status_code, created.json()["output"]) == (201, "hello you")
    assert shell.prediction(created.json()["id"])["output"] == "hello you"


def test_a_server_that_is_told_to_stop_ends_well(shell: Shell) -> None:
    process = shell.start("serve", "--port", "0")
    url(process)

    told = shell.run("serve", "stop")

    assert (told.stderr, told.exit_code) == ("the engine has stopped\n", 0)
    assert process.end() == 0
    assert all_gone(shell.home)


def test_settings_of_other_programs_survive_a_restart(shell: Shell) -> None:
    shell.run("run", "rcli/hello", "text=x")
    token = shell.run("auth", "token", "--host", "local")
    shell.run("serve", "stop")
    shell.run("run", "rcli/hello", "text=x")

    assert shell.run("auth", "token", "--host", "local") == token


def test_a_crash_of_the_server_in_the_foreground_is_an_error(shell: Shell) -> None:
    process = shell.start("serve", "--port", "0")
    url(process)
    os.kill(shell.engine()["pid"], signal.SIGKILL)

    assert process.end() == 1
    assert process.stderr.splitlines()[-2].startswith("error: the engine ended with exit code -9")


def test_a_server_in_the_foreground_that_is_killed_takes_its_engine_with_it(shell: Shell) -> None:
    process = shell.start("serve", "--port", "0")
    process.says("REPLICATE_API_TOKEN")
    shell.run("run", "rcli/hello", "text=x")
    assert len(living(shell.home)) >= 3

    process.kill()

    assert all_gone(shell.home)


def test_the_log_of_the_engine_can_be_read(shell: Shell) -> None:
    before = shell.run("serve", "logs")
    shell.run("run", "rcli/hello", "text=x")
    log = shell.home / "rcli" / "data" / "engine" / "engine.log"
    log.write_text("one\ntwo\nthree\n")

    assert (before, before.exit_code) == ("", 0)
    assert shell.run("serve", "logs", "-n", "2") == "two\nthree\n"


def test_the_status_tells_what_waits(shell: Shell) -> None:
    sleeper = str(PROJECTS / "sleeper")
    shell.run("predictions", "create", sleeper, "seconds=3600", "--repeat", "3", "-q")
    while (status := shell.engine())["running"] != 1:
        time.sleep(0.02)
    fields = dict(line.split("\t", 1) for line in shell.run("serve", "status").splitlines())

    assert (status["running"], status["queued"]) == (1, 2)
    assert [(row["model"], row["waiting"]) for row in status["queues"]] == [("folder/sleeper", 2)]
    assert fields["queue folder/sleeper"] == "2 waiting"


def test_in_the_background_it_answers_when_the_command_returns_and_stays(shell: Shell) -> None:
    started = shell.start("serve", "--background", "--port", "0")

    assert started.end() == 0
    address = url_of(started.stderr)
    assert httpx.get(f"{address}/v1/account").status_code == 401
    status = shell.engine()
    assert (status["url"], status["idle_seconds_left"]) == (address, None)
    assert "(rcli serve stop stops)" in started.stderr
    assert shell.run("serve", "stop").stderr == "the engine has stopped\n"
    assert all_gone(shell.home)


def test_a_server_in_the_background_takes_over_and_tells_what_it_cannot_do(shell: Shell) -> None:
    shell.run("run", "rcli/hello", "text=x")
    before = shell.engine()["pid"]

    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused = shell.run("serve", "--background", "--port", str(taken.getsockname()[1]))
    same = shell.engine()["pid"]
    shell.run("serve", "--background", "--port", "0")

    assert (refused.exit_code, same) == (2, before)
    assert ended(before)
    assert shell.run("run", "rcli/hello", "text=y") == "hello y"


ACCESS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ 127\.0\.0\.1 (\w+) (\S+) (\d+) \d+ B \d+ ms")


def test_on_a_terminal_each_request_is_a_line(shell: Shell) -> None:
    session = shell.terminal("serve", "--port", "0", columns=140)
    session.shows("serving Replicate's API on", "REPLICATE_API_TOKEN")
    address = shell.engine()["url"]

    httpx.get(f"{address}/v1/account?secret=1")
    screen = session.shows("GET /v1/account 401")
    session.press("\x03")

    assert session.end() == 130
    assert "secret" not in screen
    assert len([line for line in screen.splitlines() if " GET /v1/account " in line]) == 1


@pytest.mark.parametrize(("option", "told"), [((), False), (("--access-log",), True)])
def test_in_a_pipe_requests_are_told_when_asked_for(
    shell: Shell, option: tuple[str, ...], told: bool
) -> None:
    process = shell.start("serve", "--port", "0", *option)
    httpx.get(f"{url(process)}/v1/models/rcli/hello")
    shell.run("serve", "stop")
    process.end()

    lines = [found.groups() for line in process.stderr.splitlines() if (found := ACCESS.fullmatch(line))]

    assert (("GET", "/v1/models/rcli/hello", "401") in lines) == told
    assert process.stdout == b""


def test_the_log_is_followed_until_ctrl_c(shell: Shell) -> None:
    shell.run("serve", "--background", "--port", "0")
    address = shell.engine()["url"]
    following = shell.start("serve", "logs", "-f")
    following.until(lambda process: b"GET /_rcli/status" in process.stdout)

    httpx.get(f"{address}/v1/hardware")
    following.until(lambda process: b"GET /v1/hardware 401" in process.stdout)
    following.signal(signal.SIGINT)

    assert following.end() == 130
    assert [bool(ACCESS.fullmatch(line)) for line in following.stdout.decode().splitlines()].count(False) == 0


def test_a_log_that_begins_anew_is_followed_on(shell: Shell) -> None:
    log = shell.home / "rcli" / "data" / "engine" / "engine.log"
    log.parent.mkdir(parents=True)
    log.write_text("one\ntwo\nthree\n")
    following = shell.start("serve", "logs", "-n", "2", "-f")
    following.until(lambda process: process.stdout == b"two\nthree\n")

    log.write_text("new\n")

    following.until(lambda process: process.stdout == b"two\nthree\nnew\n")


def test_many_shells_start_one_engine(shell: Shell) -> None:
    processes = [shell.start("run", "rcli/hello", f"text={number}") for number in range(4)]

    assert [process.end() for process in processes] == [0] * 4
    assert [process.stdout for process in processes] == [f"hello {number}".encode() for number in range(4)]
    engines = [pid for pid in living(shell.home) if b"rcli.engine" in cmdline(pid)]
    assert engines == [shell.engine()["pid"]]


def cmdline(pid: int) -> bytes:
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return file.read()


@pytest.mark.parametrize("name", ["stdin", "stdout", "stderr"])
def test_the_engine_holds_nothing_of_the_shell_that_started_it(shell: Shell, name: str) -> None:
    shell.run("run", "rcli/hello", "text=x")
    number = {"stdin": 0, "stdout": 1, "stderr": 2}[name]

    held = os.readlink(f"/proc/{shell.engine()['pid']}/fd/{number}")

    log = shell.home / "rcli" / "data" / "engine" / "engine.log"
    assert held == ("/dev/null" if name == "stdin" else str(log))
