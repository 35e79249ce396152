"""``rcli predictions download`` and ``open``: outputs that are fetched, and looked at, later."""

from __future__ import annotations

import io
import json
import signal
import stat
from pathlib import Path
from threading import Event

import pytest
from PIL import Image

from rcli.records import Json
from tests.cli.conftest import PROJECTS, Shell
from tests.cloud import FILES, ID, PNG, RUN, TEXT, Cloud, cloud, managed, prediction, told
from tests.conftest import Run, environment
from tests.processes import PATIENCE, Process, command
from tests.recording_server import Answer, Recorded, json_answer, page, problem

__all__ = ["cloud"]

DOWNLOAD = ("predictions", "download", "last")


def detached(rcli: Run, cloud: Cloud, ended: Json, output: Json = FILES) -> None:
    """A prediction that was left running, and has ended since."""
    cloud.has_model(output)
    cloud.creates(prediction("starting"), ended)
    rcli(*RUN, "--detach", env=cloud.env)


def picture() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(made, "PNG")
    return made.getvalue()


def origin(path: Path) -> Json:
    """What a picture tells of where it came from."""
    with Image.open(path) as picture:
        told: Json = json.loads(picture.info["rcli"])
    return told


def browser(folder: Path) -> tuple[dict[str, str], Path]:
    """A browser that writes down what it is to open."""
    opened, program = folder / "opened.txt", folder / "browser"
    program.write_text(f'#!/bin/sh\nprintf "%s" "$1" > {opened}\n')
    program.chmod(0o755)
    return {"BROWSER": str(program)}, opened


# download


def test_the_output_of_what_was_left_running_is_saved(rcli: Run, home: Path, cloud: Cloud) -> None:
    detached(rcli, cloud, prediction("succeeded", output=[cloud.offers("out-0.png"), cloud.offers("b.png")]))

    saved = rcli(*DOWNLOAD, env=cloud.env)

    paths = [managed(home) / "out-0.png", managed(home) / "b.png"]
    assert (saved, saved.exit_code) == ("".join(f"{path}\n" for path in paths), 0)
    assert [path.read_bytes() for path in paths] == [PNG, PNG]
    assert stat.S_IMODE(managed(home).stat().st_mode) == 0o700
    assert json.loads((managed(home) / "prediction.json").read_text())["id"] == ID


def test_what_is_there_already_is_not_fetched_again(rcli: Run, home: Path, cloud: Cloud) -> None:
    detached(rcli, cloud, prediction("succeeded", output=[cloud.offers("out-0.png")]))
    rcli(*DOWNLOAD, env=cloud.env)
    cloud.api.requests.clear()

    again = rcli(*DOWNLOAD, env=cloud.env)

    assert (again, again.exit_code) == (f"{managed(home) / 'out-0.png'}\n", 0)
    assert cloud.api.requests == []
    assert len(cloud.delivery.requests) == 1


@pytest.mark.parametrize("kept", ["on", "off"])
def test_what_run_has_saved_is_there_already(rcli: Run, home: Path, cloud: Cloud, kept: str) -> None:
    rcli("config", "set", "library", kept)
    cloud.has_model(FILES)
    cloud.creates(prediction("succeeded", output=[cloud.offers("out-0.png")]))
    ran = rcli(*RUN, env=cloud.env)

    again = rcli(*DOWNLOAD, env=cloud.env)

    assert again == ran == f"{managed(home) / 'out-0.png'}\n"
    assert len(cloud.delivery.requests) == 1


def test_what_was_deleted_here_is_fetched_again(rcli: Run, home: Path, cloud: Cloud) -> None:
    detached(rcli, cloud, prediction("succeeded", output=[cloud.offers("out-0.png")]))
    rcli(*DOWNLOAD, env=cloud.env)
    (managed(home) / "out-0.png").unlink()

    again = rcli(*DOWNLOAD, env=cloud.env)

    assert (again, again.exit_code) == (f"{managed(home) / 'out-0.png'}\n", 0)
    assert (managed(home) / "out-0.png").read_bytes() == PNG


