"""Folders, pictures and large files as inputs, and values of every type."""

from __future__ import annotations

import base64
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from rcli.records import Json
from tests.cli.conftest import PROJECTS, Shell
from tests.cloud import TEXT, Cloud, cloud, prediction
from tests.conftest import Result, Run
from tests.recording_server import json_answer, problem

__all__ = ["cloud"]

FILE: Json = {"type": "string", "format": "uri"}
LARGE = bytes(range(256)) * 2000


def run(rcli: Run, cloud: Cloud, *words: str) -> Result:
    return rcli("run", "stability-ai/sdxl", *words, env=cloud.env)


def takes(cloud: Cloud, **inputs: Json) -> None:
    """A model with these inputs, whose predictions end at once."""
    cloud.has_model(TEXT, inputs=inputs)
    cloud.creates(prediction("succeeded", output="done"))


def sent(cloud: Cloud) -> Json:
    """The inputs of the last creation."""
    values: Json = cloud.api.asked("POST /v1/predictions")[-1].json["input"]
    return values


def content(uri: str) -> bytes:
    """What a data URI holds."""
    return base64.b64decode(uri.partition(";base64,")[2])


def stores(cloud: Cloud, id: str, data: bytes, *, lasts: float = 86_400) -> Json:
    """The host takes an upload, and has it from then on; ``lasts``: seconds to its end."""
    file: Json = {
        "id": id,
        "size": len(data),
        "checksums": {"sha256": hashlib.sha256(data).hexdigest()},
        "expires_at": (datetime.now(UTC) + timedelta(seconds=lasts)).isoformat().replace("+00:00", "Z"),
        "urls": {"get": f"{cloud.api.url}/v1/files/{id}"},
    }
    cloud.api.answer("POST /v1/files", json_answer(file, 201))
    cloud.api.answer(f"GET /v1/files/{id}", json_answer(file))
    return file


# types


UNION: Json = {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "string"}}]}
SHAPES: dict[str, Json] = {
    "whole": {"type": "integer"},
    "part": {"type": "number"},
    "flag": {"type": "boolean"},
    "kind": {"allOf": [{"type": "string", "enum": ["a", "b"]}]},
    "tags": {"type": "array", "items": {"type": "string"}},
    "sizes": {"type": "array", "items": {"type": "integer"}},
    "either": UNION,
    "object": {"type": "object"},
    "image": FILE,
    "text": {"type": "string"},
}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["whole=3"], {"whole": 3}),
        (["part=3.5"], {"part": 3.5}),
        (["flag=yes"], {"flag": True}),
        (["kind=b"], {"kind": "b"}),
        (["-i", "tags=a", "-i", "tags=b"], {"tags": ["a", "b"]}),
        (['tags=["a", "b"]'], {"tags": ["a", "b"]}),
        (["sizes=1", "sizes=2"], {"sizes": [1, 2]}),
        (["sizes:=[1, 2]"], {"sizes": [1, 2]}),
        (["either=7"], {"either": 7}),
        (["either=a", "either=b"], {"either": ["a", "b"]}),
        (['object={"a": [1]}'], {"object": {"a": [1]}}),
        (["image=https://example.com/cat.png"], {"image": "https://example.com/cat.png"}),
        (["text=@@home"], {"text": "@home"}),
        (["text=@-"], {"text": "piped\n"}),
        (["text=@~/note.txt"], {"text": "at home"}),
    ],
)
def test_a_value_is_read_by_its_type(
    rcli: Run, home: Path, cloud: Cloud, words: list[str], expected: Json
) -> None:
    (home / "note.txt").write_text("at home")
    takes(cloud, **SHAPES)

    result = rcli("run", "stability-ai/sdxl", *words, env=cloud.env, stdin=b"piped\n")

    assert (result, result.stderr) == ("done", "")
    assert sent(cloud) == expected


