"""The engine's process as its starter sees it: how it is launched, what it writes, how it ends with us."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import rcli
from rcli.errors import RcliError
from rcli.paths import Paths
from rcli.settings import Settings, allowed_environment

if TYPE_CHECKING:
    from subprocess import Popen

_LARGEST_LOG = 1_000_000
_EXCERPT = 12


class Log:
    """The engine's log, and the part of it that one start wrote."""

    def __init__(self, paths: Paths) -> None:
        self.path = log_path(paths)
        self._start = 0

    @contextmanager
    def open(self) -> Iterator[int]:
        """A descriptor to append with; a log that has grown large begins anew. Raises RcliError."""
        try:
            number = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError as exc:
            raise RcliError(f"cannot write {self.path}: {exc.strerror}") from exc
        try:
            if os.fstat(number).st_size > _LARGEST_LOG:
                os.ftruncate(number, 0)
            self._start = os.fstat(number).st_size
            yield number
        finally:
            os.close(number)

    def failure(self, what: str) -> RcliError:
        """Why an engine ended, in its own words; else ``what``, with the end of its log."""
        lines = self.path.read_bytes()[self._start :].decode("utf-8", "replace").splitlines()
        match lines:
            case [*_, error, hint] if error.startswith("error: ") and hint.startswith("hint: "):
                return RcliError(error.removeprefix("error: "), hint=hint.removeprefix("hint: "))
            case [*_, error] if error.startswith("error: "):
                return RcliError(error.removeprefix("error: "), hint=f"the engine's log: {self.path}")
        told = "".join(f"\n  {line}" for line in lines[-_EXCERPT:])
        return RcliError(f"the engine {what}{told}", hint=f"its log: {self.path}")


class Following:
    """What is appended to a log from now on, or after its last ``back`` lines. One that begins anew is
    followed too.
    """

    def __init__(self, path: Path, back: int = 0) -> None:
        self._path = path
        self._read = 0
        self._rest = b""
        lines = self.lines()
        self.before = lines[-back:] if back else []

    def lines(self) -> list[str]:
        """The whole lines that have come since the last call, without their ends."""
        try:
            with self._path.open("rb") as file:
                if os.fstat(file.fileno()).st_size < self._read:
                    self._read, self._rest = 0, b""
                file.seek(self._read)
                data = file.read()
        except (FileNotFoundError, NotADirectoryError):
            return []
        self._read += len(data)
        *whole, self._rest = (self._rest + data).split(b"\n")
        return [line.decode("utf-8", "replace") for line in whole]


def log_path(paths: Paths) -> Path:
    return paths.engine / "engine.log"


def runs_here() -> bool:
    """Whether this system is one that models can run on."""
    return find_spec("coglet") is not None


def check_platform() -> None:
    """Raises RcliError where models cannot run."""
    if not runs_here():
        raise RcliError(
            "models run on Linux (x86-64, arm64) and on macOS with Apple silicon, not on this system",
            hint="models on Replicate and on other hosts can be used from here: rcli auth login",
        )


def launch(
    settings: Settings, log: Log, arguments: Sequence[str] = (), *, ends_with_us: bool = False
) -> Popen[bytes]:
    """Starts an engine that no terminal, pipe or open file of ours reaches. Raises RcliError.

    ``ends_with_us``: but for one pipe, by whose end it knows that we have ended, in whatever way.
    """
    import subprocess

    arguments = [*arguments, *(["--with-parent"] if ends_with_us else [])]
    flags, folder = _way_to_the_package(settings.paths)
    with log.open() as output:
        return subprocess.Popen(
            [sys.executable, *flags, "-m", "rcli.engine", *arguments],
            stdin=subprocess.PIPE if ends_with_us else subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=folder,
            env=environment(settings),
            start_new_session=True,
            close_fds=True,
            umask=0o077,  # what the engine keeps is for nobody else, from the moment it is made
        )


@contextmanager
def foreground(settings: Settings, log: Log, arguments: Sequence[str]) -> Iterator[Popen[bytes]]:
    """An engine that ends with the block, be it by an exception such as a signal's, and with our death."""
    with launch(settings, log, arguments, ends_with_us=True) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()


def let_go(process: Popen[bytes]) -> None:
    """Tells Python that nobody will wait for a process: it is to outlive us."""
    if process.returncode is None:
        process.returncode = 0


def environment(settings: Settings) -> dict[str, str]:
    """What the engine may know of ours; a relative RCLI_HOME would mean another folder there."""
    allowed = allowed_environment(settings.environ)
    if home := allowed.get("RCLI_HOME"):
        allowed["RCLI_HOME"] = str(Path(home).expanduser().absolute())
    return allowed


def _way_to_the_package(paths: Paths) -> tuple[list[str], Path]:
    """Python's flags and the working folder: never the user's, whose modules could hide our own."""
    root = Path(rcli.__file__).parents[1]
    installed = root.name in ("site-packages", "dist-packages")
    return (["-P"], paths.engine) if installed else ([], root)
