"""Signals become exceptions, and wait for a request that creates something."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event, get_ident

import pytest

from rcli.errors import Interrupted
from rcli.signals import Signals


@pytest.fixture
def signals() -> Iterator[Signals]:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM, signal.SIGURG)
    before = {number: signal.getsignal(number) for number in numbers}
    installed = Signals()
    installed.install()
    yield installed
    signal.set_wakeup_fd(-1)
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


class Lock:
    """Interrupted the moment after it was taken: a lock that nobody would give back."""

    def __init__(self) -> None:
        self.is_taken = False

    def __enter__(self) -> None:
        self.is_taken = True
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):  # time for the signal to be heard
            pass

    def __exit__(self, *_: object) -> None:
        self.is_taken = False


def test_a_signal_waits_while_a_lock_is_taken(signals: Signals) -> None:
    lock = Lock()

    with pytest.raises(Interrupted), lock:
        assert lock.is_taken
        Event().wait(30)

    assert not lock.is_taken


def test_a_signal_that_the_main_thread_did_not_feel_is_heard_all_the_same(signals: Signals) -> None:
    """Another thread takes the signal here, so that no system call of the main one ends by it."""
    blocked, silence = os.pipe()
    begun = Event()

    def take_it() -> None:
        begun.wait()
        signal.pthread_kill(get_ident(), signal.SIGINT)

    with ThreadPoolExecutor(1) as pool:
        pool.submit(take_it)
        with pytest.raises(Interrupted):
            begun.set()
            os.read(blocked, 1)

    os.close(blocked)
    os.close(silence)


def test_without_a_signal_holding_changes_nothing(signals: Signals) -> None:
    with signals.held():
        answer = 42

    assert answer == 42
