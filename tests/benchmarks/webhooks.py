"""Webhooks through ``rcli webhook listen``: none lost, answered at once, memory bounded (Linux).

The service and the handler are played by one program, the listener is a process of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory

from rcli import signing
from tests.benchmarks.harness import ROOT, Figure, at_least, at_most, conclude
from tests.conftest import environment

KEY = signing.new_key()
CONNECTIONS = 32
PATIENCE = 120.0
MEMORY_MB = 100.0
ANSWER_SECONDS = 1.0
"""How soon nearly all messages are acknowledged, even in a burst."""


@dataclass(frozen=True)
class Load:
    """``rate`` messages a second of ``size`` bytes, for so long; the handler takes ``pause`` for one."""

    rate: float
    seconds: float
    size: int = 1000
    pause: float = 0.005

    @property
    def count(self) -> int:
        return round(self.rate * self.seconds)


@dataclass(frozen=True)
class Outcome:
    """``taken``: acknowledged; ``delivered``: different messages that the handler got; times in seconds.

    ``answers``: what 99 of 100 acknowledgements took at most; ``after``: from the last message that was
    sent to the last one that was delivered.
    """

    taken: int
    delivered: int
    answers: float
    after: float
    peak_mb: float


@dataclass
class Handler:
    """Answers after its pause; knows which messages it got."""

    pause: float
    got: set[str] = field(default_factory=set)
    last: float = 0.0
    serving: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.serving.add(task)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                await reader.readexactly(int(_header(head, "content-length")))
                await asyncio.sleep(self.pause)
                self.got.add(_header(head, "webhook-id"))
                self.last = time.monotonic()
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
                await writer.drain()
        await _closed(writer)


def measure(load: Load, folder: Path) -> Outcome:
    """One listener, started and ended for it, with its files in ``folder``."""
    return asyncio.run(_measure(load, folder))


async def _measure(load: Load, folder: Path) -> Outcome:
    handler = Handler(load.pause)
    server = await asyncio.start_server(handler.serve, "127.0.0.1", 0)
    to = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    with _listener(folder, to) as (process, port):
        answers = await _send(load, port)
        sent = time.monotonic()
        while len(handler.got) < load.count and time.monotonic() - sent < PATIENCE:
            await asyncio.sleep(0.02)
        peak = _peak_mb(process.pid)
    server.close()
    await asyncio.gather(*handler.serving)
    slowest = quantiles(answers, n=100)[-1]
    return Outcome(len(answers), len(handler.got), slowest, max(0.0, handler.last - sent), peak)


async def _send(load: Load, port: int) -> list[float]:
    """Each message at its time, on the next free connection; the seconds of those that were acknowledged."""
    turns: asyncio.Queue[int | None] = asyncio.Queue()
    answers: list[float] = []
    senders = [asyncio.create_task(_sender(load, port, turns, answers)) for _ in range(CONNECTIONS)]
    began = time.monotonic()
    for number in range(load.count):
        await asyncio.sleep(max(0.0, began + number / load.rate - time.monotonic()))
        turns.put_nowait(number)
    for _ in senders:
        turns.put_nowait(None)
    await asyncio.gather(*senders)
    return answers


async def _sender(load: Load, port: int, turns: asyncio.Queue[int | None], answers: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while (number := await turns.get()) is not None:
        began = time.monotonic()
        writer.write(_message(number, load.size))
        head = await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(int(_header(head.decode(), "content-length")))
        if head.startswith(b"HTTP/1.1 200 "):
            answers.append(time.monotonic() - began)
    await _closed(writer)


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


def _message(number: int, size: int) -> bytes:
    told = {"id": f"p{number:08}", "model": "ada/dinos", "status": "succeeded", "output": "x" * size}
    body = json.dumps(told).encode()
    headers = signing.signed_headers(KEY, f"msg_{number}", int(time.time()), body)
    lines = ["POST / HTTP/1.1", "host: x", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


@contextlib.contextmanager
def _listener(folder: Path, to: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """``rcli webhook listen``, and the port on which it receives."""
    (folder / "key").write_text(KEY)
    argv = ["webhook", "listen", "--port", "0", "--forward-to", to, "--secret-file", str(folder / "key")]
    with (folder / "told").open("wb") as told, (folder / "lines").open("wb") as lines:
        process = subprocess.Popen(
            [sys.executable, "-m", "rcli", *argv],
            env=environment(folder) | {"PYTHONPATH": str(ROOT)},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=lines,
            stderr=told,
        )
    try:
        yield process, _port(folder / "told")
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)


def _port(told: Path) -> int:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if found := re.search(r"--webhook http://127\.0\.0\.1:(\d+)/", told.read_text()):
            return int(found[1])
        time.sleep(0.02)
    raise TimeoutError(told.read_text())


def _header(head: str, name: str) -> str:
    found = re.search(rf"(?im)^{name}: *(.*?)\r?$", head)
    assert found, head
    return found[1]


def _peak_mb(pid: int) -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) / 1000


def _figures(what: str, load: Load, memory: float) -> list[Figure]:
    with TemporaryDirectory() as folder:
        outcome = measure(load, Path(folder))
    return [
        at_least(f"{what}: acknowledged", outcome.taken, load.count, "messages"),
        at_least(
            f"{what}: delivered", outcome.delivered, load.count, "messages", f"{outcome.after:.1f} s after"
        ),
        at_most(f"{what}: answer, 99 of 100", outcome.answers, ANSWER_SECONDS, "s"),
        at_most(f"{what}: memory", outcome.peak_mb, memory, "MB"),
    ]


def main() -> int:
    steady = _figures("200 a second for 30 s", Load(200, 30), MEMORY_MB)
    burst = _figures("1,000 in 2 s", Load(500, 2), MEMORY_MB)
    slow = _figures("a handler that takes 0.1 s", Load(200, 10, size=20_000, pause=0.1), MEMORY_MB)
    return conclude([*steady, *burst, *slow])


if __name__ == "__main__":
    sys.exit(main())
