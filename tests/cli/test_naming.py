"""``--name``, ``--provenance`` and the text that a stream leaves: what is on the disk when a command ends."""

from __future__ import annotations

import io
import json
import stat
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import PROJECTS
from tests.cloud import (
    DONE,
    FILES,
    ID,
    PNG,
    RUN,
    TEXT_STREAM,
    Cloud,
    cloud,
    events,
    managed,
    prediction,
    told,
)
from tests.conftest import Run
from tests.recording_server import event_stream

__all__ = ["cloud"]

NESTED = {
    "type": "object",
    "properties": {"plan": {"type": "string", "format": "uri"}, "note": {"type": "string"}},
}


def picture(form: str = "PNG") -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 30, 30)).save(made, format=form)
    return made.getvalue()


@pytest.fixture
def two(cloud: Cloud) -> Cloud:
    """A model that made two pictures, one of which its address belies."""
    urls = [cloud.offers("out-0.png"), cloud.offers("out-1.png", picture("JPEG"))]
    cloud.has_model(FILES)
    cloud.creates(prediction("starting"), prediction("succeeded", output=urls))
    return cloud


# names


def test_files_are_called_what_the_template_says(rcli: Run, home: Path, two: Cloud) -> None:
    ran = rcli(*RUN, "--name", "{model}-{id}-{n}{ext}", env=two.env)

    paths = [managed(home) / f"stability-ai-sdxl-{ID}-{n}" for n in (0, 1)]
    assert (ran, told(ran)) == (f"{paths[0]}.png\n{paths[1]}.jpg\n", ("", 0))
    assert Path(f"{paths[0]}.png").read_bytes() == PNG
    assert Path(f"{paths[1]}.jpg").read_bytes() == picture("JPEG")


def test_a_template_without_a_number_still_makes_two_files(rcli: Run, tmp_path: Path, two: Cloud) -> None:
    ran = rcli(*RUN, "--name", "cat{ext}", "--output-dir", "cats", env=two.env)

    assert ran.splitlines() == [str(tmp_path / "cats" / "cat.png"), str(tmp_path / "cats" / "cat-1.jpg")]


def test_a_name_that_is_there_stays(rcli: Run, tmp_path: Path, two: Cloud) -> None:
    (tmp_path / "cat-0.png").write_text("mine")

    ran = rcli(*RUN, "--name", "cat-{n}{ext}", "--output-dir", ".", env=two.env)

    assert ran.splitlines() == [str(tmp_path / "cat-0-1.png"), str(tmp_path / "cat-1.jpg")]
    assert (tmp_path / "cat-0.png").read_text() == "mine"


def test_files_inside_an_object_are_named_and_their_paths_put_in(rcli: Run, home: Path, cloud: Cloud) -> None:
    cloud.has_model(NESTED)
    output = {"plan": cloud.offers("plan.png"), "note": "ok"}
    cloud.creates(prediction("starting"), prediction("succeeded", output=output))

    ran = rcli(*RUN, "--name", "{stem}-{id}{ext}", env=cloud.env)

    assert json.loads(ran) == {"plan": str(managed(home) / f"plan-{ID}.png"), "note": "ok"}


def test_data_uris_are_named_too(rcli: Run, home: Path, cloud: Cloud) -> None:
    cloud.has_model(FILES)
    uris = ["data:application/octet-stream;base64,iVBORw0KGgo=", "data:text/plain,hello%20world"]
    cloud.creates(prediction("starting"), prediction("succeeded", output=uris))

    ran = rcli(*RUN, env=cloud.env)

    assert [Path(line).name for line in ran.splitlines()] == ["output-0.png", "output-1.txt"]
    assert (managed(home) / "output-1.txt").read_text() == "hello world"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--name", "{modle}{ext}"], "--name '{modle}{ext}' has an unknown field 'modle'"),
        (["--name", "../{n}"], "--name takes the name of a file, not '../{n}'"),
        (["--name", "{n}", "-o", "a.png"], "--name and -o both name the file"),
    ],
)
def test_a_name_that_is_none_is_refused_before_anything_is_created(
    rcli: Run, two: Cloud, words: list[str], message: str
) -> None:
    ran = rcli(*RUN, *words, env=two.env)

    assert (ran, ran.exit_code) == ("", 2)
    assert ran.stderr.splitlines()[0] == f"error: {message}"
    assert two.api.requests == []


# provenance


def test_pictures_tell_where_they_came_from(rcli: Run, home: Path, cloud: Cloud) -> None:
    cloud.has_model(FILES)
    url = cloud.offers("out-0.png", picture())
    done = prediction("succeeded", output=[url], logs="Using seed: 4711\n", input={"prompt": "a cat"})
    cloud.creates(prediction("starting"), done)

    ran = rcli(*RUN, "--provenance", env=cloud.env)

    saved = managed(home) / "out-0.png"
    assert (ran, told(ran)) == (f"{saved}\n", ("", 0))
    with Image.open(saved) as opened:
        opened.load()
        origin = json.loads(opened.info["rcli"])
    assert (origin["id"], origin["seed"], origin["input"]) == (ID, 4711, {"prompt": "a cat"})
    (row,) = json.loads((managed(home) / "prediction.json").read_text())["files"]
    assert row["size"] == saved.stat().st_size > len(picture())


