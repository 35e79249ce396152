"""Clients that create predictions without end, and remember which of them were accepted."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from random import Random
from typing import Any
from urllib.parse import urlsplit

ANSWER_SECONDS = 30
PAUSE_SECONDS = 0.1
CLIENTS = 4


@dataclass(frozen=True)
class Work:
    """A version of the engine, and an input for it."""

    version: str
    input: dict[str, Any]


@dataclass
class Address:
    """Where the engine is now; whoever starts another one writes it here."""

    url: str
    token: str

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        """Status and JSON. Raises OSError or HTTPException when the engine is away."""
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=ANSWER_SECONDS)
        try:
            headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
            connection.request(method, f"/v1{path}", json.dumps(body) if body else None, headers)
            answer = connection.getresponse()
            return answer.status, json.load(answer)
        finally:
            connection.close()


@dataclass
class Load:
    """``accepted`` holds the ids of all predictions that the engine has promised to make."""

    address: Address
    webhook: str
    kinds: list[Work]
    accepted: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self, random: Random) -> None:
        while not self.stop.is_set():
            work = random.choice(self.kinds)
            body = {"version": work.version, "input": work.input, "webhook": self.webhook}
            try:
                status, answer = self.address.ask(
                    "POST", "/predictions", body | {"webhook_events_filter": ["completed"]}
                )
            except (OSError, HTTPException, ValueError):
                time.sleep(PAUSE_SECONDS)
                continue
            if status == 201:
                self.accepted.append(answer["id"])
            self.stop.wait(PAUSE_SECONDS if status == 201 else 1)


@contextmanager
def loading(load: Load, random: Random) -> Iterator[None]:
    """Several clients at work; they have ended when the block has."""
    clients = [
        threading.Thread(target=load.run, args=(Random(random.random()),), daemon=True)
        for _ in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    try:
        yield
    finally:
        load.stop.set()
        for client in clients:
            client.join()
