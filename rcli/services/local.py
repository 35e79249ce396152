"""The local engine: finding it, starting it once however many ask, ending it.

An engine holds the file ``lock`` in its folder all its life and writes ``engine.json`` once it listens. Who
wants to know for certain whether one lives has to try that lock, and holds ``start.lock`` while doing so:
otherwise the attempt could end an engine that is just starting.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rcli import __version__, credentials
from rcli.errors import NoAnswer, NotAllowed, RcliError, UsageError
from rcli.paths import Paths, own_private_folder
from rcli.records import Json
from rcli.services import engine_process
from rcli.services.engine_process import Log
from rcli.settings import LOCAL, Host, Settings, base_url

if TYPE_CHECKING:
    from subprocess import Popen

    from rcli.api.engine import Engine

START_SECONDS = 15.0
DRAIN_SECONDS = 10.0
LOOPBACK = "127.0.0.1"
_END_SECONDS = 15.0
_STARTER_SECONDS = 60.0
"""How long to wait for another process that starts or ends the engine right now."""
_POLL_SECONDS = 0.005
_LOG_SECONDS = 0.1
_NAMED = 3
"""How many predictions a message names: a queue can be long."""
_LOCK_TAKEN = 75
"""The exit code of an engine that found another one's lock."""


@dataclass(frozen=True)
class EngineState:
    """What a running engine tells of itself; ``url`` is without ``/v1``, ``started_at`` in Unix seconds."""

    url: str
    pid: int
    version: str
    port: int
    started_at: float

    @property
    def host(self) -> Host:
        return Host(LOCAL, base_url(self.url), "engine")


def find(paths: Paths) -> EngineState | None:
    """The engine that the state file names; it may have been killed meanwhile. Takes no lock, asks nobody."""
    try:
        with (paths.engine / "engine.json").open("rb") as file:
            if hasattr(os, "getuid") and os.fstat(file.fileno()).st_uid != os.getuid():
                return None
            raw = json.load(file)
        return EngineState(raw["url"], raw["pid"], raw["version"], raw["port"], raw["started_at"])
    except (OSError, json.JSONDecodeError, KeyError, TypeError):
        return None


def running(settings: Settings) -> EngineState | None:
    """The engine that runs, be it of another version; None when there is none."""
    state = find(settings.paths)
    return state if state and _answers(state) else None


def status(settings: Settings) -> Json | None:
    """What the running engine tells of itself, be it of another version; None when there is none.

    Raises NoAnswer after some seconds when it hangs.
    """
    from rcli.api.failures import Disconnected

    state = running(settings)
    if state is None:
        return None
    with _engine(settings, state) as engine:
        try:
            return engine.status()
        except Disconnected as exc:
            raise NoAnswer("the engine does not answer", hint=f"end the process {state.pid}") from exc


def ensure(
    settings: Settings, on_start: Callable[[], None] | None = None, *, successor: bool = False
) -> EngineState:
    """The running engine of this version of rcli; starts one if there is none.

    ``on_start`` is called before that. ``successor``: one that is about to stop will not do. An engine of
    another version is drained and replaced. Raises RcliError when the engine cannot run here, does not
    start, or another version still works.
    """
    state = find(settings.paths)
    if not successor and state and state.version == __version__ and _answers(state):
        return state
    engine_process.check_platform()
    with _sole_starter(settings.paths):
        state = _living(settings.paths)
        if state and state.version != __version__:
            _drain(settings, state)
            state = None
        if state is None and on_start:
            on_start()
        return state or _start(settings)


def drain(settings: Settings, seconds: float = DRAIN_SECONDS) -> bool:
    """Ends the engine when what runs is done; False when there is none.

    Raises RcliError, and leaves the engine as it is, when predictions still run after so many seconds.
    """
    return _end(settings, lambda state: _drain(settings, state, seconds))


def stop(settings: Settings) -> bool:
    """Cancels what runs and ends the engine; False when there is none."""
    return _end(settings, lambda state: _stop(settings, state))


