"""A folder, or several files, as one archive: the same content gives the same bytes, and is uploaded once.

Times, owners and rights are left out, names are sorted. What file managers and version control leave in
folders is not packed. JSON Lines are an archive of texts: a line for each.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PurePath
from typing import IO, BinaryIO, Literal

from rcli.errors import InvalidInput
from rcli.services.models.schema import Field

Archive = Literal["zip", "tar.gz", "jsonl"]
CONTENT_TYPES: dict[Archive, str] = {
    "zip": "application/zip",
    "tar.gz": "application/gzip",
    "jsonl": "application/jsonl",
}

_LEFT_OUT = frozenset({".git", ".DS_Store", "Thumbs.db", "__MACOSX", "__pycache__"})
_WANTED = re.compile(
    r"\b(zip|zipped|tar|tgz|tarball|archives?|folder|directory|compressed|dataset|train(ing)?)\b"
)
_TAR = re.compile(r"\b(tar|tgz|tarball)\b")
_ZIP = re.compile(r"\bzip(ped)?\b")
_LINES = re.compile(r"\b(jsonl|json ?lines|ndjson)\b")
_DENSE = frozenset(
    (
        *(".jpg", ".jpeg", ".png", ".gif", ".webp", ".avif", ".heic"),
        *(".mp3", ".m4a", ".ogg", ".opus", ".flac", ".mp4", ".mov", ".webm", ".mkv"),
        *(".zip", ".gz", ".xz", ".7z", ".zst"),
    )
)
"""Endings of what becomes no smaller: it is stored as it is, which saves the time."""

_CHUNK = 1 << 20
_LONGEST_TEXT = 100_000_000
"""Bytes of one file that becomes lines of JSON."""


PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"})


@dataclass(frozen=True)
class Member:
    """One file of a folder: ``name`` is its place in the archive, ``size`` counts bytes."""

    name: str
    path: Path
    size: int


def is_picture(path: PurePath) -> bool:
    """Whether a file's name says that it is one."""
    return path.suffix.lower() in PICTURES


def wanted(field: Field) -> Archive | None:
    """The archive that an input takes, by what its name and description say; None if they speak of none."""
    said = f"{field.name} {field.title} {field.description}".replace("_", " ").lower()
    if _LINES.search(said) and not _ZIP.search(said) and not _TAR.search(said):
        return "jsonl"
    if not _WANTED.search(said):
        return None
    return "tar.gz" if _TAR.search(said) and not _ZIP.search(said) else "zip"


def members(folder: Path) -> tuple[Member, ...]:
    """The files of a folder, sorted by name.

    Raises InvalidInput for an empty folder, and for what cannot be packed as it is.
    """
    try:
        found = sorted(_walked(folder), key=lambda member: member.name)
    except OSError as exc:
        raise InvalidInput(f"cannot read {exc.filename}: {exc.strerror}") from exc
    if not found:
        raise InvalidInput(f"there is no file in the folder {folder}")
    return tuple(found)


def gathered(paths: Sequence[Path]) -> tuple[Member, ...]:
    """Several files, and what is in folders, as they lie beside each other. Raises InvalidInput."""
    found = sorted(_beside(paths), key=lambda member: member.name)
    check_names(found)
    return tuple(found)


def check_names(found: Sequence[Member]) -> None:
    """Raises InvalidInput where two would have the same name in the archive."""
    for member, following in pairwise(sorted(found, key=lambda member: member.name)):
        if member.name == following.name:
            raise InvalidInput(f"two files would be called {member.name}: {member.path} and {following.path}")


def pack(
    found: Sequence[Member], archive: Archive, target: Path, limit: int, progress: Callable[[int, int], None]
) -> int:
    """Writes the archive and returns its size; ``progress`` gets files done and files in all.

    Raises InvalidInput when a file cannot be read, or the archive reaches ``limit`` bytes.
    """
    try:
        with target.open("wb") as out:
            _WRITERS[archive](found, out, lambda: _check(out.tell(), limit), progress)
            out.flush()
            size = os.fstat(out.fileno()).st_size
    except OSError as exc:
        raise InvalidInput(f"cannot pack {exc.filename or target}: {exc.strerror}") from exc
    _check(size, limit)
    return size


def _walked(folder: Path) -> Iterator[Member]:
    for at, folders, files in os.walk(folder, onerror=_raise):
        folders[:] = [name for name in folders if name not in _LEFT_OUT]
        if linked := [name for name in folders if os.path.islink(os.path.join(at, name))]:
            raise InvalidInput(f"{os.path.join(at, linked[0])} is a link to a folder, which is not packed")
        for name in files:
            if name not in _LEFT_OUT:
                yield _member(folder, Path(at, name))


