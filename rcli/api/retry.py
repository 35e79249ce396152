"""Repeats requests that failed, where it is certain that this does no harm.

A request is repeatable when sending it twice is the same as once. Any request may be sent again after a 429,
or when no connection came about: the server has not seen it. All others end with the first answer, or the
first failure, because Replicate has no idempotency keys and a second prediction would be paid for.
"""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from json import JSONDecodeError
from typing import Any

import httpx

from rcli.api.network import is_loopback

TRIES = 5
CONNECT_TRIES = 3
BUDGET = 30.0
"""Seconds: no wait is begun that would end later than this after the first try."""

_FIRST_WAIT = 0.5
_TEMPORARY = frozenset({500, 502, 503, 504})
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_BROKEN = (httpx.NetworkError, httpx.TimeoutException, httpx.RemoteProtocolError)

Outcome = httpx.Response | httpx.TransportError


class Retry(httpx.BaseTransport):
    """Two extensions of a request steer this: ``repeatable`` (bool; default: by its method) and ``whole``
    (bool; the body is read here, so that a connection that breaks within it counts as a failed try)."""

    def __init__(
        self,
        inner: httpx.BaseTransport,
        *,
        on_wait: Callable[[float, str], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._inner = inner
        self._on_wait = on_wait
        self._clock = clock
        self._sleep = sleep
        self._is_closed = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        started = self._clock()
        for attempt in range(TRIES):
            outcome = self._attempt(request)
            wait = pause(request, outcome, attempt)
            if wait is None or self._is_closed or self._clock() - started + wait > BUDGET:
                break
            self._wait(wait, outcome)
        if isinstance(outcome, httpx.Response):
            return outcome
        raise outcome

    def close(self) -> None:
        """A request that another thread still waits for fails with its connection, and is not repeated."""
        self._is_closed = True
        self._inner.close()

    def _attempt(self, request: httpx.Request) -> Outcome:
        try:
            response = self._inner.handle_request(request)
            if request.extensions.get("whole") or response.status_code in _TEMPORARY | {429}:
                response.read()
        except httpx.TransportError as exc:
            return exc
        return response

    def _wait(self, seconds: float, outcome: Outcome) -> None:
        if self._on_wait:
            self._on_wait(seconds, _reason(outcome))
        self._sleep(seconds)


def pause(request: httpx.Request, outcome: Outcome, attempt: int) -> float | None:
    """Seconds to wait before the next try, None when this outcome is final. Tries count from 0."""
    tries = CONNECT_TRIES if isinstance(outcome, _NOT_SENT) else TRIES
    if attempt + 1 >= tries or not is_worth_repeating(request, outcome):
        return None
    asked = asked_wait(outcome, time.time()) if isinstance(outcome, httpx.Response) else None
    return _FIRST_WAIT * 2**attempt if asked is None else asked


def is_worth_repeating(request: httpx.Request, outcome: Outcome) -> bool:
    repeatable = request.extensions.get("repeatable", request.method in ("GET", "HEAD", "QUERY"))
    if isinstance(outcome, httpx.Response):
        return outcome.status_code == 429 or (repeatable and outcome.status_code in _TEMPORARY)
    if isinstance(outcome, _NOT_SENT):
        return not (_is_refused_certificate(outcome) or is_loopback(request.url))
    return repeatable and isinstance(outcome, _BROKEN)


def asked_wait(response: httpx.Response, now: float) -> float | None:
    """How many seconds the server asks to wait: header, then body, then the sentence in ``detail``.

    ``now`` is the time in seconds since 1970 for servers that name a date but send no ``Date``.
    """
    header = response.headers.get("retry-after", "").strip()
    if header.isdecimal():
        return float(header)
    if header and (date := _seconds(header)) is not None:
        return max(0.0, date - (_seconds(response.headers.get("date", "")) or now))
    problem = _json(response)
    if isinstance(asked := problem.get("retry_after"), int | float) and asked >= 0:
        return float(asked)
    found = re.search(r"~(\d+)s", str(problem.get("detail")))
    return float(found[1]) if found else None


def causes(error: BaseException) -> Iterator[BaseException]:
    """An error and what led to it, the nearest first."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__


def _is_refused_certificate(error: BaseException) -> bool:
    return any(isinstance(cause, ssl.SSLError) for cause in causes(error))


def _seconds(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None


def _json(response: httpx.Response) -> Mapping[str, Any]:
    try:
        found = response.json()
    except (JSONDecodeError, UnicodeDecodeError):
        return {}
    return found if isinstance(found, dict) else {}


def _reason(outcome: Outcome) -> str:
    if not isinstance(outcome, httpx.Response):
        return "no connection"
    return "rate limit" if outcome.status_code == 429 else f"the server answered {outcome.status_code}"
