"""``rcli predictions wait``: for one or many, with the exit code of the worst."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest

from rcli.records import Json
from tests.cli.conftest import PROJECTS, Shell
from tests.cloud import Cloud, cloud, prediction
from tests.conftest import Run
from tests.recording_server import json_answer, problem

__all__ = ["cloud"]

GATE = str(PROJECTS / "gate")


@pytest.fixture
def waiting(warm_shell: Shell) -> str:
    """The id of a prediction that runs until the file ``gate`` is there."""
    return detached(warm_shell, GATE, f"until={warm_shell.cwd}/gate")


def detached(shell: Shell, *argv: str) -> str:
    return shell.run("run", *argv, "--detach").strip()


def open_gate(shell: Shell) -> None:
    (shell.cwd / "gate").touch()


def has(cloud: Cloud, *states: Json) -> None:
    """Each of these predictions, by its own address."""
    for state in states:
        cloud.api.answer(f"GET /v1/predictions/{state['id']}", json_answer(state))


def lists(cloud: Cloud, *pages: Iterable[Json]) -> None:
    """What the list shows each time that it is asked for, on one page."""
    answers = [json_answer({"results": list(page), "next": None}) for page in pages]
    cloud.api.answer("GET /v1/predictions", *answers)


def test_each_prediction_gets_a_line_as_it_ends(warm_shell: Shell, waiting: str) -> None:
    ended = detached(warm_shell, "rcli/hello", "text=one")
    process = warm_shell.start("predictions", "wait", waiting, ended)
    process.until(lambda process: ended.encode() in process.stdout)
    open_gate(warm_shell)

    assert process.end() == 0
    rows = [line.split("\t") for line in process.stdout.decode().splitlines()]
    assert [row[:2] for row in rows] == [[ended, "succeeded"], [waiting, "succeeded"]]
    assert (process.stderr, all(row[2].endswith(" s") for row in rows)) == ("", True)


def test_last_and_beginnings_of_ids_are_waited_for_once(warm_shell: Shell) -> None:
    id = detached(warm_shell, "rcli/hello", "text=one")

    told = warm_shell.run("predictions", "wait", "last", id[:9], id, "-q")

    assert (told, told.exit_code) == (f"{id}\n", 0)


def test_a_failure_is_told_and_is_the_exit_code(warm_shell: Shell) -> None:
    good = detached(warm_shell, "rcli/hello", "text=one")
    bad = detached(warm_shell, str(PROJECTS / "fails"), "text=no luck")

    told = warm_shell.run("predictions", "wait", bad, good)

    assert told.exit_code == 3
    assert {line.split("\t")[1] for line in told.splitlines()} == {"succeeded", "failed"}
    assert told.stderr == f"error: prediction {bad} failed: no luck\n"


def test_after_the_timeout_they_go_on(warm_shell: Shell, waiting: str) -> None:
    told = warm_shell.run("predictions", "wait", waiting, "--timeout", "1s")

    assert (told, told.exit_code) == ("", 5)
    assert told.stderr == (
        f"error: prediction {waiting} has not ended after 1s, and goes on\n"
        f"hint: rcli predictions wait {waiting}, or rcli predictions cancel it\n"
    )
    open_gate(warm_shell)
    assert warm_shell.watch(waiting) == "through the gate"


def test_an_unknown_id_is_an_error(warm_shell: Shell) -> None:
    told = warm_shell.run("predictions", "wait", "nosuchid")

    assert (told, told.exit_code) == ("", 1)
    assert told.stderr.startswith("error: there is no prediction nosuchid on local\n")


def test_a_person_sees_how_many_have_ended(warm_shell: Shell, waiting: str) -> None:
    ended = detached(warm_shell, "rcli/hello", "text=one")
    session = warm_shell.terminal("predictions", "wait", waiting, ended, columns=120)
    session.shows("waiting", "1 of 2 have ended", f"{ended}")
    open_gate(warm_shell)

    assert session.end() == 0
    assert [line.split()[:2] for line in session.lines] == [[ended, "succeeded"], [waiting, "succeeded"]]


def test_who_stops_waiting_cancels_nothing(warm_shell: Shell, waiting: str) -> None:
    session = warm_shell.terminal("predictions", "wait", waiting)
    session.shows("0 of 1 have ended")
    session.press("\x03")

    assert session.end() == 130
    open_gate(warm_shell)
    assert warm_shell.watch(waiting) == "through the gate"


def test_many_are_asked_for_by_pages_of_the_list(rcli: Run, cloud: Cloud) -> None:
    names = [f"id{number}" for number in range(20)]
    running = [prediction("processing", id=name) for name in names]
    ended = [prediction("succeeded", id=name) for name in names]
    lists(cloud, running, running, [*ended[:19], running[19]], ended)
    has(cloud, *ended)

    told = rcli("predictions", "wait", *names, "-q", "--host", "replicate", env=cloud.env)

    assert (told.split(), told.exit_code) == (names, 0)
    assert len(cloud.api.asked("GET /v1/predictions")) in (3, 4)
    assert all(len(cloud.api.asked(f"GET /v1/predictions/{name}")) == 1 for name in names)


def test_what_is_on_no_page_is_asked_for_by_its_id(rcli: Run, cloud: Cloud) -> None:
    names = [f"id{number}" for number in range(6)]
    ended = [prediction("succeeded", id=name) for name in names]
    lists(cloud, ended[:2])
    has(cloud, *ended)

    told = rcli("predictions", "wait", *names, "-q", "--host", "replicate", env=cloud.env)

    assert (told.split(), told.exit_code) == (names, 0)


def test_the_highest_code_counts(rcli: Run, cloud: Cloud) -> None:
    has(
        cloud,
        prediction("failed", id="one", error="E1001: \x1b]52;c;aGk=\x07out of memory", logs=None),
        prediction("aborted", id="two"),
        prediction("processing", id="three", output=["done already"]),
    )

    told = rcli(
        "predictions", "wait", "one", "two", "three", "--timeout", "1s", "--host", "replicate", env=cloud.env
    )

    assert told.exit_code == 7
    assert [line.split("\t")[:2] for line in told.splitlines()] == [["one", "failed"], ["two", "aborted"]]
    assert "\x1b" not in told.stderr
    assert "prediction three has not ended after 1s" in told.stderr


def test_json_is_a_record_a_line(rcli: Run, cloud: Cloud) -> None:
    states = [prediction("succeeded", id=name, unknown={"key": 1}) for name in ("one", "two")]
    has(cloud, *states)

    told = rcli("predictions", "wait", "one", "two", "--json", "--host", "replicate", env=cloud.env)

    assert [json.loads(line) for line in told.splitlines()] == states


def test_a_server_that_stays_broken_is_no_answer(rcli: Run, cloud: Cloud) -> None:
    cloud.api.answer("GET /v1/predictions/one", problem(401, detail="who are you?"))

    told = rcli("predictions", "wait", "one", "--host", "replicate", env=cloud.env)

    assert (told, told.exit_code) == ("", 4)


@pytest.mark.parametrize("text", ["", "soon", "-1s", "5 m"])
def test_a_timeout_is_a_time(rcli: Run, text: str) -> None:
    told = rcli("predictions", "wait", "one", f"--timeout={text}")

    assert told.exit_code == 2
    assert "--timeout takes a time" in told.stderr
