"""A program that asks for hours stays below a rate, whatever happens: tries again, streams, many threads."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from threading import Event, Lock

import httpx

from rcli.api.retry import asked_wait

SHARE = 0.1
"""Of a host's rate limit: the rest is the user's."""

LIMIT = 3000
"""Requests a minute that Replicate takes from one account, creations aside."""

_WINDOW = 60.0
_BURST = 0.1
_AT_START = 3


class Pace:
    """At most ``per_minute`` requests in any 60 seconds; a tenth of them may come at once.

    The first few alone may come at once after the start: who is started again and again stays below, too.
    """

    def __init__(self, per_minute: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        burst = max(1, int(per_minute * _BURST))
        self.per_minute = per_minute
        self._clock = clock
        self._lock = Lock()
        self._sent: deque[float] = deque()
        self._interval = _WINDOW / max(1, per_minute - burst)
        self._ahead = burst * self._interval
        self._next = clock() + (burst - min(_AT_START, burst)) * self._interval

    def take(self) -> float:
        """Takes one request's place, and tells how many seconds to wait for it."""
        with self._lock:
            now = self._clock()
            self._next = max(now, self._next) + self._interval
            at = max(now, self._next - self._ahead)
            self._forget(now)
            self._sent.append(at)
            return at - now

    def hold(self, seconds: float) -> None:
        """No place is given for so long: the host has asked for it."""
        with self._lock:
            self._next = max(self._next, self._clock() + seconds + self._ahead - self._interval)

    @property
    def last_minute(self) -> int:
        """How many requests were sent in the last 60 seconds."""
        with self._lock:
            now = self._clock()
            self._forget(now)
            return sum(at <= now for at in self._sent)

    def _forget(self, now: float) -> None:
        while self._sent and self._sent[0] < now - _WINDOW:
            self._sent.popleft()


class Paced(httpx.BaseTransport):
    """Lets each request wait for its place. It stands below the retries, which need places, too.

    ``patience``: seconds of silence after which a whole answer is given up. The client's own ``sleep`` is
    this one's: who closes it wakes all that wait.
    """

    def __init__(self, inner: httpx.BaseTransport, pace: Pace, patience: float = 15.0) -> None:
        self._inner, self._pace, self._patience = inner, pace, patience
        self._closed = Event()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._closed.wait(self._pace.take()):
            raise httpx.CloseError("the client is closed", request=request)
        if request.extensions.get("whole"):
            times = request.extensions["timeout"]
            times["read"] = min(times["read"], self._patience)
        try:
            response = self._inner.handle_request(request)
        finally:
            if self._closed.is_set():  # meanwhile: what was opened since then is to be closed, too
                self._inner.close()
        if response.status_code == 429:
            response.read()
            self._pace.hold(asked_wait(response, time.time()) or 1.0)
        return response

    def sleep(self, seconds: float) -> None:
        self._closed.wait(seconds)

    def close(self) -> None:
        self._closed.set()
        self._inner.close()
