"""Real engines, each a process of its own on a free port, with the small Cog projects of tests/projects."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.receiver import receiver
from tests.recording_server import recording_server

__all__ = ["receiver", "recording_server"]

PROJECTS = Path(__file__).parents[1] / "projects"
ROOT = Path(__file__).parents[2]
START_SECONDS = 60
PASSED_ON = ("PATH", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")

CONTRACT = {name: os.environ[name] for name in ("RCLI_CONTRACT",) if name in os.environ}
"""Where the API document is: then every exchange with an engine is held against it."""


class RunningEngine:
    """One engine process; ``http`` is a client with its token, whose paths begin with /v1."""

    def __init__(self, home: Path, process: subprocess.Popen[bytes]) -> None:
        self.home = home
        self.folder = home / "data" / "engine"
        self.process = process
        self.state: dict[str, Any] = json.loads((self.folder / "engine.json").read_text())
        self.url = str(self.state["url"])
        self.token = (self.folder / "token").read_text().strip()
        self.http = httpx.Client(
            base_url=self.url, headers={"authorization": f"Bearer {self.token}"}, timeout=60
        )

    def register(self, project: str | Path) -> str:
        """The version reference of one of tests/projects, or of a folder."""
        path = PROJECTS / project if isinstance(project, str) else project
        answer = self.http.post("/_rcli/projects", json={"path": str(path.resolve())})
        assert answer.status_code == 201, answer.text
        told = answer.json()
        return f"{told['model']}:{told['version']['id']}"

    def create(
        self,
        version: str,
        given: dict[str, Any] | None = None,
        /,
        *,
        wait: bool = False,
        cancel_after: str | None = None,
    ) -> dict[str, Any]:
        """Creates a prediction; ``wait`` until it has ended."""
        headers = {"prefer": "wait=60"} if wait else {}
        if cancel_after is not None:
            headers["cancel-after"] = cancel_after
        answer = self.http.post(
            "/v1/predictions",
            json={"version": version, "input": given or {}},
            headers=headers,
        )
        assert answer.status_code in (201, 202), answer.text
        return dict(answer.json())

    def train(self, version: str, destination: str, given: dict[str, Any] | None = None) -> dict[str, Any]:
        """Creates a training; ``get``, ``ended``, ``stream`` and ``wait_for`` take it as well."""
        model, _, id = version.partition(":")
        answer = self.http.post(
            f"/v1/models/{model}/versions/{id}/trainings",
            json={"destination": destination, "input": given or {}},
        )
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def run(self, project: str, given: dict[str, Any] | None = None) -> dict[str, Any]:
        """One prediction of one of tests/projects, from its folder to its end, with files as addresses."""
        return self.ended(self.create(self.register(project), given))

    def get(self, prediction: dict[str, Any]) -> dict[str, Any]:
        noun = "trainings" if "/trainings/" in prediction["urls"]["get"] else "predictions"
        return dict(self.http.get(f"/v1/{noun}/{prediction['id']}").json())

    def ended(self, prediction: dict[str, Any]) -> dict[str, Any]:
        """The prediction at its end: its stream closes then."""
        self.stream(prediction)
        return self.get(prediction)

    def stream(self, prediction: dict[str, Any], **headers: str) -> str:
        """All that the stream says, to its end."""
        return self.http.get(_stream(prediction), headers=headers).text

    def wait_for(self, prediction: dict[str, Any], wanted: str) -> None:
        """Reads the stream until it says this."""
        said = ""
        with self.http.stream("GET", _stream(prediction)) as answer:
            for text in answer.iter_text():
                said += text
                if wanted in said:
                    return
        raise AssertionError(f"the stream ended without {wanted!r}: {said}")

    def replica(self, project: str) -> dict[str, Any] | None:
        """What the status says of a project's replica."""
        rows = self.http.get("/_rcli/status").json()["replicas"]
        return next((row for row in rows if row["model"] == f"folder/{project}"), None)

    def exchange(self, request: bytes) -> bytes:
        """All that the engine says to raw bytes until it closes the connection."""
        with socket.create_connection(("127.0.0.1", self.state["port"]), timeout=60) as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65536), b""))

    @staticmethod
    def until(true: Callable[[], bool], seconds: float = 60) -> None:
        """Waits for something that nothing tells about."""
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, "it did not happen in time"
            time.sleep(0.01)

    def until_asleep(self, project: str) -> None:
        """Waits until the project has no replica any more."""
        self.until(lambda: self.replica(project) is None)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)

    def close(self) -> None:
        """Ends it, and fails when it has ever told anybody what the API document does not allow."""
        self.http.close()
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)
        if CONTRACT:
            from tests.engine.contract import reported

            assert reported(self.home) == ""


def _stream(prediction: dict[str, Any]) -> str:
    """A training's has no address of its own."""
    return str(prediction["urls"].get("stream", f"/v1/streams/{prediction['id']}"))


StartEngine = Callable[..., RunningEngine]


def environment(home: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return kept | {"RCLI_HOME": str(home), "HOME": str(home)}


def launch(home: Path, *argv: str, store: Path | None = None, **env: str) -> subprocess.Popen[bytes]:
    """The process; ``store`` is a folder of environments that several engines share."""
    home.mkdir(parents=True, exist_ok=True)
    if store is not None and not (home / "cache").exists():
        store.mkdir(parents=True, exist_ok=True)
        (home / "cache").symlink_to(store)
    module = "tests.engine.contract" if CONTRACT else "rcli.engine"
    with (home / "engine.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", module, *argv],
            env=environment(home) | CONTRACT | env,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def started(home: Path, process: subprocess.Popen[bytes]) -> RunningEngine:
    """Waits for the state file of this process."""
    state = home / "data" / "engine" / "engine.json"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(FileNotFoundError, ValueError):
            if json.loads(state.read_text())["pid"] == process.pid:
                return RunningEngine(home, process)
        time.sleep(0.005)
    process.kill()
    process.wait()
    raise AssertionError((home / "engine.log").read_text())


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory, environments: Path) -> Iterator[RunningEngine]:
    """One engine for all tests that do not end or break it."""
    home = tmp_path_factory.mktemp("engine")
    running = started(home, launch(home, "--idle", "0", store=environments))
    yield running
    running.close()


@pytest.fixture
def start_engine(tmp_path: Path, environments: Path) -> Iterator[StartEngine]:
    """Starts engines of the test's own; all of them in one home, one after another."""
    running: list[RunningEngine] = []

    def start(*argv: str, config: str = "", **env: str) -> RunningEngine:
        home = tmp_path / "home"
        if config:
            (home / "config").mkdir(parents=True, exist_ok=True)
            (home / "config" / "config.toml").write_text(config)
        running.append(started(home, launch(home, *argv, store=environments, **env)))
        return running[-1]

    yield start
    for engine in running:
        engine.close()


@pytest.fixture
def own_cache(tmp_path: Path) -> None:
    """The engine has environments of its own, so that none of the other tests' count or go."""
    (tmp_path / "home" / "cache").mkdir(parents=True)
