"""Files that came with requests or out of models: rows in the database, contents by SHA-256 on disk.

In stored inputs and outputs a file stands as a reference, ``rcli-file:<id>/<name>``; it becomes a signed
address only when it is shown, because the engine's port may be another one by then. A text of a user's or
a model's own that looks like one is stored behind ``rcli-text:``.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from rcli.engine.data.predictions import new_id
from rcli.engine.data.store import Row, Store

UPLOAD_LIFETIME = 24 * 3600
"""Seconds after which an uploaded file goes, as on Replicate; others go with their predictions."""

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""What the system says when a disk, a share of it, or a file's size is exhausted."""

_LITERAL = "rcli-text:"
_REFERENCE = re.compile(r"rcli-file:([a-z2-7]{26})/[^/]+")

_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(\s*;\s*[\w.+-]+=[\w.+-]+)*", re.ASCII)

FileKind = Literal["upload", "input", "output", "weights"]


@dataclass(frozen=True)
class File:
    """One file: ``size`` in bytes, times in Unix seconds.

    ``kind``: upload, input (a data: URI), output, or weights, which stay as long as the version made of them.
    """

    number: int
    id: str
    kind: FileKind
    name: str
    content_type: str
    size: int
    sha256: str
    metadata: dict[str, Any]
    created_at: float
    expires_at: float | None
    used_at: float
    md5: str | None = None

    @property
    def reference(self) -> str:
        return f"rcli-file:{self.id}/{self.name}"


