"""What goes by itself: data of predictions after its time or beyond a quota, files that nothing refers to."""

from __future__ import annotations

import asyncio
import base64
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from rcli.engine.data.catalog import Version
from rcli.engine.data.deletions import delete_version
from rcli.engine.data.files import Files
from rcli.engine.data.migrations import STEPS
from rcli.engine.data.predictions import Ending, Event, Predictions
from rcli.engine.data.retention import EVENTS, Remains
from rcli.engine.data.store import Store
from rcli.engine.data.webhooks import Subscription, Webhooks
from rcli.engine.runtime.environments import Environments
from rcli.engine.runtime.project import read_project
from rcli.engine.work.removal import Removal

if TYPE_CHECKING:
    from tests.engine.conftest import RunningEngine, StartEngine

DAY = 86400.0
MEGABYTE = 1 << 20
PIECE = 600_000
PROJECTS = Path(__file__).parents[1] / "projects"
BUNDLED = Path(__file__).parents[2] / "rcli" / "models"


def data(content: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def change(engine: RunningEngine, sql: str, *parameters: object) -> None:
    """Behind the engine's back, in its database."""
    with closing(sqlite3.connect(engine.folder / "engine.db", isolation_level=None)) as connection:
        connection.execute(sql, parameters)


def age(engine: RunningEngine, prediction: dict[str, Any], seconds: float = 31 * DAY) -> None:
    """As if it had ended so long ago."""
    sql = "UPDATE predictions SET completed_at = completed_at - ? WHERE id = ?"
    change(engine, sql, seconds, prediction["id"])


def contents(engine: RunningEngine) -> int:
    return len(list((engine.folder / "files").glob("??/*")))


def removed(engine: RunningEngine, prediction: dict[str, Any]) -> bool:
    return bool(engine.get(prediction)["data_removed"])


# after their time


def test_what_ended_a_month_ago_has_lost_its_data(start_engine: StartEngine) -> None:
    engine = start_engine()
    ended = engine.run("picture", {"image": data(b"old")})
    age(engine, ended)
    engine.close()

    again = start_engine()
    again.until(lambda: removed(again, ended))
    again.until(lambda: contents(again) == 0)

    shown = again.get(ended)
    assert (shown["input"], shown["output"], shown["logs"], shown["error"]) == ({}, None, "", None)
    assert (shown["status"], shown["metrics"]) == ("succeeded", ended["metrics"])
    assert shown["urls"].keys() == ended["urls"].keys()
    listed = again.http.get("/v1/predictions").json()["results"]
    assert [(row["id"], row["data_removed"]) for row in listed] == [(ended["id"], True)]


def test_the_stream_of_what_was_removed_tells_only_how_it_ended(start_engine: StartEngine) -> None:
    engine = start_engine()
    good, bad = engine.run("tokens"), engine.run("fails")
    age(engine, good)
    age(engine, bad)
    engine.close()
    again = start_engine()
    again.until(lambda: removed(again, good) and removed(again, bad))
    again.until(lambda: "event: output" not in again.stream(again.get(good)))

    said = [again.stream(again.get(prediction)) for prediction in (good, bad)]

    names = [[line for line in text.splitlines() if line.startswith("event: ")] for text in said]
    assert names == [["event: done"], ["event: error", "event: done"]]
    assert again.get(bad)["error"] == bad["error"] != ""


def test_a_training_still_says_which_version_it_has_made(start_engine: StartEngine) -> None:
    engine = start_engine()
    training = engine.ended(engine.train(engine.register("coach"), "school/old"))
    age(engine, training)

    engine.kill()
    engine = start_engine()

    engine.until(lambda: removed(engine, training))
    kept = engine.get(training)
    assert kept["output"]["version"] == training["output"]["version"]
    assert (kept["input"], kept["logs"]) == ({}, "")


def test_what_ended_lately_stays_and_a_time_of_0_keeps_all(start_engine: StartEngine) -> None:
    engine = start_engine()
    old, young = engine.run("echo", {"text": "old"}), engine.run("echo", {"text": "young"})
    age(engine, old, 29 * DAY)
    age(engine, young, 1)
    engine.close()

    month = start_engine()
    mark = "INSERT INTO files VALUES (NULL, 'mark', 'upload', '', '', 0, ?, '{}', 0, 1, 0, NULL)"
    change(month, mark, "ab" * 32)
    kept = [month.get(prediction)["output"] for prediction in (old, young)]
    month.close()
    ever = start_engine(config="[engine]\nretention = 0\n")
    ever.until(lambda: not marked(ever))  # so it has been tidied

    assert kept == ["hello old", "hello young"]
    assert [ever.get(prediction)["output"] for prediction in (old, young)] == kept


def marked(engine: RunningEngine) -> bool:
    with closing(sqlite3.connect(engine.folder / "engine.db")) as connection:
        return bool(connection.execute("SELECT 1 FROM files WHERE id = 'mark'").fetchall())


def test_a_short_time_is_kept_to_while_the_engine_runs(start_engine: StartEngine) -> None:
    engine = start_engine(config='[engine]\nretention = "1s"\n')

    ended = engine.run("echo", {"text": "x"})

    engine.until(lambda: removed(engine, ended))


def test_a_file_goes_with_the_last_prediction_that_refers_to_it(start_engine: StartEngine) -> None:
    engine = start_engine()
    first = engine.run("picture", {"image": data(b"shared")})
    second = engine.run("picture", {"image": first["output"]})
    age(engine, first)
    engine.close()
    again = start_engine()
    again.until(lambda: removed(again, first))
    shown = again.get(second)

    kept = [httpx.get(shown[place]).content for place in ("output",)]
    kept.append(httpx.get(shown["input"]["image"]).content)
    age(again, second)
    again.close()
    last = start_engine()

    assert kept == [b"shared", b"shared"]
    last.until(lambda: contents(last) == 0)
    assert removed(last, second)


def test_a_removed_prediction_is_no_example_of_its_model(start_engine: StartEngine) -> None:
    engine = start_engine()
    ended = engine.ended(
        engine.create(engine.http.get("/v1/models/rcli/hello").json()["latest_version"]["id"], {"text": "x"})
    )
    before = engine.http.get("/v1/models/rcli/hello/examples").json()["results"]
    age(engine, ended)
    engine.close()

    again = start_engine()
    again.until(lambda: removed(again, ended))

    assert [row["id"] for row in before] == [ended["id"]]
    assert again.http.get("/v1/models/rcli/hello/examples").json()["results"] == []


# beyond a quota


def test_a_quota_takes_the_oldest_first(start_engine: StartEngine, own_cache: None) -> None:
    engine = start_engine()
    made = [engine.run("picture", {"image": data(os.urandom(PIECE))}) for _ in range(5)]
    for number, prediction in enumerate(made):
        age(engine, prediction, 3600 - number)
    engine.close()
    size = on_disk(engine)

    again = start_engine(config=f"[engine]\nquota = {size - 3 * PIECE // 2}\n")
    again.until(lambda: removed(again, made[1]))
    again.until(lambda: contents(again) == 3)

    assert [removed(again, prediction) for prediction in made] == [True, True, False, False, False]


def test_a_quota_spares_what_has_just_ended_and_what_is_in_use(
    start_engine: StartEngine, own_cache: None
) -> None:
    engine = start_engine()
    version = engine.register("picture")
    engine.http.post("/v1/models", json=MODEL)
    ended = engine.ended(engine.create(version, {"image": data(os.urandom(PIECE))}))
    told = engine.http.post("/v1/files", files={"content": ("x", b"new")}).json()
    old = engine.http.post("/v1/files", files={"content": ("x", b"old")}).json()
    change(engine, "UPDATE files SET used_at = used_at - 7200 WHERE id = ?", old["id"])
    engine.close()

    again = start_engine(config="[engine]\nquota = 1\n")
    again.until(lambda: again.http.get(f"/v1/files/{old['id']}").status_code == 404)

    assert httpx.get(again.get(ended)["output"]).status_code == 200
    assert again.http.get(f"/v1/files/{told['id']}").status_code == 200
    answer = again.create(
        again.http.get("/v1/models/rcli/hello").json()["latest_version"]["id"], {"text": "x"}, wait=True
    )
    assert answer["output"] == "hello x"


def test_a_quota_takes_environments_but_those_of_bundled_models(
    start_engine: StartEngine, own_cache: None, tmp_path: Path
) -> None:
    root = tmp_path / "home" / "cache" / "environments"
    build = read_project(BUNDLED / "names").build
    bundled = asyncio.run(Environments(root, {}).key(build))
    for key in (str(bundled), "a" * 64):
        (root / key).mkdir(parents=True)
        (root / key / "ready.json").write_text('{"venv": "venv", "packages": ["numpy"]}')
    engine = start_engine()
    before = environments(engine)
    engine.close()

    again = start_engine(config="[engine]\nquota = 1\n")
    again.until(lambda: len(environments(again)) == 1)

    assert before.keys() == {bundled, "a" * 64}
    assert environments(again).keys() == {bundled}


def environments(engine: RunningEngine) -> dict[str, str]:
    """What is in each, by its id."""
    entries = engine.http.get("/_rcli/cache").json()["entries"]
    return {entry["id"]: entry["name"] for entry in entries if entry["kind"] == "environment"}


def test_much_that_is_written_calls_for_the_quota(start_engine: StartEngine, own_cache: None) -> None:
    engine = start_engine(config="[engine]\nquota = 1\n")
    ended = engine.run("echo", {"text": "x"})
    age(engine, ended, 3600)

    for _ in range(2):
        engine.http.post("/v1/files", files={"content": ("x", os.urandom(40 * MEGABYTE))})

    engine.until(lambda: removed(engine, ended))


MODEL = {"owner": "me", "name": "m", "visibility": "private", "hardware": "cpu"}


def on_disk(engine: RunningEngine) -> int:
    """Bytes of contents, snapshots and the database."""
    store = Store.open(engine.folder / "engine.db", lambda call: None)
    database = Remains(store).size()
    store.close()
    files = [path for name in ("files", "snapshots") for path in (engine.folder / name).rglob("*")]
    hashes = engine.folder / "snapshots" / "hashes"
    return database + sum(
        path.stat().st_size for path in files if path.is_file() and hashes not in path.parents
    )


# bit by bit


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "engine.db", lambda call: None)
    yield opened
    opened.close()


