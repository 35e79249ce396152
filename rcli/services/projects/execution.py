"""A command in a model's environment, in the project's own folder: it takes the place of this process.

So its exit code, signals, terminal and job control are its own, and nothing of rcli is left beside it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from rcli.api.engine import Engine
from rcli.errors import RcliError, UsageError
from rcli.records import Bench, Overrides

_TRIES = 3
_LEFT_OUT = ("REPLICATE_API_TOKEN", "PYTHONHOME", "PYTHONPATH", "__PYVENV_LAUNCHER__")
_SET = ("PATH", "VIRTUAL_ENV", "PYTHONHOME")
_IGNORED_BY_PYTHON = ("SIGPIPE", "SIGXFZ", "SIGXFSZ")


class NotRunnable(RcliError):
    """There is no such program, or it cannot be started; the exit codes are those of a shell."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def prepare(
    engine: Engine, folder: Path, file: str, overrides: Overrides, progress: Callable[[str], None]
) -> tuple[Bench, int | None]:
    """The environment of a folder's project, and the descriptor that keeps it from being pruned.

    Raises RcliErrors.
    """
    for _ in range(_TRIES):
        bench = engine.environment(folder, file, overrides, progress)
        if bench.hold is None:
            return bench, None
        if (number := _held(bench.hold)) is not None:
            return bench, number
    raise RcliError("the model's environment is removed again and again", hint="rcli cache list")


def environment(
    environ: Mapping[str, str], bench: Bench, variables: Mapping[str, str], folder: Path
) -> dict[str, str]:
    """The user's own variables, over them the project's, over them those of ``-e``.

    The command is the user's, so it gets what every program of theirs gets, but for Replicate's token, which
    no model gets unless ``-e REPLICATE_API_TOKEN`` says so, and for what leads Python to other packages.
    Raises UsageError for variables that would lead out of the environment.
    """
    if wrong := [name for name in variables if name in _SET]:
        raise UsageError(
            f"the variable {wrong[0]} is what makes the environment, and cannot be given with -e"
        )
    own = {name: value for name, value in environ.items() if name not in _LEFT_OUT}
    path = os.pathsep.join([bench.bin, own.get("PATH", os.defpath)])
    own = {**bench.defaults, **own, **bench.variables, **variables, "PATH": path, "PWD": str(folder)}
    own.pop("VIRTUAL_ENV", None)
    return own | ({"VIRTUAL_ENV": bench.prefix} if bench.prefix else {})


def become(command: Sequence[str], environ: Mapping[str, str], folder: Path, hold: int | None) -> NoReturn:
    """Runs the command in the place of this process, in ``folder``; ``hold`` stays open in it.

    Raises NotRunnable.
    """
    for name in _IGNORED_BY_PYTHON:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    if hold is not None:
        os.set_inheritable(hold, True)
    try:
        os.chdir(folder)
        os.execvpe(command[0], list(command), dict(environ))
    except (FileNotFoundError, NotADirectoryError) as exc:
        raise NotRunnable(f"there is no program {command[0]}", 127) from exc
    except OSError as exc:
        raise NotRunnable(f"{command[0]} cannot be run: {exc.strerror}", 126) from exc
    except ValueError as exc:  # a null byte, or half a surrogate pair
        raise NotRunnable(f"the command cannot be run: {exc}", 126) from exc


def _held(file: str) -> int | None:
    """Shares the lock of an environment; None when it was removed meanwhile."""
    import fcntl  # the systems that have none have no models either

    try:
        number = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(number, fcntl.LOCK_SH | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(number), os.stat(file)):
            return number
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(number)
    return None
