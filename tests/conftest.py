"""What all tests share: a home of their own, and commands run in this process."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from rcli.app import App
from rcli.cli.main import main


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


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def rcli(home: Path, tmp_path: Path) -> Run:
    """Runs ``main(argv, app)`` here: ``rcli("run", "rcli/hello", "text=x", env={…}, stdin=b"…")``."""

    def run(
        *argv: str,
        env: dict[str, str] | None = None,
        stdin: bytes = b"",
        cwd: Path | None = None,
        terminal: bool = False,
    ) -> Result:
        streams = [Terminal(stdin), Terminal(is_terminal=terminal), Terminal(is_terminal=terminal)]
        app = App(environment(home) | (env or {}), cwd or tmp_path, *streams)
        exit_code = main(argv, app)
        result = Result(streams[1].written().decode("utf-8", "surrogateescape"))
        result.data = streams[1].written()
        result.stderr = streams[2].written().decode()
        result.exit_code = exit_code
        return result

    return run
