"""A folder that becomes a new version of a model on this machine each time that it changes."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread

from rcli.errors import InvalidInput, NoAnswer, NotFound, RcliError
from rcli.ignored import Ignored
from rcli.records import Project

Push = Callable[[Sequence[str]], Project]
"""Registers the folder; it is given the versions that the watch has made before, which are to go."""

_QUIET_MS = 100
"""How long nothing must change until what changed is looked at: editors write a file in several steps."""
_LOOK_MS = 200
"""How often to look whether the folder is still there."""
_USED_SECONDS = 2.0
"""How often to look whether predictions have let go of a former version."""
_END_SECONDS = 2.0
_TEMPORARY = re.compile(r".*~|\.#.*|#.*#|\..*\.sw[a-z]|4913|\.DS_Store|.*___jb_(tmp|old)___")
"""What editors write beside the file that is edited: its first save is not the user's."""


@dataclass(frozen=True)
class Registered:
    """The folder is a version now; ``at`` in Unix seconds, ``changed`` names files below the folder."""

    at: float
    changed: tuple[str, ...]
    project: Project


@dataclass(frozen=True)
class Refused:
    """What is in the folder now cannot be a version; the former one stays."""

    at: float
    changed: tuple[str, ...]
    error: RcliError


def watch(folder: Path, file: str, push: Push) -> Iterator[Registered | Refused]:
    """Registers the folder at once, and again whenever something in it has changed.

    Only one version of it lives: each takes the place of the one before. Never ends by itself. Raises
    NotFound when the folder has gone, and whatever another save would not mend.
    """
    with _changes(folder) as changes:
        left: tuple[str, ...] = ()
        made: tuple[str, ...] = ()
        is_refused, names = True, list[str]()
        while True:
            try:
                project = push(made)
            except (InvalidInput, NoAnswer) as error:
                is_refused = True
                yield Refused(time.time(), tuple(names), error)
            else:
                left, made = project.former, (*project.former, project.version.id)
                if is_refused or project.change != "unchanged":
                    yield Registered(time.time(), tuple(names), project)
                is_refused = False
            names = _next(changes, folder, file, patience=_USED_SECONDS if left else None)


def relevant(names: Iterable[str], rules: str, file: str) -> list[str]:
    """The names that belong to a project, sorted; ``rules`` is the text of its .dockerignore.

    Names of folders end with a slash; one that is left out counts if something in it may not be.
    """
    ignored = Ignored(rules)
    always = (file, ".dockerignore")
    return sorted(
        name
        for name in set(names)
        if name in always
        or not (_TEMPORARY.fullmatch(name.rpartition("/")[2]) or ignored.leaves_out(name.rstrip("/")))
        or (name.endswith("/") and ignored.may_contain_exceptions(name.rstrip("/")))
    )


_Batch = set[str] | RcliError
"""Names that changed together, or why nothing more will come."""


def _next(changes: SimpleQueue[_Batch], folder: Path, file: str, patience: float | None) -> list[str]:
    """Waits for a change that matters; what happened meanwhile counts together.

    Nothing after ``patience`` seconds without any change.
    """
    names: list[str] = []
    while not names:
        try:
            found = _taken(changes.get(timeout=patience))
        except Empty:
            return []
        while not changes.empty():
            found |= _taken(changes.get())
        names = relevant(found, _rules(folder), file)
    return names


def _taken(batch: _Batch) -> set[str]:
    if isinstance(batch, RcliError):
        raise batch
    return batch


def _rules(folder: Path) -> str:
    try:
        return (folder / ".dockerignore").read_text(errors="replace")
    except OSError:
        return ""


@contextmanager
def _changes(folder: Path) -> Iterator[SimpleQueue[_Batch]]:
    """What changes from now on, told by a thread: signals that arrive in its native code would be lost."""
    batches: SimpleQueue[_Batch] = SimpleQueue()
    watching, ending = Event(), Event()
    thread = Thread(target=_tell, args=(folder, batches, watching, ending), daemon=True)
    thread.start()
    try:
        watching.wait()
        yield batches
    finally:
        ending.set()
        thread.join(_END_SECONDS)


def _tell(folder: Path, batches: SimpleQueue[_Batch], watching: Event, ending: Event) -> None:
    from watchfiles import Change, watch

    try:
        home = _identity(folder)
        for changes in watch(
            folder,
            watch_filter=None,
            step=_QUIET_MS,
            rust_timeout=_LOOK_MS,
            yield_on_timeout=True,
            stop_event=ending,
            ignore_permission_denied=True,
        ):
            watching.set()
            if _identity(folder) != home:
                break
            passing = {
                path for change, path in changes if change == Change.added and not os.path.lexists(path)
            }
            if names := {_name(path, folder) for _, path in changes if path not in passing} - {"./"}:
                batches.put(names)
        batches.put(NotFound(f"the folder {folder} has gone", hint="its last version stays"))
    except (OSError, RuntimeError) as exc:  # the latter is what its native part raises
        batches.put(_unwatchable(folder, exc))
    finally:
        watching.set()


def _name(path: str, folder: Path) -> str:
    name = Path(os.path.relpath(path, folder)).as_posix()
    return f"{name}/" if os.path.isdir(path) and not os.path.islink(path) else name


def _identity(folder: Path) -> tuple[int, int] | None:
    """Which folder it is; None for none. Another one in its place is not watched."""
    try:
        status = folder.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _unwatchable(folder: Path, error: Exception) -> RcliError:
    if not folder.is_dir():
        return NotFound(f"there is no folder {folder}")
    return RcliError(
        f"{folder} cannot be watched: {error}",
        hint="WATCHFILES_FORCE_POLLING=1 looks without the system's help",
    )
