"""The process of one replica: its environment, its start, what it says on its pipe, and its end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import secrets
import shlex
import signal
import socket
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from rcli.engine.runtime import leftovers

SHIM = Path(__file__).with_name("shim.py")
LOG_BYTES = 16 << 20  # a replica's log file stops growing here
NOTES = 80  # lines of a crash that are kept
READ_BYTES = 1 << 16
LONGEST_LINE = 1 << 20
END_SECONDS = 5.0
REPORT_SECONDS = 2.0  # how long the report of a worker's end may take to arrive

ALLOWED = frozenset({"PATH", "HOME", "USER", "LOGNAME", "SHELL", "TMPDIR", "LANG", "LANGUAGE", "TZ"})
PROXIES = frozenset({"http_proxy", "https_proxy", "all_proxy", "no_proxy"})
ALLOWED_PREFIXES = ("LC_", "SSL_", "CUDA_", "XDG_", "NVIDIA_", "LD_LIBRARY_PATH", "REQUESTS_CA_BUNDLE")


@dataclass(frozen=True)
class Plan:
    """Everything that starting one replica needs.

    ``reference`` is cog.yaml's ``run.py:Runner``; ``folder`` the working copy; ``inbox`` and ``outbox`` the
    folders for files; ``environment`` cog.yaml's own variables; ``environ`` the engine's;
    ``variables`` what a run gave.
    """

    reference: str
    mode: Literal["predict", "train"]
    folder: Path
    python: Path
    concurrency: int
    inbox: Path
    outbox: Path
    environ: Mapping[str, str]
    environment: tuple[tuple[str, str], ...]
    weights: str | None
    log: Path
    records: Path
    variables: tuple[tuple[str, str], ...] = field(default=(), repr=False)


def replica_environment(
    environ: Mapping[str, str],
    environment: tuple[tuple[str, str], ...] = (),
    *,
    bin_folder: Path,
    threads: int = 1,
    variables: tuple[tuple[str, str], ...] = (),
) -> dict[str, str]:
    """What a model sees: the harmless part of the engine's environment, then cog.yaml's ``environment``.

    No token and no setting of uv or pip (they may hold passwords) is in it. ``$NAME`` in cog.yaml's values is
    replaced as Docker does, but not in ``variables``, which win. ``threads`` is the default for numeric
    libraries: more than half the cores made models 3 to 15 times slower on a busy machine.
    """
    model = {name: value for name, value in environ.items() if _is_allowed(name, value)}
    count = str(threads)
    model |= {"OPENBLAS_NUM_THREADS": count, "OMP_NUM_THREADS": count, "PYTHONUNBUFFERED": "1"}
    for name, value in environment:
        model[name] = _expanded(value, model)
    model |= dict(variables)
    model["PATH"] = os.pathsep.join([str(bin_folder), model.get("PATH", os.defpath)])
    return model


def _is_allowed(name: str, value: str) -> bool:
    if name.lower() in PROXIES:
        return "@" not in value  # http://name:password@proxy
    return name in ALLOWED or name.startswith(ALLOWED_PREFIXES)


def _expanded(value: str, known: Mapping[str, str]) -> str:
    return re.sub(r"\$(\w+)|\$\{(\w+)\}", lambda found: known.get(found[1] or found[2], ""), value)


def half_the_cores() -> int:
    """How many threads a numeric library gets."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // 2)