def test_all_that_is_wrong_is_said_at_once_and_nothing_is_created(rcli: Run, cloud: Cloud) -> None:
    takes(
        cloud,
        prompt={"type": "string", "minLength": 3, "maxLength": 5, "pattern": "^a"},
        count={"type": "integer", "minimum": 1, "maximum": 4},
        kind={"type": "string", "enum": ["quick", "slow"]},
        image=FILE,
    )

    result = run(rcli, cloud, "prompt=bc", "count=9", "kind=quikc", "image=@nothing.png", "promt=x")

    assert result.stderr.splitlines()[:-1] == [
        "error: the inputs are not accepted:",
        f"  image: there is no file {Path(result.stderr.partition('no file ')[2].splitlines()[0])}",
        "  promt: unknown input; did you mean prompt?",
        "  prompt: 'bc' is shorter than 3 characters",
        "  prompt: 'bc' does not match the pattern ^a",
        "  count: 9 is more than 4",
        "  kind: 'quikc' is not one of 'quick', 'slow'; did you mean quick?",
    ]
    assert (result, result.exit_code) == ("", 2)
    assert not [each for each in cloud.api.requests if each.method == "POST"]


# folders


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "cats"
    (folder / "more").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / ".git" / "HEAD").write_text("ref")
    (folder / ".DS_Store").write_text("finder")
    (folder / "b.txt").write_text("b" * 1000)
    (folder / "more" / "a.txt").write_text("a")
    return folder


def test_a_folder_is_packed_where_an_archive_is_wanted(rcli: Run, cloud: Cloud, folder: Path) -> None:
    takes(cloud, images={**FILE, "description": "A zip file with pictures"})

    run(rcli, cloud, "images=@cats")

    with zipfile.ZipFile(io.BytesIO(content(sent(cloud)["images"]))) as archive:
        assert archive.namelist() == ["b.txt", "more/a.txt"]
        assert archive.read("more/a.txt") == b"a"


def test_a_model_that_says_tar_gets_one(rcli: Run, cloud: Cloud, folder: Path) -> None:
    takes(cloud, input_tar=FILE)

    run(rcli, cloud, "input_tar=@cats/")

    with tarfile.open(fileobj=io.BytesIO(content(sent(cloud)["input_tar"]))) as archive:
        assert archive.getnames() == ["b.txt", "more/a.txt"]


def test_the_same_folder_gives_the_same_archive(rcli: Run, cloud: Cloud, folder: Path) -> None:
    takes(cloud, archive=FILE)

    run(rcli, cloud, "archive=@cats")
    first = sent(cloud)
    (folder / "b.txt").touch()
    (folder / "b.txt").chmod(0o600)
    run(rcli, cloud, "archive=@cats")

    assert sent(cloud) == first


def test_a_person_is_told_what_was_packed(warm_shell: Shell, cloud: Cloud, folder: Path) -> None:
    takes(cloud, archive=FILE)

    session = warm_shell.terminal("run", "stability-ai/sdxl", "archive=@cats", columns=100, env=cloud.env)

    assert session.end() == 0
    size = len(content(sent(cloud)["archive"]))
    assert f"cats: 2 files, 1.0 kB, packed as cats.zip, {size} B" in session.lines


def test_a_folder_is_refused_where_no_archive_is_wanted(rcli: Run, cloud: Cloud, folder: Path) -> None:
    takes(cloud, image=FILE)

    result = run(rcli, cloud, "image=@cats")

    assert result.stderr == (
        f"error: image: {folder} is a folder, not a file\n"
        "hint: if the model takes an archive: zip -r cats.zip cats\n"
    )
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "link").symlink_to(folder), "is a link to a folder, which is not packed"),
        (lambda folder: (folder / "link").symlink_to("nowhere"), "No such file or directory"),
        (lambda folder: [each.unlink() for each in folder.rglob("*.txt")], "there is no file in the folder"),
    ],
)
def test_a_folder_that_cannot_be_packed_whole_is_refused(
    rcli: Run, cloud: Cloud, folder: Path, spoil: Callable[[Path], object], said: str
) -> None:
    takes(cloud, archive=FILE)
    spoil(folder)

    result = run(rcli, cloud, "archive=@cats")

    assert result.exit_code == 2
    assert said in result.stderr


def test_a_folder_that_is_too_large_is_refused_before_anything_is_sent(
    rcli: Run, cloud: Cloud, folder: Path
) -> None:
    takes(cloud, archive=FILE)
    with (folder / "large.mp4").open("wb") as file:
        file.truncate(100_000_000)

    result = run(rcli, cloud, "archive=@cats")

    assert result.exit_code == 2
    assert result.stderr.startswith("error: archive: the packed folder is larger than 100 MB")
    assert not [each for each in cloud.api.requests if each.method == "POST"]


