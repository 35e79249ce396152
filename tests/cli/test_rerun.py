"""``rcli predictions rerun``: the same once more, from the service or from the library."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rcli.records import Json
from tests.cli.conftest import PROJECTS, Shell
from tests.cloud import ID, VERSION, Cloud, cloud, prediction, told
from tests.conftest import Result, Run, environment
from tests.processes import command
from tests.recording_server import Answer, json_answer, problem
from tests.terminal import TerminalSession

__all__ = ["cloud"]

RERUN = ("predictions", "rerun", "last")
FILE: Json = {"type": "string", "format": "uri"}
SECRET: Json = {"type": "string", "format": "password", "x-cog-secret": True}
INPUTS: dict[str, Json] = {
    "prompt": {"type": "string"},
    "image": FILE,
    "more": {"type": "array", "items": FILE},
    "token": SECRET,
}
REMOVED = prediction("succeeded", input={}, output=None, data_removed=True)
DONE = prediction("succeeded", output="a cat")


def first_run(rcli: Run, cloud: Cloud, *words: str, then: Json | Answer = REMOVED) -> None:
    """A run with these inputs; afterwards the service says ``then`` of it."""
    cloud.has_model(inputs=INPUTS)
    cloud.creates(prediction("succeeded", output="a cat"))
    ran = rcli("run", "stability-ai/sdxl", *words, env=cloud.env)
    assert ran.exit_code == 0, ran.stderr
    cloud.creates(prediction("succeeded", id="again", output="a cat"))
    answer = json_answer(then) if isinstance(then, dict) else then
    cloud.api.answer(f"GET /v1/predictions/{ID}", answer)
    cloud.api.answer("GET /v1/predictions/again", json_answer(DONE | {"id": "again"}))


def sent(cloud: Cloud) -> Json:
    """The inputs of the last creation."""
    body: Json = cloud.api.asked("POST /v1/predictions")[-1].json
    inputs: Json = body["input"]
    return inputs | {"version": body["version"]}


def uploads(cloud: Cloud, alive: bool = True) -> str:
    """Where an upload goes; whether it is there later."""
    url = f"{cloud.api.url}/v1/files/f1/download"
    cloud.api.answer("POST /v1/files", json_answer({"id": "f1", "size": 3, "urls": {"get": url}}, 201))
    cloud.api.answer(
        "GET /v1/files/f1/download", Answer(206, b"x") if alive else problem(404, detail="it expired")
    )
    return url


def large(folder: Path, letter: bytes = b"x") -> Path:
    file = folder / "large.bin"
    file.write_bytes(letter * 300_000)
    return file


# on this machine


def test_the_same_again(warm_shell: Shell) -> None:
    warm_shell.run("run", "rcli/hello", "text=one")
    first = warm_shell.prediction()

    again = warm_shell.run(*RERUN)

    second = warm_shell.prediction()
    assert (again, again.exit_code) == ("hello one", 0)
    assert second["id"] != first["id"]
    assert (second["version"], second["input"]) == (first["version"], first["input"])


def test_with_something_changed(warm_shell: Shell) -> None:
    warm_shell.run("run", "rcli/hello", "text=one")

    assert warm_shell.run(*RERUN, "-i", "text=two") == "hello two"
    assert warm_shell.run(*RERUN, "text=three") == "hello three"


def test_the_same_version_runs_though_the_folder_has_changed(warm_shell: Shell) -> None:
    project = warm_shell.cwd / "model"
    project.mkdir()
    (project / "cog.yaml").write_text('run: "run.py:Runner"\n')
    source = "from cog import BaseRunner\nclass Runner(BaseRunner):\n    def run(self) -> str: return '{}'\n"
    (project / "run.py").write_text(source.format("old"))
    warm_shell.run("run", "./model")
    (project / "run.py").write_text(source.format("new"))

    assert warm_shell.run(*RERUN) == "old"
    assert warm_shell.run("run", "./model") == "new"


def test_files_go_along_again(warm_shell: Shell) -> None:
    small = warm_shell.cwd / "small.txt"
    small.write_text("small")
    words = [f"one=@{small}", f"many=@{large(warm_shell.cwd)}", f"many=@{small}"]
    first = warm_shell.run("run", str(PROJECTS / "files"), *words)
    small.unlink()

    again = warm_shell.run(*RERUN)
    changed = warm_shell.run(*RERUN, "-i", 'one:="data:,other"')

    assert (again, again.exit_code) == (first, 0)
    assert json.loads(changed) == ["other", *json.loads(first)[1:]]


def test_it_can_be_left_running(warm_shell: Shell) -> None:
    warm_shell.run("run", "rcli/hello", "text=one")

    id = warm_shell.run(*RERUN, "--detach").strip()

    assert warm_shell.watch(id) == "hello one"


def test_its_output_is_treated_as_run_treats_it(warm_shell: Shell) -> None:
    warm_shell.run("run", str(PROJECTS / "pieces"), "names=a.txt")

    again = warm_shell.run(*RERUN, "--output-dir", "mine", "--name", "{name}-{stem}{ext}", "--logs")

    assert (again, again.exit_code) == (f"{warm_shell.cwd}/mine/pieces-a.txt\n", 0)


def test_a_person_sees_what_runs(warm_shell: Shell) -> None:
    warm_shell.run("run", "rcli/hello", "text=one")

    session = warm_shell.terminal(*RERUN, "-i", "text=two")

    assert session.end() == 0
    assert session.lines[0].startswith("local · rcli/hello:")
    assert "hello two" in session.lines


# in the cloud


def test_inputs_come_from_the_service(rcli: Run, cloud: Cloud) -> None:
    first_run(rcli, cloud, "prompt=a cat", then=prediction("succeeded", input={"prompt": "theirs"}))

    ran = rcli(*RERUN, env=cloud.env)

    assert (ran, ran.exit_code) == ("a cat", 0)
    assert sent(cloud) == {"prompt": "theirs", "version": VERSION}


@pytest.mark.parametrize("forgotten", [REMOVED, problem(404, detail="no such prediction", status=404)])
def test_inputs_come_from_the_library_when_the_service_has_forgotten(
    rcli: Run, cloud: Cloud, forgotten: Json | Answer
) -> None:
    first_run(rcli, cloud, "prompt=a cat", "more=https://example.com/a.png", then=forgotten)

    ran = rcli(*RERUN, "-i", "prompt=a dog", env=cloud.env)

    assert (ran, ran.exit_code) == ("a cat", 0)
    assert sent(cloud) == {"prompt": "a dog", "more": ["https://example.com/a.png"], "version": VERSION}


def test_an_upload_that_is_still_there_is_used_again(rcli: Run, cloud: Cloud, tmp_path: Path) -> None:
    url = uploads(cloud)
    first_run(rcli, cloud, f"image=@{large(tmp_path)}")

    ran = rcli(*RERUN, env=cloud.env)

    assert ran.exit_code == 0
    assert sent(cloud)["image"] == url
    assert len(cloud.api.asked("POST /v1/files")) == 1


def test_an_upload_that_has_expired_is_sent_again(rcli: Run, cloud: Cloud, tmp_path: Path) -> None:
    uploads(cloud)
    first_run(rcli, cloud, f"image=@{large(tmp_path)}", "more=data:,one", f"more=@{large(tmp_path)}")
    uploads(cloud, alive=False)

    ran = rcli(*RERUN, env=cloud.env)

    assert ran.exit_code == 0
    assert sent(cloud)["more"] == ["data:,one", sent(cloud)["image"]]
    assert len(cloud.api.asked("POST /v1/files")) == 2


def test_a_rerun_of_a_rerun_still_knows_the_file(rcli: Run, cloud: Cloud, tmp_path: Path) -> None:
    uploads(cloud)
    first_run(rcli, cloud, f"image=@{large(tmp_path)}")
    rcli(*RERUN, env=cloud.env)
    uploads(cloud, alive=False)
    cloud.api.answer("GET /v1/predictions/again", json_answer(REMOVED | {"id": "again"}))

    ran = rcli("predictions", "rerun", "again", "--detach", env=cloud.env)

    assert (ran, ran.exit_code) == ("again\n", 0)
    assert len(cloud.api.asked("POST /v1/files")) == 2


def test_a_file_that_has_changed_is_not_taken_for_the_same(rcli: Run, cloud: Cloud, tmp_path: Path) -> None:
    uploads(cloud)
    file = large(tmp_path)
    first_run(rcli, cloud, f"image=@{file}")
    uploads(cloud, alive=False)
    large(tmp_path, b"y")

    ran = rcli(*RERUN, env=cloud.env)

    assert told(ran) == (
        f"error: image: the service has lost it, and {file} has changed since\nhint: -i image=@FILE\n",
        2,
    )
    assert len(cloud.api.asked("POST /v1/predictions")) == 1


def test_a_file_that_is_gone_is_named(rcli: Run, cloud: Cloud, tmp_path: Path) -> None:
    file = tmp_path / "small.txt"
    file.write_text("small")
    first_run(rcli, cloud, f"more=@{file}")
    file.unlink()

    ran = rcli(*RERUN, env=cloud.env)

    assert ran.exit_code == 2
    assert ran.stderr.startswith(f"error: more: the service has lost it, and {file} is not there any more\n")


def test_another_prediction_s_output_that_is_gone_is_named(rcli: Run, cloud: Cloud) -> None:
    url = f"{cloud.api.url}/outputs/gone.png"
    first_run(rcli, cloud, f"image={url}")

    ran = rcli(*RERUN, env=cloud.env)

    assert told(ran) == (
        "error: image: the file that it was is not there any more\nhint: -i image=@FILE\n",
        2,
    )


def test_a_text_that_looks_like_a_file_is_left_alone(rcli: Run, cloud: Cloud) -> None:
    text = f"{cloud.api.url}/outputs/gone.png"
    first_run(rcli, cloud, f"prompt={text}")

    ran = rcli(*RERUN, env=cloud.env)

    assert ran.exit_code == 0
    assert sent(cloud)["prompt"] == text
    assert cloud.api.asked("GET /outputs/gone.png") == []


def test_secrets_are_stored_nowhere_and_have_to_be_given_again(rcli: Run, cloud: Cloud, home: Path) -> None:
    masked = prediction("succeeded", input={"prompt": "a cat", "token": "[REDACTED]"})
    first_run(rcli, cloud, "prompt=a cat", "token=hunter2", then=masked)

    without = rcli(*RERUN, env=cloud.env)
    with_it = rcli(*RERUN, "-i", "token=hunter3", env=cloud.env)

    assert told(without) == (
        "error: token: secret inputs are stored nowhere, and have to be given again\nhint: -i token=…\n",
        2,
    )
    assert with_it.exit_code == 0
    assert sent(cloud) == {"prompt": "a cat", "token": "hunter3", "version": VERSION}
    kept = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert b"hunter" not in kept


def test_a_person_is_asked_for_secrets(rcli: Run, cloud: Cloud, home: Path, tmp_path: Path) -> None:
    first_run(rcli, cloud, "prompt=a cat", "token=hunter2")
    session = TerminalSession(command(*RERUN), environment(home) | cloud.env, tmp_path)
    session.shows("token:")
    session.press("hunter4\r")

    assert session.end() == 0
    assert sent(cloud)["token"] == "hunter4"
    assert "hunter4" not in session.text


def test_when_nobody_has_the_inputs_that_is_said(rcli: Run, cloud: Cloud) -> None:
    rcli("library", "off")
    first_run(rcli, cloud, "prompt=a cat")

    ran = rcli(*RERUN, env=cloud.env)

    assert ran.exit_code == 1
    assert ran.stderr.startswith(f"error: nobody has the inputs of prediction {ID} any more")


def test_a_hostile_service_reads_no_file_here(rcli: Run, cloud: Cloud, tmp_path: Path) -> None:
    (tmp_path / "private.txt").write_text("private")
    asked = {"prompt": "@private.txt", "image": "@private.txt"}
    first_run(rcli, cloud, "prompt=a cat", then=prediction("succeeded", input=asked))

    refused = rcli(*RERUN, env=cloud.env)
    ran = rcli(*RERUN, "-i", "image=data:,x", env=cloud.env)

    assert refused.exit_code == 2
    assert "image: '@private.txt' is not a URL" in refused.stderr
    assert ran.exit_code == 0
    assert sent(cloud)["prompt"] == "@private.txt"


def test_an_official_model_takes_its_own_route(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model(inputs=INPUTS, is_official=True)
    route = "POST /v1/models/stability-ai/sdxl/predictions"
    cloud.creates(prediction("succeeded", output="a cat", version="hidden"), route=route)
    rcli("run", "stability-ai/sdxl", "prompt=a cat", env=cloud.env)

    ran = rcli(*RERUN, env=cloud.env)

    assert (ran, ran.exit_code) == ("a cat", 0)
    assert len(cloud.api.asked(route)) == 2


def test_a_deployment_s_prediction_goes_to_the_deployment(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model(inputs=INPUTS)
    release = {"model": "stability-ai/sdxl", "version": VERSION}
    found = {"owner": "acme", "name": "pictures", "current_release": release}
    cloud.api.answer("GET /v1/deployments/acme/pictures", json_answer(found))
    route = "POST /v1/deployments/acme/pictures/predictions"
    cloud.creates(DONE | {"deployment": "acme/pictures"}, route=route)

    ran = rcli("predictions", "rerun", ID, "--host", "replicate", env=cloud.env)

    assert (ran, ran.exit_code) == ("a cat", 0)
    assert cloud.api.asked(route)[0].json == {"input": {"prompt": "a cat"}}


def test_an_unknown_id_is_an_error(rcli: Run, cloud: Cloud) -> None:
    ran: Result = rcli("predictions", "rerun", "nosuchid", "--host", "replicate", env=cloud.env)

    assert told(ran) == (
        "error: there is no prediction nosuchid on replicate\nhint: rcli predictions list --host replicate\n",
        1,
    )
