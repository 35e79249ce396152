"""Where rcli keeps things: whether it can be written there, which only writing tells; and the library."""

from __future__ import annotations

import errno
import os
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rcli.errors import RcliError
from rcli.paths import Paths
from rcli.services.health import Finding, failed
from rcli.services.library import Library

_PIECE = bytes(4096)
_ELSEWHERE = 'export RCLI_HOME="$HOME/rcli"'
_OUTPUTS_ELSEWHERE = "rcli config set output_dir ~/outputs"


def check(paths: Paths, outputs: Path) -> Iterator[Finding]:
    """One finding where all can be written, else one for each place that cannot. Leaves nothing there.

    A folder that is not there yet counts as the one above it, where it would be made.
    """
    uses: dict[Path, list[str]] = {}
    for what, folder in _folders(paths, outputs):
        uses.setdefault(_standing(folder), []).append(what)
    broken = [(place, whats, exc) for place, whats in uses.items() if (exc := _refused(place))]
    for place, whats, exc in broken:
        said = f"cannot write {', '.join(whats)}: {place}: {_reason(exc)}"
        yield Finding("folders", "problem", said, _mend(place, whats, exc))
    if not broken:
        yield Finding("folders", "good", f"can be written: {', '.join(map(str, uses))}")


def library(paths: Paths) -> Finding | None:
    """What is wrong with the file that remembers what ran; None if all is well, or nothing ran yet."""
    if not os.path.exists(paths.library):
        return None
    try:
        Library(paths.library).check()
    except RcliError as error:
        return failed("library", error, "warning")  # whatever runs does so all the same
    return None


def _folders(paths: Paths, outputs: Path) -> tuple[tuple[str, Path], ...]:
    return (
        ("settings", paths.config),
        ("outputs", outputs),
        ("the engine's data", paths.engine),
        ("webhook events", paths.webhooks),
        ("environments", paths.environments),
    )


def _standing(folder: Path) -> Path:
    """The folder, or the nearest above it that is there: whatever it is, and whoever may look into it."""
    return next((each for each in (folder, *folder.parents) if os.path.lexists(each)), folder)


def _refused(place: Path) -> OSError | None:
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(_PIECE)
    except OSError as exc:
        return exc
    return None


def _reason(exc: OSError) -> str:
    return "is no folder" if isinstance(exc, NotADirectoryError) else str(exc.strerror)


def _mend(place: Path, whats: list[str], exc: OSError) -> str:
    """What lets rcli write there, or leads it to another place."""
    named = shlex.quote(str(place))
    match exc.errno:
        case errno.ENOTDIR:
            return f"mv {named} {shlex.quote(f'{place}.old')}"
        case errno.EACCES if hasattr(os, "getuid") and place.lstat().st_uid == os.getuid():
            return f"chmod u+rwx {named}"
        case errno.ENOSPC | errno.EDQUOT:
            return "rcli cache prune"
    return _OUTPUTS_ELSEWHERE if whats == ["outputs"] else _ELSEWHERE