# uploads


def test_a_small_file_is_part_of_the_request(rcli: Run, cloud: Cloud, tmp_path: Path) -> None:
    takes(cloud, image=FILE)
    (tmp_path / "small.png").write_bytes(b"small")

    run(rcli, cloud, "image=@small.png")

    assert sent(cloud) == {"image": f"data:image/png;base64,{base64.b64encode(b'small').decode()}"}


def test_a_large_file_is_uploaded_once(rcli: Run, cloud: Cloud, tmp_path: Path) -> None:
    takes(cloud, image=FILE)
    (tmp_path / "large.png").write_bytes(LARGE)
    file = stores(cloud, "one", LARGE)

    run(rcli, cloud, "image=@large.png")
    run(rcli, cloud, "image=@large.png")

    assert len(cloud.api.asked("POST /v1/files")) == 1
    assert sent(cloud) == {"image": file["urls"]["get"]}


def test_a_file_that_changed_is_uploaded_again(rcli: Run, cloud: Cloud, tmp_path: Path) -> None:
    takes(cloud, image=FILE)
    (tmp_path / "large.png").write_bytes(LARGE)
    stores(cloud, "one", LARGE)
    run(rcli, cloud, "image=@large.png")
    (tmp_path / "large.png").write_bytes(LARGE[::-1])
    stores(cloud, "two", LARGE[::-1])

    run(rcli, cloud, "image=@large.png")

    assert sent(cloud)["image"].endswith("/files/two")


@pytest.mark.parametrize("lasts", [-10, 600])
def test_a_file_that_expires_soon_is_uploaded_again(
    rcli: Run, cloud: Cloud, tmp_path: Path, lasts: float
) -> None:
    takes(cloud, image=FILE)
    (tmp_path / "large.png").write_bytes(LARGE)
    stores(cloud, "one", LARGE, lasts=lasts)
    run(rcli, cloud, "image=@large.png")
    stores(cloud, "two", LARGE)

    run(rcli, cloud, "image=@large.png")

    assert sent(cloud)["image"].endswith("/files/two")


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_file_that_the_host_has_no_more_is_uploaded_again(
    rcli: Run, cloud: Cloud, tmp_path: Path, status: int
) -> None:
    takes(cloud, image=FILE)
    (tmp_path / "large.png").write_bytes(LARGE)
    stores(cloud, "one", LARGE)
    run(rcli, cloud, "image=@large.png")
    stores(cloud, "two", LARGE)
    cloud.api.answer("GET /v1/files/one", problem(status, detail="gone"))

    result = run(rcli, cloud, "image=@large.png")

    assert (result, result.exit_code) == ("done", 0)
    assert sent(cloud)["image"].endswith("/files/two")


@pytest.mark.parametrize("broken", [b"", b"[", b"{}", b'[{"host": 1}]', b"\xff"])
def test_a_broken_memory_of_uploads_is_an_empty_one(
    rcli: Run, home: Path, cloud: Cloud, tmp_path: Path, broken: bytes
) -> None:
    takes(cloud, image=FILE)
    (tmp_path / "large.png").write_bytes(LARGE)
    stores(cloud, "one", LARGE)
    memory = home / "rcli" / "cache" / "uploads.json"
    run(rcli, cloud, "image=@large.png")
    memory.write_bytes(broken)

    result = run(rcli, cloud, "image=@large.png")

    assert (result, result.exit_code) == ("done", 0)
    assert len(cloud.api.asked("POST /v1/files")) == 2
    assert memory.stat().st_mode & 0o777 == 0o600


def test_the_engine_gets_a_large_file_once(warm_rcli: Run, tmp_path: Path) -> None:
    (tmp_path / "large.bin").write_bytes(LARGE)
    words = ("run", str(PROJECTS / "picture"), "image=@large.bin", "-o", "-", "--debug")

    first = warm_rcli(*words)
    second = warm_rcli(*words)

    assert first.data == second.data == LARGE
    assert [uploads(result) for result in (first, second)] == [1, 0]


def uploads(result: Result) -> int:
    """How often the trace tells of one."""
    return sum(
        line.startswith("> POST ") and line.endswith("/v1/files") for line in result.stderr.splitlines()
    )


