"""How long rcli takes to start, against Python itself."""

from __future__ import annotations

import sys
from functools import partial

from tests.benchmarks.harness import at_most, conclude, in_turn, process, rounds
from tests.benchmarks.product import at_home

BUDGETS = {
    ("--version",): 2,
    ("--help",): 7,
    ("run", "--help"): 9,
    ("__complete", "words", "/run", "=", "run"): 5,
}  # times `python -c pass`


def main() -> int:
    count = rounds(__doc__, 21)
    figures = []
    with at_home() as rcli:
        python = partial(process, [sys.executable, "-c", "pass"], rcli.environ)
        for argv, budget in BUDGETS.items():
            pairs = in_turn(partial(process, rcli.command(*argv), rcli.environ), python, count)
            figures.append(at_most(f"rcli {' '.join(argv)}", pairs.ratio, budget, "x python", pairs))
    return conclude(figures)


if __name__ == "__main__":
    sys.exit(main())
