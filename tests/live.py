"""Tries the commands against Replicate's real service. Opt-in: it needs an account and spends its money.

    REPLICATE_API_TOKEN=r8_… RCLI_LIVE_LIMIT=0.05 python tests/live.py

``RCLI_LIVE_LIMIT`` is in US dollars. A step is begun only while what was spent so far plus the step's own
worst case stays under it. Spending is counted as running time at the dearest published price per second
(gpu-h100 on Replicate's price list), so it errs on the safe side.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

DEAREST_SECOND = 0.001525


@dataclass(frozen=True)
class Step:
    """One command; ``worst`` is what it may cost in US dollars, ``good`` judges its stdout."""

    about: str
    argv: tuple[str, ...]
    worst: float
    good: Callable[[str], bool]
    exit_code: int = 0


def steps(folder: Path) -> list[Step]:
    picture = folder / "cat.png"
    return [
        Step("the account", ("auth", "status"), 0, lambda out: "replicate" in out),
        Step(
            "a community model is resolved to its latest version",
            ("run", "replicate/hello-world", "-i", "text=rcli", "--json"),
            0.01,
            lambda out: json.loads(out)["output"] == "hello rcli",
        ),
        Step("the last prediction is remembered", ("predictions", "show", "last", "-q"), 0, bool),
        Step(
            "an unknown input is refused before anything is spent",
            ("run", "replicate/hello-world", "-i", "txet=rcli"),
            0,
            lambda out: out == "",
            exit_code=2,
        ),
        Step(
            "an official model streams",
            ("stream", "meta/meta-llama-3-8b-instruct", "-i", "prompt=Say hello.", "-i", "max_tokens=16"),
            0.01,
            lambda out: len(out) > 2,
        ),
        Step(
            "a picture is saved where -o says",
            (
                "run",
                "black-forest-labs/flux-schnell",
                "-i",
                "prompt=a cat",
                "-i",
                "output_format=png",
                "-o",
                str(picture),
            ),
            0.02,
            lambda out: picture.read_bytes().startswith(b"\x89PNG"),
        ),
    ]


def main() -> int:
    """Runs the steps in order; 1 when one failed, 2 when the environment is not set for it."""
    limit = os.environ.get("RCLI_LIVE_LIMIT")
    if not limit or "REPLICATE_API_TOKEN" not in os.environ:
        print(__doc__)
        return 2
    spent = 0.0
    with tempfile.TemporaryDirectory() as home:
        for step in steps(Path(home)):
            if spent + step.worst > float(limit):
                print(f"stopped before {step.about!r}: ${spent:.4f} spent, limit ${limit}")
                return 1
            began = time.monotonic()
            if not passed(step, home):
                return 1
            if step.worst:
                spent += max((time.monotonic() - began) * DEAREST_SECOND, step.worst)
    print(f"all passed; at most ${spent:.4f} spent")
    return 0


def passed(step: Step, home: str) -> bool:
    command = [sys.executable, "-m", "rcli", *step.argv, "--host", "replicate"]
    environ = os.environ | {"RCLI_HOME": home}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=600, check=False)
    good = done.returncode == step.exit_code and step.good(done.stdout)
    print(f"{'ok  ' if good else 'FAIL'} {step.about}")
    if not good:
        print(f"  {' '.join(command)}\n  exit {done.returncode}\n{done.stdout}{done.stderr}")
    return good


if __name__ == "__main__":
    sys.exit(main())
