"""What must be true after a soak: everything accepted has ended once, and everybody was told."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from statistics import median
from urllib.parse import urlsplit

from rcli.records import TERMINAL
from tests.benchmarks.soak.load import ANSWER_SECONDS, Address
from tests.benchmarks.soak.receiver import Delivery, Receiver

END_SECONDS = 120
TOLD_SECONDS = 120
"""The last retry of a webhook comes about a minute after the end."""

GROWTH = 1.2
"""How much more memory the engine may hold at the end than at first."""


@dataclass(frozen=True)
class Verdict:
    """``states`` counts the ends; ``defects`` says in words what is wrong."""

    accepted: int
    states: dict[str, int]
    delivered: int
    memory_mb: tuple[float, float]
    defects: tuple[str, ...]


def judge(address: Address, accepted: Sequence[str], receiver: Receiver, memory: Sequence[int]) -> Verdict:
    """Waits for the ends and for the webhooks, then compares. ``memory`` in bytes, in the order of time."""
    states = {id: _end(address, id) for id in accepted}
    _wait(lambda: set(accepted) <= receiver.predictions(), TOLD_SECONDS)
    quarter = max(1, len(memory) // 4)
    first, last = median(memory[:quarter]) / 2**20, median(memory[-quarter:]) / 2**20
    defects = [
        defect
        for id, state in states.items()
        for defect in _defects(state, receiver.of(id), _dones(address, id))
    ]
    if last > first * GROWTH:
        defects.append(f"memory has grown from {first:.0f} to {last:.0f} MB")
    counts = Counter(str(state) for state in states.values())
    return Verdict(len(accepted), dict(counts), len(receiver.deliveries), (first, last), tuple(defects))


def _defects(state: str | None, deliveries: list[Delivery], dones: int) -> list[str]:
    if state is None:
        return ["an accepted prediction was lost or did not end"]
    found = []
    if dones != 1:
        found.append(f"a stream has {dones} ends")
    if not deliveries:
        found.append(f"nobody was told that a prediction has {state}")
    if {each.status for each in deliveries} - {state}:
        found.append(f"a webhook contradicts the state {state}")
    if len({each.message for each in deliveries}) > 1:
        found.append("the id of a webhook changed over its retries")
    return found


def _end(address: Address, id: str) -> str | None:
    """The state in which a prediction has ended; None if it is not there, or goes on for ever."""
    found: list[str] = []

    def ended() -> bool:
        status, answer = address.ask("GET", f"/predictions/{id}")
        if status == 404:
            return True
        if answer["status"] in TERMINAL:
            found.append(answer["status"])
        return bool(found)

    _wait(ended, END_SECONDS)
    return found[0] if found else None


def _dones(address: Address, id: str) -> int:
    """How often its stream says that it is done."""
    _, answer = address.ask("GET", f"/predictions/{id}")
    place = urlsplit(answer["urls"]["stream"])
    connection = HTTPConnection(place.netloc, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", f"{place.path}?{place.query}", headers={"Accept": "text/event-stream"})
        return connection.getresponse().read().count(b"event: done")
    finally:
        connection.close()


def _wait(true: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