# pictures


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """400×300, to be seen as 300×400."""
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.effect_noise((400, 300), 90).convert("RGB").save(tmp_path / "photo.jpg", exif=exif)
    return tmp_path / "photo.jpg"


def test_a_picture_is_shrunk_before_it_is_sent(rcli: Run, cloud: Cloud, photo: Path) -> None:
    takes(cloud, image=FILE)
    before = photo.read_bytes()

    run(rcli, cloud, "image=@photo.jpg", "--resize", "100")

    with Image.open(io.BytesIO(content(sent(cloud)["image"]))) as small:
        assert (small.size, small.format, small.getexif().get(0x0112)) == ((75, 100), "JPEG", None)
    assert photo.read_bytes() == before


@pytest.mark.parametrize(
    ("box", "size"), [("60x400", (60, 80)), ("400x60", (45, 60)), ("400x400", (300, 400))]
)
def test_a_picture_fits_into_the_box(
    rcli: Run, cloud: Cloud, photo: Path, box: str, size: tuple[int, int]
) -> None:
    takes(cloud, image=FILE)
    with Image.open(photo) as picture:
        picture.load()
        upright = picture.transpose(Image.Transpose.ROTATE_270)
    upright.save(photo, exif=Image.Exif())

    run(rcli, cloud, "image=@photo.jpg", "--resize", box)

    with Image.open(io.BytesIO(content(sent(cloud)["image"]))) as small:
        assert small.size == size


def test_what_is_small_or_no_picture_is_sent_as_it_is(
    rcli: Run, cloud: Cloud, photo: Path, tmp_path: Path
) -> None:
    takes(cloud, image=FILE, other=FILE)
    (tmp_path / "words.txt").write_text("no picture")

    run(rcli, cloud, "image=@photo.jpg", "other=@words.txt", "--resize", "1024")

    assert content(sent(cloud)["image"]) == photo.read_bytes()
    assert content(sent(cloud)["other"]) == b"no picture"


def test_two_pictures_stay_two(rcli: Run, cloud: Cloud, tmp_path: Path) -> None:
    takes(cloud, images={"type": "array", "items": FILE})
    for name, colour in (("red", (255, 0, 0)), ("blue", (0, 0, 255))):
        Image.new("RGB", (200, 100), colour).save(tmp_path / f"{name}.png")

    run(rcli, cloud, "images=@red.png", "images=@blue.png", "--resize", "50")

    colours = []
    for uri in sent(cloud)["images"]:
        with Image.open(io.BytesIO(content(uri))) as small:
            colours.append((small.size, small.getpixel((10, 10))))
    assert colours == [((50, 25), (255, 0, 0)), ((50, 25), (0, 0, 255))]


def test_a_broken_picture_is_refused(rcli: Run, cloud: Cloud, photo: Path) -> None:
    takes(cloud, image=FILE)
    photo.write_bytes(photo.read_bytes()[:3000])

    result = run(rcli, cloud, "image=@photo.jpg", "--resize", "100")

    assert result.exit_code == 2
    assert result.stderr.startswith("error: image: @photo.jpg cannot be made smaller: it is broken")


@pytest.mark.parametrize("box", ["", "0", "big", "10x", "10x0", "-5"])
def test_a_size_that_is_none_is_refused(rcli: Run, box: str) -> None:
    result = rcli("run", "rcli/hello", "text=x", f"--resize={box}")

    assert result.exit_code == 2
    assert f"--resize takes pixels, not {box!r}" in result.stderr


def test_a_person_is_told_what_was_shrunk(warm_shell: Shell, cloud: Cloud, photo: Path) -> None:
    takes(cloud, image=FILE)

    session = warm_shell.terminal(
        "run", "stability-ai/sdxl", "image=@photo.jpg", "--resize", "100", columns=100, env=cloud.env
    )

    assert session.end() == 0
    assert "photo.jpg: " in session.text
    assert ", shrunk to " in session.text


def test_a_shrunk_picture_can_be_sent_from_a_pipe(rcli: Run, cloud: Cloud, photo: Path) -> None:
    takes(cloud, image=FILE)

    rcli(
        *("run", "stability-ai/sdxl", "image=@-", "--resize", "100"),
        env=cloud.env,
        stdin=photo.read_bytes(),
    )

    with Image.open(io.BytesIO(content(sent(cloud)["image"]))) as small:
        assert small.size == (75, 100)
