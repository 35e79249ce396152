"""Clients for the recording server, with waits that are recorded and not waited for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rcli.api.client import Client
from rcli.settings import Host
from tests.recording_server import RecordingServer, recording_server

__all__ = ["recording_server"]

TOKEN = "r8_" + "t" * 37


class Waits(list[float]):
    """A clock that only waits move, in seconds, and a ``sleep`` that takes no time."""

    def sleep(self, seconds: float) -> None:
        self.append(seconds)

    def clock(self) -> float:
        return sum(self)


@pytest.fixture
def token() -> str:
    return TOKEN


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def client(recording_server: RecordingServer, waits: Waits) -> Iterator[Client]:
    """Signed in to the recording server as the host ``replicate``."""
    host = Host("replicate", f"{recording_server.url}/v1", "test")
    with Client(host, TOKEN, clock=waits.clock, sleep=waits.sleep) as made:
        yield made
