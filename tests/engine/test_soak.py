"""A minute under kills: what the engine has promised, it keeps."""

from __future__ import annotations

from random import Random

import pytest

from tests.benchmarks.soak.soak import soak


@pytest.mark.timeout(600)
def test_nothing_that_was_accepted_is_lost_while_processes_are_killed() -> None:
    done = soak(60, Random(1))

    assert done.verdict.defects == ()
    assert done.engines >= 1
    assert done.replicas > 1
    assert len(done.verdict.states) > 1  # some predictions succeeded, some were hit
