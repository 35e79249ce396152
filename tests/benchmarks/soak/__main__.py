"""Predictions without end while replicas and the engine are killed: is anything lost, told twice, leaked?"""

from __future__ import annotations

import argparse
import sys
import time
from random import Random

from tests.benchmarks.soak.soak import soak


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=600, help="how long it is disturbed (600)")
    parser.add_argument("--seed", type=int, default=1, help="of everything that happens by chance (1)")
    wanted = parser.parse_args()
    begin = time.monotonic()
    done = soak(wanted.seconds, Random(wanted.seed))
    first, last = done.verdict.memory_mb
    print(f"{time.monotonic() - begin:.0f} s, {done.engines} engines and {done.replicas} replicas killed")
    print(f"{done.verdict.accepted} predictions accepted: {done.verdict.states}")
    print(f"{done.verdict.delivered} webhooks taken, {done.refused} refused with 500")
    print(f"memory of the engine at first {first:.0f} MB, at last {last:.0f} MB")
    for defect in sorted(set(done.verdict.defects)):
        print(f"DEFECT: {defect} ({done.verdict.defects.count(defect)} x)")
    return 1 if done.verdict.defects else 0


if __name__ == "__main__":
    sys.exit(main())
