"""What a loaded model costs: a cold start, its memory while idle, and an edit of its code."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from rcli.engine.runtime.memory import session_memory
from tests.benchmarks.coglet_server import serving
from tests.benchmarks.harness import ROOT, Figure, at_most, conclude, in_turn, process, rounds
from tests.benchmarks.predictions import Coglet, Engine
from tests.benchmarks.product import Rcli, with_engine

HELLO = ROOT / "rcli" / "models" / "hello"
INPUTS = {"text": "x"}
PACKAGE = 'build:\n  python_packages: ["six==1.17.0"]\nrun: "run.py:run"\n'
CODE = '''import six
from cog import Input


def run(text: str = Input()) -> str:
    """Take {number}."""
    return f"{{text}} {number} {{six.__version__}}"
'''
COLD_START, EDIT_SECONDS, IDLE_MEMORY = 1.3, 1.5, 1.2


def main() -> int:
    times = rounds(__doc__, 12)
    with with_engine() as rcli:
        rcli("config", "set", "engine.replica_idle", "1")
        rcli("run", "rcli/hello", "-i", "text=x")
        figures = [cold_start(rcli, times)]
    with with_engine() as rcli:
        rcli("run", "rcli/hello", "-i", "text=x")
        figures += [idle_memory(rcli), edit(rcli, times)]
    return conclude(figures)


def cold_start(rcli: Rcli, times: int) -> Figure:
    """From nothing loaded to the first answer, over HTTP."""
    client = Engine(rcli.status()["url"], rcli.token(), "rcli/hello")

    def through_engine() -> float:
        while rcli.status()["replicas"]:
            time.sleep(0.1)
        return client.run(INPUTS)

    pairs = in_turn(through_engine, alone, times)
    return at_most("cold start", pairs.ratio, COLD_START, "x coglet", pairs)


def alone() -> float:
    """Seconds of coglet's own server from its start to the first answer."""
    begin = time.perf_counter()
    with serving(HELLO) as server:
        Coglet(server.port).run(INPUTS)
        return time.perf_counter() - begin


def idle_memory(rcli: Rcli) -> Figure:
    """Memory of one idle replica, each page counted once (PSS, Linux)."""
    (replica,) = rcli.status()["replicas"]
    ours = session_memory(replica["pid"]) or 0
    with serving(HELLO) as server:
        Coglet(server.port).run(INPUTS)
        theirs = session_memory(server.pid) or 0
    detail = f"{ours / 2**20:.0f} against {theirs / 2**20:.0f} MB"
    return at_most("an idle replica", ours / theirs, IDLE_MEMORY, "x coglet", detail)


def edit(rcli: Rcli, times: int) -> Figure:
    """A whole ``rcli run`` after each edit of a project whose packages are installed already."""
    with project() as folder:
        numbers = count()
        seconds = [edited(rcli, folder, next(numbers)) for _ in range(times + 1)][1:]
    detail = f"{min(seconds):.2f} to {max(seconds):.2f} s; n={len(seconds)}"
    return at_most("an answer after an edit", median(seconds), EDIT_SECONDS, "s", detail)


def edited(rcli: Rcli, folder: Path, number: int) -> float:
    (folder / "run.py").write_text(CODE.format(number=number))
    return process(rcli.command("run", str(folder), "-i", "text=x"), rcli.environ)


@contextmanager
def project() -> Iterator[Path]:
    with TemporaryDirectory(prefix="edited-") as home:
        folder = Path(home) / "edited"
        folder.mkdir()
        (folder / "cog.yaml").write_text(PACKAGE)
        yield folder
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
