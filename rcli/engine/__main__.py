"""``python -m rcli.engine``: one engine for one data folder, until it is stopped or has nothing to do."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import uvloop
from starlette.types import ASGIApp

from rcli import credentials
from rcli.connections import Connection, Server, allow_open_files, bound
from rcli.engine import life
from rcli.engine.app import create_app
from rcli.engine.data.migrations import NewerDatabase
from rcli.engine.engine import Engine
from rcli.engine.web import access
from rcli.errors import RcliError
from rcli.paths import Paths, own_private_folder, replace_private
from rcli.settings import EngineSettings, allowed_environment, engine_settings

EXIT_RUNNING = 75
EXIT_NEWER = 76
GRACE_SECONDS = 3
LOOPBACK = "127.0.0.1"
EVERYWHERE = ("0.0.0.0", "::", "")

Around = Callable[[ASGIApp], ASGIApp]
"""Puts something between the server and the app, such as an observer of every request and answer."""


class EngineServer(Server):
    """Serves as long as the engine runs."""

    def __init__(self, app: ASGIApp, engine: Engine, url: str, port: int) -> None:
        super().__init__(app, Connection, grace=GRACE_SECONDS)
        self._engine, self._url, self._port = engine, url, port

    async def main_loop(self) -> None:
        await self._engine.run(self._url, self._port)


def main(argv: list[str] | None = None, around: Around = lambda app: app) -> int:
    options = _parse(argv)
    try:
        _run(options, around)
    except RcliError as error:
        _complain(error)
        return {life.AlreadyRunning: EXIT_RUNNING, NewerDatabase: EXIT_NEWER}.get(
            type(error), error.exit_code
        )
    return 0


def _complain(error: RcliError) -> None:
    """On stderr, which whoever started the engine keeps as its log."""
    lines = [f"error: {error.message}", *([f"hint: {error.hint}"] if error.hint else [])]
    sys.stderr.write("\n".join(lines) + "\n")


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m rcli.engine", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="the port; 0 takes a free one")
    parser.add_argument("--bind", default=LOOPBACK, help="the address to listen on")
    parser.add_argument("--token-file", type=Path, help="the file with the token that clients have to show")
    parser.add_argument("--idle", type=float, help="seconds without work until it stops; 0 means never")
    parser.add_argument("--access-log", action="store_true", help="write a line for each request to stderr")
    parser.add_argument("--with-parent", action="store_true", help="stop when stdin, a pipe, ends")
    return parser.parse_args(argv)


def _run(options: argparse.Namespace, around: Around) -> None:
    environ = allowed_environment(os.environ)
    os.environ.clear()
    os.environ.update(environ)
    paths = Paths.from_environ(environ)
    token = credentials.serving_token(options.bind, options.token_file)
    settings = engine_settings(paths)
    if options.idle is not None:
        settings = replace(settings, idle=options.idle)
    lock = life.take_lock(own_private_folder(paths.engine))
    try:
        allow_open_files()
        if token is not None:
            replace_private(paths.engine / "token", token + "\n")
        with (
            bound(options.bind, options.port) as listener,
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            runner.run(_serve(paths, settings, environ, options, listener, around))
    finally:
        lock.release()


async def _serve(
    paths: Paths,
    settings: EngineSettings,
    environ: dict[str, str],
    options: argparse.Namespace,
    listener: socket.socket,
    around: Around,
) -> None:
    engine = Engine(paths, settings, environ)
    try:
        engine.start()
        port, bind = listener.getsockname()[1], options.bind
        host = LOOPBACK if bind in EVERYWHERE else f"[{bind}]" if ":" in bind else bind
        hosts = frozenset({bind.lower(), socket.gethostname().lower()})
        app = around(create_app(engine, hosts))
        served = access.Access(app, access.write) if options.access_log else app
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, engine.stopping.set)
        if options.with_parent:
            asyncio.get_running_loop().add_reader(0, _on_stdin, engine)
        await EngineServer(served, engine, f"http://{host}:{port}", port).serve(sockets=[listener])
    finally:
        engine.store.close()


def _on_stdin(engine: Engine) -> None:
    """The pipe's other end closes with the process that holds it, even with one that is killed."""
    if not os.read(0, 1024):
        asyncio.get_running_loop().remove_reader(0)
        engine.stopping.set()


if __name__ == "__main__":
    sys.exit(main())
