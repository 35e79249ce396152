"""What a webhook's receiver is told, and when: the throttle, the slots, and where plain http may go."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from rcli.engine.data.predictions import Ending, Event, Predictions
from rcli.engine.data.store import Store
from rcli.engine.data.webhooks import Progress, Subscription, WebhookEvent
from rcli.engine.runtime.outgoing import loopback_address
from rcli.engine.web.bases import current, lasting
from rcli.engine.work.bells import Bell
from rcli.engine.work.messages import Messenger
from rcli.engine.work.throttle import Watch
from rcli.engine.work.webhooks import WebhookSender
from rcli.signing import new_key
from tests.receiver import PATIENCE, Receiver
from tests.recording_server import RecordingServer

ALL: frozenset[WebhookEvent] = frozenset({"start", "output", "logs", "completed"})


def test_the_start_comes_first_and_once() -> None:
    watch = Watch(ALL)
    watch.look(Progress(started=True, output=2, logs=1))

    first = watch.due(100.0)
    watch.tell("start", 100.0)
    watch.look(Progress(started=True, output=None, logs=None))

    assert (first, watch.due(100.0)) == ("start", "output")


def test_one_message_tells_output_and_logs_that_are_due_together() -> None:
    watch = Watch(ALL - {"start"})
    watch.look(Progress(started=True, output=2, logs=1))

    watch.tell("output", 100.0)

    assert (watch.due(200.0), watch.seen) == (None, 2)


def test_what_comes_too_soon_waits_for_half_a_second_from_the_last_of_its_kind() -> None:
    watch = Watch(ALL)
    watch.look(Progress(started=False, output=None, logs=1))
    watch.tell("logs", 100.0)

    watch.look(Progress(started=False, output=None, logs=2))
    soon, pause = watch.due(100.1), watch.pause(100.1)
    watch.look(Progress(started=False, output=3, logs=None))

    assert (soon, watch.due(100.1)) == (None, "output")
    assert pause == pytest.approx(0.4)


def test_what_nobody_asked_for_is_not_told() -> None:
    watch = Watch(frozenset({"completed"}))

    watch.look(Progress(started=True, output=2, logs=1))

    assert (watch.due(100.0), watch.pause(100.0), watch.left()) == (None, None, None)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "127.1", "::1"])
def test_names_of_this_machine_lead_to_its_loopback_address(host: str) -> None:
    address = asyncio.run(loopback_address(host, 80))

    assert address is not None
    assert address == "::1" or address.startswith("127.")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::", "fe80::1", "a..b", "x" * 300, "no.invalid"])
def test_other_names_lead_nowhere(host: str) -> None:
    assert asyncio.run(loopback_address(host, 80)) is None


def test_a_base_with_the_engine_s_port_fits_the_next_engine() -> None:
    kept = [lasting(base, 5000) for base in ("http://localhost:5000", "http://box:9000", "http://box")]

    assert [current(base, 6000) for base in kept] == [
        "http://localhost:6000",
        "http://box:9000",
        "http://box",
    ]


class Followed:
    """A prediction of the database, as the sender follows it."""

    def __init__(self, store: Store, table: Predictions, name: str) -> None:
        self._store, self._table = store, table
        self.id, self.bell, self.ended, self.is_over = name, Bell(), asyncio.Event(), False
        self.pieces: list[str] = []
        self.number = table.add(
            name, model="a/b", version="v", input={}, created_at=0, deadline=None, iterates=True
        )
        table.start(self.number, time.time())

    def puts_out(self, text: str) -> None:
        self.pieces.append(text)
        self._table.append(self.number, Event(len(self.pieces), time.time(), "text", text))
        self._store.after_commit(self.bell.ring)

    def ends(self) -> None:
        self.is_over = True
        ending = Ending("succeeded", self.pieces, None, {})
        self._table.end(self.number, len(self.pieces), time.time(), ending)
        self._store.commit()
        self.ended.set()
        self.bell.ring()


class Bench:
    """A sender with a database of its own, and no engine."""

    def __init__(self, folder: Path) -> None:
        self.changed = Bell()
        self.store = Store.open(folder / "engine.db", asyncio.get_running_loop().call_soon)
        self.table = Predictions(self.store)
        messenger = Messenger(new_key(), read=self.table.get, describe=self.describe)
        self.sender = WebhookSender(self.store, messenger, self.changed.ring)
        self.sender.start(lambda id: None)

    @staticmethod
    def describe(row: Any, base: str) -> dict[str, Any]:
        return {"id": row.id, "status": row.status, "output": row.output, "base": base}

    def follow(self, name: str, url: str, *events: WebhookEvent) -> Followed:
        live = Followed(self.store, self.table, name)
        self.sender.follow(live, Subscription(url, frozenset(events)), "http://x")
        return live

    async def quiet(self) -> None:
        """Until nothing is left to send."""
        async with asyncio.timeout(PATIENCE):
            while self.sender.is_busy():
                await self.changed.wait(0.1)

    async def close(self) -> None:
        await self.sender.close()
        self.store.close()


def test_the_newest_output_is_told_at_last_although_the_end_is_not_asked_for(
    tmp_path: Path, receiver: Receiver
) -> None:
    async def scene() -> None:
        bench = Bench(tmp_path)
        live = bench.follow("p", receiver.url, "output")
        live.puts_out("x")
        await asyncio.to_thread(receiver.next)
        live.puts_out("y")
        live.ends()
        await bench.quiet()
        await bench.close()

    asyncio.run(scene())

    last = receiver.next()
    assert (last.prediction["output"], last.status, receiver.count()) == (["x", "y"], "processing", 0)


def test_a_crowd_of_messages_for_one_dead_receiver_takes_four_slots(
    tmp_path: Path, receiver: Receiver, recording_server: RecordingServer
) -> None:
    lively = Receiver(recording_server)
    receiver.blocks()

    async def scene() -> None:
        bench = Bench(tmp_path)
        for number in range(300):
            bench.follow(f"dead{number}", receiver.url, "completed").ends()
        bench.follow("lively", lively.url, "completed").ends()
        await asyncio.to_thread(lively.next)
        await bench.close()

    asyncio.run(scene())

    assert receiver.count() == 4
