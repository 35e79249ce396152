"""Endpoints that are commands: one process per event, with the payload on its standard input."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import signal
import time
from collections.abc import Mapping

from rcli.errors import UsageError
from rcli.listener.events import Event
from rcli.listener.forward import Delivery, Endpoint

PREFIX = "exec:"

SECONDS = 300.0
"""How long a command may take."""

KEPT_LIMIT = 16 << 10
"""Bytes of a command's output that are kept; the rest is read and dropped."""


def target(line: str) -> str:
    """The target of an endpoint that runs this command line, without a shell. Raises UsageError."""
    try:
        words = shlex.split(line)
    except ValueError as exc:
        raise UsageError(f"--exec {line!r} cannot be read: {exc}", hint="--exec 'python handle.py'") from exc
    if not words:
        raise UsageError("--exec needs a command", hint="--exec 'python handle.py'")
    return PREFIX + line


class Commands:
    """Runs them with this environment; never through a shell, never with the payload in the command line."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = dict(environ)

    async def deliver(self, event: Event, endpoint: Endpoint) -> Delivery:
        """One attempt; raises nothing for what the command does."""
        at, began = time.time(), time.perf_counter()
        status, error, output = await self._run(event, shlex.split(endpoint.target.removeprefix(PREFIX)))
        return Delivery(
            event.id, endpoint.target, at, time.perf_counter() - began, status, error, body=output
        )

    async def _run(self, event: Event, words: list[str]) -> tuple[int | None, str | None, bytes]:
        told = {"RCLI_EVENT": event.kind, "RCLI_WEBHOOK_ID": event.id, "RCLI_PREDICTION": event.prediction}
        try:
            process = await asyncio.create_subprocess_exec(
                *words,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env=self._environ | told,
                start_new_session=True,
            )
        except OSError as exc:
            return None, f"{words[0]} cannot be started: {exc.strerror}", b""
        try:
            async with asyncio.timeout(SECONDS):
                output = await _fed(process, event.body)
                code = await process.wait()
        except TimeoutError:
            return None, f"did not end within {SECONDS:.0f} s", b""
        finally:
            _end(process)
        return code, None if code == 0 else f"exit code {code}", output


async def _fed(process: asyncio.subprocess.Process, body: bytes) -> bytes:
    assert process.stdin is not None
    _, output = await asyncio.gather(_feed(process.stdin, body), _read(process))
    return output


async def _feed(stdin: asyncio.StreamWriter, body: bytes) -> None:
    """A command that does not read its input is none the worse for it."""
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        stdin.write(body)
        await stdin.drain()
        stdin.close()
        await stdin.wait_closed()


async def _read(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout is not None
    kept = bytearray()
    while chunk := await process.stdout.read(64 << 10):
        kept += chunk[: KEPT_LIMIT - len(kept)]
    return bytes(kept)


def _end(process: asyncio.subprocess.Process) -> None:
    """The command and what it has started, if it still runs."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
