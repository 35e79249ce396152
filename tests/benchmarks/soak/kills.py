"""What may happen to an engine and its replicas at any time."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.benchmarks.product import Rcli
from tests.benchmarks.soak.load import Address

GONE_SECONDS = 10


@dataclass
class Kills:
    """Ends processes with ``kill -9`` and starts the engine again; counts what it did."""

    rcli: Rcli
    address: Address
    random: Random
    engines: int = 0
    replicas: int = 0

    def status(self) -> dict[str, Any]:
        """Of the running engine, which is started if there is none."""
        self.rcli("models", "list", "--host", "local")
        told = self.rcli.status()
        self.address.url = told["url"]
        return told

    def kill_engine(self) -> None:
        pid = self.status()["pid"]
        os.kill(pid, signal.SIGKILL)
        _await_end(pid)
        self.engines += 1
        self.status()

    def kill_replica(self) -> None:
        """One of those that are loaded; none may be."""
        loaded = [row["pid"] for row in self.status()["replicas"] if row["pid"]]
        if loaded:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.random.choice(loaded), signal.SIGKILL)
                self.replicas += 1


def _await_end(pid: int) -> None:
    """Raises TimeoutError when a killed process does not go."""
    deadline = time.monotonic() + GONE_SECONDS
    while time.monotonic() < deadline:
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                if file.read().rpartition(")")[2].split()[0] == "Z":
                    return
        except (FileNotFoundError, ProcessLookupError):
            return
        time.sleep(0.01)
    raise TimeoutError(f"process {pid} does not end")