def free_port() -> int:
    """A port that is free now; somebody may take it before coglet does, so the start is repeated then."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def coglet_variables(plan: Plan, port: int, nonce: str) -> dict[str, str]:
    """What coglet and the shim read; a model cannot change these from its cog.yaml."""
    variables = {
        "PORT": str(port),
        "COG_LOG_LEVEL": "warn",  # its own lines would flood the logs
        "LOG_FORMAT": "json",
        "COG_MAX_CONCURRENCY": str(plan.concurrency),
        "COG_STREAM_HISTORY_CAPACITY": "10000000",
        "RCLI_REFERENCE": plan.reference,
        "RCLI_MODE": plan.mode,
        "RCLI_INBOX": str(plan.inbox),
        "RCLI_OUTBOX": str(plan.outbox),
        "RCLI_NONCE": nonce,
    }
    return variables | ({"COG_WEIGHTS": plan.weights} if plan.weights else {})


def python_folder(python: Path, copy: Path) -> Path:
    """The folder to put first on PATH: coglet starts its worker by the bare name ``python``."""
    if python.name == "python":
        return python.parent
    folder = copy / ".cog" / "bin"
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / "python"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(str(python))} "$@"\n')
    script.chmod(0o700)
    return folder


class Server:
    """coglet's server process, in a session of its own, and what it reports on its pipe.

    ``on_setup`` gets what setup prints, ``on_output`` what comes from outside Python afterwards: the output
    of the model's subprocesses, a crash's traceback. ``news`` is set whenever something changed.
    """

    def __init__(self, plan: Plan, port: int, process: asyncio.subprocess.Process, nonce: str) -> None:
        self.plan, self.port = plan, port
        self.on_setup: Callable[[str], None] = lambda text: None
        self.on_output: Callable[[str], None] = lambda text: None
        self.news = asyncio.Event()
        self.ended = asyncio.Event()
        self.setup_ended = False
        self.worker_end: str | None = None
        self.notes: deque[str] = deque(maxlen=NOTES)
        self._process, self._nonce = process, nonce
        self._rest = b""
        self._logged = 0
        self._file = plan.log.open("a", encoding="utf-8", errors="replace")
        self._note = leftovers.record(plan.records, process.pid, plan.folder)
        self._pump = asyncio.create_task(self._read())
        self._watch = asyncio.create_task(self._outlive())

    @classmethod
    async def spawn(cls, plan: Plan) -> Server:
        """Start the process; it answers on its port some 15 ms later. Raises OSError."""
        port, nonce = free_port(), f"rcli-{secrets.token_hex(8)}"
        bin_folder = python_folder(plan.python, plan.folder)
        model = replica_environment(
            plan.environ,
            plan.environment,
            bin_folder=bin_folder,
            threads=half_the_cores(),
            variables=plan.variables,
        )
        process = await asyncio.create_subprocess_exec(
            # Isolated: the shim's own folder must not be searched for modules.
            *(str(plan.python), "-I", str(SHIM)),
            cwd=plan.folder,
            env=model | coglet_variables(plan, port, nonce),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            return cls(plan, port, process, nonce)
        except BaseException:
            leftovers.kill_session(process.pid)
            await process.wait()
            raise

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        """The server runs and so does its worker."""
        return self._process.returncode is None and self.worker_end is None

    @property
    def port_was_taken(self) -> bool:
        return self._process.returncode is not None and any("in use" in note for note in self.notes)

    async def how_it_ended(self) -> str:
        """One clause on why the model's process is gone; its report may come later than its end."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REPORT_SECONDS):
                while self.worker_end is None and (not self._pump.done() or self.alive):
                    self.news.clear()
                    await self.news.wait()
        if self.worker_end is not None:
            return self.worker_end
        code = self._process.returncode
        if code is None:
            return "its server lost the connection to it"
        return "its server was killed" if code < 0 else "its process ended"

    async def _read(self) -> None:
        """Read the pipe until nobody can write to it any more."""
        assert self._process.stdout is not None
        try:
            while data := await self._process.stdout.read(READ_BYTES):
                *lines, self._rest = (self._rest + data).split(b"\n")
                for line in lines:
                    self._take(line)
                if len(self._rest) > LONGEST_LINE:
                    self._take_rest()
                self.news.set()
        finally:
            self._take_rest()
            self.news.set()

    def _take_rest(self) -> None:
        """Tell what has no line end, nor will get one."""
        rest, self._rest = self._rest, b""
        self._take(rest)

    def _take(self, line: bytes) -> None:
        """A line that cannot be understood must not stop the reading: the model would block."""
        with contextlib.suppress(ValueError, TypeError, LookupError, AttributeError, RecursionError):
            self._line(line.decode(errors="replace"))

    async def _outlive(self) -> None:
        """End what the server leaves behind at once: later its pid may be somebody else's."""
        await self._process.wait()
        leftovers.kill_session(self.pid)
        self.ended.set()
        self.news.set()

    def _line(self, line: str) -> None:
        if line.startswith(self._nonce):
            self._signal(line.removeprefix(self._nonce).strip())
        elif line.startswith("{") and (entry := _entry(line)) is not None:
            self._log_entry(entry)
        elif line.strip():
            self.notes.append(line)
            self._tell(line, self.on_output if self.setup_ended else self.on_setup)

    def _signal(self, text: str) -> None:
        """A line of the shim's: setup is through, or the worker ended."""
        word, _, report = text.partition(" ")
        if word == "ready":
            self.setup_ended = True
        elif word == "exit":
            self.worker_end = _end_of_worker(json.loads(report))
            self.ended.set()

    def _log_entry(self, entry: dict[str, Any]) -> None:
        """One of coglet's own JSON lines: a print outside a prediction, or a complaint of its own."""
        message = str(entry["fields"].get("message", ""))
        if entry.get("target") in ("coglet::setup", "coglet::user"):
            if message:  # coglet cuts a child's output where its writes end, so line ends come alone
                in_setup = entry["target"] == "coglet::setup"
                self._tell(message, self.on_setup if in_setup else self.on_output)
        else:
            self._write(f"{entry.get('level', '')} {message} {entry['fields'].get('error', '')}".rstrip())

    def _tell(self, text: str, listener: Callable[[str], None]) -> None:
        self._write(text)
        listener(text + "\n")

    def _write(self, text: str) -> None:
        if self._logged < LOG_BYTES:
            with contextlib.suppress(OSError):  # a full disk must not stop the reading: the model would block
                self._logged += self._file.write(text + "\n")
                self._file.flush()

    async def kill(self) -> None:
        """End every process of the session, now, and wait until the pipe is closed."""
        if self._process.returncode is None:
            leftovers.kill_session(self.pid)
        await self._watch
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._close()
        self._note.unlink(missing_ok=True)

    async def end(self) -> None:
        """Let an idle server end by itself (10 ms), then kill what is left."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError, TimeoutError):
                self._process.send_signal(signal.SIGTERM)
                async with asyncio.timeout(END_SECONDS / 5):
                    await self._process.wait()
        await self.kill()

    async def _close(self) -> None:
        """A descendant that left the session may hold the pipe open for ever: do not wait for it."""
        await asyncio.wait({self._pump}, timeout=END_SECONDS)
        self._pump.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._pump
        transport = getattr(self._process, "_transport", None)
        if transport is not None:
            transport.close()
        self._file.close()


def _entry(line: str) -> dict[str, Any] | None:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) and isinstance(entry.get("fields"), dict) else None


def _end_of_worker(report: dict[str, int]) -> str:
    """In words: ``signal SIGSEGV``, ``exit status 3``."""
    number = report.get("signal")
    if number is None:
        return f"exit status {report.get('status', 0)}"
    name = signal.Signals(number).name if number in set(signal.Signals) else str(number)
    return f"signal {name}" + (": killed, or out of memory" if name == "SIGKILL" else "")
