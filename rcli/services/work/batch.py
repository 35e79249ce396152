"""Several predictions at once, each on a thread from its creation to what is done with its output."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from threading import Condition
from typing import Generic, TypeVar

from rcli.errors import ClosedPipe, Interrupted, NoAnswer, NoCredit, NotAllowed, RateLimited, RcliError
from rcli.services.work.launch import Job
from rcli.services.work.predict import Limit, Running
from rcli.signals import Signals

T = TypeVar("T")

PARALLEL = 8
"""How many run at the same time."""

_CREATION_LIMIT = 10.0
"""Seconds to wait for the id of what is just being created: what cannot be named cannot be canceled."""

_HOPELESS = (NotAllowed, NoCredit, RateLimited, NoAnswer)
"""What keeps one prediction from being created keeps the next from it, too."""


class NotCreated(RcliError):
    """Nothing was created any more, since one before it could not be."""


class Batch(Generic[T]):
    """``work`` is called on a thread with the number, from 0, and the prediction that was created.

    They are created in order, one by one: so they stand in a queue, and that is as fast as services let them.
    """

    def __init__(self, jobs: Sequence[Job], work: Callable[[int, Running], T], parallel: int) -> None:
        self.running: dict[int, Running] = {}
        self._work = work
        self._is_stopped = False
        self._is_creating = False
        self._next = 0
        self._changed = Condition()
        self._pool = ThreadPoolExecutor(parallel)
        self._jobs = jobs
        self._futures: list[Future[T]] = []

    def start(self) -> None:
        self._futures = [self._pool.submit(self._one, *each) for each in enumerate(self._jobs)]

    def results(self) -> Iterator[Future[T]]:
        """What came of each, in order, as soon as it is there and all before it are."""
        for future in self._futures:
            wait([future])
            yield future

    def cancel(self) -> str:
        """Creates no more, cancels what runs, and says what came of that."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._is_creating, _CREATION_LIMIT)
        left = [each for each in self.running.values() if not each.prediction.is_done]
        alive = [each.prediction.id for each in left]
        with suppress(Interrupted, RcliError):
            for running in left:
                running.api.cancel_prediction(running.prediction.id)
                alive.remove(running.prediction.id)
        if alive:
            return f"{_counted(alive)} may go on: rcli predictions cancel {' '.join(alive)}"
        told = f"{_counted(left)} canceled" if left else "nothing was running any more"
        ended = len(self.running) - len(left)
        return f"{told}; {ended} had ended: rcli library list" if ended else told

    def close(self) -> None:
        """Waits for nobody."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _one(self, number: int, job: Job) -> T:
        running = self._created(number, job)
        try:
            return self._work(number, running)
        finally:
            if running.limit:
                running.limit.stop()

    def _created(self, number: int, job: Job) -> Running:
        with self._changed:
            self._changed.wait_for(lambda: self._is_stopped or self._next == number)
            if self._is_stopped:
                raise NotCreated("it was not created")
            self._is_creating = True
        try:
            made = job.create()
            seconds = job.terms.cancel_after
            limit = Limit(job.api, made.id, seconds) if seconds else None
            self.running[number] = Running(job.api, made, limit)
        except _HOPELESS:
            self._is_stopped = True
            raise
        finally:
            with self._changed:
                self._is_creating = False
                self._next = number + 1
                self._changed.notify_all()
        return self.running[number]


@contextmanager
def started(
    jobs: Sequence[Job],
    work: Callable[[int, Running], T],
    signals: Signals,
    canceling: Callable[[], None],
    parallel: int = PARALLEL,
) -> Iterator[Batch[T]]:
    """Starts all; cancels what runs when the block is left by an exception, be it a signal's or another."""
    batch = Batch(jobs, work, parallel)
    try:
        with signals.held():  # else a lock of the threads' could be left taken
            batch.start()
        yield batch
    except BaseException as exc:
        with suppress(ClosedPipe):
            canceling()
        told = batch.cancel()
        if isinstance(exc, Interrupted):
            exc.hint = told
        raise
    finally:
        batch.close()


def _counted(found: Sequence[object]) -> str:
    return "1 prediction" if len(found) == 1 else f"{len(found)} predictions"
