"""What stands behind an ``@``: a file, or standard input."""

from __future__ import annotations

import mimetypes
import os
import shlex
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import BinaryIO

from rcli.errors import InvalidInput
from rcli.services.request import packing
from rcli.services.request.packing import Archive, Member

LIMIT = 100 * 1000 * 1000
"""Bytes; the service takes files below 100 MB."""

_BINARY = "application/octet-stream"
_TOO_LARGE = "is larger than 100 MB, the most that an upload takes"
_AT = "@FILE sends a file, @- standard input, @@ is a text that begins with @"
_URL_HINT = "put it on a web server and give its URL"


@dataclass(frozen=True)
class FileInput:
    """A file to send. ``at`` is its place in the values, ``path`` is None for standard input.

    ``size`` counts bytes; ``data`` holds what cannot be read twice, such as standard input or a pipe.
    A folder that is yet to be packed has an ``archive``, and ``members``, whose sizes are counted. What was
    ``made`` for one command, of a file or folder of the user's, is nowhere to be found after it.
    """

    at: tuple[str | int, ...]
    written: str
    path: Path | None
    name: str
    size: int
    content_type: str
    data: bytes | None = field(default=None, repr=False)
    archive: Archive | None = None
    members: tuple[Member, ...] = field(default=(), repr=False)
    made: bool = False

    @property
    def content(self) -> Path | bytes:
        """Where the bytes are: the file, unless they had to be read already."""
        return self.path if self.data is None and self.path else self.data or b""


@dataclass
class Sources:
    """Where the ``@`` of one command line is looked up; standard input can be read once.

    ``archive``: what a folder becomes where an input does not say which it takes; None: it is refused.
    """

    cwd: Path
    home: Path
    stdin: BinaryIO
    archive: Archive | None = None
    _stdin_read: bool = False

    def find(self, written: str) -> Path:
        if written == "~" or written.startswith("~/"):
            return self.home / written[2:]
        return self.cwd / written

    def exists(self, written: str) -> bool:
        """Whether the text names a file here."""
        try:
            return bool(written) and self.find(written).is_file()
        except (OSError, ValueError):  # too long, or not a path at all
            return False

    def files(self, written: Sequence[str], name: str, archive: Archive) -> FileInput:
        """Several files, and folders, as one archive that is called ``name``. Raises InvalidInput."""
        for each in written:
            if each == "-" or not each:
                raise InvalidInput("standard input is one file, and cannot be packed with others")
            _status(self.find(each), each, folders=True)
        paths = [self.find(each) for each in written]
        found = packing.gathered(paths)
        shown = "@" + " @".join(written)
        return _archive(paths[0], shown, f"{name}.{archive}", archive, found)

    def file(self, written: str, archive: Archive | None = None) -> FileInput:
        """Raises InvalidInput for what is not there or cannot be read; folders only become an archive."""
        if written == "-":
            piped = self._standard_input()
            return FileInput((), "@-", None, "stdin", len(piped), _BINARY, piped)
        path = self.find(written)
        if archive and written and path.is_dir():
            return _folder(path, written, archive)
        status = _status(path, written)
        data = None if stat.S_ISREG(status.st_mode) else _content(path)
        size = status.st_size if data is None else len(data)
        if size >= LIMIT:
            raise InvalidInput(f"{path} {_TOO_LARGE}", hint=_URL_HINT)
        kind = mimetypes.guess_type(path.name, strict=False)[0] or _BINARY
        return FileInput((), f"@{written}", path, _sendable_name(path), size, kind, data)

    def text(self, written: str) -> str:
        """The UTF-8 text behind an ``@``, byte-exact. Raises InvalidInput for anything else."""
        if written == "-":
            return _decoded(self._standard_input(), "standard input")
        path = self.find(written)
        _status(path, written)
        return _decoded(_content(path), str(path))

    def content(self, written: str) -> bytes:
        """The bytes behind an ``@``. Raises InvalidInput for what is not there or too large."""
        if written == "-":
            return self._standard_input()
        path = self.find(written)
        _status(path, written)
        return _content(path)

    def _standard_input(self) -> bytes:
        if self._stdin_read:
            raise InvalidInput("standard input can be read only once")
        self._stdin_read = True
        data = self.stdin.read(LIMIT)
        if len(data) >= LIMIT:
            raise InvalidInput(f"standard input {_TOO_LARGE}", hint=_URL_HINT)
        return data


def _folder(path: Path, written: str, archive: Archive) -> FileInput:
    name = f"{_sendable_name(path.resolve()) or 'folder'}.{archive}"
    return _archive(path, f"@{written}", name, archive, packing.members(path))


def _archive(path: Path, written: str, name: str, archive: Archive, found: tuple[Member, ...]) -> FileInput:
    size = sum(member.size for member in found)
    kind = packing.CONTENT_TYPES[archive]
    return FileInput((), written, path, name, size, kind, archive=archive, members=found)


def _status(path: Path, written: str, *, folders: bool = False) -> os.stat_result:
    """The state of a file that can be opened; of a folder only where ``folders`` are taken."""
    if not written:
        raise InvalidInput("no file is named behind the @", hint=_AT)
    try:
        status = path.stat()
        if stat.S_ISREG(status.st_mode):
            path.open("rb").close()
    except FileNotFoundError as exc:
        raise InvalidInput(f"there is no file {path}", hint=_meant(path, written)) from exc
    except (OSError, ValueError) as exc:  # ValueError: a null byte, or no file name that this system has
        raise InvalidInput(f"cannot read {path}: {getattr(exc, 'strerror', None) or exc}") from exc
    if stat.S_ISDIR(status.st_mode) and not folders:
        command = shlex.join(["zip", "-r", f"{path.name}.zip", written])
        raise InvalidInput(
            f"{path} is a folder, not a file", hint=f"if the model takes an archive: {command}"
        )
    return status


def _meant(path: Path, written: str) -> str:
    """The file beside it whose name is almost the same, where to look, or the folder that is not there."""
    try:
        names = os.listdir(path.parent)
    except OSError:
        return f"there is no folder {path.parent}"
    near = get_close_matches(path.name, names, n=1, cutoff=0.85)
    if near:
        return f"did you mean {os.path.join(os.path.dirname(written), near[0])}?"
    return f"what is there: {shlex.join(['ls', str(path.parent)])}"


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as opened:
            data = opened.read(LIMIT)
    except OSError as exc:
        raise InvalidInput(f"cannot read {path}: {exc.strerror}") from exc
    if len(data) >= LIMIT:
        raise InvalidInput(f"{path} {_TOO_LARGE}", hint=_URL_HINT)
    return data


def _decoded(data: bytes, where: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as exc:
        raise InvalidInput(f"{where} is not UTF-8 text (byte {exc.start})") from exc


def _sendable_name(path: Path) -> str:
    return path.name.encode("utf-8", "replace").decode()
