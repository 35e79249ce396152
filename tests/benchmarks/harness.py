"""Timing two things in turn, comparing them with a budget, and printing what came out."""

from __future__ import annotations

import argparse
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).parents[2]
PROCESS_SECONDS = 120  # no command takes longer

Timed = Callable[[], float]


@dataclass(frozen=True)
class Pairs:
    """Seconds of two things that were measured in turn; the n-th of each belong together."""

    first: tuple[float, ...]
    second: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """The first's median in units of the second's."""
        return median(self.first) / median(self.second)

    @property
    def difference(self) -> float:
        """Seconds by which the first's median exceeds the second's."""
        return median(self.first) - median(self.second)

    def __str__(self) -> str:
        low, middle, high = quantiles([a / b for a, b in zip(self.first, self.second, strict=True)], n=4)
        medians = f"{_ms(median(self.first))} against {_ms(median(self.second))}"
        return (
            f"{medians}; pairwise x {middle:.2f}, half of them {low:.2f} to {high:.2f}; n={len(self.first)}"
        )


@dataclass(frozen=True)
class Figure:
    """One measured number beside what it may be."""

    what: str
    measured: float
    budget: float
    unit: str
    at_most: bool
    detail: str = ""

    @property
    def holds(self) -> bool:
        return self.measured <= self.budget if self.at_most else self.measured >= self.budget

    def cells(self) -> tuple[str, ...]:
        sign = "<=" if self.at_most else ">="
        verdict = "ok" if self.holds else "OVER BUDGET"
        measured, budget = f"{self.measured:.2f} {self.unit}", f"{sign} {self.budget:g} {self.unit}"
        return self.what, measured, budget, verdict, self.detail


def at_most(what: str, measured: float, budget: float, unit: str, detail: object = "") -> Figure:
    """A figure that must not be larger than its budget."""
    return Figure(what, measured, budget, unit, True, str(detail))


def at_least(what: str, measured: float, budget: float, unit: str, detail: object = "") -> Figure:
    """A figure that must not be smaller than its budget."""
    return Figure(what, measured, budget, unit, False, str(detail))


def in_turn(first: Timed, second: Timed, rounds: int) -> Pairs:
    """Measure A B A B …, after one round that does not count: what disturbs the machine disturbs both."""
    first(), second()
    pairs = [(first(), second()) for _ in range(rounds)]
    return Pairs(tuple(a for a, _ in pairs), tuple(b for _, b in pairs))


def process(command: Sequence[str], environ: Mapping[str, str]) -> float:
    """Seconds of a whole process. Raises CalledProcessError, or TimeoutExpired after two minutes."""
    begin = time.perf_counter()
    subprocess.run(
        command,
        env=environ,
        cwd=ROOT,
        check=True,
        timeout=PROCESS_SECONDS,
        capture_output=True,
        stdin=subprocess.DEVNULL,
    )
    return time.perf_counter() - begin


def rounds(description: str | None, default: int) -> int:
    """What the command line asks for with ``--rounds``, from 3 to 1000."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--rounds", type=int, default=default, help=f"measurements of each thing ({default})")
    return min(max(int(parser.parse_args().rounds), 3), 1000)


def conclude(figures: Sequence[Figure]) -> int:
    """Print the figures as a table; the exit code is 1 if one is over its budget."""
    rows = [("what", "measured", "budget", "", "detail"), *(figure.cells() for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        print(
            "  ".join(
                [*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]]
            ).rstrip()
        )
    return 0 if all(figure.holds for figure in figures) else 1


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