@dataclass(frozen=True)
class Serving:
    """How an engine is to serve.

    ``port``: None for the setting ``engine.port``, 0 for any. ``token_file`` has the token that clients
    are to show; every address but a loopback one needs it. ``access_log``: it writes a line for each request.
    """

    port: int | None = None
    bind: str = LOOPBACK
    token_file: Path | None = None
    access_log: bool = False

    def arguments(self, port: int) -> list[str]:
        """Of an engine that never stops by itself."""
        words = ["--port", str(port), "--idle", "0", "--bind", self.bind]
        if self.token_file is not None:
            words += ["--token-file", str(self.token_file.absolute())]
        return [*words, *(["--access-log"] if self.access_log else [])]


def serve(
    settings: Settings,
    how: Serving,
    *,
    announce: Callable[[EngineState], None],
    tell: Callable[[str], None] | None = None,
) -> None:
    """Runs an engine on a fixed port until it is stopped, in place of one that runs already.

    ``tell`` hears the lines of its log. A signal that raises here ends the engine too. Raises RcliError, and
    UsageError for a port that is taken or a token that is missing.
    """
    log = Log(settings.paths)
    with ExitStack() as stack:
        with _room_for(settings, how) as port:
            following = engine_process.Following(log.path)
            foreground = engine_process.foreground(settings, log, how.arguments(port))
            process = stack.enter_context(foreground)
            announce(_listening(settings.paths, process, log))
        code = _attended(process, following, tell) if tell else process.wait()
        if code:
            raise log.failure(f"ended with exit code {code}")


def serve_in_background(settings: Settings, how: Serving) -> EngineState:
    """Starts an engine like ``serve`` does, and leaves it running; returns when it answers."""
    log = Log(settings.paths)
    with _room_for(settings, how) as port:
        process = engine_process.launch(settings, log, how.arguments(port))
        try:
            state = _listening(settings.paths, process, log)
        except BaseException:  # such as a signal's: nobody would ever end it
            process.terminate()
            raise
        finally:
            engine_process.let_go(process)
    with _engine(settings, state) as engine:
        engine.status()
    return state


@contextmanager
def _room_for(settings: Settings, how: Serving) -> Iterator[int]:
    """Ends the engine that runs, once it is certain that another one can take its place; gives its port."""
    credentials.serving_token(how.bind, how.token_file)
    port = int(settings.get("engine.port").value) if how.port is None else how.port
    engine_process.check_platform()
    with _sole_starter(settings.paths):
        former = _living(settings.paths)
        _check_port(how.bind, port, former)
        if former:
            _drain(settings, former)
        yield port


def _attended(process: Popen[bytes], following: engine_process.Following, tell: Callable[[str], None]) -> int:
    """The exit code of a process, its log told as it grows."""
    while (code := process.poll()) is None:
        _tell_all(following, tell)
        time.sleep(_LOG_SECONDS)
    _tell_all(following, tell)
    return code


def _tell_all(following: engine_process.Following, tell: Callable[[str], None]) -> None:
    for line in following.lines():
        tell(line)


def follow_log(settings: Settings, number: int) -> Iterator[str]:
    """The last lines of the engine's log, and those that come, without end."""
    following = engine_process.Following(engine_process.log_path(settings.paths), number)
    yield from following.before
    while True:
        yield from following.lines()
        time.sleep(_LOG_SECONDS)


def log_lines(settings: Settings, number: int) -> list[str]:
    """The last lines of the engine's log, oldest first."""
    try:
        with engine_process.log_path(settings.paths).open(encoding="utf-8", errors="replace") as file:
            return [line.rstrip("\n") for line in deque(file, maxlen=number)]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _start(settings: Settings) -> EngineState:
    log = Log(settings.paths)
    process = engine_process.launch(settings, log)
    try:
        return _listening(settings.paths, process, log)
    except RcliError:
        # Without start.lock, as ``python -m rcli.engine`` by hand, another one can be faster.
        if process.returncode == _LOCK_TAKEN and (faster := _living(settings.paths)):
            return faster
        raise
    finally:
        engine_process.let_go(process)


