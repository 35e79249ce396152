"""Contents by hash: taken over, shared, expired, and not touched through another link."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rcli.engine.data.files import File, Files, copy_file
from rcli.engine.data.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "engine.db", lambda call: None)
    yield opened
    opened.close()


@pytest.fixture
def files(store: Store, tmp_path: Path) -> Files:
    return Files(store, tmp_path / "files")


def adopt(files: Files, source: Path) -> File:
    return asyncio.run(files.adopt(source, kind="upload", name=source.name))


def write(path: Path, content: bytes = b"content") -> Path:
    path.write_bytes(content)
    return path


def test_a_file_is_taken_out_of_its_place(files: Files, tmp_path: Path) -> None:
    source = write(tmp_path / "a.txt")

    file = adopt(files, source)

    assert not source.exists()
    assert files.content(file).read_bytes() == b"content"
    assert files.content(file).stat().st_mode & 0o777 == 0o600
    assert (file.size, file.content_type, files.get(file.id)) == (7, "text/plain", file)


def test_a_file_with_another_link_is_copied_because_its_owner_may_write_on(
    files: Files, tmp_path: Path
) -> None:
    source = write(tmp_path / "a.txt")
    os.link(source, tmp_path / "b.txt")

    file = adopt(files, source)
    (tmp_path / "b.txt").write_bytes(b"changed")

    assert files.content(file).read_bytes() == b"content"


def test_the_same_content_is_kept_once_until_the_last_file_goes(files: Files, tmp_path: Path) -> None:
    one, two = adopt(files, write(tmp_path / "a")), adopt(files, write(tmp_path / "b"))
    files.delete(one)
    kept = files.content(two).exists()
    files.delete(two)

    assert files.content(one) == files.content(two)
    assert (kept, files.content(two).exists()) == (True, False)


def test_an_upload_is_gone_when_it_has_expired(files: Files, store: Store, tmp_path: Path) -> None:
    file = adopt(files, write(tmp_path / "a"))
    store.write("UPDATE files SET expires_at = 1 WHERE id = ?", (file.id,))
    seen = files.get(file.id)

    for each in files.expired(10):
        files.delete(each)

    assert seen is None
    assert (files.all(), files.uploads(10, None), files.content(file).exists()) == ([], [], False)


def test_half_an_arrival_is_cleared_at_the_next_start(files: Files, store: Store, tmp_path: Path) -> None:
    write(files.incoming / "half")

    again = Files(store, tmp_path / "files")

    assert list(again.incoming.iterdir()) == []


def test_what_cannot_be_read_leaves_nothing_behind(files: Files, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        adopt(files, tmp_path / "nothing")

    assert list(files.incoming.iterdir()) == []
    assert files.all() == []


@pytest.mark.parametrize("size", [0, 1, 3 << 20])
def test_a_copy_is_whole_and_its_own(tmp_path: Path, size: int) -> None:
    source = write(tmp_path / "a", os.urandom(size))

    copy_file(source, tmp_path / "b")

    assert (tmp_path / "b").read_bytes() == source.read_bytes()
    assert (tmp_path / "b").stat().st_ino != source.stat().st_ino