def test_it_goes_where_it_is_to_go(rcli: Run, cloud: Cloud, tmp_path: Path) -> None:
    detached(rcli, cloud, prediction("succeeded", output=[cloud.offers("out-0.png")]))

    one = rcli(*DOWNLOAD, "-o", "cat.png", env=cloud.env)
    folder = rcli(*DOWNLOAD, "--output-dir", "cats", env=cloud.env)

    assert (one, folder) == (f"{tmp_path}/cat.png\n", f"{tmp_path}/cats/out-0.png\n")
    assert (tmp_path / "cat.png").read_bytes() == (tmp_path / "cats/out-0.png").read_bytes() == PNG


def test_nothing_is_overwritten(rcli: Run, cloud: Cloud, tmp_path: Path) -> None:
    detached(rcli, cloud, prediction("succeeded", output=[cloud.offers("out-0.png")]))
    (tmp_path / "cat.png").write_text("mine")

    refused = rcli(*DOWNLOAD, "-o", "cat.png", env=cloud.env)

    assert refused.exit_code == 2
    assert (tmp_path / "cat.png").read_text() == "mine"


def test_a_text_becomes_a_file(rcli: Run, home: Path, cloud: Cloud) -> None:
    detached(rcli, cloud, prediction("succeeded", output="a \x1b[31mcat\r\n"), TEXT)

    saved = rcli(*DOWNLOAD, env=cloud.env)
    again = rcli(*DOWNLOAD, env=cloud.env)

    assert saved == again == f"{managed(home) / 'output.txt'}\n"
    assert (managed(home) / "output.txt").read_bytes() == b"a \x1b[31mcat\r\n"


def test_json_becomes_a_file(rcli: Run, home: Path, cloud: Cloud) -> None:
    detached(rcli, cloud, prediction("succeeded", output={"cats": 2}), {"type": "object"})

    saved = rcli(*DOWNLOAD, env=cloud.env)

    assert saved == f"{managed(home) / 'output.json'}\n"
    assert json.loads((managed(home) / "output.json").read_text()) == {"cats": 2}


def test_with_json_the_paths_are_on_stderr(rcli: Run, home: Path, cloud: Cloud) -> None:
    ended = prediction("succeeded", output=[cloud.offers("out-0.png")], unknown={"key": 1})
    detached(rcli, cloud, ended)

    saved = rcli(*DOWNLOAD, "--json", env=cloud.env)

    assert json.loads(saved) == ended
    assert saved.stderr == f"{managed(home) / 'out-0.png'}\n"


def test_what_runs_has_no_output_yet(rcli: Run, cloud: Cloud) -> None:
    detached(rcli, cloud, prediction("processing", output=["https://example.com/half.png"]))

    refused = rcli(*DOWNLOAD, env=cloud.env)

    assert told(refused) == (
        f"error: prediction {ID} has not ended: it is processing\nhint: rcli predictions watch {ID}\n",
        1,
    )


def test_a_failure_has_none_either(rcli: Run, cloud: Cloud) -> None:
    detached(rcli, cloud, prediction("failed", error="no luck", logs=None))

    refused = rcli(*DOWNLOAD, env=cloud.env)

    assert told(refused) == (f"error: prediction {ID} failed: no luck\n", 3)


def test_what_was_removed_is_told_with_what_is_left(rcli: Run, cloud: Cloud) -> None:
    detached(rcli, cloud, prediction("succeeded", input={}, output=None, data_removed=True))

    refused = rcli(*DOWNLOAD, env=cloud.env)

    assert told(refused) == (
        f"error: the service has removed the output of prediction {ID}\n"
        f"hint: rcli library show {ID} tells what was kept of it\n",
        1,
    )


def test_where_a_copy_of_what_was_removed_is(rcli: Run, home: Path, cloud: Cloud) -> None:
    detached(rcli, cloud, prediction("succeeded", output=[cloud.offers("out-0.png")]))
    rcli(*DOWNLOAD, env=cloud.env)
    removed = prediction("succeeded", input={}, output=None, data_removed=True)
    cloud.api.answer(f"GET /v1/predictions/{ID}", json_answer(removed))

    refused = rcli(*DOWNLOAD, "-o", "cat.png", env=cloud.env)

    assert refused.exit_code == 1
    assert f"it was saved as {managed(home) / 'out-0.png'}" in refused.stderr


