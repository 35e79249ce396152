"""Signals become exceptions, and wait for a request that creates something."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from rcli.errors import Interrupted
from rcli.signals import Signals


@pytest.fixture
def signals() -> Iterator[Signals]:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)
    before = {number: signal.getsignal(number) for number in numbers}
    installed = Signals()
    installed.install()
    yield installed
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_the_command_with_its_own_exit_code(
    signals: Signals, number: int, exit_code: int
) -> None:
    with pytest.raises(Interrupted) as ended:
        os.kill(os.getpid(), number)

    assert ended.value.exit_code == exit_code


def test_a_held_signal_comes_after_the_block(signals: Signals) -> None:
    done = []

    with pytest.raises(Interrupted), signals.held():
        os.kill(os.getpid(), signal.SIGINT)
        done.append("the request's answer is here")

    assert done == ["the request's answer is here"]


def test_a_second_signal_does_not_wait(signals: Signals) -> None:
    done = []

    with pytest.raises(Interrupted), signals.held():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        done.append("never")

    assert done == []


def test_without_a_signal_holding_changes_nothing(signals: Signals) -> None:
    with signals.held():
        answer = 42

    assert answer == 42
