"""The soak itself: clients at work, kills at random, then the verdict."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from random import Random

from rcli.engine.runtime.memory import session_memory
from tests.benchmarks.harness import ROOT
from tests.benchmarks.product import Rcli, with_engine
from tests.benchmarks.soak.kills import Kills
from tests.benchmarks.soak.load import Address, Load, Work, loading
from tests.benchmarks.soak.receiver import receiving
from tests.benchmarks.soak.verdict import Verdict, judge

TICKER = ROOT / "tests" / "benchmarks" / "ticker"
CALM_SECONDS = (1.0, 4.0)
"""Between two kills."""


@dataclass(frozen=True)
class Soaked:
    """What was done to it, and what came of that."""

    engines: int
    replicas: int
    refused: int
    verdict: Verdict


def soak(seconds: float, random: Random) -> Soaked:
    """In the first half the engine is killed too; in the second its memory is watched."""
    with with_engine() as rcli, receiving(random) as receiver:
        kinds = [_hello(rcli), _ticker(rcli)]
        address = Address(rcli.status()["url"], rcli.token())
        load, kills = Load(address, receiver.url, kinds), Kills(rcli, address, random)
        memory: list[int] = []
        with loading(load, random):
            _disturb(kills, seconds / 2, engine=0.3)
            kills.kill_engine()  # once at least, whatever the dice have said
            _disturb(kills, seconds / 2, engine=0, memory=memory)
        verdict = judge(address, load.accepted, receiver, memory)
    return Soaked(kills.engines, kills.replicas, receiver.refused, verdict)


def _disturb(kills: Kills, seconds: float, engine: float, memory: list[int] | None = None) -> None:
    """``engine`` is the share of kills that hit the engine; ``memory`` takes what it holds, in bytes."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        time.sleep(kills.random.uniform(*CALM_SECONDS))
        if kills.random.random() < engine:
            kills.kill_engine()
        else:
            kills.kill_replica()
        if memory is not None:
            memory.append(_engine_memory(kills.status()["pid"]))


def _engine_memory(pid: int) -> int:
    return session_memory(pid) or 0


def _hello(rcli: Rcli) -> Work:
    made = json.loads(rcli("run", "rcli/hello", "text=x", "--json"))
    return Work(made["version"], {"text": "x"})


def _ticker(rcli: Rcli) -> Work:
    made = json.loads(rcli("run", str(TICKER), "count=1", "--json"))
    return Work(made["version"], {"count": 5, "pause": 0.005})