@pytest.fixture
def files(store: Store, tmp_path: Path) -> Files:
    return Files(store, tmp_path / "files")


def add(store: Store, name: str, input: dict[str, Any], *, version: str = "v", events: int = 0) -> int:
    """A prediction that has put out so many numbers; returns its number."""
    table = Predictions(store)
    number = table.add(
        name, model="me/m", version=version, input=input, created_at=0, deadline=None, iterates=False
    )
    for sequence in range(1, events + 1):
        table.append(number, Event(sequence, 0, "value", str(sequence)))
    return number


def end(store: Store, number: int, last: int = 0, output: Any = None) -> None:
    Predictions(store).end(number, last, 100, Ending("succeeded", output, None, {}))


def adopt(files: Files, folder: Path, content: bytes = b"x", kind: Any = "output") -> Any:
    (folder / "new").write_bytes(content)
    return asyncio.run(files.adopt(folder / "new", kind=kind, name="x.bin"))


def test_a_removal_that_was_killed_is_ended_by_the_next_engine(
    store: Store, files: Files, tmp_path: Path
) -> None:
    file = adopt(files, tmp_path)
    number = add(store, "a", {"image": file.reference}, events=2 * EVENTS + 1)
    end(store, number, 2 * EVENTS + 1)
    Remains(store).begin(number)
    more = Remains(store).trim(number)

    freed = asyncio.run(Removal(store, files).resume())

    left = Predictions(store).events(number, 0, 10)
    assert (more, freed, files.find(file.id)) == (True, 1, None)
    assert [event.kind for event in left] == ["done"]
    assert Remains(store).begun() == []


