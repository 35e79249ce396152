"""Predictions on replicas: queues, concurrency, crashes, models that do not get ready."""

from __future__ import annotations

import os
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.engine.conftest import RunningEngine, StartEngine


def write_project(folder: Path, source: str, cog: str = "run: run.py:Runner\n") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "cog.yaml").write_text(cog)
    (folder / "run.py").write_text(source)
    return folder


def test_predictions_of_one_version_run_in_the_order_of_their_creation(engine: RunningEngine) -> None:
    version = engine.register("sleeper")
    predictions = [engine.create(version, {"seconds": 0.05}) for _ in range(5)]

    rows = [engine.ended(prediction) for prediction in predictions]

    assert [row["status"] for row in rows] == ["succeeded"] * 5
    assert [row["started_at"] for row in rows] == sorted(row["started_at"] for row in rows)
    assert all(one["completed_at"] <= two["started_at"] for one, two in pairwise(rows))


def test_a_model_that_allows_it_makes_several_at_once(engine: RunningEngine) -> None:
    version = engine.register("concurrent")

    rows = [engine.ended(row) for row in [engine.create(version, {"party": 3}) for _ in range(3)]]

    assert [row["status"] for row in rows] == ["succeeded"] * 3


def test_different_models_do_not_wait_for_each_other(engine: RunningEngine) -> None:
    slow = engine.create(engine.register("sleeper"), {"seconds": 60})
    engine.wait_for(slow, "falling asleep")

    quick = engine.ended(engine.create("rcli/hello", {"text": "x"}))
    meanwhile = engine.get(slow)
    engine.http.post(f"/v1/predictions/{slow['id']}/cancel")

    assert (quick["status"], meanwhile["status"]) == ("succeeded", "processing")


@pytest.mark.parametrize(
    ("project", "error"),
    [
        ("segfault", "the model's process crashed (signal SIGSEGV)"),
        ("hard_exit", "the model's process crashed (exit status 7)"),
        ("exits", "the model called sys.exit(3)"),
    ],
)
def test_a_model_that_dies_fails_its_prediction_and_the_next_gets_a_fresh_one(
    engine: RunningEngine, project: str, error: str
) -> None:
    rows = [engine.run(project), engine.run(project)]

    assert [(row["status"], row["error"], row["output"]) for row in rows] == [("failed", error, None)] * 2
    assert engine.ended(engine.create("rcli/hello", {"text": "x"}))["status"] == "succeeded"


def test_a_replica_that_is_killed_fails_its_prediction(engine: RunningEngine) -> None:
    version = engine.register("sleeper")
    prediction = engine.create(version, {"seconds": 60})
    engine.wait_for(prediction, "falling asleep")
    replica = engine.replica("sleeper")
    assert replica is not None

    os.killpg(replica["pid"], signal.SIGKILL)

    row = engine.ended(prediction)
    assert (row["status"], row["logs"]) == ("failed", "falling asleep\n")
    assert row["error"].startswith("the model's process crashed (")
    assert engine.ended(engine.create(version, {"seconds": 0}))["status"] == "succeeded"


def test_an_error_of_the_model_leaves_it_loaded(engine: RunningEngine) -> None:
    version = engine.register("fails")
    first = engine.ended(engine.create(version, {"text": "one"}))
    replica = engine.replica("fails")

    second = engine.ended(engine.create(version, {"text": "two"}))

    assert (first["error"], second["error"]) == ("one", "two")
    assert replica is not None
    assert (engine.replica("fails") or {})["pid"] == replica["pid"]


def test_a_setup_that_raises_fails_everybody_who_waits_for_it(engine: RunningEngine) -> None:
    version = engine.register("setup_fails")
    rows = [engine.ended(row) for row in [engine.create(version, {"text": "x"}) for _ in range(2)]]

    for row in rows:
        assert (row["status"], row["started_at"]) == ("failed", None)
        assert row["error"].startswith("the model's setup failed: weights.bin is missing\nTraceback")
        assert row["error"].endswith("FileNotFoundError: weights.bin is missing")
        assert row["logs"].startswith("looking for the weights\nTraceback (most recent call last):\n")


def test_a_package_that_cannot_be_had_fails_the_prediction_with_the_reason(
    engine: RunningEngine, tmp_path: Path
) -> None:
    project = write_project(
        tmp_path / "project",
        "from cog import BaseRunner\n\n\nclass Runner(BaseRunner):\n"
        "    def run(self) -> int:\n        return 1\n",
        "run: run.py:Runner\nbuild:\n  python_packages: [six==99.0.0]\n",
    )

    row = engine.ended(engine.create(engine.register(project)))

    assert row["status"] == "failed"
    assert "there is no version of six==99.0.0" in row["error"]


