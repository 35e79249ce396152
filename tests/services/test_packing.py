"""Which inputs take an archive, and what becomes of a folder."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from rcli.errors import InvalidInput
from rcli.services.models.schema import Field
from rcli.services.request.packing import Archive, gathered, members, pack, wanted


def quiet(done: int, total: int) -> None:
    """Nobody looks."""


@pytest.mark.parametrize(
    ("name", "description", "expected"),
    [
        ("input_images", "A zip file containing the images", "zip"),
        ("input_images", "The pictures, zipped", "zip"),
        ("data", "A .tar.gz archive with texts", "tar.gz"),
        ("data", "A zip or tar file", "zip"),
        ("weights_tar", "", "tar.gz"),
        ("train_data", "", "zip"),
        ("dataset", "", "zip"),
        ("folder", "", "zip"),
        ("train_data", "Examples, as JSON lines", "jsonl"),
        ("train_data", "A .jsonl file", "jsonl"),
        ("train_data", "A zip with texts, or a JSONL file", "zip"),
        ("image", "The picture to start from", None),
        ("image", "", None),
        ("video", "A zipper opens, starting here", None),
    ],
)
def test_what_an_input_is_called_tells_whether_it_takes_an_archive(
    name: str, description: str, expected: Archive | None
) -> None:
    assert wanted(Field(name, description=description, kind="file")) == expected


@pytest.mark.parametrize("archive", ["zip", "tar.gz", "jsonl"])
def test_the_same_content_gives_the_same_bytes_wherever_it_lies(tmp_path: Path, archive: Archive) -> None:
    packed = []
    for place, order in (("here", "ab"), ("there", "ba")):
        for name in order:
            (tmp_path / place / name).mkdir(parents=True)
            (tmp_path / place / name / "é.txt").write_text(name * 1000)
        pack(members(tmp_path / place), archive, tmp_path / "packed", 1 << 20, quiet)
        packed.append((tmp_path / "packed").read_bytes())

    assert packed[0] == packed[1]


def test_what_is_dense_already_is_stored_as_it_is(tmp_path: Path) -> None:
    for name in ("a.jpg", "a.txt"):
        (tmp_path / "in" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "in" / name).write_bytes(bytes(10_000))

    size = pack(members(tmp_path / "in"), "zip", tmp_path / "out.zip", 1 << 20, quiet)

    with zipfile.ZipFile(io.BytesIO((tmp_path / "out.zip").read_bytes())) as archive:
        sizes = {info.filename: info.compress_size for info in archive.infolist()}
    assert sizes["a.jpg"] == 10_000
    assert sizes["a.txt"] < 100
    assert size == (tmp_path / "out.zip").stat().st_size


def test_links_to_files_are_packed_as_files(tmp_path: Path) -> None:
    (tmp_path / "elsewhere.txt").write_text("content")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link.txt").symlink_to(tmp_path / "elsewhere.txt")

    pack(members(tmp_path / "in"), "zip", tmp_path / "out.zip", 1 << 20, quiet)

    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert archive.read("link.txt") == b"content"


@pytest.mark.parametrize("archive", ["zip", "tar.gz"])
def test_packing_ends_where_an_upload_would(tmp_path: Path, archive: Archive) -> None:
    (tmp_path / "in").mkdir()
    with (tmp_path / "in" / "endless.mp4").open("wb") as file:
        file.truncate(1 << 40)

    with pytest.raises(InvalidInput, match="the packed folder is larger than 1 MB"):
        pack(members(tmp_path / "in"), archive, tmp_path / "packed", 1_000_000, quiet)


def test_lines_of_json_end_where_an_upload_would(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / f"{number}.txt").write_text("x" * 400_000)

    with pytest.raises(InvalidInput, match="the packed folder is larger than 1 MB"):
        pack(members(tmp_path / "in"), "jsonl", tmp_path / "packed", 1_000_000, quiet)


@pytest.mark.parametrize(
    ("name", "content", "lines"),
    [
        ("a.txt", "\ufeffone\ntwo", '{"text": "one\\ntwo"}\n'),
        ("a.md", "# é", '{"text": "# é"}\n'),
        ("a.json", '{"a":\n1}', '{"a": 1}\n'),
        ("a.json", "[1, [2]]", "1\n[2]\n"),
        ("a.jsonl", '{"a": "\u2028"}\r\n\r\n{"b": 2}', '{"a": "\u2028"}\n{"b": 2}\n'),
    ],
)
def test_what_a_file_becomes_in_lines_of_json(tmp_path: Path, name: str, content: str, lines: str) -> None:
    (tmp_path / name).write_text(content, newline="")

    pack(gathered([tmp_path / name]), "jsonl", tmp_path / "packed", 1 << 20, quiet)

    assert (tmp_path / "packed").read_text() == lines


def test_files_and_folders_are_gathered_beside_each_other(tmp_path: Path) -> None:
    (tmp_path / "in" / "more").mkdir(parents=True)
    for place in ("z.txt", "in/b.txt", "in/more/a.txt"):
        (tmp_path / place).write_text("x")

    found = gathered([tmp_path / "z.txt", tmp_path / "in"])

    assert [member.name for member in found] == ["b.txt", "more/a.txt", "z.txt"]
