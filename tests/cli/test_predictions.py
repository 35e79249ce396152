"""``rcli predictions``: what ran, what runs, and stopping it."""

from __future__ import annotations

import json
import re

import pytest

from tests.cli.conftest import PROJECTS, Shell

GATE = str(PROJECTS / "gate")


@pytest.fixture
def waiting(warm_shell: Shell) -> str:
    """The id of a prediction that runs until the file ``gate`` is there."""
    return warm_shell.run("run", GATE, f"until={warm_shell.cwd}/gate", "--detach").strip()


def finish(shell: Shell, id: str) -> None:
    (shell.cwd / "gate").touch()
    shell.watch(id)


# list


def test_the_newest_prediction_is_the_first_of_the_list(warm_shell: Shell) -> None:
    warm_shell.run("run", "rcli/hello", "text=one")
    warm_shell.run("run", str(PROJECTS / "fails"))

    rows = [line.split("\t") for line in warm_shell.run("predictions", "list", "-n", "2").splitlines()]

    assert [row[1:3] for row in rows] == [["folder/fails", "failed"], ["rcli/hello", "succeeded"]]
    assert [row[0] for row in rows] == warm_shell.run("predictions", "list", "-q", "-n", "2").split()
    assert all(len(row) == 5 and re.fullmatch(r"\d+\.\d\d s", row[3]) for row in rows)


def test_the_list_as_json_is_what_the_api_says(warm_shell: Shell) -> None:
    warm_shell.run("run", "rcli/hello", "text=one")

    (row,) = json.loads(warm_shell.run("predictions", "list", "-n", "1", "--json"))

    assert (row["status"], row["model"]) == ("succeeded", "rcli/hello")
    assert row["id"] == warm_shell.prediction()["id"]


def test_a_person_gets_a_table_with_ages(warm_shell: Shell) -> None:
    warm_shell.run("run", "rcli/hello", "text=one")

    told = warm_shell.run("predictions", "list", "-n", "1", "--plain", terminal=True)

    head, row = told.splitlines()
    assert head.split() == ["ID", "MODEL", "STATUS", "TIME", "CREATED"]
    assert row.endswith(" s ago")


def test_an_empty_list_says_so_to_a_person_alone(shell: Shell) -> None:
    for_a_person = shell.run("predictions", "list", terminal=True)
    for_a_script = shell.run("predictions", "list")

    assert (for_a_person, for_a_person.stderr.splitlines()[-1]) == ("", "none")
    assert (for_a_script, for_a_script.stderr) == ("", "")


# show


def test_the_beginning_of_an_id_is_enough(warm_shell: Shell) -> None:
    warm_shell.run("run", "rcli/hello", "text=one")
    id = warm_shell.prediction()["id"]

    assert warm_shell.run("predictions", "show", id[:8], "-q") == f"{id}\n"
    assert warm_shell.run("predictions", "show", "last", "-q") == f"{id}\n"


def test_a_prediction_is_shown_field_by_field(warm_shell: Shell) -> None:
    warm_shell.run("run", str(PROJECTS / "fails"), "text=no luck")
    server = warm_shell.prediction()

    told = warm_shell.run("predictions", "show", "last")

    fields = dict(line.split("\t", 1) for line in told.splitlines() if "\t" in line)
    assert told.exit_code == 0
    assert fields["id"] == server["id"]
    assert fields["version"] == server["version"]
    assert fields["input"] == '{"text": "no luck"}'
    assert (fields["status"], fields["error"]) == ("failed", "no luck")
    assert told.count("RuntimeError: no luck") == 1
    assert "web" not in fields


def test_a_failed_setup_is_shown_with_its_traceback_once(warm_shell: Shell) -> None:
    warm_shell.run("run", str(PROJECTS / "import_fails"), "text=x")

    told = warm_shell.run("predictions", "show", "last")

    assert told.count("ModuleNotFoundError") == 1
    assert told.endswith(
        "error\tthe model's setup failed: No module named 'a_package_that_nobody_has'\n"
        "hint: name the package in cog.yaml under build: python_requirements\n"
    )


@pytest.mark.parametrize("verb", ["show", "watch", "cancel"])
def test_an_unknown_id_is_an_error(warm_shell: Shell, verb: str) -> None:
    told = warm_shell.run("predictions", verb, "nosuchid")

    assert (told, told.exit_code) == ("", 1)
    assert told.stderr == (
        "error: there is no prediction nosuchid on local\nhint: rcli predictions list --host local\n"
    )


def test_before_the_first_run_there_is_no_last_one(shell: Shell) -> None:
    told = shell.run("predictions", "show", "last")

    assert (told.stderr, told.exit_code) == ("error: nothing was run yet\nhint: rcli predictions list\n", 1)


# cancel


def test_a_running_prediction_is_canceled(warm_shell: Shell, waiting: str) -> None:
    told = warm_shell.run("predictions", "cancel", waiting[:10])

    assert (told, told.stderr, told.exit_code) == ("", f"prediction {waiting} is canceled\n", 0)
    assert warm_shell.prediction(waiting)["status"] == "canceled"


def test_what_has_ended_cannot_be_canceled_any_more(warm_shell: Shell, waiting: str) -> None:
    finish(warm_shell, waiting)

    told = warm_shell.run("predictions", "cancel", "last")

    assert (told.stderr, told.exit_code) == (f"prediction {waiting} has ended already: succeeded\n", 0)
    assert warm_shell.prediction(waiting)["status"] == "succeeded"


def test_canceling_for_scripts_gives_the_id_or_the_record(warm_shell: Shell, waiting: str) -> None:
    other = warm_shell.run("run", GATE, f"until={warm_shell.cwd}/gate", "--detach").strip()

    quiet = warm_shell.run("predictions", "cancel", waiting, "-q")
    record = json.loads(warm_shell.run("predictions", "cancel", other, "--json"))

    assert quiet == f"{waiting}\n"
    assert (record["id"], record["status"]) == (other, "canceled")


# watch


def test_watching_gives_the_output_of_what_runs(warm_shell: Shell, waiting: str) -> None:
    process = warm_shell.start("predictions", "watch", waiting, "--progress", "plain")
    process.says("processing")
    (warm_shell.cwd / "gate").touch()

    assert process.end() == 0
    assert process.stdout == b"through the gate"


def test_watching_what_has_ended_gives_its_output_again(warm_shell: Shell) -> None:
    warm_shell.run("stream", str(PROJECTS / "tokens"), "n=3")

    assert warm_shell.watch() == "token0 token1 token2 "


def test_watching_saves_files_like_run(warm_shell: Shell) -> None:
    first = warm_shell.run("run", str(PROJECTS / "pieces"), "names=a.txt")
    id = warm_shell.prediction()["id"]

    again = warm_shell.watch(id)

    assert again.exit_code == 0
    assert again.replace("a-1.txt", "a.txt") == first


def test_watching_a_failure_is_a_failure(warm_shell: Shell) -> None:
    warm_shell.run("run", str(PROJECTS / "fails"), "text=no luck")

    told = warm_shell.watch()

    assert (told, told.exit_code) == ("", 3)
    assert told.stderr.splitlines()[-1].endswith("failed: no luck")


def test_who_stops_watching_cancels_nothing(warm_shell: Shell, waiting: str) -> None:
    session = warm_shell.terminal("predictions", "watch", waiting)
    session.shows("step 9/20", "45%")
    session.press("\x03")

    assert session.end() == 130
    assert warm_shell.prediction(waiting)["status"] == "processing"
    finish(warm_shell, waiting)