def _listening(paths: Paths, process: Popen[bytes], log: Log) -> EngineState:
    """Waits until the process that we started listens. Raises RcliError when it does not."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        state = find(paths)
        if state and state.pid == process.pid and _connects(state):
            return state
        if (code := process.poll()) is not None:
            raise log.failure(f"ended with exit code {code}")
        time.sleep(_POLL_SECONDS)
    process.terminate()
    raise log.failure(f"is not ready after {START_SECONDS:.0f} s")


def _end(settings: Settings, how: Callable[[EngineState], None]) -> bool:
    if not settings.paths.engine.is_dir():
        return False
    with _sole_starter(settings.paths):
        if state := _living(settings.paths):
            how(state)
        return state is not None


def _drain(settings: Settings, state: EngineState, seconds: float = DRAIN_SECONDS) -> None:
    with _engine(settings, state) as engine, suppress(NoAnswer):  # it may have ended by itself just now
        if still := engine.drain(seconds):
            more = f" and {len(still) - _NAMED} more" if len(still) > _NAMED else ""
            raise RcliError(
                f"the engine (rcli {state.version}) still runs {', '.join(still[:_NAMED])}{more}",
                hint=f"wait for it, or: rcli predictions cancel {still[0]} --host local",
            )
    _wait_for_end(settings.paths)


def _stop(settings: Settings, state: EngineState) -> None:
    with _engine(settings, state) as engine, suppress(NoAnswer):
        engine.stop()
    _wait_for_end(settings.paths)


@contextmanager
def _engine(settings: Settings, state: EngineState) -> Iterator[Engine]:
    from rcli.api.client import Client
    from rcli.api.engine import Engine

    token = credentials.find(settings, state.host)
    if token is None:
        raise NotAllowed(f"the engine's token is missing in {settings.paths.engine}")
    with Client(state.host, token.secret) as client:
        yield Engine(client)


@contextmanager
def _sole_starter(paths: Paths) -> Iterator[None]:
    """Holds ``start.lock``. Raises RcliError when another process does not let go of it."""
    from filelock import FileLock, Timeout

    own_private_folder(paths.engine)
    lock = FileLock(paths.engine / "start.lock", mode=0o600)
    try:
        lock.acquire(timeout=_STARTER_SECONDS, poll_interval=_POLL_SECONDS)
    except Timeout as exc:
        message = f"another rcli has been starting or ending the engine for {_STARTER_SECONDS:.0f} s"
        raise RcliError(message, hint="rcli serve logs") from exc
    try:
        yield
    finally:
        lock.release()


def _living(paths: Paths) -> EngineState | None:
    """The engine that holds the lock, once it listens; None without one. Under ``start.lock`` only."""
    deadline = time.monotonic() + START_SECONDS
    while _is_locked(paths):
        state = find(paths)
        if state and _connects(state):
            return state
        if time.monotonic() > deadline:
            see = f"end the process {state.pid}" if state else f"see {engine_process.log_path(paths)}"
            raise RcliError("an engine runs, but does not answer", hint=see)
        time.sleep(_POLL_SECONDS)
    return None


def _wait_for_end(paths: Paths) -> None:
    deadline = time.monotonic() + _END_SECONDS
    while _is_locked(paths):
        if time.monotonic() > deadline:
            raise RcliError("the engine does not end", hint=f"see {engine_process.log_path(paths)}")
        time.sleep(_POLL_SECONDS)


def _is_locked(paths: Paths) -> bool:
    """Whether an engine lives. Under ``start.lock`` only."""
    from filelock import FileLock, Timeout

    lock = FileLock(paths.engine / "lock", mode=0o600)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return True
    lock.release()
    return False


def _answers(state: EngineState) -> bool:
    """Whether the named process lives and somebody listens: another program may have got its port."""
    try:
        os.kill(state.pid, 0)
    except OSError:
        return False
    return _connects(state)


def _connects(state: EngineState) -> bool:
    try:
        socket.create_connection((urlsplit(state.url).hostname, state.port), timeout=1).close()
    except OSError:
        return False
    return True


def _check_port(bind: str, port: int, former: EngineState | None) -> None:
    """Raises UsageError for a taken port, before the running engine is given up for it."""
    if port == 0 or (former and port == former.port):
        return
    with socket.socket(socket.AF_INET6 if ":" in bind else socket.AF_INET) as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((bind, port))
        except OSError as exc:
            raise UsageError(
                f"port {port} cannot be used: {exc.strerror}", hint="rcli serve --port N takes another"
            ) from exc