def _beside(paths: Sequence[Path]) -> Iterator[Member]:
    for path in paths:
        if path.is_dir():
            yield from members(path)
        else:
            try:
                yield _member(path.parent, path)
            except (OSError, ValueError) as exc:  # ValueError: a null byte
                raise InvalidInput(f"cannot read {path}: {getattr(exc, 'strerror', None) or exc}") from exc


def _member(folder: Path, path: Path) -> Member:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise InvalidInput(f"{path} is no file that can be packed")
    path.open("rb").close()  # what cannot be read is found out before anything is made or sent
    name = path.relative_to(folder).as_posix().encode("utf-8", "replace").decode()
    return Member(name, path, status.st_size)


def _write_zip(
    found: Sequence[Member], out: BinaryIO, check: Callable[[], None], progress: Callable[[int, int], None]
) -> None:
    import zipfile  # 8 ms, which most runs can do without

    with zipfile.ZipFile(out, "w") as archive:
        for number, member in enumerate(found):
            progress(number, len(found))
            entry = zipfile.ZipInfo(member.name)  # with the earliest time that the format knows
            entry.file_size = member.size
            entry.create_system = 3  # Unix, wherever it is packed
            entry.external_attr = 0o644 << 16
            dense = member.path.suffix.lower() in _DENSE
            entry.compress_type = zipfile.ZIP_STORED if dense else zipfile.ZIP_DEFLATED
            with archive.open(entry, "w") as target, member.path.open("rb") as source:
                _copy(source, target, check)


def _write_tar(
    found: Sequence[Member], out: BinaryIO, check: Callable[[], None], progress: Callable[[int, int], None]
) -> None:
    import gzip
    import tarfile

    with (
        gzip.GzipFile("", "wb", compresslevel=6, fileobj=out, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for number, member in enumerate(found):
            progress(number, len(found))
            entry = tarfile.TarInfo(member.name)  # of nobody, at the beginning of time
            with member.path.open("rb") as source:
                entry.size = os.fstat(source.fileno()).st_size
                archive.addfile(entry, _Checked(source, check))


def _write_lines(
    found: Sequence[Member], out: BinaryIO, check: Callable[[], None], progress: Callable[[int, int], None]
) -> None:
    for number, member in enumerate(found):
        progress(number, len(found))
        for row in _rows(member):
            out.write(row.encode() + b"\n")
            check()


def _rows(member: Member) -> Iterator[str]:
    """What a file has as lines of JSON: a list's items, its own lines, or the text that it is."""
    import json

    with member.path.open("rb") as file:
        content = file.read(_LONGEST_TEXT + 1)
    if len(content) > _LONGEST_TEXT:
        raise InvalidInput(
            f"{member.path} is larger than {_LONGEST_TEXT // 1_000_000} MB, too much for a line"
        )
    try:
        text = content.decode("utf-8-sig")
        match member.path.suffix.lower():
            case ".jsonl" | ".ndjson":
                found = [json.loads(line) for line in text.split("\n") if line.strip()]
            case ".json":
                whole = json.loads(text)
                found = whole if isinstance(whole, list) else [whole]
            case _:
                found = [{"text": text}]
        for each in found:
            yield json.dumps(each, ensure_ascii=False)
    except UnicodeDecodeError as exc:
        raise InvalidInput(f"{member.path} is no text (byte {exc.start}), and a line of JSON is one") from exc
    except (ValueError, RecursionError) as exc:
        raise InvalidInput(f"{member.path} is no JSON: {exc}") from exc


_WRITERS = {"zip": _write_zip, "tar.gz": _write_tar, "jsonl": _write_lines}


class _Checked:
    """A source that looks at the archive's size with every piece that is read of it."""

    def __init__(self, source: IO[bytes], check: Callable[[], None]) -> None:
        self._source = source
        self._check = check

    def read(self, size: int = -1, /) -> bytes:
        self._check()
        return self._source.read(size)


def _copy(source: IO[bytes], target: IO[bytes], check: Callable[[], None]) -> None:
    while chunk := source.read(_CHUNK):
        target.write(chunk)
        check()


def _check(size: int, limit: int) -> None:
    if size >= limit:
        raise InvalidInput(
            f"the packed folder is larger than {limit // 1_000_000} MB, the most that an upload takes",
            hint="pack it yourself, put it on a web server and give its URL",
        )


def _raise(error: OSError) -> None:
    raise error