def test_what_the_service_does_not_know_any_more_is_in_the_library(rcli: Run, cloud: Cloud) -> None:
    detached(rcli, cloud, prediction("succeeded", output=[cloud.offers("out-0.png")]))
    cloud.api.answer(f"GET /v1/predictions/{ID}", problem(404, detail="gone", status=404))

    refused = rcli(*DOWNLOAD, env=cloud.env)

    assert told(refused) == (
        f"error: replicate does not know prediction {ID} any more\n"
        f"hint: rcli library show {ID} tells what was kept of it\n",
        1,
    )


def test_a_page_is_no_picture(rcli: Run, home: Path, cloud: Cloud) -> None:
    url = cloud.offers("out-0.png")
    cloud.delivery.answer("GET /pbxt/out-0.png", page())
    detached(rcli, cloud, prediction("succeeded", output=[url]))

    refused = rcli(*DOWNLOAD, env=cloud.env)

    assert (refused, refused.exit_code) == ("", 5)
    assert not managed(home).exists()


def test_a_person_sees_where_it_is(warm_shell: Shell) -> None:
    warm_shell.run("run", str(PROJECTS / "pieces"), "names=a.txt", "--detach")
    warm_shell.run("predictions", "wait", "last")

    session = warm_shell.terminal("predictions", "download", "last", columns=200)

    assert session.end() == 0
    assert session.lines[0].endswith("/a.txt")
    again = warm_shell.terminal("predictions", "download", "last", columns=200)
    assert again.end() == 0
    assert again.lines[0] == "saved already:"


# open


def test_a_page_is_opened_in_the_browser(rcli: Run, home: Path, cloud: Cloud, tmp_path: Path) -> None:
    detached(rcli, cloud, prediction("succeeded"))
    variables, opened = browser(tmp_path)

    process = Process(
        command("predictions", "open", "last"), environment(home) | cloud.env | variables, tmp_path
    )

    assert (process.end(), process.stdout) == (0, b"")
    assert opened.read_text() == f"https://replicate.com/p/{ID}"


def test_without_a_browser_its_address_is_printed(rcli: Run, cloud: Cloud) -> None:
    detached(rcli, cloud, prediction("succeeded"))

    opened = rcli("predictions", "open", "last", env=cloud.env)

    assert (opened, opened.exit_code) == (f"https://replicate.com/p/{ID}\n", 0)


@pytest.mark.parametrize("address", ["file:///etc/passwd", "javascript:alert(1)", "--profile=/tmp/x"])
def test_what_is_no_web_address_is_never_opened(
    rcli: Run, home: Path, cloud: Cloud, tmp_path: Path, address: str
) -> None:
    detached(rcli, cloud, prediction("succeeded", urls={"web": address}))
    variables, opened = browser(tmp_path)

    process = Process(
        command("predictions", "open", "last"), environment(home) | cloud.env | variables, tmp_path
    )

    assert (process.end(), process.stdout.decode()) == (0, f"{address}\n")
    assert not opened.exists()


def test_here_the_files_are_the_page(warm_shell: Shell) -> None:
    saved = warm_shell.run("run", str(PROJECTS / "pieces"), "names=a.txt")

    assert warm_shell.run("predictions", "open", "last") == saved


def test_a_prediction_of_this_machine_without_files_has_an_address(warm_shell: Shell) -> None:
    warm_shell.run("run", str(PROJECTS / "fails"))

    opened = warm_shell.run("predictions", "open", "last")

    assert opened == warm_shell.prediction()["urls"]["get"] + "\n"


def test_a_download_that_breaks_off_leaves_nothing(rcli: Run, home: Path, cloud: Cloud) -> None:
    url = cloud.offers("out-0.png")
    cloud.delivery.answer("GET /pbxt/out-0.png", Answer(200, b"half", declared=9000))
    detached(rcli, cloud, prediction("succeeded", output=[url]))

    broken = rcli(*DOWNLOAD, env=cloud.env)

    assert broken.exit_code == 5
    assert f"rcli predictions watch {ID}" in broken.stderr
    assert not managed(home).exists()


