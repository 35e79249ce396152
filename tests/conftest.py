"""What all tests share: a home of their own, and commands run in this process."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from rcli.app import App
from rcli.cli.main import main
from rcli.paths import Paths
from rcli.services import local
from rcli.settings import Settings


class Result(str):
    """What a command wrote to stdout, with the rest of what it did."""

    stderr: str
    exit_code: int
    data: bytes


class Terminal(io.TextIOWrapper):
    """A stream in memory that may say that it is a terminal."""

    def __init__(self, data: bytes = b"", *, is_terminal: bool = False) -> None:
        self.kept = io.BytesIO(data)
        self._is_terminal = is_terminal
        super().__init__(self.kept, encoding="utf-8", errors="surrogateescape", newline="")

    def isatty(self) -> bool:
        return self._is_terminal

    def written(self) -> bytes:
        self.flush()
        return self.kept.getvalue()


Run = Callable[..., Result]


def environment(home: Path) -> dict[str, str]:
    """What a command needs to run at all, with rcli's files under ``home`` and nobody signed in."""
    kept = (
        "PATH",
        "TMPDIR",
        "LANG",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "HTTPS_PROXY",
        "HTTP_PROXY",
        "NO_PROXY",
    )
    return {name: os.environ[name] for name in kept if name in os.environ} | {
        "HOME": str(home),
        "RCLI_HOME": str(home / "rcli"),
        "TERM": "xterm-256color",
    }


def make_home(folder: Path, environments: Path) -> Path:
    """A home whose model environments are the shared ones."""
    cache = folder / "rcli" / "cache"
    cache.parent.mkdir(parents=True)
    cache.symlink_to(environments)
    return folder


def end_engine(home: Path) -> None:
    """Ends the engine that commands in this home have started, if there is one."""
    environ = environment(home)
    local.stop(Settings(Paths.from_environ(environ), environ, {}))  # whatever a test has put in the files


def pytest_configure() -> None:
    """Programs inherit what is ignored, by nohup or in a script's background: the tests' ignore nothing."""
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In strict mode a skipped test is a failed one: nothing may go unproved unnoticed."""
    report = yield
    if report.skipped and os.environ.get("RCLI_TEST_STRICT") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
    return report


@pytest.fixture(scope="session")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where uv-built environments are kept: nothing is downloaded twice.

    Each pytest process has its own, since an engine that starts removes whatever is half built.
    """
    kept = os.environ.get("RCLI_TEST_STORE")
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    folder = Path(kept, worker) if kept else tmp_path_factory.mktemp("environments")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def home(tmp_path: Path, environments: Path) -> Iterator[Path]:
    """An empty home; an engine that was started in it ends with the test."""
    folder = make_home(tmp_path / "home", environments)
    yield folder
    end_engine(folder)


@pytest.fixture(scope="session")
def warm_home(tmp_path_factory: pytest.TempPathFactory, environments: Path) -> Iterator[Path]:
    """A home for all tests that leave the engine as it is: it is started once."""
    folder = make_home(tmp_path_factory.mktemp("warm") / "home", environments)
    yield folder
    end_engine(folder)


def runner(home: Path, default_cwd: Path) -> Run:
    """Runs ``main(argv, app)`` here: ``rcli("run", "rcli/hello", "text=x", env={…}, stdin=b"…")``."""

    def run(
        *argv: str,
        env: dict[str, str] | None = None,
        stdin: bytes = b"",
        cwd: Path | None = None,
        terminal: bool = False,
    ) -> Result:
        stdout, stderr = Terminal(is_terminal=terminal), Terminal(is_terminal=terminal)
        app = App(environment(home) | (env or {}), cwd or default_cwd, Terminal(stdin), stdout, stderr)
        exit_code = main(argv, app)
        result = Result(stdout.written().decode("utf-8", "surrogateescape"))
        result.data = stdout.written()
        result.stderr = stderr.written().decode()
        result.exit_code = exit_code
        return result

    return run


@pytest.fixture
def rcli(home: Path, tmp_path: Path) -> Run:
    """Commands in a home of the test's own."""
    return runner(home, tmp_path)


@pytest.fixture
def warm_rcli(warm_home: Path, tmp_path: Path) -> Run:
    """Commands in the shared home, whose engine is running already."""
    return runner(warm_home, tmp_path)
