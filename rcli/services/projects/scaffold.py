"""What can be begun from a template: a Cog project that runs at once, a handler of webhooks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path, PurePath

from rcli.errors import RcliError, UsageError

_HIDDEN = ("dockerignore", "gitignore")
"""Files whose names begin with a dot in a project; in a package such a file would be hidden, or obeyed."""


def write(folder: Path, template: str = "project", command: str = "rcli init") -> tuple[Path, ...]:
    """Writes the files of a template, all of them or nothing, and returns them.

    ``command`` is what writes them elsewhere, but for the folder.

    Raises UsageError when one of them is there already, RcliError when the folder cannot be written.
    """
    wanted = {folder / name: content for name, content in _files(template)}
    if there := [file.relative_to(folder) for file in wanted if os.path.lexists(file)]:
        names = ", ".join(map(str, there))
        raise UsageError(
            f"{folder} has {names} already: nothing was written", hint=f"{command} another-folder"
        )
    made: list[Path] = []
    try:
        for file, content in wanted.items():
            made += _made_folders(file.parent)
            with file.open("xb") as opened:
                made.append(file)
                opened.write(content)
    except OSError as exc:
        _take_back(made)
        raise RcliError(
            f"cannot write {exc.filename or folder}: {exc.strerror}; nothing was written"
        ) from exc
    except BaseException:
        _take_back(made)
        raise
    return tuple(wanted)


def _files(template: str) -> Iterator[tuple[PurePath, bytes]]:
    """The names within a folder and what belongs into each."""
    pending: list[tuple[PurePath, Traversable]] = [
        (PurePath(), resources.files("rcli") / "templates" / template)
    ]
    while pending:
        name, found = pending.pop()
        if found.is_file():
            yield name.with_name(f".{name.name}") if name.name in _HIDDEN else name, found.read_bytes()
        elif found.name != "__pycache__":
            inside = sorted(found.iterdir(), key=lambda each: each.name, reverse=True)
            pending += [(name / each.name, each) for each in inside]


def _made_folders(folder: Path) -> list[Path]:
    """Makes a folder and those above it; returns the new ones, the topmost first."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()][::-1]
    for each in missing:
        each.mkdir(exist_ok=True)
    return missing


def _take_back(made: list[Path]) -> None:
    for path in reversed(made):
        with suppress(OSError):
            path.rmdir() if path.is_dir() else path.unlink()