def test_weights_and_uploads_outlive_the_predictions_that_had_them(
    store: Store, files: Files, tmp_path: Path
) -> None:
    weights, upload = adopt(files, tmp_path), adopt(files, tmp_path, kind="upload")
    files.keep_as_weights(weights)
    number = add(store, "a", {"file": upload.reference})
    end(store, number, output={"weights": weights.reference})

    count, freed = asyncio.run(Removal(store, files).remove(1000))

    assert (count, freed) == (1, 0)
    assert files.find(weights.id) is not None
    assert files.find(upload.id) is not None


def test_what_is_under_way_is_never_due(store: Store, files: Files, tmp_path: Path) -> None:
    file = adopt(files, tmp_path)
    number = add(store, "a", {"file": file.reference})

    count, _ = asyncio.run(Removal(store, files).remove(time.time()))

    assert count == 0
    assert Remains(store).files_under_way() == {file.id}
    assert Predictions(store).input(number) == {"file": file.reference}


def test_data_stays_until_its_webhook_is_settled(store: Store) -> None:
    number = add(store, "a", {})
    hooks = Webhooks(store)
    hooks.add("a", Subscription("http://127.0.0.1/", frozenset({"completed"})), "")
    end(store, number)
    before = Remains(store).due(1000, 10)

    hooks.settle("a", 1000, None)

    assert (before, Remains(store).due(1000, 10)) == ([], [number])


