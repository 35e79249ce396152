"""What the engine costs: time for one prediction, throughput with many clients, memory at rest."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from rcli.engine.runtime.leftovers import session_members
from rcli.engine.runtime.memory import session_memory
from tests.benchmarks.coglet_server import serving
from tests.benchmarks.harness import ROOT, Figure, at_least, at_most, conclude, in_turn, rounds
from tests.benchmarks.predictions import Coglet, Engine
from tests.benchmarks.product import with_engine

HELLO = ROOT / "rcli" / "models" / "hello"
INPUTS = {"text": "x"}
CLIENTS, EACH = 32, 32
QUIET_SECONDS = 2  # what the engine puts off until it has time must not fall into the next measurement
OVERHEAD, THROUGHPUT, REST_MB = 3, 0.7, 70


def main() -> int:
    count = rounds(__doc__, 200)
    with with_engine() as rcli:
        rcli("models", "list", "--host", "local")
        figures = [memory_at_rest(int(rcli.status()["pid"]))]
        rcli("run", "rcli/hello", "-i", "text=x")
        url, token = rcli.status()["url"], rcli.token()
        with serving(HELLO) as server:
            one, direct = Engine(url, token, "rcli/hello"), Coglet(server.port)
            pairs = in_turn(lambda: one.run(INPUTS), lambda: direct.run(INPUTS), count)
            figures.append(at_most("one prediction, one client", pairs.ratio, OVERHEAD, "x coglet", pairs))
            clients: list[Engine] = []

            def another() -> Engine:
                clients.append(Engine(url, token, "rcli/hello"))
                return clients[-1]

            figures.append(many(another, lambda: Coglet(server.port)))
            figures.append(lost(clients))
    return conclude(figures)


def many(engine: Callable[[], Engine], coglet: Callable[[], Coglet]) -> Figure:
    """Throughput of the same 32 clients; coglet turns away whoever comes second, and they ask it again."""
    through = [(rate(engine, CLIENTS), rate(coglet, CLIENTS), rate(coglet, 1)) for _ in range(5)]
    ours, theirs, alone = (median(rates) for rates in zip(*through, strict=True))
    detail = f"{ours:.0f} against {theirs:.0f} predictions/s ({alone:.0f} with one client); n={len(through)}"
    return at_least(f"{CLIENTS} clients", ours / theirs, THROUGHPUT, "x coglet", detail)


def lost(clients: list[Engine]) -> Figure:
    """Predictions that succeeded to their clients, and that the engine does not list as such."""
    told = [prediction for client in clients for prediction in client.succeeded]
    missing = set(told) - set(clients[0].listed())
    detail = f"of {len(told)} from {CLIENTS} clients at once, {len(set(told))} ids"
    return at_most("predictions lost", len(missing) + len(told) - len(set(told)), 0, "", detail)


def rate(client: Callable[[], Engine | Coglet], clients: int) -> float:
    """Predictions a second that so many clients get done together."""
    each = EACH * CLIENTS // clients
    members = [client() for _ in range(clients)]
    for member in members[:1]:
        member.run(INPUTS)
    with ThreadPoolExecutor(clients) as pool:
        begin = time.perf_counter()
        for done in [pool.submit(repeat, member, each) for member in members]:
            done.result()
        seconds = time.perf_counter() - begin
    for member in members:
        member.connection.close()
    time.sleep(QUIET_SECONDS)
    return clients * each / seconds


def repeat(member: Engine | Coglet, times: int) -> None:
    for _ in range(times):
        member.run(INPUTS)


def memory_at_rest(pid: int) -> Figure:
    """Memory of the engine and its children, each page counted once (PSS, Linux)."""
    held = session_memory(pid) or 0
    return at_most("engine at rest", held / 2**20, REST_MB, "MB", f"{len(session_members(pid))} processes")


if __name__ == "__main__":
    sys.exit(main())
