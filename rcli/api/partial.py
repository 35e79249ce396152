"""What a download that broke off leaves beside its target: its bytes, and a note that tells what is missing.

Both have hidden names, and the next download to the same target goes on from there. Whoever goes on holds a
lock on the bytes; a note stays true meanwhile, since what is missing only becomes less.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from rcli.api.parts import Part, link, part

SMALLEST = 1 << 20
"""Bytes; what is less is fetched anew."""

_OLDEST = 86400.0
"""Seconds; services keep outputs for an hour, and an engine's disk is near."""


@dataclass(frozen=True)
class Left:
    """``missing`` are spans of a file of ``size`` bytes, each from its first byte to before its last one.

    ``validator`` tells that the file is still the same; ``path`` is that of its address, whose host may have
    another port by now, and whose query another signature.
    """

    path: str
    validator: str
    size: int
    content_type: str
    missing: tuple[tuple[int, int], ...]

    @property
    def done(self) -> int:
        """Bytes that are there."""
        return self.size - sum(end - begin for begin, end in self.missing)


@contextmanager
def begun(target: Path, url: str) -> Iterator[tuple[Part, Left | None]]:
    """A part to write to: what an earlier download of the same has left, or else a new one. Raises OSError.

    What was left of another file, or too long ago, is removed.
    """
    if taken := _taken(target, url):
        file, left = taken
        with file:
            yield Part(file, _place(target)), left
    else:
        with part(target) as made:
            yield made, None


def keep(made: Part, target: Path, left: Left) -> None:
    """Leaves a part for the next time, if it is worth it; a disk that does not take it is no error."""
    if left.done < SMALLEST or not _can_lock():
        return
    place = _place(target)
    with suppress(OSError):
        made.file.flush()
        if made.source != place:
            link(made, place)
        _write(_note(target), json.dumps(asdict(left)))


def forget(target: Path) -> None:
    """What was left is not wanted any more."""
    for file in (_note(target), _place(target)):
        with suppress(OSError):
            file.unlink(missing_ok=True)


def forget_note(target: Path) -> None:
    """What was left is about to be overwritten by another content."""
    with suppress(OSError):
        _note(target).unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Removes what is left in the folders below this one and will not be gone on with any more."""
    for file in (*folder.glob("*/.*.part"), *folder.glob("*/.*.part.json")):
        with suppress(OSError):
            if time.time() - file.stat().st_mtime > _OLDEST:
                file.unlink()


def path_of(url: str) -> str:
    return urlsplit(url).path


def _taken(target: Path, url: str) -> tuple[BinaryIO, Left] | None:
    """The locked bytes and what is missing; None if there are none, or another process goes on with them."""
    try:
        file = _place(target).open("r+b")
    except OSError:
        return None
    if not _locked(file):
        file.close()
        return None
    left = _read(target, url)
    if left is None or os.fstat(file.fileno()).st_nlink == 0:
        forget(target)
        file.close()
        return None
    return file, left


def _read(target: Path, url: str) -> Left | None:
    """What the note says, None for one that is stale."""
    try:
        if time.time() - _note(target).stat().st_mtime > _OLDEST:
            return None
        told = json.loads(_note(target).read_text(encoding="utf-8"))
        spans = tuple((int(begin), int(end)) for begin, end in told.pop("missing"))
        left = Left(**told, missing=spans)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):  # half written, or another program's
        return None
    return left if left.path == path_of(url) and _is_sound(left) else None


def _is_sound(left: Left) -> bool:
    ordered = [edge for span in left.missing for edge in span]
    return isinstance(left.size, int) and ordered == sorted(ordered) and 0 < len(ordered) <= 2 * 16


def _write(note: Path, text: str) -> None:
    new = note.with_name(f"{note.name}.{os.getpid()}")
    try:
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            out.write(text)
        new.replace(note)
    finally:
        new.unlink(missing_ok=True)


def _place(target: Path) -> Path:
    return target.with_name(f".{target.name}.part")


def _note(target: Path) -> Path:
    return target.with_name(f".{target.name}.part.json")


def _can_lock() -> bool:
    return os.name == "posix"


def _locked(file: BinaryIO) -> bool:
    """Whether the lock is ours now; it goes with the file, in a killed process too."""
    try:
        import fcntl  # not everywhere
    except ImportError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