def test_a_deleted_version_takes_only_files_that_no_other_prediction_has(
    store: Store, files: Files, tmp_path: Path
) -> None:
    own, shared = adopt(files, tmp_path, b"own"), adopt(files, tmp_path, b"shared")
    first = add(store, "a", {})
    end(store, first, output=[own.reference, shared.reference])
    add(store, "b", {"file": shared.reference}, version="w")
    version = Version("me", "m", "v", 0, "", "", "cog.yaml", {}, 1)

    delete_version(store, files, version)

    assert [files.find(file.id) is None for file in (own, shared)] == [True, False]
    assert Predictions(store).get("a") is None


def test_files_that_no_prediction_ever_got_go_after_an_hour(
    store: Store, files: Files, tmp_path: Path
) -> None:
    lost, used = adopt(files, tmp_path, b"lost"), adopt(files, tmp_path, b"used")
    add(store, "a", {"file": used.reference})
    now = time.time()

    early = asyncio.run(Removal(store, files).remove_unused(now))
    late = asyncio.run(Removal(store, files).remove_unused(now + 3700))

    assert (early, late) == (0, 4)
    assert [files.find(file.id) is None for file in (lost, used)] == [True, False]


def test_an_expired_upload_stays_for_the_prediction_that_waits_for_it(
    store: Store, files: Files, tmp_path: Path
) -> None:
    file = adopt(files, tmp_path, kind="upload")
    store.write("UPDATE files SET expires_at = 1")

    waiting, later = files.expired(10, without={file.id}), files.expired(10)

    assert (waiting, [each.id for each in later]) == ([], [file.id])
    assert files.get(file.id) is None
    assert files.find(file.id) is not None


def test_contents_without_a_file_are_swept(files: Files, tmp_path: Path) -> None:
    file = adopt(files, tmp_path)
    folder = files.content(file).parent
    (folder / f"{folder.name}{'0' * 62}").write_bytes(b"left by a kill")

    for each in files.folders():
        files.sweep(each)

    assert [path.name for path in folder.iterdir()] == [file.sha256]


def test_a_model_cannot_keep_a_file_by_talking_of_it(store: Store, files: Files, tmp_path: Path) -> None:
    file = adopt(files, tmp_path)

    add(store, "a", {"text": f"rcli-text:{file.reference}"})

    assert Remains(store).files_under_way() == set()


def test_an_older_database_learns_which_files_its_predictions_use(tmp_path: Path) -> None:
    path, ids = tmp_path / "engine.db", [letter * 26 for letter in "abc"]
    with closing(sqlite3.connect(path, isolation_level=None)) as older:
        for step in STEPS[:8]:
            step(older)
        older.execute("PRAGMA user_version = 8")
        older.execute(
            "INSERT INTO predictions"
            " (id, model, version, source, status, input, output, created_at, iterates)"
            " VALUES ('p', 'm', 'v', 'api', 'processing', ?, ?, 0, 0)",
            (f'{{"x":"rcli-file:{ids[0]}/a"}}', f'["rcli-file:{ids[1]}/b"]'),
        )
        older.execute("INSERT INTO events VALUES (1, 1, 0, 'value', ?)", (f'"rcli-file:{ids[2]}/c"',))

    store = Store.open(path, lambda call: None)
    used = Remains(store).files_under_way()
    store.close()

    assert used == set(ids)
