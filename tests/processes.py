"""rcli in processes of its own, as a shell starts it, and what is left of them in ``/proc``."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
PATIENCE = 60.0
"""Seconds that a test waits for what ought to happen at once."""


def command(*argv: str) -> list[str]:
    return [sys.executable, "-m", "rcli", *argv]


class Process:
    """A command that runs: its output is read as it comes, so that a test can wait for a line of it."""

    def __init__(self, argv: Sequence[str], environ: dict[str, str], cwd: Path) -> None:
        self._process = subprocess.Popen(
            argv,
            env=environ | {"PYTHONPATH": str(ROOT)},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._pipes = {"stdout": self._process.stdout, "stderr": self._process.stderr}
        self._read = dict.fromkeys(self._pipes, b"")

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def stdout(self) -> bytes:
        return self._read["stdout"]

    @property
    def stderr(self) -> str:
        return self._read["stderr"].decode()

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def until(self, told: Callable[[Process], bool]) -> None:
        """Reads until ``told`` is true of what was read. Raises AssertionError when that never happens."""
        deadline = time.monotonic() + PATIENCE
        while not told(self):
            assert self._pipes, f"it ended without: {self._so_far()}"
            self._read_some(deadline)

    def says(self, text: str) -> None:
        """Waits until the text is on stderr."""
        self.until(lambda process: text in process.stderr)

    def end(self) -> int:
        """Reads to the end and returns the exit code; minus its number after a signal."""
        deadline = time.monotonic() + PATIENCE
        while self._pipes:
            self._read_some(deadline)
        return self._process.wait(PATIENCE)

    def close_stdout(self) -> None:
        """Goes away as a reader, like ``head`` does when it has enough."""
        self._close("stdout")

    def kill(self) -> None:
        """``kill -9``, if it has not ended."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(PATIENCE)
        for name in list(self._pipes):
            self._close(name)

    def _read_some(self, deadline: float) -> None:
        names = {pipe.fileno(): name for name, pipe in self._pipes.items() if pipe}
        ready, _, _ = select.select(list(names), [], [], max(0.0, deadline - time.monotonic()))
        assert ready, f"nothing more came: {self._so_far()}"
        for number in ready:
            data = os.read(number, 1 << 16)
            self._read[names[number]] += data
            if not data:
                self._close(names[number])

    def _close(self, name: str) -> None:
        if pipe := self._pipes.pop(name, None):
            pipe.close()

    def _so_far(self) -> str:
        return f"{self.stdout[-2000:]!r} {self.stderr}"


def living(home: Path) -> list[int]:
    """The ids of all processes that were started for this home, but the dead ones that nobody reaped."""
    return [
        int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _is_of(entry, home)
    ]


def all_gone(home: Path) -> bool:
    """Waits for the end of every process of a home; False when some do not end."""
    deadline = time.monotonic() + PATIENCE
    while found := living(home):
        if not ended(found[0], deadline):
            return False
    return True


def ended(pid: int, deadline: float | None = None) -> bool:
    """Waits for the end of any process; False when it goes on."""
    with contextlib.suppress(ProcessLookupError):
        watched = os.pidfd_open(pid)
        try:
            left = (deadline or time.monotonic() + PATIENCE) - time.monotonic()
            return bool(select.select([watched], [], [], max(0.0, left))[0])
        finally:
            os.close(watched)
    return True


def kill(pid: int) -> None:
    """``kill -9``, and until it is dead."""
    os.kill(pid, signal.SIGKILL)
    assert ended(pid)


def unfinished(home: Path) -> list[Path]:
    """Files under this home that somebody began to write and did not finish."""
    return [path for path in _files(home) if ".part" in path.name or path.name.endswith(".tmp")]


def _files(folder: Path) -> Iterator[Path]:
    for root, _, names in os.walk(folder):
        yield from (Path(root, name) for name in names)


def _is_of(entry: Path, home: Path) -> bool:
    try:
        if entry.joinpath("stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return False
        variables = entry.joinpath("environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return f"HOME={home}".encode() in variables and int(entry.name) != os.getpid()
