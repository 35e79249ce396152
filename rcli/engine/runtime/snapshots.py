"""Immutable copies of project folders, named by their content.

A snapshot is what a version is made of; every replica works on a copy of its own, because models write beside
themselves. Copies share blocks where the file system can (reflink) and are never hard links.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import secrets
import shutil
import stat
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rcli.engine.runtime.project import named_files
from rcli.errors import RcliError
from rcli.ignored import Ignored

FICLONE = 0x40049409  # ioctl: share the blocks of another file (Linux)
SETTLED_NS = 2_000_000_000  # a file changed more recently may change again within the clock's tick
UNFINISHED = "unfinished-"


class SnapshotError(RcliError):
    """A project folder cannot be copied."""


@dataclass(frozen=True)
class Snapshot:
    """``id`` is the SHA-256 (hex) of names, executable bits and contents; ``path`` a copy not to write to."""

    id: str
    path: Path


@dataclass(frozen=True)
class Survey:
    """How many files of a folder belong to its project, and their ``size`` in bytes."""

    files: int
    size: int


@dataclass(frozen=True)
class _Entry:
    """One thing in a project: ``kind`` is ``file``, ``program`` (executable), ``link`` or ``folder``."""

    name: str
    kind: str
    path: Path
    stat: os.stat_result
    target: str = ""

    @property
    def stamp(self) -> list[int]:
        return [self.stat.st_size, self.stat.st_mtime_ns, self.stat.st_ino]


class Snapshots:
    """All snapshots, below one folder."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._naming = threading.Lock()

    def take(self, folder: Path, file: str = "cog.yaml") -> Snapshot:
        """Copy what is in ``folder`` now, unless the same content is here already.

        Raises SnapshotError for links that lead out of the folder and for files that cannot be read or
        copied, ProjectError if ``file`` is not a readable cog.yaml.
        """
        try:
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            entries = list(_entries(folder, frozenset(named_files(folder, file))))
            known = _Digests(self._root, folder)
            identifier = known.identify(entries)
            if identifier is None or not self.touch(identifier):
                identifier = self._store(entries, known)
            known.save(entries)
        except OSError as exc:
            raise SnapshotError(f"cannot copy the project {folder}: {exc}") from exc
        return Snapshot(identifier, self._root / identifier)

    def _store(self, entries: list[_Entry], known: _Digests) -> str:
        """Copy first, then name the copy by what it holds: the folder may change meanwhile."""
        unfinished = self._root / f"{UNFINISHED}{secrets.token_hex(8)}"
        unfinished.mkdir(mode=0o700)
        try:
            for entry in entries:
                _copy_entry(entry, unfinished / entry.name)
                known.learn(entry, unfinished / entry.name)
            identifier = _identify(entries, known.digests)
            with self._naming:
                _name(unfinished, self._root / identifier)
                os.utime(self._root / identifier)
            return identifier
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)

    def copy(self, identifier: str, into: Path) -> None:
        """Make a working copy at ``into``, which must not exist. Raises SnapshotError and leaves no half."""
        source = self.get(identifier)
        if source is None:
            raise SnapshotError(f"there is no snapshot {identifier}")
        try:
            into.mkdir(mode=0o700, parents=True)
            for entry in _walk(source.path, Ignored(""), frozenset()):
                _copy_entry(entry, into / entry.name, writable=True)
        except OSError as exc:
            shutil.rmtree(into, ignore_errors=True)
            raise SnapshotError(f"cannot make a working copy in {into}: {exc}") from exc

    def get(self, identifier: str) -> Snapshot | None:
        path = self._root / identifier
        return Snapshot(identifier, path) if _is_id(identifier) and path.is_dir() else None

    def ids(self) -> list[str]:
        """Every snapshot, in the order of names."""
        return sorted(name for name in _names(self._root) if _is_id(name))

    def size(self, identifier: str) -> int:
        """Bytes of its files; those that share blocks with the project are counted all the same."""
        files = (
            Path(folder) / name for folder, _, names in os.walk(self._root / identifier) for name in names
        )
        return sum(file.lstat().st_size for file in files)

    def touch(self, identifier: str) -> bool:
        """Note that it is taken now; false when it is not there."""
        with self._naming:
            snapshot = self.get(identifier)
            if snapshot is not None:
                os.utime(snapshot.path)
            return snapshot is not None

    def taken_at(self, identifier: str) -> float:
        """When it was last taken, in Unix seconds; 0 when it is not there."""
        snapshot = self.get(identifier)
        try:
            return snapshot.path.stat().st_mtime if snapshot else 0.0
        except FileNotFoundError:
            return 0.0

    def remove(self, identifier: str, *, taken_before: float = math.inf) -> bool:
        """Delete one, unless somebody took it since (Unix seconds), or it is not there: false then.

        Running replicas have copies of their own. Half a deletion is no snapshot.
        """
        gone = self._root / f"{UNFINISHED}{secrets.token_hex(8)}"
        with self._naming:
            snapshot = self.get(identifier)
            if snapshot is None or snapshot.path.stat().st_mtime >= taken_before:
                return False
            snapshot.path.rename(gone)
        shutil.rmtree(gone)
        return True

    def survey(self, folder: Path, file: str = "cog.yaml") -> Survey:
        """How much ``take`` would take. Raises SnapshotError and ProjectError, as that does."""
        try:
            files = [
                entry.stat.st_size
                for entry in _entries(folder, frozenset(named_files(folder, file)))
                if entry.kind in ("file", "program")
            ]
        except OSError as exc:
            raise SnapshotError(f"cannot read the project {folder}: {exc}") from exc
        return Survey(len(files), sum(files))

    def sweep(self) -> None:
        """Remove what an engine that was killed left unfinished. Call it before the first ``take``."""
        for name in _names(self._root):
            if name.startswith(UNFINISHED):
                shutil.rmtree(self._root / name, ignore_errors=True)


