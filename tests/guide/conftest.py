"""An engine on which big models' names stand for small projects, and the clients of people's programs."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run, end_engine, make_home, runner
from tests.receiver import receiver

__all__ = ["receiver"]

HERE = Path(__file__).parent
PATIENCE = 120


@dataclass(frozen=True)
class Guide:
    """The engine as the guide's programs see it; ``versions`` by the model's full name."""

    home: Path
    clients: Path
    rcli: Run
    environ: dict[str, str]
    versions: dict[str, str]

    def run(self, program: str, *, stdin: str = "", **variables: str) -> str:
        """What a program of the guide prints. Raises AssertionError with its stderr when it fails."""
        done = subprocess.run(
            [*self._interpreter(program), str(self._placed(program))],
            env=self.environ | variables,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def get(self, path: str) -> Any:
        """What the API answers."""
        headers = {"Authorization": f"Bearer {self.environ['REPLICATE_API_TOKEN']}"}
        request = urllib.request.Request(f"{self.environ['REPLICATE_BASE_URL']}/v1{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)

    def _interpreter(self, program: str) -> list[str]:
        client, _, name = program.partition("/")
        if name.endswith(".mjs"):
            return ["node"]
        return ["bash", "-e"] if name.endswith(".sh") else [str(self.clients / client / "bin" / "python")]

    def _placed(self, program: str) -> Path:
        """Node.js looks for packages beside the program, where another test process may run the same one."""
        source = HERE / "programs" / program
        if source.suffix != ".mjs":
            return source
        place = self.clients / "node" / source.name
        fresh = place.with_suffix(f".{os.getpid()}")
        fresh.write_bytes(source.read_bytes())
        fresh.replace(place)
        return place


@pytest.fixture(scope="session")
def clients() -> Path:
    """The folder that ``.ci/clients`` has filled."""
    folder = os.environ.get("RCLI_TEST_CLIENTS")
    if not folder:
        pytest.skip("RCLI_TEST_CLIENTS names no folder that .ci/clients has filled")
    return Path(folder)


@pytest.fixture(scope="session")
def guide(clients: Path, environments: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guide]:
    """The engine with the guide's models; it ends with the tests."""
    home = make_home(tmp_path_factory.mktemp("guide") / "home", environments)
    rcli = runner(home, HERE)
    try:
        pushed = [
            rcli("push", "models/sdxl", "local:stability-ai/sdxl"),
            rcli("push", "models/llama", "local:meta/llama-2-70b-chat"),
        ]
        versions = dict(reference.strip().split(":") for reference in pushed)
        rcli("run", "local:stability-ai/sdxl", "prompt=x", "--output-dir", str(home / "warm"))
        yield Guide(home, clients, rcli, _environ(home, clients, rcli, versions), versions)
    finally:
        end_engine(home)


def picture(address: str) -> bytes:
    """The bytes behind an output's URL, which needs no token."""
    if address.startswith("data:"):
        return base64.b64decode(address.partition("base64,")[2])
    with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
        return bytes(answer.read())


def _environ(home: Path, clients: Path, rcli: Run, versions: dict[str, str]) -> dict[str, str]:
    status = json.loads(rcli("serve", "status", "--json"))
    return {
        "PATH": f"{clients / 'llm' / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "REPLICATE_BASE_URL": status["url"],
        "REPLICATE_API_TOKEN": rcli("auth", "token", "--host", "local").strip(),
        "SDXL_VERSION": versions["stability-ai/sdxl"],
        "LLAMA_VERSION": versions["meta/llama-2-70b-chat"],
    }
