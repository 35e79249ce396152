"""A pseudo-terminal with a screen: what a person sees of a command, and the keys that they press."""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pyte

from tests.processes import PATIENCE, ROOT

_LAUNCHER = (
    "import fcntl, os, sys, termios;"
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0);"  # so that Ctrl-C is a signal
    "os.execv(sys.argv[1], sys.argv[1:])"
)


class TerminalSession:
    """A command on a terminal of its own; ``stdout`` may be a pipe or file instead."""

    def __init__(
        self,
        argv: Sequence[str],
        environ: dict[str, str],
        cwd: Path,
        *,
        columns: int = 80,
        rows: int = 24,
        stdout: int | None = None,
    ) -> None:
        self._screen = pyte.HistoryScreen(columns, rows, history=1000, ratio=0.5)
        self._stream = pyte.ByteStream(self._screen)
        self.raw = b""
        self._master, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _LAUNCHER, *argv],
                env=environ | {"PYTHONPATH": str(ROOT)},
                cwd=cwd,
                stdin=terminal,
                stdout=terminal if stdout is None else stdout,
                stderr=terminal,
                start_new_session=True,
            )
        finally:
            os.close(terminal)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def lines(self) -> list[str]:
        """What scrolled off the top of the screen, and what is on it, to the last line that is used."""
        gone = [
            "".join(line[x].data for x in range(self._screen.columns)) for line in self._screen.history.top
        ]
        rows = [line.rstrip() for line in [*gone, *self._screen.display]]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    @property
    def echoes(self) -> bool:
        """Whether what is typed is shown, as a shell wants it."""
        return bool(termios.tcgetattr(self._master)[3] & termios.ECHO)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def until(self, told: Callable[[str], bool]) -> str:
        """Reads until ``told`` is true of the screen, and returns the screen."""
        deadline = time.monotonic() + PATIENCE
        while not told(self.text):
            assert self._read_some(deadline), f"it never came:\n{self.text}"
        return self.text

    def shows(self, *texts: str) -> str:
        """Waits until all these texts are on the screen at once."""
        return self.until(lambda screen: all(text in screen for text in texts))

    def press(self, keys: str) -> None:
        """Types; ``\\x03`` is Ctrl-C."""
        os.write(self._master, keys.encode())

    def resize(self, columns: int, rows: int) -> None:
        """Drags the window's corner."""
        self._screen.resize(rows, columns)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def end(self) -> int:
        """Reads to the end and returns the exit code."""
        deadline = time.monotonic() + PATIENCE
        while self._read_some(deadline):
            pass
        return self._process.wait(PATIENCE)

    def hang_up(self) -> None:
        """Closes the window."""
        os.close(self._master)
        self._master = -1

    def wait(self) -> int:
        """The exit code of a command whose window is closed."""
        return self._process.wait(PATIENCE)

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(PATIENCE)
        if self._master != -1:
            self.hang_up()

    def _read_some(self, deadline: float) -> bool:
        """False at the end of the output. Raises AssertionError when nothing comes in time."""
        if not select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))[0]:
            raise AssertionError(f"nothing more came:\n{self.text}")
        try:
            data = os.read(self._master, 1 << 16)
        except OSError as exc:
            if exc.errno != errno.EIO:  # how Linux tells that the terminal's other end is closed
                raise
            data = b""
        self.raw += data
        self._stream.feed(data)
        return bool(data)
