"""How soon a person sees the first word of a real language model: process start to first byte on stdout."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from statistics import median

from tests.benchmarks.harness import PROCESS_SECONDS, ROOT, at_most, conclude, rounds
from tests.benchmarks.product import Rcli, with_engine

STOPPED_SECONDS, WARM_SECONDS = 3, 1


def main() -> int:
    cold = rounds(__doc__, 5)
    numbers = count(1)
    with with_engine() as rcli:
        first_byte(rcli, numbers)  # sets up the model's environment
        stopped = [from_stopped(rcli, numbers) for _ in range(cold)]
        warm = [first_byte(rcli, numbers) for _ in range(2 * cold)]
    return conclude(
        [
            at_most("from a stopped engine", median(stopped), STOPPED_SECONDS, "s", spread(stopped)),
            at_most("with the model loaded", median(warm), WARM_SECONDS, "s", spread(warm)),
        ]
    )


def from_stopped(rcli: Rcli, numbers: Iterator[int]) -> float:
    """Seconds to the first byte when even the engine has to start."""
    rcli("serve", "stop")
    return first_byte(rcli, numbers)


def first_byte(rcli: Rcli, numbers: Iterator[int]) -> float:
    """Seconds to the first byte of one answer; each asks something new, so that no prompt is cached."""
    number = next(numbers)
    question = f"prompt={number} apples and {number + 3} pears: how many pieces of fruit are there?"
    command = rcli.command("stream", "rcli/smollm2", "-i", question, "-i", "max_tokens=8")
    begin = time.perf_counter()
    with subprocess.Popen(
        command, env=rcli.environ, cwd=ROOT, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, bufsize=0
    ) as asking:
        assert asking.stdout is not None
        arrived = asking.stdout.read(1)
        seconds = time.perf_counter() - begin
        asking.stdout.read()
        if asking.wait(PROCESS_SECONDS) or not arrived:
            raise RuntimeError(f"no answer; exit code {asking.returncode}")
    return seconds


def spread(seconds: list[float]) -> str:
    return f"{min(seconds):.2f} to {max(seconds):.2f} s; n={len(seconds)}"


if __name__ == "__main__":
    sys.exit(main())
