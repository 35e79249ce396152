"""``rcli predictions``: what ran, what runs, and stopping it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import PROJECTS, Shell
from tests.cloud import ID, RUN, Cloud, cloud, prediction, told
from tests.conftest import Run, environment
from tests.processes import Process, command
from tests.recording_server import json_answer, problem

__all__ = ["cloud"]

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


def test_several_are_canceled_and_one_that_cannot_be_spares_no_other(warm_shell: Shell, waiting: str) -> None:
    told = warm_shell.run("predictions", "cancel", "nosuchid", waiting)

    assert told.exit_code == 1
    assert told.stderr.splitlines()[0] == "error: there is no prediction nosuchid on local"
    assert told.stderr.splitlines()[-1] == f"prediction {waiting} is canceled"


@pytest.mark.parametrize("words", [(), ("--all", "last")])
def test_what_to_cancel_is_said_in_one_way(warm_shell: Shell, words: tuple[str, ...]) -> None:
    told = warm_shell.run("predictions", "cancel", *words)

    assert told.stderr == ("error: name predictions, or take --all\nhint: rcli predictions cancel last\n")
    assert told.exit_code == 2


# cancel --all


def running_and_ended(shell: Shell) -> str:
    shell.run("run", "rcli/hello", "text=one")
    return shell.run("run", GATE, f"until={shell.cwd}/gate", "--detach").strip()


def test_all_that_rcli_made_and_that_runs_is_canceled(shell: Shell) -> None:
    id = running_and_ended(shell)
    ended = shell.run("run", "rcli/hello", "text=two", "--detach").strip()
    shell.run("predictions", "wait", ended)

    unsaid = shell.run("predictions", "cancel", "--all")
    said = shell.run("predictions", "cancel", "--all", "--yes", "-q")
    again = shell.run("predictions", "cancel", "--all", "--yes")

    assert (unsaid.stderr, unsaid.exit_code) == (
        "error: this wants to be confirmed\nhint: --yes confirms it\n",
        2,
    )
    assert (said, said.exit_code) == (f"{id}\n", 0)
    assert again.stderr == "nothing that rcli made runs on local\n"
    assert shell.prediction(id)["status"] == "canceled"


@pytest.mark.parametrize(("key", "status"), [("y\r", "canceled"), ("\r", "processing")])
def test_a_person_is_asked_first(shell: Shell, key: str, status: str) -> None:
    id = running_and_ended(shell)
    session = shell.terminal("predictions", "cancel", "--all", columns=120)
    session.shows(f"Cancel 1 on local: {id} (folder/gate)?")
    shell.start("predictions", "logs", id, "-f").until(lambda process: b"step" in process.stdout)
    session.press(key)

    assert session.end() == 0
    assert shell.prediction(id)["status"] == status


def test_others_predictions_are_spared(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model()
    cloud.creates(prediction("processing"))
    rcli(*RUN, "--detach", env=cloud.env)
    theirs = prediction("processing", id="theirs")
    cloud.api.answer("GET /v1/predictions", json_answer({"results": [theirs], "next": None}))
    cloud.api.answer(f"POST /v1/predictions/{ID}/cancel", json_answer(prediction("canceled")))

    canceled = rcli("predictions", "cancel", "--all", "--yes", env=cloud.env)

    assert told(canceled) == (f"prediction {ID} is canceled\n", 0)
    posts = [each.path for each in cloud.api.requests if each.method == "POST"]
    assert posts == ["/v1/predictions", f"/v1/predictions/{ID}/cancel"]


def test_what_the_service_has_forgotten_is_asked_for_once(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model()
    cloud.creates(prediction("processing"))
    rcli(*RUN, "--detach", env=cloud.env)
    cloud.api.answer(f"GET /v1/predictions/{ID}", problem(404, detail="gone", status=404))

    first = rcli("predictions", "cancel", "--all", "--yes", env=cloud.env)
    asked = len(cloud.api.requests)
    rcli("predictions", "cancel", "--all", "--yes", env=cloud.env)

    assert told(first) == ("nothing that rcli made runs on replicate\n", 0)
    assert len(cloud.api.requests) == asked


# logs


def test_the_log_is_data(warm_shell: Shell) -> None:
    warm_shell.run("run", str(PROJECTS / "fails"), "text=no luck")

    log = warm_shell.run("predictions", "logs", "last")

    assert (log.exit_code, log.stderr) == (0, "")
    assert log == warm_shell.prediction()["logs"]
    assert "RuntimeError: no luck" in log


def test_a_log_is_followed_to_the_end(warm_shell: Shell, waiting: str) -> None:
    process = warm_shell.start("predictions", "logs", waiting, "-f")
    process.until(lambda process: b"denoising: step 9/20\n" in process.stdout)
    (warm_shell.cwd / "gate").touch()

    assert process.end() == 0
    assert process.stdout == b"the picture is read\ndenoising: step 9/20\n"


def test_following_a_log_gives_events_as_json(warm_shell: Shell, waiting: str) -> None:
    (warm_shell.cwd / "gate").touch()

    log = warm_shell.run("predictions", "logs", waiting, "--follow", "--json")

    events = [json.loads(line) for line in log.splitlines()]
    assert {event["event"] for event in events} == {"logs"}
    assert "".join(event["data"] for event in events) == "the picture is read\ndenoising: step 9/20\n"


def test_who_stops_following_a_log_cancels_nothing(warm_shell: Shell, waiting: str) -> None:
    session = warm_shell.terminal("predictions", "logs", waiting, "-f")
    session.shows("step 9/20")
    session.press("\x03")

    assert session.end() == 130
    assert warm_shell.prediction(waiting)["status"] == "processing"
    finish(warm_shell, waiting)


def test_a_hostile_log_does_nothing_to_a_terminal(
    rcli: Run, home: Path, cloud: Cloud, tmp_path: Path
) -> None:
    hostile = "\x1b]52;c;aGk=\x07\x1b[2Jone\u202e\n"
    cloud.creates(prediction("succeeded", logs=hostile))

    shown = rcli("predictions", "logs", ID, "--host", "replicate", env=cloud.env, terminal=True)
    process = Process(
        command("predictions", "logs", ID, "--host", "replicate"), environment(home) | cloud.env, tmp_path
    )

    assert shown == "one\n"
    assert (process.end(), process.stdout.decode()) == (0, hostile)


def test_a_bar_in_a_log_is_its_last_step_for_a_person_and_exact_in_a_pipe(rcli: Run, cloud: Cloud) -> None:
    log = "\r 10%|#\r 20%|##\nsaved\n"
    cloud.creates(prediction("succeeded", logs=log))
    words = ("predictions", "logs", ID, "--host", "replicate")

    piped = rcli(*words, env=cloud.env)
    shown = rcli(*words, env=cloud.env, terminal=True)
    fields = rcli("predictions", "show", ID, "--host", "replicate", env=cloud.env, terminal=True)

    assert (piped, shown) == (log, " 20%|##\nsaved\n")
    assert "20%|##" in fields
    assert "10%" not in fields


def test_a_log_that_is_null_or_grows_is_no_problem(rcli: Run, cloud: Cloud) -> None:
    states = [prediction("processing", logs=logs) for logs in (None, "one\n", "one\ntwo\n")]
    cloud.creates(states[0], *states, prediction("succeeded", logs="one\ntwo\nthree\n", output="x"))

    log = rcli("predictions", "logs", ID, "-f", "--host", "replicate", env=cloud.env)

    assert (log, log.exit_code) == ("one\ntwo\nthree\n", 0)


def test_a_log_that_was_removed_is_in_the_library(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model()
    cloud.creates(prediction("succeeded", logs="one\n", output="x"))
    rcli(*RUN, env=cloud.env)
    removed = prediction("succeeded", logs=None, output=None, input={}, data_removed=True)
    cloud.api.answer(f"GET /v1/predictions/{ID}", json_answer(removed))
    cloud.api.answer("GET /v1/predictions/other", json_answer(removed | {"id": "other"}))

    kept = rcli("predictions", "logs", "last", env=cloud.env)
    lost = rcli("predictions", "logs", "other", "--host", "replicate", env=cloud.env)

    assert (kept, kept.exit_code) == ("one\n", 0)
    assert told(lost) == ("error: the service has removed the log of prediction other\n", 1)


# watch


def test_watching_gives_the_output_of_what_runs(warm_shell: Shell, waiting: str) -> None:
    process = warm_shell.start("predictions", "watch", waiting, "--progress", "plain")
    process.says("running")
    (warm_shell.cwd / "gate").touch()

    assert process.end() == 0
    assert process.stdout == b"through the gate"


def test_watching_what_has_ended_gives_its_output_again(warm_shell: Shell) -> None:
    warm_shell.run("stream", str(PROJECTS / "tokens"), "n=3")

    told = warm_shell.watch()

    assert (told, told.stderr) == ("token0 token1 token2 ", "")


def test_watching_saves_files_like_run(warm_shell: Shell) -> None:
    first = warm_shell.run("run", str(PROJECTS / "pieces"), "names=a.txt")
    id = warm_shell.prediction()["id"]

    again = warm_shell.watch(id)

    assert again.exit_code == 0
    assert again.replace("a-1.txt", "a.txt") == first


def test_watching_can_show_the_whole_log(warm_shell: Shell) -> None:
    gate = warm_shell.cwd / "gate"
    warm_shell.run("run", str(PROJECTS / "gate"), f"until={gate}", "--detach")
    process = warm_shell.start("predictions", "watch", "last", "--logs")
    process.says("the picture is read")
    gate.touch()

    assert process.end() == 0
    assert process.stdout == b"through the gate"
    assert process.stderr == warm_shell.prediction()["logs"]
    again = warm_shell.run("predictions", "watch", "last", "--logs")
    assert (again, again.stderr) == ("through the gate", process.stderr)


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
