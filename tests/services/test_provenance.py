"""Where files came from: what is told, to whom, and that a picture stays what it is."""

from __future__ import annotations

import io
import json
import os
import stat
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin

from rcli import __version__
from rcli.api.client import Client
from rcli.records import Prediction
from rcli.services.results import provenance
from rcli.services.results.outputs import plan, save
from tests.recording_server import RecordingServer

ORIGIN = {"id": "p1", "input": {"prompt": "a “cat”"}}


def picture(form: str, **options: Any) -> bytes:
    made = io.BytesIO()
    colours = Image.linear_gradient("L").resize((40, 30)).convert("RGB")
    colours.save(made, format=form, **options)
    return made.getvalue()


def written(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "file"
    path.write_bytes(content)
    return path


def done(**keys: Any) -> Prediction:
    return Prediction.from_json({"id": "p1", "status": "succeeded", "model": "me/m"} | keys)


# what is told


def test_the_folder_tells_where_its_files_came_from_but_no_secrets(
    client: Client, service: RecordingServer, vector: Callable[[str], dict[str, Any]], tmp_path: Path
) -> None:
    document = vector("15-file-and-secret-inputs")
    prediction = done(
        version="v1",
        input={"negative": "https://x.y/a", "token": "hunter2", "keys": ["hunter2"], "lab_key": "hunter2"},
        metrics={"predict_time": 1.5},
        logs="Using seed: 4711\n",
        created_at="2024-01-01T00:00:00Z",
        started_at="2024-01-01T00:00:01Z",
        completed_at="2024-01-01T00:00:02Z",
        urls={"web": "https://replicate.com/p/p1"},
    )
    result = plan([service.serves("/out.png", b"png", "image/png")], document, client.host.url)

    save(client, result, tmp_path, origin=provenance.told(prediction, "local", document))

    assert json.loads((tmp_path / "prediction.json").read_text()) == {
        "id": "p1",
        "host": "local",
        "model": "me/m",
        "version": "v1",
        "created_at": "2024-01-01T00:00:00Z",
        "started_at": "2024-01-01T00:00:01Z",
        "completed_at": "2024-01-01T00:00:02Z",
        "input": {"negative": "https://x.y/a"},
        "seed": 4711,
        "metrics": {"predict_time": 1.5},
        "web": "https://replicate.com/p/p1",
        "rcli": __version__,
        "files": [{"name": "out.png", "size": 3, "content_type": "image/png"}],
    }


@pytest.mark.parametrize(
    ("keys", "seed"),
    [
        ({"input": {"seed": 7}, "logs": "Using seed: 8"}, 7),
        ({"input": {"seed": None}, "logs": "loading\nUsing seed: 8\n"}, 8),
        ({"input": {"seed": -1}, "logs": "seed=42"}, 42),
        ({"output": {"seed": 9}}, 9),
        ({"logs": "the seedling 3 grows"}, None),
        ({"input": {"seed": True}}, None),
        ({}, None),
    ],
)
def test_a_seed_is_told_if_anybody_told_one(keys: dict[str, Any], seed: int | None) -> None:
    assert provenance.seed(done(**keys)) == seed


def test_what_is_passed_on_has_no_data_and_no_signatures() -> None:
    value = {
        "image": "data:image/png;base64," + "A" * 100_000,
        "mask": "https://ada:pass@bucket.test/a.png?X-Amz-Signature=abc",
        "prompt": "x" * 5000,
        "list": ["https://a.test/b?token=1", 5, None],
    }

    assert provenance.public(value) == {
        "image": "data:image/png;base64,…",
        "mask": "https://***@bucket.test/a.png",
        "prompt": "x" * 2000 + "…",
        "list": ["https://a.test/b", 5, None],
    }


# in files


def test_a_png_tells_it_as_a_text_and_has_the_same_pixels(tmp_path: Path) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", "kept")
    before = picture("PNG", pnginfo=info)
    path = written(tmp_path, before)

    assert provenance.embed(path, ORIGIN)

    with Image.open(path) as after, Image.open(io.BytesIO(before)) as original:
        after.load()
        texts = dict(after.info)
        assert json.loads(texts.pop("rcli")) == ORIGIN
        assert texts == {"Title": "kept"}
        assert after.tobytes() == original.tobytes()
    assert path.read_bytes()[:33] == before[:33]
    assert path.read_bytes().endswith(before[33:])


EXIF = Image.Exif()
EXIF[0x010E] = "a title"


@pytest.mark.parametrize("options", [{}, {"exif": EXIF}], ids=["JFIF", "Exif"])
def test_a_jpeg_tells_it_in_a_comment_and_has_the_same_pixels(tmp_path: Path, options: Any) -> None:
    before = picture("JPEG", **options)
    path = written(tmp_path, before)

    assert provenance.embed(path, ORIGIN)

    with Image.open(path) as after, Image.open(io.BytesIO(before)) as original:
        assert json.loads(after.info["comment"].decode().removeprefix("rcli: ")) == ORIGIN
        assert after.getexif() == original.getexif()
        assert after.tobytes() == original.tobytes()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text",
        picture("WEBP"),
        picture("GIF"),
        b"\x89PNG\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I4s", 13, b"IDAT"),
        b"\xff\xd8\xff\xe0",
        b"\xff\xd8\xff\xe0\x00\x04ab not a marker",
    ],
)
def test_what_has_no_place_for_it_is_not_touched(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path, content)

    assert not provenance.embed(path, ORIGIN)

    assert path.read_bytes() == content
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_a_comment_that_is_too_long_for_a_jpeg_is_not_cut(tmp_path: Path) -> None:
    before = picture("JPEG")
    path = written(tmp_path, before)

    assert not provenance.embed(path, {"input": {str(number): "x" * 1000 for number in range(70)}})

    assert path.read_bytes() == before


