"""``rcli library``: what ran, after the service has forgotten it."""

from __future__ import annotations

import json
import os
import re
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rcli.records import Json
from tests.cli.conftest import PROJECTS, Shell
from tests.cloud import FILES, ID, PNG, RUN, TEXT, Cloud, cloud, managed, prediction, told
from tests.conftest import Run, environment
from tests.processes import Process, command
from tests.recording_server import json_answer, problem
from tests.terminal import TerminalSession

__all__ = ["cloud"]


def ended(minutes_ago: float, **keys: object) -> Json:
    """A prediction of the cloud that ended so long ago."""
    at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    return prediction("succeeded", completed_at=at.isoformat(), **keys)


def ran(rcli: Run, cloud: Cloud, record: Json, output: Json = TEXT, *words: str) -> None:
    cloud.has_model(output)
    cloud.creates(record)
    assert rcli(*RUN, *words, env=cloud.env).exit_code == 0


def left(rcli: Run, cloud: Cloud, record: Json) -> None:
    """A run that was left alone when it began, and then watched by another rcli without a disk."""
    cloud.has_model(FILES)
    cloud.creates(prediction("starting"), record)
    rcli(*RUN, "--detach", env=cloud.env)
    rcli("predictions", "wait", "last", env=cloud.env)


# list, search, show


def test_what_ran_is_listed(warm_shell: Shell) -> None:
    warm_shell.run("run", "rcli/hello", "text=one")
    warm_shell.run("run", str(PROJECTS / "fails"))

    rows = [line.split("\t") for line in warm_shell.run("library", "list", "-n", "2").splitlines()]

    assert [row[1:4] for row in rows] == [
        ["folder/fails", "local", "failed"],
        ["rcli/hello", "local", "succeeded"],
    ]


def test_filters_narrow_it(warm_shell: Shell) -> None:
    warm_shell.run("run", "rcli/hello", "text=one")
    warm_shell.run("run", str(PROJECTS / "fails"))

    def listed(*words: str) -> set[str]:
        told = warm_shell.run("library", "list", *words)
        return {line.split("\t")[1] for line in told.splitlines()}

    both = {"rcli/hello", "folder/fails"}  # other tests have left more
    assert both & listed("--model", "FAIL", "-n", "999") == {"folder/fails"}
    assert listed("--status", "succeeded", "--model", "folder/fails", "-n", "999") == set()
    assert both <= listed("--since", "1h", "-n", "999")
    assert both & listed("--before", "1h", "-n", "999") == set()
    assert listed("--since", "2999-01-01") == set()
    assert both & listed("--host", "replicate", "-n", "999") == set()


def test_words_are_found_in_inputs_outputs_and_errors(warm_shell: Shell) -> None:
    warm_shell.run("run", "rcli/hello", "text=brontosaurus")
    warm_shell.run("run", str(PROJECTS / "fails"), "text=triceratops")

    assert "rcli/hello" in warm_shell.run("library", "search", "Hello", "bronto")
    assert "folder/fails" in warm_shell.run("library", "search", "triceratops", "--status", "failed")
    assert warm_shell.run("library", "search", "stegosaurus") == ""


def test_it_is_shown_though_the_service_has_forgotten(rcli: Run, cloud: Cloud) -> None:
    ran(rcli, cloud, ended(90, output="a text", logs="it began\n", metrics={"predict_time": 2}))
    cloud.api.requests.clear()

    shown = rcli("library", "show", ID[:8])

    fields = dict(line.split("\t", 1) for line in shown.splitlines())
    assert (fields["host"], fields["model"], fields["status"]) == (
        "replicate",
        "stability-ai/sdxl",
        "succeeded",
    )
    assert (fields["input"], fields["output"], fields["logs"]) == (
        '{"prompt": "a cat"}',
        "a text",
        "it began",
    )
    assert cloud.api.requests == []


