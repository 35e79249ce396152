"""The engine's life: one at a time, killed and recovered, idle, drained, stopped; what it leaves on disk."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from rcli.engine.data.migrations import STEPS
from rcli.engine.data.predictions import new_id
from rcli.engine.life import State, remove_state, write_state
from rcli.engine.runtime.leftovers import session_members, start_time
from rcli.engine.runtime.scratch import SCRATCH

if TYPE_CHECKING:
    from tests.engine.conftest import RunningEngine, StartEngine


def try_to_start(home: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    """A start that is expected to fail."""
    return subprocess.run(
        [sys.executable, "-m", "rcli.engine", *argv],
        env={"PATH": os.environ["PATH"], "RCLI_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_state_file_tells_where_and_what_it_is(start_engine: StartEngine) -> None:
    engine = start_engine()

    assert engine.state.keys() == {"url", "pid", "version", "port", "started_at"}
    assert engine.state["pid"] == engine.process.pid
    assert engine.url == f"http://127.0.0.1:{engine.state['port']}"
    assert engine.http.get("/_rcli/status").json()["version"] == engine.state["version"]


def test_a_state_file_that_is_another_engine_s_by_now_stays(tmp_path: Path) -> None:
    write_state(tmp_path, State("http://127.0.0.1:1", os.getpid() + 1, "1", 1, 0.0))

    remove_state(tmp_path)

    assert (tmp_path / "engine.json").exists()


def test_nobody_else_can_read_what_it_keeps(start_engine: StartEngine) -> None:
    folder = start_engine().folder

    assert mode(folder) == 0o700
    for name in ("token", "signing_key", "engine.json", "lock"):
        assert mode(folder / name) == 0o600


def test_token_and_signed_addresses_outlive_a_restart(start_engine: StartEngine) -> None:
    first = start_engine()
    prediction = first.ended(first.create("rcli/hello", {"text": "x"}))
    first.close()

    second = start_engine("--port", str(first.state["port"]))

    assert second.token == first.token
    assert httpx.get(prediction["urls"]["stream"]).status_code == 200


def test_a_second_engine_gives_way_and_the_first_goes_on(start_engine: StartEngine) -> None:
    engine = start_engine()

    second = try_to_start(engine.home)

    assert second.returncode == 75
    assert "an engine runs already" in second.stderr
    assert engine.http.get("/v1/account").status_code == 200


def test_of_many_that_start_at_once_one_lives(start_engine: StartEngine, tmp_path: Path) -> None:
    with ThreadPoolExecutor() as threads:
        others = [threads.submit(try_to_start, tmp_path / "home", "--idle", "1") for _ in range(3)]
        codes = sorted(other.result().returncode for other in others)

    assert codes in ([0, 75, 75], [0, 0, 75], [0, 0, 0])
    assert start_engine().http.get("/v1/account").status_code == 200


def test_a_newer_database_is_refused(start_engine: StartEngine) -> None:
    engine = start_engine()
    engine.close()
    database = sqlite3.connect(engine.folder / "engine.db")
    database.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    database.close()

    refused = try_to_start(engine.home)

    assert refused.returncode == 76
    assert "the engine's database has version" in refused.stderr


def test_a_busy_port_is_said_plainly(start_engine: StartEngine, tmp_path: Path) -> None:
    engine = start_engine()

    refused = try_to_start(tmp_path / "other", "--port", str(engine.state["port"]))

    assert refused.returncode == 2
    assert f"cannot listen on 127.0.0.1 port {engine.state['port']}" in refused.stderr


def test_a_setting_that_cannot_be_used_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text("[engine]\nidle = 'long'\n")

    refused = try_to_start(tmp_path)

    assert refused.returncode == 2
    assert "engine.idle takes seconds" in refused.stderr


def test_it_stops_after_its_time_without_work(start_engine: StartEngine) -> None:
    engine = start_engine("--idle", "0.5")

    assert engine.process.wait(30) == 0
    assert not (engine.folder / "engine.json").exists()


def test_work_keeps_it_awake(start_engine: StartEngine) -> None:
    engine = start_engine("--idle", "1")

    ended = engine.run("sleeper", {"seconds": 2.5})

    assert ended["output"] == "slept 2.5 s"
    assert engine.process.wait(30) == 0


def test_a_request_that_is_served_keeps_it_awake(start_engine: StartEngine) -> None:
    engine = start_engine("--idle", "1")

    def slowly() -> Iterator[bytes]:
        for _ in range(20):
            time.sleep(0.1)
            yield b"x"

    answer = engine.http.post(
        "/v1/predictions", content=slowly(), headers={"content-type": "application/json"}
    )

    assert answer.status_code == 400
    assert engine.process.wait(30) == 0


def test_looking_at_it_does_not_keep_it_awake(start_engine: StartEngine) -> None:
    engine = start_engine("--idle", "2")
    looks: list[float] = []

    def look() -> bool:
        try:
            looks.append(engine.http.get("/_rcli/status").json()["idle_seconds_left"])
        except httpx.TransportError:
            return True
        return False

    engine.until(look)

    assert looks[0] <= 2
    assert looks == sorted(looks, reverse=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_cleanly(start_engine: StartEngine, number: signal.Signals) -> None:
    engine = start_engine()
    prediction = engine.create(engine.register("sleeper"), {"seconds": 60})
    engine.wait_for(prediction, "falling asleep")
    replica = pid_of(engine, "sleeper")

    engine.process.send_signal(number)

    assert engine.process.wait(30) == 0
    assert not (engine.folder / "engine.json").exists()
    assert is_gone(replica)
    after = start_engine().get(prediction)
    assert (after["status"], after["error"]) == (
        "failed",
        "the engine was stopped while this prediction ran",
    )


def test_a_signal_during_a_cold_start_leaves_nothing_running(start_engine: StartEngine) -> None:
    engine = start_engine()
    prediction = engine.create(engine.register("setup_slow"), {"text": "x"})
    engine.wait_for(prediction, '"setup"')
    engine.until(lambda: bool(children(engine)))
    started = children(engine)

    engine.process.terminate()

    assert engine.process.wait(30) == 0
    assert all(is_gone(pid) for pid in started)
    assert list((engine.folder / "replicas").iterdir()) == []


def test_what_a_killed_engine_left_is_cleared_by_the_next(start_engine: StartEngine) -> None:
    first = start_engine()
    version = first.register("sleeper")
    running = first.create(version, {"seconds": 60})
    waiting = first.create(version, {"seconds": 0})
    first.wait_for(running, "falling asleep")
    replica = pid_of(first, "sleeper")
    first.kill()

    second = start_engine()

    ran, waited = second.get(running), second.ended(second.get(waiting))
    assert (ran["status"], ran["error"]) == ("failed", "the engine was killed while this prediction ran")
    assert (ran["logs"], ran["completed_at"] is None) == ("falling asleep\n", False)
    assert (waited["status"], waited["output"]) == ("succeeded", "slept 0 s")
    second.until(lambda: is_gone(replica))
    assert len(list((second.folder / "replicas").iterdir())) == 1
    assert second.stream(ran).endswith('data: {"reason": "error"}\n\n')
    assert second.ended(second.create(version, {"seconds": 0}))["status"] == "succeeded"


def test_what_coglet_left_of_killed_predictions_is_swept_and_what_is_of_others_stays(
    start_engine: StartEngine,
) -> None:
    first = start_engine()
    prediction = first.create(first.register("sleeper"), {"seconds": 60})
    first.wait_for(prediction, "falling asleep")
    ours = SCRATCH / prediction["id"]
    first.until(ours.exists)
    others = SCRATCH / f"other-{new_id()}"
    others.mkdir()
    (ours / "left").write_text("behind")
    first.kill()

    start_engine()

    left = (ours.exists(), others.exists())
    others.rmdir()
    assert left == (False, True)


def test_tokens_that_were_told_survive_a_kill(start_engine: StartEngine) -> None:
    first = start_engine()
    prediction = first.create(first.register("tokens"), {"n": 1000, "delay": 0.02})
    first.wait_for(prediction, "token7 ")
    first.kill()

    told = start_engine().get(prediction)

    assert told["output"][:8] == [f"token{n} " for n in range(8)]


def test_a_client_that_goes_away_takes_nothing_with_it(engine: RunningEngine) -> None:
    prediction = engine.create(engine.register("tokens"), {"n": 20, "delay": 0.02})
    engine.wait_for(prediction, "token2 ")

    assert len(engine.ended(prediction)["output"]) == 20


def test_draining_waits_for_what_runs_and_ends_the_engine(start_engine: StartEngine) -> None:
    engine = start_engine()
    prediction = engine.create(engine.register("sleeper"), {"seconds": 0.5})

    answer = engine.http.post("/_rcli/drain", json={"timeout": 20})

    assert (answer.status_code, answer.json()) == (200, {"running": []})
    assert engine.process.wait(30) == 0
    assert start_engine().get(prediction)["output"] == "slept 0.5 s"


def test_draining_in_vain_names_what_runs_and_opens_again(start_engine: StartEngine) -> None:
    engine = start_engine()
    prediction = engine.create(engine.register("sleeper"), {"seconds": 60})
    engine.wait_for(prediction, "falling asleep")

    answer = engine.http.post("/_rcli/drain", json={"timeout": 0.1})

    assert answer.json() == {"running": [prediction["id"]]}
    assert engine.ended(engine.create("rcli/hello", {"text": "x"}))["status"] == "succeeded"


def test_nothing_new_is_taken_while_it_drains(start_engine: StartEngine) -> None:
    engine = start_engine()
    prediction = engine.create(engine.register("sleeper"), {"seconds": 60})
    engine.wait_for(prediction, "falling asleep")

    with ThreadPoolExecutor() as threads:
        draining = threads.submit(engine.http.post, "/_rcli/drain", json={"timeout": 20})
        engine.until(lambda: refused(engine).status_code == 503)
        answer = refused(engine)
        engine.http.post(f"/v1/predictions/{prediction['id']}/cancel")
        told = draining.result().json()

    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "The engine is stopping"
    assert told == {"running": []}


def test_stopping_cancels_what_runs(start_engine: StartEngine) -> None:
    engine = start_engine()
    prediction = engine.create(engine.register("sleeper"), {"seconds": 60})
    engine.wait_for(prediction, "falling asleep")

    assert engine.http.post("/_rcli/stop").status_code == 202
    assert engine.process.wait(30) == 0
    after = start_engine().get(prediction)
    assert (after["status"], after["error"]) == ("canceled", None)


def test_readers_hear_of_the_end_when_it_stops(start_engine: StartEngine) -> None:
    engine = start_engine()
    prediction = engine.create(engine.register("sleeper"), {"seconds": 60})

    with ThreadPoolExecutor() as threads:
        reading = threads.submit(engine.stream, prediction)
        engine.wait_for(prediction, "falling asleep")
        engine.http.post("/_rcli/stop")

    assert reading.result().endswith('data: {"reason": "canceled"}\n\n')


def test_no_secret_of_the_starter_reaches_a_model(start_engine: StartEngine) -> None:
    engine = start_engine(REPLICATE_API_TOKEN="r8_secret", AWS_SECRET="hidden", UV_INDEX_URL="https://a:b@c")

    seen = engine.run("environ")["output"]

    process = Path(f"/proc/{engine.process.pid}/environ")
    assert process.exists()
    assert not [name for name in seen if name.startswith(("REPLICATE", "AWS", "UV_", "RCLI_"))]
    assert not {"r8_secret", "hidden", engine.token} & set(seen.values())


def test_the_status_tells_what_is_loaded(start_engine: StartEngine) -> None:
    engine = start_engine("--idle", "100")
    engine.run("echo", {"text": "x"})

    told = engine.http.get("/_rcli/status").json()

    (replica,) = told.pop("replicas")
    left = told.pop("idle_seconds_left")
    memory, disk = told.pop("memory"), told.pop("disk")
    assert told.pop("started_at").endswith("Z")
    assert told == {
        "url": engine.url,
        "pid": engine.process.pid,
        "version": engine.state["version"],
        "running": 0,
        "queued": 0,
        "queues": [],
    }
    assert memory["engine_bytes"] > 1 << 20
    assert memory["available_bytes"] > 0
    assert disk["free_bytes"] > 0
    assert 90 < left <= 100
    assert (replica["model"], replica["state"]) == ("folder/echo", "ready")
    assert replica["memory_bytes"] > 1 << 20
    assert session_members(replica["pid"])


def test_a_replica_is_used_again_and_sleeps_when_nobody_needs_it(start_engine: StartEngine) -> None:
    engine = start_engine(config="[engine]\nreplica_idle = 1\n")
    engine.run("echo", {"text": "x"})
    first = pid_of(engine, "echo")
    engine.run("echo", {"text": "y"})
    second = pid_of(engine, "echo")

    engine.until_asleep("echo")

    assert first == second
    engine.until(lambda: is_gone(first) and not list((engine.folder / "replicas").iterdir()))
    assert engine.run("echo", {"text": "z"})["output"] == "hello z"


def refused(engine: RunningEngine) -> httpx.Response:
    body = {"version": "rcli/hello", "input": {"text": "x"}}
    return engine.http.post("/v1/predictions", json=body)


def children(engine: RunningEngine) -> list[int]:
    """The pids that the engine noted for whoever has to clear up after it."""
    return [int(note.name.partition("-")[0]) for note in (engine.folder / "running").glob("*-*")]


def pid_of(engine: RunningEngine, project: str) -> int:
    replica = engine.replica(project)
    assert replica is not None
    return int(replica["pid"])


def is_gone(pid: int) -> bool:
    """Neither the process nor anything in its session lives; a zombie does not."""
    return start_time(pid) is None and not session_members(pid)
