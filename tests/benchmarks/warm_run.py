"""A local run with a warm engine, whole process, against the same call with the official Python client."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from uv import find_uv_bin

from tests.benchmarks.harness import at_most, conclude, in_turn, process, rounds
from tests.benchmarks.product import Rcli, with_engine

CLIENT = "replicate==1.0.7"
CALL = """
import replicate
prediction = replicate.predictions.create(version="rcli/hello", input={"text": "x"}, wait=True)
assert prediction.output == "hello x", prediction
print(prediction.output)
"""
BUDGET = 0.7  # of the official client's time


def main() -> int:
    count = rounds(__doc__, 15)
    with with_engine() as rcli, TemporaryDirectory(prefix="official-client-") as folder:
        assert rcli("run", "rcli/hello", "-i", "text=x").strip() == "hello x"
        official = [str(install_client(Path(folder))), "-c", CALL]
        ours = rcli.command("run", "rcli/hello", "-i", "text=x")
        pairs = in_turn(
            partial(process, ours, rcli.environ), partial(process, official, signed_in(rcli)), count
        )
    return conclude([at_most("warm rcli run rcli/hello", pairs.ratio, BUDGET, "x official client", pairs)])


def install_client(folder: Path) -> Path:
    """An environment of its own for the official client; returns its interpreter."""
    python = folder / "bin" / "python"
    _uv("venv", "--quiet", "--python", sys.executable, str(folder), "--clear")
    _uv("pip", "install", "--quiet", "--compile-bytecode", "--python", str(python), CLIENT)
    return python


def signed_in(rcli: Rcli) -> dict[str, str]:
    """The environment in which the official client talks to this engine."""
    return rcli.environ | {"REPLICATE_BASE_URL": rcli.status()["url"], "REPLICATE_API_TOKEN": rcli.token()}


def _uv(*argv: str) -> None:
    command: Sequence[str] = [find_uv_bin(), *argv]
    subprocess.run(command, check=True, timeout=120)


if __name__ == "__main__":
    sys.exit(main())