class _Digests:
    """SHA-256 of one folder's files, remembered by size, time of change and inode in a small file."""

    def __init__(self, root: Path, folder: Path) -> None:
        key = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:32]
        self._file = root / "hashes" / f"{key}.json"
        self._remembered = self._load()
        self.digests: dict[str, str] = {}

    def _load(self) -> dict[str, tuple[list[int], str]]:
        try:
            loaded = json.loads(self._file.read_text())
        except (OSError, ValueError):
            return {}
        return loaded if isinstance(loaded, dict) else {}

    def identify(self, entries: list[_Entry]) -> str | None:
        """The snapshot's id, if every file is remembered as it is now."""
        for entry in entries:
            if entry.kind in ("file", "program"):
                remembered = self._remembered.get(entry.name)
                if remembered is None or remembered[0] != entry.stamp:
                    return None
                self.digests[entry.name] = remembered[1]
        return _identify(entries, self.digests)

    def learn(self, entry: _Entry, copy: Path) -> None:
        """The digest of what was copied, not of what may be there by now."""
        if entry.kind in ("file", "program"):
            with copy.open("rb") as file:
                self.digests[entry.name] = hashlib.file_digest(file, "sha256").hexdigest()

    def save(self, entries: list[_Entry]) -> None:
        """Remember the files whose time of change is old enough to be trusted."""
        before = time.time_ns() - SETTLED_NS
        settled = {
            entry.name: (entry.stamp, self.digests[entry.name])
            for entry in entries
            if entry.name in self.digests and entry.stat.st_mtime_ns < before and _unchanged(entry)
        }
        self._file.parent.mkdir(mode=0o700, exist_ok=True)
        fresh = self._file.with_suffix(f".{secrets.token_hex(4)}")
        fresh.write_text(json.dumps(settled))
        fresh.replace(self._file)


def _name(unfinished: Path, snapshot: Path) -> None:
    """Give a copy its name, unless the same content has got it meanwhile. Raises OSError."""
    try:
        unfinished.rename(snapshot)
    except OSError:
        if not snapshot.is_dir():
            raise