def test_the_mode_of_a_file_stays(tmp_path: Path) -> None:
    path = written(tmp_path, picture("PNG"))
    path.chmod(0o600)

    provenance.embed(path, ORIGIN)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_full_disk_leaves_the_picture_as_it_was(tmp_path: Path) -> None:
    before = picture("PNG", compress_level=0)
    path = written(tmp_path, before)
    code = f"""
import resource, signal
from pathlib import Path
from rcli.services.results import provenance
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    provenance.embed(Path({str(path)!r}), {ORIGIN!r})
except OSError as exc:
    raise SystemExit(exc.errno)
"""

    ended = subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": os.getcwd()})

    assert ended.returncode == 27  # EFBIG
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_files_of_other_formats_have_it_beside_them_if_nothing_else_tells_it(
    client: Client, service: RecordingServer, tmp_path: Path
) -> None:
    urls = [
        service.serves("/out-0.png", picture("PNG"), "image/png"),
        service.serves("/out-1.mp3", b"ID3\4\0", "audio/mpeg"),
    ]
    document = {
        "components": {"schemas": {"Output": {"type": "array", "items": {"type": "string", "format": "uri"}}}}
    }
    result = plan(urls, document, client.host.url)

    saved = save(client, result, tmp_path / "mine", embedded=ORIGIN)
    save(client, result, tmp_path / "managed", embedded=ORIGIN, origin=ORIGIN)

    assert sorted(path.name for path in (tmp_path / "mine").iterdir()) == [
        "out-0.png",
        "out-1.mp3",
        "out-1.mp3.json",
    ]
    assert json.loads((tmp_path / "mine" / "out-1.mp3.json").read_text()) == ORIGIN
    assert [each.size for each in saved] == [each.path.stat().st_size for each in saved]
    assert sorted(path.name for path in (tmp_path / "managed").iterdir()) == [
        "out-0.png",
        "out-1.mp3",
        "prediction.json",
    ]
