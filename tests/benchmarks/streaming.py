"""What the engine adds to a stream, against reading coglet's own events."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.benchmarks.coglet_server import serving
from tests.benchmarks.harness import at_least, at_most, conclude, in_turn, rounds
from tests.benchmarks.predictions import Coglet, Engine
from tests.benchmarks.product import Rcli, with_engine

TICKER = Path(__file__).with_name("ticker")
CALM = {"count": 20, "pause": 0.005}  # a fast language model
QUICK = {"count": 1000}  # more at once, and coglet drops a reader that falls behind
ADDED_MS, RATE = 5, 0.8


def main() -> int:
    count = rounds(__doc__, 25)
    with serving(TICKER) as server, with_engine() as rcli:
        coglet, engine = Coglet(server.port), through_engine(rcli)
        firsts = in_turn(lambda: engine.stream(CALM).first, lambda: coglet.stream(CALM).first, count)
        wholes = in_turn(lambda: engine.stream(QUICK).whole, lambda: coglet.stream(QUICK).whole, count)
    rates = f"{QUICK['count']} pieces of text: {wholes}"
    return conclude(
        [
            at_most("added to the first token", firsts.difference * 1000, ADDED_MS, "ms", firsts),
            at_least("live rate", 1 / wholes.ratio, RATE, "x coglet", rates),
        ]
    )


def through_engine(rcli: Rcli) -> Engine:
    """A client for the ticker on the engine, which knows it after its first run."""
    version = json.loads(rcli("run", str(TICKER), "-i", "count=1", "--json"))["version"]
    return Engine(rcli.status()["url"], rcli.token(), version)


if __name__ == "__main__":
    sys.exit(main())
