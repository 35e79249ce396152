"""A receiver of webhooks on loopback: it checks every signature with the reference implementation."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from queue import Queue
from threading import Event
from typing import Any

import pytest
from standardwebhooks import Webhook

from rcli.records import TERMINAL
from tests.recording_server import Answer, Recorded, RecordingServer

PATIENCE = 60.0
"""Seconds that a test waits for a message."""


@dataclass(frozen=True)
class Received:
    """A message as it came; ``at`` by the monotonic clock."""

    at: float
    request: Recorded

    @property
    def id(self) -> str:
        return str(self.request.headers["webhook-id"])

    @property
    def prediction(self) -> dict[str, Any]:
        return dict(self.request.json)

    @property
    def status(self) -> str:
        return str(self.prediction["status"])


class Receiver:
    """Answers 200 unless it is told what to answer; the last of several answers stays."""

    def __init__(self, server: RecordingServer) -> None:
        self.url = f"{server.url}/hook"
        self._server = server
        self._received: Queue[Received] = Queue()
        self._blocked: list[Event] = []
        self.answers(200)

    def answers(self, *statuses: int, **headers: str) -> None:
        self.plays(*(Answer(status, headers=headers) for status in statuses))

    def plays(self, *answers: Answer) -> None:
        self._server.answer("POST /hook", *(self._script(answer) for answer in answers))

    def blocks(self) -> Event:
        """Takes every message and answers none until the event is set."""
        released = Event()
        self._blocked.append(released)

        def wait(request: Recorded) -> Answer:
            self._received.put(Received(time.monotonic(), request))
            released.wait(PATIENCE)
            return Answer(200)

        self._server.answer("POST /hook", wait)
        return released

    def next(self, key: str | None = None) -> Received:
        """Waits for a message; checks its signature, if there is a key."""
        received = self._received.get(timeout=PATIENCE)
        if key is not None:
            told = Webhook(key).verify(received.request.body, dict(received.request.headers.items()))
            assert told == json.loads(received.request.body)
        return received

    def all(self, key: str | None = None) -> list[Received]:
        """All messages up to the one that says how the prediction ended."""
        received = [self.next(key)]
        while received[-1].status not in TERMINAL:
            received.append(self.next(key))
        return received

    def count(self) -> int:
        """How many have come that nobody has taken."""
        return self._received.qsize()

    def release(self) -> None:
        for event in self._blocked:
            event.set()

    def _script(self, answer: Answer) -> Any:
        def take(request: Recorded) -> Answer:
            self._received.put(Received(time.monotonic(), request))
            return answer

        return take


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with RecordingServer() as server:
        receiver = Receiver(server)
        yield receiver
        receiver.release()