def test_a_picture_for_a_pipe_tells_it_too(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model(FILES)
    url = cloud.offers("out-0.png", picture())
    cloud.creates(prediction("starting"), prediction("succeeded", output=[url]))

    plain = rcli(*RUN, "-o", "-", env=cloud.env)
    telling = rcli(*RUN, "-o", "-", "--provenance", env=cloud.env)

    assert plain.data == picture()
    with Image.open(io.BytesIO(telling.data)) as opened:
        opened.load()
        assert json.loads(opened.info["rcli"])["id"] == ID


def test_a_picture_of_this_machine_tells_its_model(warm_rcli: Run, tmp_path: Path) -> None:
    (tmp_path / "in.png").write_bytes(picture())

    ran = warm_rcli("run", str(PROJECTS / "picture"), "image=@in.png", "-o", "out.png", "--provenance")

    assert told(ran) == ("", 0)
    with Image.open(tmp_path / "out.png") as opened:
        opened.load()
        origin = json.loads(opened.info["rcli"])
    assert (origin["model"], origin["host"]) == ("folder/picture", "local")
    assert "?" not in origin["input"]["image"]  # no signature leaves with the picture


# the text of a stream


def test_a_stream_s_text_is_saved_and_a_pipe_gets_nothing_else(rcli: Run, home: Path, cloud: Cloud) -> None:
    tokens = ["Grüße", "\r\n", "", " end"]
    cloud.has_model(TEXT_STREAM)
    urls = cloud.streams(events("Grüße") + DONE)
    cloud.creates(prediction("starting", urls=urls), prediction("succeeded", output=tokens))

    ran = rcli("stream", "stability-ai/sdxl", "prompt=x", env=cloud.env)

    saved = managed(home) / "output.txt"
    assert (ran.data, told(ran)) == ("".join(tokens).encode(), ("", 0))
    assert saved.read_bytes() == ran.data
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert json.loads((managed(home) / "prediction.json").read_text())["id"] == ID
    known = json.loads(rcli("library", "show", ID, "--json", env=cloud.env))
    assert [each["path"] for each in known["saved"]] == [str(saved)]


def test_a_stream_of_this_machine_is_saved(warm_rcli: Run, warm_home: Path) -> None:
    streamed = warm_rcli("stream", str(PROJECTS / "tokens"))

    id = json.loads(warm_rcli("predictions", "show", "last", "--json"))["id"]
    saved = warm_home / "rcli" / "config" / "outputs" / id / "output.txt"
    assert streamed.exit_code == 0
    assert saved.read_bytes() == streamed.data != b""


@pytest.mark.parametrize("command", ["run", "stream"])
def test_a_stream_that_breaks_is_saved_whole(rcli: Run, home: Path, cloud: Cloud, command: str) -> None:
    tokens = ["Why", " did", "\n\nthe ", "", "cat"]
    cloud.has_model(TEXT_STREAM)
    broken = event_stream(events(*tokens[:3]), hangs_up=True)
    urls = cloud.streams(broken, events(*tokens[1:], start=2) + DONE)
    cloud.creates(prediction("starting", urls=urls), prediction("succeeded", output=tokens))

    ran = rcli(command, "stability-ai/sdxl", "prompt=x", env=cloud.env)

    assert ran == "".join(tokens)
    saved = managed(home) / "output.txt"
    assert saved.read_text() == ran if command == "stream" else not saved.exists()


def test_a_person_is_told_where_a_stream_s_text_is(rcli: Run, home: Path, cloud: Cloud) -> None:
    cloud.has_model(TEXT_STREAM)
    cloud.creates(prediction("starting"), prediction("succeeded", output=["a", "b"]))

    ran = rcli("stream", "stability-ai/sdxl", "prompt=x", "--progress", "none", env=cloud.env, terminal=True)

    assert ran == "ab\n"
    assert f"saved as {managed(home) / 'output.txt'}" in ran.stderr


def test_without_the_library_a_stream_leaves_nothing(rcli: Run, home: Path, cloud: Cloud) -> None:
    cloud.has_model(TEXT_STREAM)
    cloud.creates(prediction("starting"), prediction("succeeded", output=["a", "b"]))
    rcli("config", "set", "library", "off")

    ran = rcli("stream", "stability-ai/sdxl", "prompt=x", env=cloud.env)

    assert (ran, told(ran)) == ("ab", ("", 0))
    assert not managed(home).exists()


def test_a_text_that_cannot_be_saved_is_no_failure(rcli: Run, home: Path, cloud: Cloud) -> None:
    cloud.has_model(TEXT_STREAM)
    cloud.creates(prediction("starting"), prediction("succeeded", output=["a", "b"]))
    managed(home).parent.parent.mkdir(parents=True)
    managed(home).parent.touch()

    ran = rcli("stream", "stability-ai/sdxl", "prompt=x", env=cloud.env)

    assert (ran, ran.exit_code) == ("ab", 0)
    assert ran.stderr.startswith(f"warning: cannot save in {managed(home)}: ")