def test_hostile_text_does_nothing_on_a_terminal(rcli: Run, home: Path, cloud: Cloud, tmp_path: Path) -> None:
    hostile = "\x1b]52;c;aGk=\x07\x1b[2Jtext\u202e"
    ran(rcli, cloud, ended(90, output=hostile, logs=hostile, metrics={}))

    session = TerminalSession(command("library", "show", "last"), environment(home), tmp_path)

    assert session.end() == 0
    assert b"\x1b]52" not in session.raw
    assert "\u202e" not in session.text
    assert "text" in session.text


def test_secrets_and_files_are_kept_by_name(rcli: Run, home: Path, cloud: Cloud, tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(PNG)
    inputs: dict[str, Json] = {
        "token": {"type": "string", "format": "password", "x-cog-secret": True},
        "image": {"type": "string", "format": "uri"},
    }
    cloud.has_model(inputs=inputs)
    cloud.creates(prediction("succeeded", output="a cat"))
    rcli("run", "stability-ai/sdxl", "token=hunter2", "image=@cat.png", env=cloud.env)

    record = json.loads(rcli("library", "show", "last", "--json"))
    shown = rcli("library", "show", "last")

    assert f'input\t{{"image": "@{tmp_path}/cat.png"}}\n' in shown
    assert record["input"] == {"image": None}
    assert record["secrets"] == ["token"]
    (file,) = record["files"]
    assert (file["path"], file["size"], len(file["sha256"])) == (str(tmp_path / "cat.png"), len(PNG), 64)
    library = home / "rcli" / "config" / "library.db"
    assert b"hunter2" not in b"".join(path.read_bytes() for path in library.parent.glob("library.db*"))


def test_where_no_schema_tells_secrets_apart_no_inputs_are_kept(rcli: Run, cloud: Cloud) -> None:
    cloud.creates(prediction("succeeded", output="a cat"))
    rcli("run", "a" * 64, "token=hunter2", "--host", "replicate", env=cloud.env)

    assert json.loads(rcli("library", "show", "last", "--json"))["input"] is None


# what expires


def test_what_the_service_deletes_soon_is_marked(rcli: Run, cloud: Cloud) -> None:
    left(rcli, cloud, ended(47.9, output=["https://replicate.delivery/pbxt/out.png"]))

    listed = rcli("library", "list", "--plain", terminal=True)
    piped = rcli("library", "list")

    assert listed.splitlines()[0].split() == ["ID", "MODEL", "STATUS", "CREATED", "EXPIRES"]
    assert listed.splitlines()[1].startswith(f"{ID}  stability-ai/sdxl  succeeded")
    assert listed.splitlines()[1].endswith("in 12 min")
    assert "rcli library rescue" in listed.stderr
    assert datetime.fromisoformat(piped.split("\t")[5].strip()) > datetime.now(UTC)


def test_what_is_saved_or_text_or_local_does_not_expire(rcli: Run, cloud: Cloud) -> None:
    ran(rcli, cloud, ended(10, output="a text"))
    assert rcli("library", "list").splitlines()[0].split("\t")[5] == ""

    ran(rcli, cloud, ended(10, output=[cloud.offers("a.png")]), FILES)
    assert rcli("library", "list").splitlines()[0].split("\t")[5] == ""


def test_rescue_saves_what_is_still_there(rcli: Run, home: Path, cloud: Cloud) -> None:
    left(rcli, cloud, ended(10, output=[cloud.offers("out-0.png")]))

    rescued = rcli("library", "rescue", env=cloud.env)
    again = rcli("library", "rescue", env=cloud.env)

    assert (rescued, rescued.exit_code) == (f"{managed(home) / 'out-0.png'}\n", 0)
    assert rescued.stderr == "1 file was saved\n"
    assert told(again) == ("0 files were saved\n", 0)
    assert (managed(home) / "out-0.png").read_bytes() == PNG
    assert rcli("library", "list").split("\t")[5].strip() == ""


def test_rescue_learns_the_end_of_what_was_left_running(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model(TEXT)
    cloud.creates(prediction("starting"), ended(1, output="a text"))
    rcli(*RUN, "--detach", env=cloud.env)

    rcli("library", "rescue", env=cloud.env)

    assert json.loads(rcli("library", "show", "last", "--json"))["output"] == "a text"


@pytest.mark.parametrize(
    "gone",
    [
        json_answer(prediction("succeeded", input={}, output=None, data_removed=True)),
        problem(404, detail="no such prediction", status=404),
    ],
)
def test_what_is_gone_is_asked_for_once(rcli: Run, cloud: Cloud, gone: object) -> None:
    left(rcli, cloud, ended(70, output=["https://replicate.delivery/pbxt/out.png"]))
    cloud.api.answer(f"GET /v1/predictions/{ID}", gone)  # type: ignore[arg-type]  # one of two answers
    cloud.api.requests.clear()

    first = rcli("library", "rescue", env=cloud.env)
    rcli("library", "rescue", env=cloud.env)

    assert first.exit_code == 0
    assert len(cloud.api.asked(f"GET /v1/predictions/{ID}")) == 1
    assert "removed\tthe service has deleted it" in rcli("library", "show", "last")


def test_a_host_that_nobody_is_signed_in_to_does_not_spare_the_others(rcli: Run, cloud: Cloud) -> None:
    left(rcli, cloud, ended(10, output=["https://replicate.delivery/pbxt/out.png"]))

    rescued = rcli("library", "rescue")

    assert rescued.exit_code == 4
    assert rescued.stderr == "error: not signed in to replicate\nhint: rcli auth login\n0 files were saved\n"


# open, export, prune, off


def test_saved_files_are_opened(warm_shell: Shell, tmp_path: Path) -> None:
    saved = warm_shell.run("run", str(PROJECTS / "pieces"), "names=a.txt").strip()
    opened, program = tmp_path / "opened.txt", tmp_path / "browser"
    program.write_text(f'#!/bin/sh\nprintf "%s" "$1" > {opened}\n')
    program.chmod(0o755)

    process = warm_shell.start("library", "open", "last", env={"BROWSER": str(program)})

    assert process.end() == 0
    assert opened.read_text() == Path(saved).as_uri()


def test_without_a_desktop_the_path_is_printed(warm_shell: Shell) -> None:
    one = warm_shell.run("run", str(PROJECTS / "pieces"), "names=a.txt")
    assert warm_shell.run("library", "open", "last") == one

    two = warm_shell.run("run", str(PROJECTS / "pieces"), "names=a.txt", "names=b.txt")
    assert warm_shell.run("library", "open", "last") == f"{Path(two.splitlines()[0]).parent}\n"


def test_without_files_there_is_nothing_to_open(warm_shell: Shell) -> None:
    warm_shell.run("run", str(PROJECTS / "fails"))

    opened = warm_shell.run("library", "open", "last")

    assert opened.exit_code == 1
    assert "are on this machine\nhint: rcli predictions download " in opened.stderr


def test_an_export_is_a_line_for_each(rcli: Run, cloud: Cloud, tmp_path: Path) -> None:
    ran(rcli, cloud, ended(1, output="a text"))

    piped = rcli("library", "export")
    filtered = rcli("library", "export", "--jq", ".output")
    rcli("library", "export", "runs.jsonl")

    (row,) = map(json.loads, piped.splitlines())
    assert (row["id"], row["output"], row["input"]) == (ID, "a text", {"prompt": "a cat"})
    assert filtered == "a text\n"
    assert json.loads((tmp_path / "runs.jsonl").read_text()) == row
    assert stat.S_IMODE((tmp_path / "runs.jsonl").stat().st_mode) == 0o600


def test_an_export_overwrites_nothing(rcli: Run, tmp_path: Path) -> None:
    (tmp_path / "runs.jsonl").write_text("mine")

    refused = rcli("library", "export", "runs.jsonl")

    assert refused.exit_code == 2
    assert (tmp_path / "runs.jsonl").read_text() == "mine"


def test_pruning_forgets_what_is_old(rcli: Run, cloud: Cloud) -> None:
    ran(rcli, cloud, ended(1, output="a text"))  # created in January

    refused = rcli("library", "prune", "--older-than", "1d")
    none = rcli("library", "prune", "--older-than", "90000d", "--yes")
    all = rcli("library", "prune", "--older-than", "1d", "--yes")

    assert told(refused) == ("error: this wants to be confirmed\nhint: --yes confirms it\n", 2)
    assert (none.stderr, all.stderr) == ("0 runs are forgotten\n", "1 run is forgotten\n")
    assert rcli("library", "list") == ""


def test_pruning_removes_old_halves_of_files_from_the_managed_folders(rcli: Run, home: Path) -> None:
    folder = home / "rcli" / "config" / "outputs" / "abc"
    folder.mkdir(parents=True)
    for name in ("out.bin", ".out.bin.part", ".out.bin.part.json", ".new.bin.part"):
        (folder / name).write_text("x")
        if name != ".new.bin.part":
            os.utime(folder / name, (0, 0))

    rcli("library", "prune", "--older-than", "30d", "--yes")

    assert sorted(path.name for path in folder.iterdir()) == [".new.bin.part", "out.bin"]


def test_a_person_is_asked_before_pruning(rcli: Run, home: Path, cloud: Cloud, tmp_path: Path) -> None:
    ran(rcli, cloud, ended(1, output="a text"))
    session = TerminalSession(
        command("library", "prune", "--older-than", "0s"), environment(home), tmp_path, columns=120
    )
    session.shows("Forget all that ran before")
    session.press("\r")

    assert session.end() == 0
    assert "nothing was forgotten" in session.text
    assert len(rcli("library", "list").splitlines()) == 1


def test_switched_off_it_keeps_ids_alone(rcli: Run, cloud: Cloud) -> None:
    switched = rcli("library", "off")
    ran(rcli, cloud, ended(1, output="a text"))

    assert switched.stderr == "from now on no inputs and outputs are kept; what is there stays\n"
    record = json.loads(rcli("library", "show", "last", "--json"))
    assert (record["id"], record["status"]) == (ID, "succeeded")
    assert (record["input"], record["output"], record["reference"]) == (None, None, None)


def test_a_project_cannot_switch_it(rcli: Run, tmp_path: Path) -> None:
    (tmp_path / "rcli.toml").write_text('library = "on"\n')

    told_ = rcli("library", "list")

    assert told_.exit_code == 2
    assert "a project's file cannot set 'library'" in told_.stderr


# its file


def test_before_the_first_run_it_is_empty(rcli: Run, home: Path) -> None:
    assert told(rcli("library", "list")) == ("", 0)
    assert rcli("library", "show", "last").exit_code == 1
    assert rcli("library", "rescue").stderr == "0 files were saved\n"
    assert not (home / "rcli" / "config" / "library.db").exists()


def test_a_broken_file_is_named(rcli: Run, home: Path) -> None:
    file = home / "rcli" / "config" / "library.db"
    file.parent.mkdir()
    file.write_bytes(b"this is not a database" * 100)

    listed = rcli("library", "list")

    assert told(listed) == (
        f"error: the library {file} cannot be read: file is not a database\n"
        f"hint: move {file}* away to begin a new one\n",
        1,
    )


def test_a_run_goes_on_without_it(rcli: Run, home: Path, cloud: Cloud) -> None:
    file = home / "rcli" / "config" / "library.db"
    file.parent.mkdir()
    file.write_bytes(b"this is not a database" * 100)
    cloud.has_model()
    cloud.creates(prediction("succeeded", output="a text"))

    done = rcli(*RUN, env=cloud.env)

    assert (done, done.exit_code) == ("a text", 0)
    assert re.search("cannot be written: .* is not remembered", done.stderr)


def test_two_runs_at_once_are_both_kept(warm_shell: Shell) -> None:
    runs: list[Process] = [warm_shell.start("run", "rcli/hello", f"text=twin{n}") for n in range(4)]

    assert [process.end() for process in runs] == [0] * 4
    assert len(warm_shell.run("library", "search", "hello", "twin").splitlines()) == 4