# names, provenance, pictures


def test_files_are_named_and_told_where_they_came_from(rcli: Run, cloud: Cloud, tmp_path: Path) -> None:
    files = [cloud.offers("out-0.png", picture()), cloud.offers("b.png", picture())]
    detached(rcli, cloud, prediction("succeeded", output=files))

    saved = rcli(
        *DOWNLOAD, "--output-dir", "cats", "--name", "{name}-{n}{ext}", "--provenance", env=cloud.env
    )

    paths = [tmp_path / "cats" / f"sdxl-{number}.png" for number in (0, 1)]
    assert (saved, saved.exit_code) == ("".join(f"{path}\n" for path in paths), 0)
    assert [origin(path)["id"] for path in paths] == [ID, ID]


def test_in_the_managed_folder_too(rcli: Run, home: Path, cloud: Cloud) -> None:
    detached(rcli, cloud, prediction("succeeded", output=[cloud.offers("out-0.png")]))

    saved = rcli(*DOWNLOAD, "--name", "cat{ext}", env=cloud.env)
    again = rcli(*DOWNLOAD, "--name", "dog{ext}", env=cloud.env)
    told_again = rcli(*DOWNLOAD, "--name", "dog{ext}", "--progress", "none", env=cloud.env, terminal=True)

    assert saved == again == f"{managed(home) / 'cat.png'}\n"
    assert "saved already as it is (--output-dir FOLDER saves it anew):" in told_again.stderr


def test_a_name_and_a_target_are_one_too_many(rcli: Run, cloud: Cloud) -> None:
    refused = rcli(*DOWNLOAD, "-o", "x.png", "--name", "y{ext}", env=cloud.env)

    assert told(refused) == (
        "error: --name and -o both name the file\nhint: --name goes with --output-dir\n",
        2,
    )


def test_the_first_file_is_opened(rcli: Run, home: Path, cloud: Cloud, tmp_path: Path) -> None:
    detached(rcli, cloud, prediction("succeeded", output=[cloud.offers("out-0.png")]))

    process = Process(command(*DOWNLOAD, "--open"), environment(home) | cloud.env, tmp_path)

    assert process.end() == 0
    assert process.stderr == f"warning: --open: there is nothing here that shows {managed(home)}/out-0.png\n"


# going on


@pytest.mark.parametrize("target", [[], ["-o", "out.bin"], ["--output-dir", "mine"]])
def test_what_ctrl_c_left_is_gone_on_with(shell: Shell, cloud: Cloud, target: list[str]) -> None:
    process: Process
    going_on = Event()
    content = bytes(range(256)) * (3 << 12)
    half = len(content) // 2
    whole = {"Content-Type": "application/octet-stream", "ETag": '"v1"', "Accept-Ranges": "bytes"}

    def silent(request: Recorded) -> Answer:
        process.signal(signal.SIGINT)
        going_on.wait(PATIENCE)
        return rest(request)

    def rest(request: Recorded) -> Answer:
        begin = int(request.headers["Range"].removeprefix("bytes=").partition("-")[0])
        span = {"Content-Range": f"bytes {begin}-{len(content) - 1}/{len(content)}"}
        return Answer(206, content[begin:], whole | span)

    broken = Answer(200, content[:half], whole, declared=len(content))
    cloud.delivery.answer("GET /pbxt/out.bin", broken, silent, rest)
    detached(shell.run, cloud, prediction("succeeded", output=[f"{cloud.delivery.url}/pbxt/out.bin"]))
    process = shell.start(*DOWNLOAD, *target, env=cloud.env)
    try:
        code = process.end()
    finally:
        going_on.set()

    saved = shell.run(*DOWNLOAD, *target, env=cloud.env)

    assert code == 130
    assert "rcli predictions watch" in process.stderr
    assert Path(saved.strip()).read_bytes() == content
    assert cloud.delivery.requests[-1].headers["Range"] == f"bytes={half}-{len(content) - 1}"
    assert [path.name for path in Path(saved.strip()).parent.glob(".*.part*")] == []
