"""A short version of the benchmark: a burst, and a handler that is slower than what comes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.webhooks import MEMORY_MB, Load, measure


@pytest.mark.parametrize(
    "load", [Load(500, 0.6), Load(500, 0.2, size=200_000, pause=0.1)], ids=["burst", "slow handler"]
)
def test_no_message_is_lost_and_memory_stays_bounded(tmp_path: Path, load: Load) -> None:
    outcome = measure(load, tmp_path)

    assert (outcome.taken, outcome.delivered) == (load.count, load.count)
    assert outcome.peak_mb < MEMORY_MB