def test_editing_a_model_makes_a_new_version_of_the_same_folder(
    engine: RunningEngine, tmp_path: Path
) -> None:
    source = "from cog import BaseRunner\n\n\nclass Runner(BaseRunner):\n    def run(self) -> int:\n"
    project = write_project(tmp_path / "project", f"{source}        return 1\n")
    first = engine.register(project)
    write_project(project, f"{source}        return 2\n")
    second = engine.register(project)

    outputs = [engine.ended(engine.create(version))["output"] for version in (first, second, first)]

    assert outputs == [1, 2, 1]


def test_what_a_model_writes_beside_itself_stays_in_its_copy(engine: RunningEngine, tmp_path: Path) -> None:
    project = write_project(
        tmp_path / "project",
        "from cog import BaseRunner\n\n\nclass Runner(BaseRunner):\n"
        "    def run(self) -> str:\n        open('run.py', 'a').write('# changed')\n        return 'ok'\n",
    )
    before = (project / "run.py").read_text()

    row = engine.ended(engine.create(engine.register(project)))

    assert row["output"] == "ok"
    assert (project / "run.py").read_text() == before


def test_metrics_of_the_model_stand_beside_the_times(engine: RunningEngine) -> None:
    metrics = engine.run("metrics", {"n": 3})["metrics"]

    assert metrics.keys() == {"tokens", "seen", "predict_time", "total_time"}
    assert (metrics["tokens"], metrics["seen"]) == (3, [0, 1, 2])


def test_an_iterator_that_fails_keeps_what_it_has_put_out(engine: RunningEngine, tmp_path: Path) -> None:
    project = write_project(
        tmp_path / "project",
        "from collections.abc import Iterator\nfrom cog import BaseRunner\n\n\nclass Runner(BaseRunner):\n"
        "    def run(self) -> Iterator[int]:\n        yield 1\n        yield 2\n"
        "        raise ValueError('no three')\n",
    )

    row = engine.ended(engine.create(engine.register(project)))

    assert (row["status"], row["error"], row["output"]) == ("failed", "no three", [1, 2])


def test_files_of_an_iterator_come_in_their_order(engine: RunningEngine, tmp_path: Path) -> None:
    project = write_project(
        tmp_path / "project",
        "from collections.abc import Iterator\nfrom cog import BaseRunner, Path\n\n\n"
        "class Runner(BaseRunner):\n"
        "    def run(self) -> Iterator[Path]:\n        for n in range(5):\n"
        "            print('made', n)\n"
        "            open('out.txt', 'w').write(str(n) * (200_000 - n))\n"
        "            yield Path('out.txt')\n",
    )

    row = engine.ended(engine.create(engine.register(project)))

    contents: list[Any] = [engine.http.get(address).text for address in row["output"]]
    assert contents == [str(n) * (200_000 - n) for n in range(5)]
    assert row["logs"] == "".join(f"made {n}\n" for n in range(5))


def test_who_came_during_the_start_and_waits_behind_another_is_queued(start_engine: StartEngine) -> None:
    engine = start_engine()
    version = engine.register("gate")
    engine.create(version, {"until": "/nowhere"})

    second = engine.create(version, {"until": "/nowhere"})

    engine.wait_for(second, '"phase": "queued"')


def test_a_drain_that_gives_up_does_not_open_the_door_for_another(start_engine: StartEngine) -> None:
    engine = start_engine()
    version = engine.register("sleeper")
    engine.wait_for(engine.create(version, {"seconds": 3}), '"phase": "running"')
    with ThreadPoolExecutor(1) as pool:
        long = pool.submit(engine.http.post, "/_rcli/drain", json={"timeout": 20})
        engine.http.post("/_rcli/drain", json={"timeout": 0.1})

        refused = engine.http.post("/v1/predictions", json={"version": version, "input": {"seconds": 0}})

        assert long.result().json() == {"running": []}
    assert refused.status_code == 503


def test_what_an_edited_folder_had_loaded_goes(start_engine: StartEngine, tmp_path: Path) -> None:
    engine = start_engine()
    folder = tmp_path / "edited"
    shutil.copytree(Path(__file__).parents[1] / "projects" / "echo", folder)
    for text in ("one", "two", "three"):
        (folder / "notes.txt").write_text(text)
        engine.create(engine.register(folder), {"text": text}, wait=True)

    loaded = [row for row in engine.http.get("/_rcli/status").json()["replicas"] if row["pid"]]

    assert len(loaded) == 1


def test_half_a_surrogate_pair_in_an_error_hangs_nobody(start_engine: StartEngine, tmp_path: Path) -> None:
    engine = start_engine()
    folder = tmp_path / "surrogate"
    folder.mkdir()
    (folder / "cog.yaml").write_text("run: run.py:Runner\n")
    (folder / "run.py").write_text(
        "from cog import BaseRunner\n\n\nclass Runner(BaseRunner):\n"
        "    def setup(self) -> None:\n        raise ValueError('bad name \\udcff')\n\n"
        "    def run(self) -> str:\n        return 'x'\n"
    )

    failed = engine.create(engine.register(folder), {}, wait=True)

    assert failed["status"] == "failed"
    assert "bad name \\udcff" in failed["error"]
