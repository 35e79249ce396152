"""Runs uv and tells its progress in words.

uv draws its progress only on a terminal, so it gets one; what it draws there is read and told as
``downloading numpy 12.3 of 16.1 MiB (76 %)``. Without pseudo-terminals its plain messages have to do.
"""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import fcntl
import os
import pty
import re
import struct
import termios
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

from rcli.errors import RcliError

COLUMNS = 512  # wide, so that uv neither wraps nor cuts
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
BAR = re.compile(r"([A-Za-z0-9][\w.-]*) +-+ +([\d.]+) ?([KMG]?i?B)/([\d.]+) ?([KMG]?i?B)")
DOWNLOADING = re.compile(r"Downloading (\S+) \(([\d.]+) ?([KMG]?i?B)\)")
UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
PLAIN = (
    (re.compile(r"Resolving dependencies"), "resolving packages"),
    (re.compile(r"Building (\S+)"), "building {}"),
    (re.compile(r"Prepared (\d+ packages?)"), "installing {}"),
)
OFFLINE = re.compile(
    r"error sending request|dns error|network was disabled|Connection refused|timed out|Could not connect",
    re.I,
)
OFFLINE_HINT = "connect to the network, or set UV_DEFAULT_INDEX to an index that can be reached"
PADDING = re.compile(r" {40,}")  # with which uv fills a line that it is about to draw over
FRAME = "Preparing packages..."  # uv writes it at the top of every picture
MIB = 1 << 20
WORTH_TELLING = 2 * MIB
LAST_LINES = 25
READ_BYTES = 1 << 16


class BuildError(RcliError):
    """A model's environment cannot be made on this machine."""


class Progress:
    """Turns what uv draws into messages; none is told twice in a row."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._told = ""
        self._frame = self._line = ""
        self._sizes: dict[str, tuple[float, float]] = {}

    def read(self, text: str) -> None:
        """``text`` is the next piece of what uv wrote, without escape sequences."""
        *frames, self._frame = (self._frame + text).split(FRAME)
        for frame in frames:
            self._draw(frame)
        *lines, self._line = re.split(r"[\r\n]", self._line + text)
        for line in lines:
            self._read_line(line)

    def _read_line(self, line: str) -> None:
        if found := DOWNLOADING.search(line):
            self._say("downloading {} ({} {})".format(*found.groups()))
        for pattern, message in PLAIN:
            if found := pattern.search(line):
                self._say(message.format(*found.groups()))

    def _draw(self, frame: str) -> None:
        """One picture of all running downloads; one that is gone from it is complete."""
        running = {
            name: (float(done) * UNITS[unit], float(total) * UNITS[whole])
            for name, done, unit, total, whole in BAR.findall(frame)
        }
        self._sizes = {name: (total, total) for name, (_, total) in self._sizes.items()} | running
        done, total = (sum(sizes) for sizes in zip((0, 0), *self._sizes.values(), strict=True))
        if running and total > WORTH_TELLING:
            largest = max(running, key=lambda name: running[name][1])
            amount = f"{done / MIB:.1f} of {total / MIB:.1f} MiB, {100 * done / total:.0f} %"
            self._say(f"downloading {largest} ({amount})")

    def _say(self, message: str) -> None:
        if message != self._told:
            self._told = message
            self._tell(message)


async def run_uv(
    arguments: list[str], environ: Mapping[str, str], folder: Path, progress: Callable[[str], None]
) -> str:
    """Run uv in ``folder`` and return what it printed. Raises BuildError; cancelling this kills it."""
    import uv

    terminal, process = await _start([uv.find_uv_bin(), *arguments], dict(environ), folder)
    told = Progress(progress)
    written: list[str] = []
    try:
        async for text in _pieces(terminal):
            told.read(text)
            written.append(text)
        code = await process.wait()
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise
    finally:
        os.close(terminal)
    lines = _lines(written)
    if code != 0:
        raise _error(lines)
    return "\n".join(lines)


async def _start(
    command: list[str], environ: dict[str, str], folder: Path
) -> tuple[int, asyncio.subprocess.Process]:
    """Start a program whose output goes to a new terminal, of which we hold the other end."""
    try:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    except OSError:  # no terminals here, as in some containers
        ours, theirs = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=folder,
            env=environ | {"NO_COLOR": "1", "TERM": "xterm"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
    except BaseException:
        os.close(ours)
        raise
    finally:
        os.close(theirs)
    os.set_blocking(ours, False)
    return ours, process


async def _pieces(terminal: int) -> AsyncIterator[str]:
    """What the program writes, as it comes, without escape sequences."""
    loop = asyncio.get_running_loop()
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while True:
        readable = asyncio.Event()
        loop.add_reader(terminal, readable.set)
        try:
            await readable.wait()
        finally:
            loop.remove_reader(terminal)
        try:
            data = os.read(terminal, READ_BYTES)
        except OSError:  # how Linux says that nobody holds the other end any more
            return
        if not data:
            return
        yield ESCAPE.sub("", decoder.decode(data))


def _lines(written: list[str]) -> list[str]:
    """The lines that stayed on the terminal: not the ones that uv drew over."""
    text = PADDING.sub("\r", "".join(written)).replace("\r\n", "\n")
    lines = (line.rsplit("\r", 1)[-1].rstrip() for line in text.split("\n"))
    return [line for line in lines if line]


def _error(lines: list[str]) -> BuildError:
    """uv's own words, from its ``error:`` on."""
    start = next((number for number, line in enumerate(lines) if line.startswith("error")), -LAST_LINES)
    words = "\n".join(lines[start:][:LAST_LINES])
    if OFFLINE.search(words):
        message = f"the packages cannot be downloaded: no network, or the index does not answer\n{words}"
        return BuildError(message, hint=OFFLINE_HINT)
    return BuildError(f"the model's packages cannot be installed\n{words}")