class Files:
    """The contents lie in ``folder`` under their hash, each once; several rows may share one."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        *,
        reserve: int = 0,
        on_growth: Callable[[int], None] = lambda size: None,
    ) -> None:
        """``reserve``: bytes of the disk that stay free. ``on_growth`` is told of every content's size."""
        self._store, self._reserve, self._on_growth = store, reserve, on_growth
        self._contents = folder
        self.incoming = folder / "incoming"
        shutil.rmtree(self.incoming, ignore_errors=True)
        self.incoming.mkdir(parents=True, mode=0o700)

    async def adopt(
        self,
        source: Path,
        *,
        kind: FileKind,
        name: str,
        content_type: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> File:
        """Takes the file out of its place. Raises OSError when it cannot be read or the disk is full."""
        with self.arriving() as part:
            digests, size = await asyncio.to_thread(_take, source, part, ("sha256", *_MORE.get(kind, ())))
            self._settle(part, digests["sha256"])
        self._on_growth(size)
        return self._add(kind, name, content_type, size, digests, metadata or {})

    @contextmanager
    def arriving(self) -> Iterator[Path]:
        """A place to write to what will be adopted; nothing is left there after the block."""
        part = self.incoming / new_id()
        try:
            yield part
        finally:
            part.unlink(missing_ok=True)

    def has_room(self, size: int = 0) -> bool:
        """Whether the disk takes that many bytes more and keeps its reserve."""
        return self._reserve <= 0 or shutil.disk_usage(self._contents).free - size >= self._reserve

    def get(self, file_id: str) -> File | None:
        file = self.find(file_id)
        return None if file is None or _expired(file) else file

    def find(self, file_id: str) -> File | None:
        """Also one that has expired and stays for a prediction under way."""
        row = self._store.row("SELECT * FROM files WHERE id = ?", (file_id,))
        return _file(row) if row else None

    def content(self, file: File) -> Path:
        return self._contents / file.sha256[:2] / file.sha256

    def keep_as_weights(self, file: File) -> None:
        """From now on it belongs to a version."""
        self._store.write("UPDATE files SET kind = 'weights' WHERE id = ?", (file.id,))

    def touch(self, file: File) -> None:
        """Notes that somebody used it."""
        self._store.write("UPDATE files SET used_at = ? WHERE id = ?", (time.time(), file.id))

    def uploads(self, limit: int, before: int | None) -> list[File]:
        """The newest first; ``before`` is the number of the file that ended the last page."""
        rows = self._store.rows(
            "SELECT * FROM files WHERE kind = 'upload' AND expires_at > ? AND number < ?"
            " ORDER BY number DESC LIMIT ?",
            (time.time(), before or 1 << 62, limit),
        )
        return [_file(row) for row in rows]

    def delete(self, file: File) -> None:
        self._store.write("DELETE FROM files WHERE id = ?", (file.id,))
        if self._store.row("SELECT 1 FROM files WHERE sha256 = ?", (file.sha256,)) is None:
            self.content(file).unlink(missing_ok=True)

    async def remove(self, file: File) -> int:
        """As ``delete``, for large ones, whose removal takes its time. Returns how many bytes that freed."""
        gone = self.incoming / new_id()
        self._store.write("DELETE FROM files WHERE id = ?", (file.id,))
        if self._store.row("SELECT 1 FROM files WHERE sha256 = ?", (file.sha256,)) is not None:
            return 0
        with suppress(FileNotFoundError):
            self.content(file).rename(gone)
        await asyncio.to_thread(gone.unlink, missing_ok=True)
        return file.size

    def expired(self, limit: int, without: Collection[str] = ()) -> list[File]:
        """Uploads whose time is over, but for these ids."""
        rows = self._store.rows(
            "SELECT * FROM files WHERE expires_at < ? AND id NOT IN (SELECT value FROM json_each(?)) LIMIT ?",
            (time.time(), json.dumps([*without]), limit),
        )
        return [_file(row) for row in rows]

    def size(self) -> int:
        """Bytes of all contents, each counted once."""
        row = self._store.row("SELECT SUM(size) FROM (SELECT DISTINCT sha256, size FROM files)")
        return int(row[0] or 0) if row else 0

    def size_of(self, ids: Collection[str]) -> int:
        """Bytes of the contents that would go with these files: what others share would stay."""
        row = self._store.row(
            "SELECT SUM(size) FROM (SELECT DISTINCT sha256, size FROM files f WHERE id IN"
            " (SELECT value FROM json_each(:ids)) AND NOT EXISTS (SELECT 1 FROM files o"
            " WHERE o.sha256 = f.sha256 AND o.id NOT IN (SELECT value FROM json_each(:ids))))",
            {"ids": json.dumps([*ids])},
        )
        return int(row[0] or 0) if row else 0

    def folders(self) -> list[Path]:
        """The folders that contents lie in."""
        return [path for path in self._contents.iterdir() if len(path.name) == 2]

    def sweep(self, folder: Path) -> None:
        """Removes what a kill left in one of the folders: contents that belong to no file.

        On the event loop's thread: there, what has come has its row.
        """
        names = [path.name for path in folder.iterdir()]
        rows = self._store.rows(
            "SELECT value FROM json_each(?) WHERE NOT EXISTS (SELECT 1 FROM files WHERE sha256 = value)",
            (json.dumps(names),),
        )
        for row in rows:
            (folder / row[0]).unlink(missing_ok=True)

    def all(self) -> list[File]:
        return [_file(row) for row in self._store.rows("SELECT * FROM files")]

    def _settle(self, part: Path, sha256: str) -> None:
        """On the event loop's thread, as ``delete`` is: the two cannot meet over the same content."""
        place = self._contents / sha256[:2] / sha256
        place.parent.mkdir(mode=0o700, exist_ok=True)
        part.replace(place)

    def _add(
        self,
        kind: FileKind,
        name: str,
        content_type: str | None,
        size: int,
        digests: Mapping[str, str],
        metadata: dict[str, Any],
    ) -> File:
        now = time.time()
        file_id = new_id()
        name = safe_name(name)
        content_type = guess_type(name) if content_type is None else content_type
        if not _MEDIA_TYPE.fullmatch(content_type):
            content_type = "application/octet-stream"
        expires_at = now + UPLOAD_LIFETIME if kind == "upload" else None
        sha256, md5 = digests["sha256"], digests.get("md5")
        number = self._store.write(
            "INSERT INTO files (id, kind, name, content_type, size, sha256, metadata, created_at, expires_at,"
            " used_at, md5) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(file_id, kind, name, content_type, size, sha256, json.dumps(metadata)),
                *(now, expires_at, now, md5),
            ),
        )
        return File(
            number, file_id, kind, name, content_type, size, sha256, metadata, now, expires_at, now, md5
        )


