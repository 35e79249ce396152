"""A machine that cannot load every model at once: who sleeps, who waits, and whose turn it is."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rcli.engine.runtime.machine import available_memory, cores, replicas_at_once, total_memory

if TYPE_CHECKING:
    from tests.engine.conftest import RunningEngine, StartEngine

PROJECTS = Path(__file__).parents[1] / "projects"


def versions(engine: RunningEngine, folder: Path, project: str, names: str) -> list[str]:
    """The same project under several names, so that each has a replica of its own."""
    found = []
    for name in names:
        shutil.copytree(PROJECTS / project, folder / name)
        (folder / name / "name.txt").write_text(name)
        found.append(engine.register(folder / name))
    return found


def loaded(engine: RunningEngine) -> list[str]:
    return [row["model"] for row in engine.http.get("/_rcli/status").json()["replicas"]]


def phases(engine: RunningEngine, prediction: dict[str, Any]) -> list[str]:
    """The messages of all that the stream tells about a prediction that waits."""
    comments = [line for line in engine.stream(prediction).split("\n") if line.startswith(': rcli {"phase"')]
    return [json.loads(line.removeprefix(": rcli "))["message"] for line in comments]


def test_the_machine_tells_what_it_has() -> None:
    total, available = total_memory(), available_memory()

    assert total is not None
    assert available is not None
    assert 0 < available < total
    assert cores() >= 1
    assert replicas_at_once() >= 2


def test_the_least_recently_used_model_makes_room(start_engine: StartEngine, tmp_path: Path) -> None:
    engine = start_engine(config="[engine]\nmax_replicas = 2\n")
    a, b, c = versions(engine, tmp_path, "echo", "abc")
    for version in (a, b, a, c):
        engine.ended(engine.create(version, {"text": "x"}))

    assert sorted(loaded(engine)) == ["folder/a", "folder/c"]


def test_never_more_are_loaded_than_the_setting_allows(start_engine: StartEngine, tmp_path: Path) -> None:
    engine = start_engine(config="[engine]\nmax_replicas = 2\n")
    rows = [engine.create(version, {"text": "x"}) for version in versions(engine, tmp_path, "echo", "abcdef")]
    counts = []

    def are_over() -> bool:
        counts.append(len(list((engine.folder / "running").glob("*-*"))))
        return all(engine.get(row)["status"] == "succeeded" for row in rows)

    engine.until(are_over, 60)

    assert max(counts) == 2


def test_a_busy_version_takes_turns_with_one_that_waits(start_engine: StartEngine, tmp_path: Path) -> None:
    engine = start_engine(config="[engine]\nmax_replicas = 1\n")
    a, b = versions(engine, tmp_path, "sleeper", "ab")
    many = [engine.create(a, {"seconds": 0.2}) for _ in range(60)]
    engine.wait_for(many[0], '"phase": "running"')

    other = engine.create(b, {"seconds": 0})

    assert "waiting for its turn: 1 model is loaded, the most at once" in phases(engine, other)
    assert engine.get(other)["output"] == "slept 0 s"
    assert engine.get(many[-1])["status"] == "starting"
    rows = [engine.ended(row) for row in many]
    assert [row["status"] for row in rows] == ["succeeded"] * 60
    assert [row["started_at"] for row in rows] == sorted(row["started_at"] for row in rows)


def test_what_runs_for_long_is_not_interrupted_for_others(start_engine: StartEngine, tmp_path: Path) -> None:
    engine = start_engine(config="[engine]\nmax_replicas = 1\n")
    a, b = versions(engine, tmp_path, "gate", "ab")
    gate = tmp_path / "open"
    long = engine.create(a, {"until": str(gate)})
    engine.wait_for(long, '"phase": "running"')
    other = engine.create(b, {"until": str(gate)})
    engine.wait_for(other, "waiting for its turn")

    gate.touch()

    assert [engine.ended(row)["output"] for row in (long, other)] == ["through the gate"] * 2


def test_a_start_waits_for_memory_and_says_so(start_engine: StartEngine) -> None:
    engine = start_engine(config=f"[engine]\nmemory_reserve = {1 << 30}\n")
    prediction = engine.create("rcli/hello", {"text": "x"})

    engine.wait_for(prediction, f"waiting for memory: less than {1 << 30} MiB are free")

    assert loaded(engine) == []
    told = engine.http.post(f"/v1/predictions/{prediction['id']}/cancel").json()
    assert (told["status"], told["started_at"]) == ("canceled", None)


def test_beyond_the_bound_of_its_queue_a_version_takes_no_more(start_engine: StartEngine) -> None:
    engine = start_engine(config="[engine]\nmax_queue = 3\n")
    version = engine.register("gate")
    body = {"version": version, "input": {"until": "/nowhere"}}
    engine.wait_for(engine.create(version, {"until": "/nowhere"}), '"phase": "running"')
    accepted = [engine.http.post("/v1/predictions", json=body) for _ in range(3)]

    refused = engine.http.post("/v1/predictions", json=body)

    assert [answer.status_code for answer in accepted] == [201] * 3
    assert (refused.status_code, refused.headers["content-type"]) == (429, "application/problem+json")
    assert (refused.headers["retry-after"], refused.headers["x-should-retry"]) == ("5", "true")
    assert refused.json()["detail"] == (
        "Request was throttled. Too many predictions wait already; ask again in ~5s."
    )
    assert engine.ended(engine.create("rcli/hello", {"text": "x"}))["output"] == "hello x"


def test_what_was_refused_is_nowhere_and_room_is_taken_again(start_engine: StartEngine) -> None:
    engine = start_engine(config="[engine]\nmax_queue = 1\n")
    version = engine.register("gate")
    body = {"version": version, "input": {"until": "/nowhere"}}
    engine.wait_for(engine.create(version, {"until": "/nowhere"}), '"phase": "running"')
    waiting = engine.create(version, {"until": "/nowhere"})
    assert engine.http.post("/v1/predictions", json=body).status_code == 429

    engine.http.post(f"/v1/predictions/{waiting['id']}/cancel")

    assert engine.http.post("/v1/predictions", json=body).status_code == 201
    assert len(engine.http.get("/v1/predictions").json()["results"]) == 3


def test_all_queues_together_are_bounded(start_engine: StartEngine, tmp_path: Path) -> None:
    engine = start_engine(config="[engine]\nmax_queue = 1\nmax_replicas = 1\n")
    blocking = engine.create(engine.register("gate"), {"until": "/nowhere"})
    engine.wait_for(blocking, '"phase": "running"')
    found = versions(engine, tmp_path, "echo", "abcdefghijk")

    answers = [
        engine.http.post("/v1/predictions", json={"version": version, "input": {"text": "x"}})
        for version in found
    ]

    assert [answer.status_code for answer in answers] == [201] * 10 + [429]


@pytest.mark.parametrize("setting", ["max_replicas = 1.5", "max_queue = 'many'", "memory_reserve = -1"])
def test_a_bound_that_is_no_number_is_refused(start_engine: StartEngine, setting: str) -> None:
    with pytest.raises(AssertionError, match=f"engine.{setting.split()[0]} takes a whole number"):
        start_engine(config=f"[engine]\n{setting}\n")
