"""A listener in this process: the server that receives, a journal in a temporary folder, handlers."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from rcli import signing
from rcli.connections import Connection, bound
from rcli.listener.forward import Endpoint
from rcli.listener.journal import Entry
from rcli.listener.keys import Keys
from rcli.listener.listening import Notice, Wishes
from rcli.listener.receive import Receiver
from rcli.listener.running import Place, Running, named
from tests.receiver import PATIENCE, receiver
from tests.recording_server import recording_server

__all__ = ["receiver", "recording_server"]


class Quick(Connection):
    """For people who do not want to wait in a test."""

    head_seconds = 1.0
    body_seconds = 1.0


@dataclass
class Direct:
    """A listener that receives at ``url``, and the service that sends to it."""

    url: str
    key: str
    running: Running

    def send(self, payload: dict[str, Any], id: str | None = None, **changes: Any) -> httpx.Response:
        """As the service would; ``at`` is the signed time, ``key`` what it is signed with."""
        body = json.dumps(payload).encode()
        at, key = changes.get("at", time.time()), changes.get("key", self.key)
        headers = signing.signed_headers(key, id or f"msg_{time.monotonic_ns()}", int(at), body)
        return httpx.post(self.url, content=body, headers=headers, timeout=PATIENCE)

    def entries(self, enough: Callable[[dict[int, Entry]], bool]) -> list[Entry]:
        """What the listener tells of its events, as soon as it is enough."""
        found: dict[int, Entry] = {}
        deadline = time.monotonic() + PATIENCE
        while not enough(found):
            assert time.monotonic() < deadline, found
            self.running.wait(1)
            found |= {entry.number: entry for entry in self.running.changed()}
        return list(found.values())

    def settled(self, count: int) -> list[Entry]:
        """So many events of which nothing is left to be delivered."""
        return self.entries(
            lambda found: (
                len(found) == count
                and all(fate.due is None for entry in found.values() for fate in entry.fates)
            )
        )

    def notice(self) -> Notice:
        """The next notice."""
        deadline = time.monotonic() + PATIENCE
        while True:
            self.running.wait(0.1)
            if notices := self.running.notices():
                return notices[0]
            assert time.monotonic() < deadline


Listen = Callable[..., Direct]


@pytest.fixture
def listen(tmp_path: Path) -> Iterator[Listen]:
    """Starts listeners: ``listen(Endpoint(…), retries=False)``; they end with the test, or with ``close``."""
    key = signing.new_key()
    with ExitStack() as stack:

        def start(*endpoints: Endpoint, keys: Keys | None = None, **wishes: Any) -> Direct:
            socket = stack.enter_context(bound("127.0.0.1", 0))
            keys = keys or Keys(lambda: key)
            source = Receiver(socket, "/in", keys, protocol=Quick)
            place = Place(tmp_path / "webhooks", named("test", "direct", endpoints))
            wished = replace(Wishes(endpoints), **wishes)
            environ = {"PATH": "/usr/bin:/bin"}
            running = stack.enter_context(Running(place, source, wished, keys=keys, environ=environ))
            return Direct(f"http://127.0.0.1:{socket.getsockname()[1]}/in", key, running)

        yield start


def prediction(id: str = "p1", status: str = "succeeded", **more: Any) -> dict[str, Any]:
    return {"id": id, "model": "ada/dinos", "status": status, "output": None, "logs": "", **more}
