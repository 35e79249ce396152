"""rcli as a person runs it: a process, with a home and an engine of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.benchmarks.harness import PROCESS_SECONDS, ROOT

KEPT = ("PATH", "HOME", "TMPDIR", "LANG")
KEPT_PREFIXES = ("SSL_", "UV_", "PIP_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


@dataclass(frozen=True)
class Rcli:
    """The command, and the environment that all processes of a benchmark share."""

    environ: dict[str, str]

    def command(self, *argv: str) -> list[str]:
        script = Path(sys.executable).with_name("rcli")
        return [str(script), *argv] if script.exists() else [sys.executable, "-m", "rcli", *argv]

    def __call__(self, *argv: str) -> str:
        """Run it and return its standard output. Raises CalledProcessError."""
        done = subprocess.run(
            self.command(*argv),
            env=self.environ,
            cwd=ROOT,
            check=True,
            timeout=PROCESS_SECONDS,
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        return done.stdout

    def status(self) -> dict[str, Any]:
        """The running engine's ``url``, ``pid`` and ``version``."""
        told: dict[str, Any] = json.loads(self("serve", "status", "--json"))
        return told

    def token(self) -> str:
        """The running engine's token."""
        return self("auth", "token", "--host", "local").strip()


@contextmanager
def at_home() -> Iterator[Rcli]:
    """rcli with an empty home."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in KEPT or name.upper().startswith(KEPT_PREFIXES)
    }
    with TemporaryDirectory(prefix="rcli-benchmark-") as folder:
        yield Rcli(kept | {"RCLI_HOME": folder})


@contextmanager
def with_engine() -> Iterator[Rcli]:
    """rcli with an empty home, whose engine is stopped in the end."""
    with at_home() as rcli:
        try:
            yield rcli
        finally:
            rcli("serve", "stop")
