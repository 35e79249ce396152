"""The model runtime by itself, without rcli: what the engine is compared with."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from rcli.engine.schema import generate, with_streaming

START_SECONDS = 30


@dataclass(frozen=True)
class Server:
    """A running coglet: its port on loopback, and the process that leads its session."""

    port: int
    pid: int


@contextmanager
def serving(project: Path) -> Iterator[Server]:
    """Serve a Cog project that needs no packages with coglet on loopback, ready when this begins."""
    with TemporaryDirectory(prefix="coglet-") as folder:
        copy = _prepare(project, Path(folder) / project.name)
        port = _free_port()
        server = subprocess.Popen(
            [sys.executable, "-m", "cog.server.http", "--host", "127.0.0.1"],
            cwd=copy,
            env=_environ(copy, port),
            start_new_session=True,
            stdin=subprocess.DEVNULL,
        )
        try:
            _wait_until_ready(port)
            yield Server(port, server.pid)
        finally:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _prepare(project: Path, copy: Path) -> Path:
    shutil.copytree(project, copy)
    schema = generate(copy, yaml.safe_load((copy / "cog.yaml").read_text())["run"], None)
    (copy / ".cog").mkdir()
    (copy / ".cog" / "openapi_schema.json").write_text(json.dumps(with_streaming(schema.document)))
    return copy


def _environ(project: Path, port: int) -> dict[str, str]:
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(project),
        "PORT": str(port),
        "COG_PREDICT_TYPE_STUB": yaml.safe_load((project / "cog.yaml").read_text())["run"],
        "COG_LOG_LEVEL": "warn",
        "COG_STREAM_HISTORY_CAPACITY": "10000000",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(port: int) -> None:
    """Raises TimeoutError if the model is not ready in half a minute."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if _state(port) == "READY":
            return
        time.sleep(0.02)
    raise TimeoutError("coglet did not become ready")


def _state(port: int) -> str:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health-check")
        return str(json.load(connection.getresponse())["status"])
    except OSError:
        return "not listening"
    finally:
        connection.close()
