"""A result that was paid for: it is kept, or the way to it is told; and what one version's id is worth."""

from __future__ import annotations

import json
import shlex
import signal
import stat
import sys
from pathlib import Path
from threading import Event

import pytest

from rcli.api.ranges import SMALLEST
from rcli.errors import UsageError
from tests.cli.conftest import Shell
from tests.cloud import FILES, ID, PNG, RUN, VERSION, Cloud, cloud, managed, prediction, told
from tests.conftest import Run, environment
from tests.processes import PATIENCE, Process, command
from tests.recording_server import Answer, Recorded, problem

__all__ = ["cloud"]

UNKNOWN = "a" * 64


def small_files(*argv: str) -> list[str]:
    """A command whose files cannot grow beyond a kilobyte, as if the disk were full then."""
    limit = "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 10, 1 << 10))"
    script = f"import os, resource, sys; {limit}; os.execv(sys.argv[1], sys.argv[1:])"
    return [sys.executable, "-c", script, *command(*argv)]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# files


def test_a_binary_file_for_a_terminal_is_saved_and_its_path_is_printed(
    rcli: Run, home: Path, cloud: Cloud
) -> None:
    cloud.has_model(FILES)
    cloud.creates(prediction("starting"), prediction("succeeded", output=[cloud.offers("out-0.png")]))

    ran = rcli(*RUN, "-o", "-", "--plain", "--progress", "none", env=cloud.env, terminal=True)

    saved = managed(home) / "out-0.png"
    assert (ran, ran.exit_code) == (f"{saved}\n", 0)
    assert "warning: binary data does not go to a terminal" in ran.stderr
    assert saved.read_bytes() == PNG


