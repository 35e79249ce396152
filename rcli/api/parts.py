"""Files in the making: written out of sight beside their target, then published in one step."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import BinaryIO

_OPEN_FILES = Path("/proc/self/fd")
_numbers = count()


@dataclass(frozen=True)
class Part:
    """A file that is not published; ``source`` is the path that links to it are made from."""

    file: BinaryIO
    source: Path


@contextmanager
def part(target: Path) -> Iterator[Part]:
    """A new file on the target's disk. What was not published at the end of the block is gone.

    Where the system can do that the file has no name, so that not even a killed process leaves it behind.
    Raises OSError.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    number = _unnamed(target.parent)
    if number is None:
        with named(target) as made:
            yield made
    else:
        with open(number, "w+b") as file:
            yield Part(file, _OPEN_FILES / str(number))


@contextmanager
def named(target: Path) -> Iterator[Part]:
    """The same with a hidden name, for systems and disks that know no files without one."""
    source = target.with_name(f".{target.name}.{os.getpid()}-{next(_numbers)}.part")
    with source.open("x+b") as file:
        try:
            yield Part(file, source)
        finally:
            source.unlink(missing_ok=True)


def publish(made: Part, target: Path) -> Path:
    """Gives a part the first name that is free: ``name.ext``, ``name-1.ext`` and so on. Raises OSError."""
    made.file.flush()
    for place in chain([target], (_numbered(target, number) for number in count(1))):
        try:
            link(made, place)
        except FileExistsError:
            continue
        return place
    raise AssertionError("the numbers do not end")


def move(made: Part, place: Path) -> None:
    """Publishing on a disk without hard links: claims the name first. Raises FileExistsError."""
    place.open("xb").close()
    made.source.replace(place)


def link(made: Part, place: Path) -> None:
    """Gives a part one more name. Raises OSError, FileExistsError among them."""
    try:
        # Only with a descriptor does Python follow the link in /proc; the path is absolute, so any will do.
        os.link(made.source, place, src_dir_fd=made.file.fileno())
    except FileExistsError:
        raise
    except OSError:
        if made.source.parent == _OPEN_FILES:
            raise
        move(made, place)


def _unnamed(folder: Path) -> int | None:
    """An open file without a name, None where the system or the disk has no such thing."""
    if not hasattr(os, "O_TMPFILE") or not _OPEN_FILES.is_dir():
        return None
    try:
        return os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o666)
    except OSError:
        return None


def _numbered(target: Path, number: int) -> Path:
    return target.with_name(f"{target.stem}-{number}{target.suffix}")