def _identify(entries: list[_Entry], digests: dict[str, str]) -> str:
    total = hashlib.sha256()
    for entry in entries:
        content = digests.get(entry.name, entry.target)
        total.update(json.dumps([entry.name, entry.kind, content]).encode() + b"\n")
    return total.hexdigest()


def _unchanged(entry: _Entry) -> bool:
    now = entry.path.lstat()
    return entry.stamp == [now.st_size, now.st_mtime_ns, now.st_ino]


def _entries(folder: Path, kept: frozenset[str]) -> Iterator[_Entry]:
    """Everything in a project that belongs into a snapshot, in the order of names."""
    try:
        rules = (folder / ".dockerignore").read_text(errors="replace")
    except FileNotFoundError:
        rules = ""
    return _walk(folder, Ignored(rules), kept)


def _walk(folder: Path, ignored: Ignored, kept: frozenset[str], below: str = "") -> Iterator[_Entry]:
    for child in sorted(os.scandir(folder / below), key=lambda child: child.name):
        name = f"{below}{child.name}"
        is_folder = child.is_dir(follow_symlinks=False)
        if ignored.leaves_out(name) and name not in kept:
            if is_folder and (ignored.may_contain_exceptions(name) or _holds(name, kept)):
                yield from _walk(folder, ignored, kept, f"{name}/")
            continue
        yield _entry(folder, name, child)
        if is_folder:
            yield from _walk(folder, ignored, kept, f"{name}/")


def _holds(name: str, kept: frozenset[str]) -> bool:
    return any(file.startswith(f"{name}/") for file in kept)


def _entry(folder: Path, name: str, child: os.DirEntry[str]) -> _Entry:
    status = child.stat(follow_symlinks=False)
    path = Path(child.path)
    if stat.S_ISLNK(status.st_mode):
        return _Entry(name, "link", path, status, _inner_target(folder, path))
    if stat.S_ISDIR(status.st_mode):
        return _Entry(name, "folder", path, status)
    if not stat.S_ISREG(status.st_mode):
        raise SnapshotError(f"{name} in {folder} is neither a file nor a folder", hint=_leave_out(name))
    return _Entry(name, "program" if status.st_mode & 0o100 else "file", path, status)


def _inner_target(folder: Path, link: Path) -> str:
    """Where a link leads in the end, relative to the link; as it is written it may lead over the outside.

    Raises SnapshotError if it leads out of the folder.
    """
    home, parent = folder.resolve(), link.parent.resolve()
    target = Path(os.path.realpath(link))
    if not target.is_relative_to(home):
        name = link.relative_to(folder)
        raise SnapshotError(
            f"the link {name} leads out of the project, to {target}", hint=_leave_out(str(name))
        )
    return os.path.relpath(target, parent)


def _leave_out(name: str) -> str:
    return f"copy its content into the project, or leave it out: echo {name} >> .dockerignore"


def _copy_entry(entry: _Entry, target: Path, *, writable: bool = False) -> None:
    """Copy one thing; folders above it are made. Snapshots' files are read-only, working copies' are not."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    match entry.kind:
        case "folder":
            target.mkdir(mode=0o700, exist_ok=True)
        case "link":
            target.symlink_to(entry.target)
        case kind:
            _copy_file(entry.path, target)
            mode = 0o500 if kind == "program" else 0o400
            target.chmod(mode | 0o200 if writable else mode)


def _copy_file(source: Path, target: Path) -> None:
    with source.open("rb") as data, target.open("xb") as copy:
        if not _share_blocks(data.fileno(), copy.fileno()):
            shutil.copyfile(source, target)


def _share_blocks(source: int, copy: int) -> bool:
    """Reflink: btrfs, XFS and bcachefs can; others refuse, as do two different file systems."""
    if not sys.platform.startswith("linux"):
        return False
    import fcntl

    try:
        fcntl.ioctl(copy, FICLONE, source)
    except OSError:
        return False
    return True


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except FileNotFoundError:
        return []


def _is_id(name: str) -> bool:
    return len(name) == 64 and all(letter in "0123456789abcdef" for letter in name)