def test_a_text_file_for_a_terminal_is_printed(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model(FILES)
    url = cloud.offers("out.txt", b"one\x1b[31m two", "text/plain")
    cloud.creates(prediction("starting"), prediction("succeeded", output=[url]))

    ran = rcli(*RUN, "-o", "-", "--progress", "none", env=cloud.env, terminal=True)

    assert (ran, ran.exit_code) == ("one two\n", 0)


@pytest.mark.parametrize("target", [["-o", "out.png"], []])
def test_a_full_disk_names_the_prediction_and_another_run_is_not_needed(
    shell: Shell, cloud: Cloud, target: list[str]
) -> None:
    cloud.has_model(FILES)
    cloud.creates(prediction("starting"), prediction("succeeded", output=[cloud.offers("out-0.png")]))
    environ = environment(shell.home) | cloud.env | {"PYTHONDONTWRITEBYTECODE": "1"}
    process = Process(small_files(*RUN, *target), environ, shell.cwd)
    try:
        exit_code = process.end()
    finally:
        process.kill()

    watched = shell.run("predictions", "watch", ID, "--output-dir", "elsewhere", env=cloud.env)

    assert exit_code == 1
    assert ID in process.stderr.splitlines()[0]
    assert process.stderr.splitlines()[-1] == f"hint: rcli predictions watch {ID} --output-dir FOLDER"
    assert not managed(shell.home).exists()
    assert watched == f"{shell.cwd / 'elsewhere' / 'out-0.png'}\n"
    assert (shell.cwd / "elsewhere" / "out-0.png").read_bytes() == PNG
    assert len(cloud.api.asked("POST /v1/predictions")) == 1


def test_watching_saves_under_a_name_and_checks_it_first(rcli: Run, tmp_path: Path, cloud: Cloud) -> None:
    cloud.has_model(FILES)
    cloud.creates(prediction("succeeded", output=[cloud.offers("out-0.png")]))

    watched = rcli("predictions", "watch", ID, "-o", "a.png", "--host", "replicate", env=cloud.env)
    again = rcli("predictions", "watch", ID, "-o", "a.png", "--host", "replicate", env=cloud.env)

    assert (watched, watched.exit_code) == (f"{tmp_path / 'a.png'}\n", 0)
    assert (tmp_path / "a.png").read_bytes() == PNG
    assert (again, again.exit_code) == ("", UsageError.exit_code)


def test_an_empty_list_of_files_prints_nothing(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model(FILES)
    cloud.creates(prediction("starting"), prediction("succeeded", output=[]))

    pipe = rcli(*RUN, env=cloud.env)
    terminal = rcli(*RUN, "--progress", "none", env=cloud.env, terminal=True)

    assert (pipe, told(pipe)) == ("", ("", 0))
    assert terminal == ""
    assert "the model gave no output\n" in terminal.stderr


def test_managed_files_are_their_owners_alone_and_others_follow_the_umask(
    rcli: Run, home: Path, tmp_path: Path, cloud: Cloud
) -> None:
    cloud.has_model(FILES)
    cloud.creates(prediction("starting"), prediction("succeeded", output=[cloud.offers("out-0.png")]))
    usual = tmp_path / "usual"
    usual.touch()

    rcli(*RUN, env=cloud.env)
    rcli(*RUN, "--output-dir", "mine", env=cloud.env)
    rcli(*RUN, env=cloud.env | {"RCLI_HOME": str(tmp_path / "new")})

    folder = managed(home)
    assert (mode(folder), mode(folder.parent), mode(folder / "out-0.png")) == (0o700, 0o700, 0o600)
    assert mode(tmp_path / "mine" / "out-0.png") == mode(usual)
    assert mode(tmp_path / "new") == 0o700


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_in_a_download_over_several_connections_leaves_what_the_next_one_goes_on_with(
    shell: Shell, cloud: Cloud, number: signal.Signals
) -> None:
    going_on, asked = Event(), Event()
    content = bytes(SMALLEST)
    whole = {"Content-Type": "application/octet-stream", "ETag": '"v1"', "Accept-Ranges": "bytes"}

    def silent_after_the_first(request: Recorded) -> Answer:
        if not request.headers["Range"]:
            return Answer(200, content, whole)
        asked.set()
        assert going_on.wait(PATIENCE)
        begin, end = map(int, request.headers["Range"].removeprefix("bytes=").split("-"))
        span = {"Content-Range": f"bytes {begin}-{end}/{len(content)}"}
        return Answer(206, content[begin : end + 1], whole | span)

    cloud.has_model(FILES)
    cloud.delivery.answer("GET /pbxt/out.bin", silent_after_the_first)
    url = f"{cloud.delivery.url}/pbxt/out.bin"
    cloud.creates(prediction("starting"), prediction("succeeded", output=[url]))
    process = shell.start(*RUN, "--output-dir", "mine", "--progress", "plain", env=cloud.env)
    try:
        process.says("saving")
        assert asked.wait(PATIENCE)
        process.signal(number)
        exit_code = process.end()
    finally:
        going_on.set()

    assert exit_code == 128 + number
    assert process.stderr.endswith(
        f"prediction {ID} has succeeded: rcli predictions watch {ID} --output-dir mine saves its output\n"
    )
    assert [path.name for path in (shell.cwd / "mine").glob("[!.]*")] == []
    cloud.delivery.requests.clear()
    watched = shell.run("predictions", "watch", ID, "--output-dir", "mine", env=cloud.env)
    assert watched == f"{shell.cwd / 'mine' / 'out.bin'}\n"
    assert (shell.cwd / "mine" / "out.bin").read_bytes() == content
    assert [path.name for path in (shell.cwd / "mine").iterdir()] == ["out.bin"]


# versions by their ids


def test_an_unknown_version_is_not_found(warm_rcli: Run) -> None:
    ran = warm_rcli("run", UNKNOWN, "text=x", "--host", "local")
    shown = warm_rcli("models", "schema", UNKNOWN)

    assert (ran, told(ran)) == ("", (shown.stderr, 1))
    assert shown.stderr == (
        f"error: there is no version {UNKNOWN} on local\nhint: rcli models list --host local\n"
    )


def test_the_inputs_of_a_version_on_this_machine_are_typed(warm_rcli: Run) -> None:
    model = json.loads(warm_rcli("models", "show", "rcli/smollm2", "--json"))
    id = model["latest_version"]["id"]

    schema = warm_rcli("models", "schema", id)
    refused = warm_rcli("run", id, "prompt=x", "max_tokens=many")

    assert schema == warm_rcli("models", "schema", "rcli/smollm2")
    assert refused.exit_code == UsageError.exit_code
    assert "max_tokens" in refused.stderr


def test_a_version_of_the_cloud_that_is_unknown_is_not_found(rcli: Run, cloud: Cloud) -> None:
    said = "The specified version does not exist (or perhaps you don't have permission to use it?)"
    answer = problem(422, title="Invalid version or not permitted", detail=said)
    cloud.api.answer("POST /v1/predictions", answer)

    ran = rcli("run", VERSION, "prompt=x", env=cloud.env)
    shown = rcli("models", "schema", VERSION, env=cloud.env)

    assert told(ran) == (f"error: {said}\nhint: rcli models list --host replicate\n", 1)
    assert (shown, shown.exit_code) == ("", 1)
    assert f"owner/name:{VERSION}" in shown.stderr


# questions


def test_on_a_terminal_a_missing_model_is_chosen(warm_shell: Shell) -> None:
    session = warm_shell.terminal("run", "text=x", columns=120, env={"NO_COLOR": "1"})
    session.shows("Model:", "local:rcli/hello")
    session.press("rcli/hello")
    session.until(lambda screen: "local:rcli/smollm2" not in screen)
    session.press("\r")

    assert session.end() == 0
    assert "hello x" in session.text


def test_without_questions_a_missing_model_is_an_error(warm_shell: Shell) -> None:
    session = warm_shell.terminal("run", "--no-input")

    assert session.end() == 2
    assert "no model is named" in session.text


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_leaving_a_question_is_quiet(shell: Shell, key: str) -> None:
    session = shell.terminal("auth", "login", columns=120)
    session.shows("Token for replicate:")
    session.press(key)

    assert session.end() == 130
    assert "Traceback" not in session.text
    assert "Abort" not in session.text


# words


def test_no_id_at_all_is_refused(rcli: Run) -> None:
    assert told(rcli("predictions", "show", "")) == (
        "error: no prediction is named\nhint: rcli predictions list\n",
        2,
    )


@pytest.mark.parametrize("words", [[], ["run"], ["predictions", "watch"]])
def test_help_is_a_word_too(rcli: Run, words: list[str]) -> None:
    asked = rcli("help", *words)

    assert (asked, asked.exit_code) == (rcli(*words, "--help"), 0)
    assert asked.startswith("Usage: rcli")


def test_the_exports_of_a_server_work_elsewhere(shell: Shell) -> None:
    server = shell.start("serve", "--port", "0")
    server.says("REPLICATE_API_TOKEN")
    (line,) = [line for line in server.stderr.splitlines() if "REPLICATE_API_TOKEN=" in line]

    folder = shlex.quote(str(shell.home / "rcli"))
    assert line == f'export REPLICATE_API_TOKEN="$(RCLI_HOME={folder} rcli auth token --host local)"'