def referenced(text: str) -> str | None:
    """The id of the file that a stored text refers to, None when it is just text."""
    found = _REFERENCE.fullmatch(text) if text.startswith("rcli-file:") else None
    return found.group(1) if found else None


def is_marked(text: str) -> bool:
    """Whether it is a stored text that is shown as something else."""
    return text.startswith(("rcli-file:", _LITERAL))


def literal(text: str) -> str:
    """The text as it is stored: one that could be taken for a reference is marked as a text."""
    return f"{_LITERAL}{text}" if is_marked(text) else text


def plain(text: str) -> str:
    """What ``literal`` was given."""
    return text.removeprefix(_LITERAL)


def replace_texts(value: Any, change: Callable[[str], Any]) -> Any:
    """The same JSON with every text in it, at any depth, changed; keys stay."""
    match value:
        case str():
            return change(value)
        case list():
            return [replace_texts(item, change) for item in value]
        case dict():
            return {key: replace_texts(item, change) for key, item in value.items()}
        case _:
            return value


def texts(value: Any) -> Iterator[str]:
    """Every text in a JSON value, at any depth, keys left out."""
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from texts(item)
        case dict():
            for item in value.values():
                yield from texts(item)


def safe_name(name: str) -> str:
    """A base name without control characters or folders, of at most 255 bytes; ``file`` for nothing."""
    base = re.split(r"[/\\]", name)[-1]
    clean = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", "_", base).strip(". ")
    stem, dot, suffix = clean.rpartition(".")
    if dot and stem and len(suffix) < 20:
        keep = 255 - len(f".{suffix}".encode())
        return f"{stem.encode(errors='replace')[:keep].decode(errors='ignore')}.{suffix}"
    return clean.encode(errors="replace")[:255].decode(errors="ignore") or "file"


def guess_type(name: str) -> str:
    import mimetypes

    return mimetypes.guess_type(name)[0] or "application/octet-stream"


def copy_file(source: Path, target: Path) -> None:
    """A copy, sharing blocks where the file system can; never a link, since models write into their files."""
    with source.open("rb") as read, open(os.open(target, _CREATE, 0o600), "wb") as write:
        left = os.fstat(read.fileno()).st_size
        while left > 0 and hasattr(os, "copy_file_range"):
            try:
                copied = os.copy_file_range(read.fileno(), write.fileno(), left)
            except OSError as exc:
                if exc.errno not in _NO_RANGES:
                    raise
                break
            if not copied:
                break
            left -= copied
        read.seek(write.seek(0, os.SEEK_END))
        shutil.copyfileobj(read, write, 1 << 20)


def _take(source: Path, part: Path, algorithms: Iterable[str]) -> tuple[dict[str, str], int]:
    """Moves the file if nobody else has a link to it, else copies it; returns its hashes and size."""
    if source.stat().st_nlink == 1 and source.stat().st_dev == part.parent.stat().st_dev:
        source.replace(part)
        part.chmod(0o600)
    else:
        copy_file(source, part)
        source.unlink()
    hashes = {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}
    with part.open("rb", buffering=0) as content:
        while chunk := content.read(_CHUNK):
            for each in hashes.values():
                each.update(chunk)
    return {name: each.hexdigest() for name, each in hashes.items()}, part.stat().st_size


def _expired(file: File) -> bool:
    return file.expires_at is not None and file.expires_at < time.time()


def _file(row: Row) -> File:
    return File(
        number=row["number"],
        id=row["id"],
        kind=row["kind"],
        name=row["name"],
        content_type=row["content_type"],
        size=row["size"],
        sha256=row["sha256"],
        metadata=json.loads(row["metadata"]),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        used_at=row["used_at"],
        md5=row["md5"],
    )


_MORE: dict[FileKind, tuple[str, ...]] = {"upload": ("md5",)}
_CHUNK = 1 << 18
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL
_NO_RANGES = frozenset({errno.EPERM, errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})
