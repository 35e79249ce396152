"""Delivering one event to one endpoint: one attempt, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from rcli import __version__
from rcli.api.outgoing import Answer, Sender, Unsent
from rcli.api.trace import redacted_url
from rcli.listener.events import Event
from rcli.webhooks import KINDS, Kind

FRESH = 240.0
"""Seconds after which a message is signed anew: receivers refuse what is 300 seconds old."""

NOT_PASSED_ON = frozenset({"host", "content-length", "transfer-encoding", "connection", "expect"})


@dataclass(frozen=True)
class Endpoint:
    """Where events go: ``target`` is an http(s) address, or ``exec:`` and a command line (see ``commands``).

    ``headers`` are added to every message; they may hold secrets and are kept nowhere.
    """

    target: str
    events: frozenset[Kind] = frozenset(KINDS)
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def wants(self, event: Event) -> bool:
        return event.kind in self.events

    @property
    def name(self) -> str:
        """For people: the address without its secrets, or the command line."""
        return target_name(self.target)


@dataclass(frozen=True)
class Delivery:
    """One attempt. ``at`` in Unix seconds, ``seconds`` until the answer's head (or the failure).

    ``status`` is the HTTP status, for a command its exit code; None when there was no answer, and then
    ``error`` says why. ``error`` is also set for an answer that is no success.
    """

    event: str
    target: str
    at: float
    seconds: float
    status: int | None
    error: str | None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)

    @property
    def ok(self) -> bool:
        return self.error is None


def target_name(target: str) -> str:
    """A target without the secrets that an address may hold."""
    return redacted_url(target) if target.startswith(("http://", "https://")) else target.partition(":")[2]


class Forwarder:
    """Sends events to endpoints over kept connections. ``key`` gives the signing key, for what has grown old.

    Without ``key`` everything goes out as it came.
    """

    def __init__(
        self, key: Callable[[], str] | None = None, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._key, self._clock = key, clock
        self._sender = Sender()

    async def deliver(self, event: Event, endpoint: Endpoint) -> Delivery:
        """One attempt, at most 15 seconds; raises nothing for what the endpoint does."""
        event = self._presentable(event)
        at, began = self._clock(), time.perf_counter()
        try:
            answer = await self._sender.post(endpoint.target, event.body, sent_headers(event, endpoint))
        except Unsent as exc:
            return Delivery(event.id, endpoint.target, at, time.perf_counter() - began, None, str(exc))
        return _judged(event, endpoint, at, answer)

    async def close(self) -> None:
        await self._sender.close()

    def _presentable(self, event: Event) -> Event:
        if self._key is None or abs(self._clock() - event.timestamp) < FRESH:
            return event
        return event.signed(self._key(), self._clock())


def sent_headers(event: Event, endpoint: Endpoint) -> dict[str, str]:
    """The event's own headers, then the endpoint's; never those that belong to one connection."""
    own = {"content-type": "application/json", "user-agent": f"rcli/{__version__}"}
    passed = {name: value for name, value in event.headers.items() if name not in NOT_PASSED_ON}
    return own | passed | {name.lower(): value for name, value in endpoint.headers}


def _judged(event: Event, endpoint: Endpoint, at: float, answer: Answer) -> Delivery:
    is_good = 200 <= answer.status < 300
    return Delivery(
        event.id,
        endpoint.target,
        at,
        answer.seconds,
        answer.status,
        None if is_good else f"answered {answer.status}",
        answer.headers,
        answer.body,
    )
