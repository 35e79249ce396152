"""Webhooks beyond one engine's life: kills, stops, and an engine that would have gone to sleep."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.receiver import Receiver
from tests.recording_server import Answer

if TYPE_CHECKING:
    from tests.engine.conftest import RunningEngine, StartEngine


def subscribe(
    engine: RunningEngine, receiver: Receiver, version: str, given: dict[str, Any], *events: str
) -> dict[str, Any]:
    body = {"version": version, "input": given, "webhook": receiver.url, "webhook_events_filter": events}
    return dict(engine.http.post("/v1/predictions", json=body).json())


def key_of(engine: RunningEngine) -> str:
    return str(engine.http.get("/v1/webhooks/default/secret").json()["key"])


def settled(engine: RunningEngine) -> int:
    """How many webhooks the engine has nothing more to tell."""
    with contextlib.closing(sqlite3.connect(engine.folder / "engine.db")) as database:
        (count,) = database.execute("SELECT COUNT(*) FROM webhooks WHERE settled_at IS NOT NULL").fetchone()
    return int(count)


def test_what_was_not_acknowledged_is_told_by_the_next_engine(
    start_engine: StartEngine, receiver: Receiver
) -> None:
    engine = start_engine("--idle", "0")
    receiver.answers(503)
    created = subscribe(engine, receiver, "rcli/hello", {"text": "x"}, "output", "completed")
    before = receiver.all(key_of(engine))[-1]
    engine.kill()
    receiver.answers(200)

    engine = start_engine("--idle", "0")

    after = receiver.next(key_of(engine))
    assert (after.id, after.status) == (before.id, "succeeded")
    assert after.prediction == engine.get(created)
    assert after.prediction["urls"]["get"].startswith(engine.url)


def test_what_was_acknowledged_is_not_told_again(start_engine: StartEngine, receiver: Receiver) -> None:
    engine = start_engine("--idle", "0")
    subscribe(engine, receiver, "rcli/hello", {"text": "one"}, "completed")
    receiver.next()
    engine.until(lambda: settled(engine) == 1)
    engine.kill()

    engine = start_engine("--idle", "0")
    second = subscribe(engine, receiver, "rcli/hello", {"text": "two"}, "completed")

    assert receiver.next().prediction["id"] == second["id"]
    assert receiver.count() == 0


def test_the_kill_of_an_engine_in_the_midst_of_a_delivery_repeats_it(
    start_engine: StartEngine, receiver: Receiver
) -> None:
    engine = start_engine("--idle", "0")
    receiver.blocks()
    subscribe(engine, receiver, "rcli/hello", {"text": "x"}, "completed")
    before = receiver.next()
    engine.kill()
    receiver.answers(200)

    start_engine("--idle", "0")

    assert receiver.next().id == before.id


def test_the_end_of_a_prediction_that_a_kill_interrupted_is_told(
    start_engine: StartEngine, receiver: Receiver, tmp_path: Path
) -> None:
    engine = start_engine("--idle", "0")
    version = engine.register("gate")
    created = subscribe(engine, receiver, version, {"until": str(tmp_path / "x")}, "start", "completed")
    assert receiver.next().status == "processing"
    engine.kill()

    engine = start_engine("--idle", "0")

    message = receiver.next(key_of(engine))
    assert (message.status, message.prediction["id"]) == ("failed", created["id"])
    assert message.prediction["error"] == "the engine was killed while this prediction ran"


def test_who_asked_for_no_end_is_told_of_none_after_a_kill(
    start_engine: StartEngine, receiver: Receiver, tmp_path: Path
) -> None:
    engine = start_engine("--idle", "0")
    version = engine.register("gate")
    subscribe(engine, receiver, version, {"until": str(tmp_path / "x")}, "start")
    assert receiver.next().status == "processing"
    engine.kill()

    engine = start_engine("--idle", "0")
    later = subscribe(engine, receiver, "rcli/hello", {"text": "x"}, "completed")

    assert receiver.next().prediction["id"] == later["id"]
    engine.until(lambda: settled(engine) == 2)
    assert receiver.count() == 0


def test_what_waited_in_the_queue_of_a_killed_engine_is_told_when_it_has_run(
    start_engine: StartEngine, receiver: Receiver, tmp_path: Path
) -> None:
    engine = start_engine("--idle", "0")
    gate, version = tmp_path / "gate", engine.register("gate")
    engine.wait_for(engine.create(version, {"until": str(gate)}), "step 9/20")
    waiting = subscribe(engine, receiver, version, {"until": str(gate)}, "start", "completed")
    engine.kill()
    gate.touch()

    engine = start_engine("--idle", "0")

    start, completed = receiver.next(key_of(engine)), receiver.next()
    assert (start.status, completed.status) == ("processing", "succeeded")
    assert completed.prediction == engine.get(waiting)


def test_a_key_that_is_none_keeps_the_engine_from_starting(start_engine: StartEngine, tmp_path: Path) -> None:
    file = tmp_path / "home" / "data" / "engine" / "webhook_key"
    file.parent.mkdir(parents=True)
    file.write_text("swordfish!\n")

    with pytest.raises(AssertionError) as log:
        start_engine()

    assert str(log.value).strip().splitlines()[-2:] == [
        f"error: a signing key is whsec_ and base64, but {file} holds another text",
        f"hint: rm {file}",
    ]


def test_an_engine_that_is_stopped_tells_the_end_before_it_goes(
    start_engine: StartEngine, receiver: Receiver, tmp_path: Path
) -> None:
    engine = start_engine("--idle", "0")
    version = engine.register("gate")
    subscribe(engine, receiver, version, {"until": str(tmp_path / "x")}, "start", "completed")
    receiver.next()

    engine.close()

    assert receiver.count() == 1
    assert receiver.next().prediction["error"] == "the engine was stopped while this prediction ran"


def test_a_stop_waits_for_a_dead_receiver_no_longer_than_two_seconds(
    start_engine: StartEngine, receiver: Receiver
) -> None:
    engine = start_engine("--idle", "0")
    receiver.blocks()
    subscribe(engine, receiver, "rcli/hello", {"text": "x"}, "completed")
    receiver.next()

    began = time.monotonic()
    engine.close()

    assert time.monotonic() - began < 8


def test_an_engine_stays_awake_until_the_end_is_acknowledged(
    start_engine: StartEngine, receiver: Receiver
) -> None:
    engine = start_engine("--idle", "1")
    receiver.plays(Answer(500), Answer(500), Answer(200))
    subscribe(engine, receiver, "rcli/hello", {"text": "x"}, "completed")

    messages = [receiver.next() for _ in range(3)]

    assert engine.process.wait(20) == 0
    assert messages[-1].at - messages[0].at > 2.5
