"""What the library keeps beyond ids: inputs without secrets, outputs, files; and what is found in it."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from rcli.errors import RcliError, UsageError
from rcli.records import Prediction
from rcli.services.library import Library
from rcli.services.library.queries import Filter
from rcli.services.library.records import LARGEST, KeptFile, Origin, SavedFile

ORIGIN = Origin("me/dinos:v1", {"prompt": "a cat"}, secrets=("token",))


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "config" / "library.db")


def prediction(id: str = "abc", status: str = "starting", **keys: Any) -> Prediction:
    return Prediction.from_json(
        {"id": id, "status": status, "model": "me/dinos", "version": "v1", "input": {"token": "hunter2"}}
        | {"created_at": "2026-01-02T03:04:05.678Z"}
        | keys
    )


def ids(library: Library, wanted: Filter) -> list[str]:
    return [record.entry.id for record in library.records(wanted)]


def old_library(path: Path) -> None:
    """A file of the first form, as rcli wrote it when it kept ids alone."""
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as db:
        db.execute(
            "CREATE TABLE runs (number INTEGER PRIMARY KEY, id TEXT NOT NULL, host TEXT NOT NULL, "
            "kind TEXT NOT NULL, model TEXT NOT NULL, version TEXT, status TEXT NOT NULL, created_at TEXT, "
            "UNIQUE (id, host))"
        )
        db.execute("INSERT INTO runs VALUES (1, 'old', 'local', 'prediction', 'a/b', 'v', 'succeeded', NULL)")
        db.execute("PRAGMA user_version=1")
        db.commit()


def last_release(path: Path) -> None:
    """A file as rcli wrote it before it remembered trainings."""
    old_library(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute(
            "CREATE TABLE records (run INTEGER PRIMARY KEY, reference TEXT, input TEXT, "
            "files TEXT NOT NULL DEFAULT '[]', secrets TEXT NOT NULL DEFAULT '[]', output TEXT, error TEXT, "
            "logs TEXT, metrics TEXT NOT NULL DEFAULT '{}', started_at TEXT, completed_at TEXT, web TEXT, "
            "saved TEXT NOT NULL DEFAULT '[]', removed INTEGER NOT NULL DEFAULT 0)"
        )
        db.execute("ALTER TABLE records ADD COLUMN variables TEXT NOT NULL DEFAULT '[]'")
        db.execute(
            "INSERT INTO records (run, reference, input, output, variables) "
            "VALUES (1, 'a/b:v', '{\"n\": 1}', '\"a text\"', '[\"TOKEN\"]')"
        )
        db.execute("PRAGMA user_version=3")
        db.commit()


# what is kept


def test_a_prediction_is_kept_from_its_inputs_to_its_end(library: Library) -> None:
    file = KeptFile(("image",), "/home/me/cat.png", 7, "ab" * 32)
    origin = Origin("me/dinos:v1", {"prompt": "a cat", "image": None}, (file,), ("token",))
    library.remember(prediction(), "local", origin)
    ended = prediction(
        status="succeeded",
        output=["https://example.com/out.png"],
        logs="one\ntwo\n",
        metrics={"predict_time": 1.5},
        completed_at="2026-01-02T03:05:00Z",
    )

    library.remember(ended, "local")
    library.remember_files("abc", "local", [SavedFile("/tmp/out.png", 12, "image/png")])

    record = library.record("abc", "local")
    assert record is not None
    assert record.origin == origin
    assert (record.entry.status, record.output) == ("succeeded", ["https://example.com/out.png"])
    assert (record.logs, record.metrics) == ("one\ntwo\n", {"predict_time": 1.5})
    assert record.completed_at == "2026-01-02T03:05:00Z"
    assert record.saved == (SavedFile("/tmp/out.png", 12, "image/png"),)


def test_what_the_service_has_removed_stays(library: Library) -> None:
    library.remember(prediction(), "replicate", ORIGIN)
    library.remember(prediction(status="succeeded", output="a text", logs="done"), "replicate")

    library.refresh(
        prediction(status="succeeded", input={}, output=None, logs="", data_removed=True), "replicate"
    )

    record = library.record("abc", "replicate")
    assert record is not None
    assert record.origin
    assert (record.origin.input, record.output, record.logs) == ({"prompt": "a cat"}, "a text", "done")
    assert record.removed


def test_what_rcli_did_not_make_is_not_taken_up_by_looking_at_it(library: Library) -> None:
    library.remember(prediction("mine"), "local", ORIGIN)

    library.refresh(prediction("theirs", "succeeded"), "local")

    assert ids(library, Filter()) == ["mine"]


def test_what_is_too_large_is_left_out(library: Library) -> None:
    huge = "x" * (LARGEST + 1)
    library.remember(prediction(), "local", Origin("me/dinos", {"prompt": huge}))

    library.remember(prediction(status="succeeded", output=huge, logs=huge + "the end"), "local")

    record = library.record("abc", "local")
    assert record is not None
    assert record.origin
    assert (record.origin.input, record.output) == (None, None)
    assert record.logs
    assert record.logs.endswith("the end")
    assert library.path.stat().st_size < LARGEST


def test_pictures_within_the_output_are_not_written_out(library: Library) -> None:
    uri = "data:image/png;base64," + "A" * 5000

    library.remember(prediction(status="succeeded", output={"image": uri}), "local")

    record = library.record("abc", "local")
    assert record is not None
    assert record.output == {"image": "data:image/png;base64,…"}


def test_broken_unicode_is_no_obstacle(library: Library) -> None:
    assert library.remember(prediction(status="succeeded", output="half \ud83d", logs="\udc00"), "local")

    record = library.record("abc", "local")
    assert record is not None
    assert (record.output, record.logs) == ("half ?", "?")


def test_switched_off_it_writes_what_ids_need_and_no_more(library: Library) -> None:
    quiet = Library(library.path, keeps=False)

    quiet.remember(prediction(), "local", ORIGIN)
    quiet.remember(prediction(status="succeeded", output="a text"), "local")
    quiet.remember_files("abc", "local", [SavedFile("/tmp/a", 1, "text/plain")])

    record = library.record("abc", "local")
    assert record is not None
    assert (record.entry.id, record.entry.status) == ("abc", "succeeded")
    assert (record.origin, record.output, record.saved) == (None, None, ())


# its form


def test_a_library_of_ids_alone_is_taken_over(library: Library) -> None:
    old_library(library.path)

    library.remember(prediction(), "local", ORIGIN)

    assert ids(library, Filter()) == ["abc", "old"]
    record = library.record("old", "local")
    assert record is not None
    assert (record.origin, record.output) == (None, None)


def test_two_processes_take_over_and_write_at_once(library: Library) -> None:
    old_library(library.path)
    program = (
        "import sys; from pathlib import Path\n"
        "from rcli.records import Prediction; from rcli.services.library import Library\n"
        "from rcli.services.library.records import Origin\n"
        "for number in range(50):\n"
        "    made = Prediction.from_json({'id': sys.argv[2] + str(number), 'status': 'starting'})\n"
        "    assert Library(Path(sys.argv[1])).remember(made, 'local', Origin('a/b', {'n': number}))\n"
    )

    both = [subprocess.Popen([sys.executable, "-c", program, library.path, name]) for name in ("x", "y")]

    assert [each.wait(60) for each in both] == [0, 0]
    assert len(ids(library, Filter())) == 101
    assert all(record.origin for record in library.records(Filter()) if record.entry.id != "old")


def test_a_process_that_comes_and_goes_takes_nothing_from_one_that_stays(library: Library) -> None:
    """Whoever closes the last connection tidies up; this one stays, and so must not lose its locks."""
    program = (
        "import sys; from pathlib import Path\n"
        "from rcli.records import Prediction; from rcli.services.library import Library\n"
        "other = Library(Path(sys.argv[1]))\n"
        "assert other.remember(Prediction.from_json({'id': sys.argv[2], 'status': 'starting'}), 'local')\n"
        "other.close()\n"
    )
    library.remember(prediction("first"), "local", ORIGIN)

    for number in range(3):
        subprocess.run([sys.executable, "-c", program, library.path, f"theirs{number}"], check=True)
        assert library.remember(prediction(f"ours{number}"), "local", ORIGIN)

    assert Path(f"{library.path}-wal").exists()
    assert ids(library, Filter()) == ["ours2", "theirs2", "ours1", "theirs1", "ours0", "theirs0", "first"]


def test_a_broken_file_is_named_with_what_to_do(library: Library) -> None:
    library.path.parent.mkdir()
    library.path.write_bytes(b"this is not a database" * 100)

    with pytest.raises(RcliError) as caught:
        ids(library, Filter())

    assert str(library.path) in caught.value.message
    assert caught.value.hint == f"move {library.path}* away to begin a new one"
    assert library.known("abc", "local") is None


def test_a_newer_file_is_refused_and_left_alone(library: Library) -> None:
    library.remember(prediction(), "local", ORIGIN)
    with closing(sqlite3.connect(library.path)) as db:
        db.execute("PRAGMA user_version=99")
    before = library.path.read_bytes()

    with pytest.raises(RcliError, match="was made by a newer rcli"):
        library.prune(Filter())

    assert library.path.read_bytes() == before


# what is found


@pytest.fixture
def several(library: Library) -> Library:
    library.remember(prediction("one", created_at="2026-01-01T00:00:00Z"), "local", ORIGIN)
    library.remember(
        prediction("two", "failed", model="you/cats", created_at="2026-01-02T00:00:00.5+01:00"),
        "replicate",
        Origin("you/cats", {"prompt": 'say "Größe" 100%\n'}),
    )
    library.remember(
        prediction("three", "succeeded", output=["dragon", "s"], created_at="2026-01-03T00:00:00Z"), "local"
    )
    return library


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Filter(), ["three", "two", "one"]),
        (Filter(model="DINOS"), ["three", "one"]),
        (Filter(status="failed"), ["two"]),
        (Filter(host="local"), ["three", "one"]),
        (Filter(since="2026-01-02T00:00:00Z"), ["three"]),
        (Filter(before="2026-01-02T00:00:00+00:00"), ["two", "one"]),
        (Filter(since="2026-01-01T12:00:00Z", before="2026-01-02T12:00:00Z"), ["two"]),
        (Filter(text="dragon"), ["three"]),
        (Filter(text="CAT a"), ["two", "one"]),
        (Filter(text='"Größe"'), ["two"]),
        (Filter(text="100%"), ["two"]),
        (Filter(text="1%0"), []),
        (Filter(text="c_t"), []),
        (Filter(text="token"), []),
        (Filter(text="dragon", host="replicate"), []),
    ],
)
def test_filters_find(several: Library, wanted: Filter, found: list[str]) -> None:
    assert ids(several, wanted) == found


def test_what_had_not_ended_is_known_by_host(several: Library) -> None:
    assert [entry.id for entry in several.unended("local")] == ["one"]

    several.mark_removed(several.find("one"))

    assert several.unended("local") == []


def test_pruning_forgets_and_leaves_nothing_in_the_file(several: Library) -> None:

    assert several.prune(Filter(since="2026-01-02T12:00:00Z")) == 1

    assert ids(several, Filter()) == ["two", "one"]
    with closing(sqlite3.connect(several.path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"dragon" not in several.path.read_bytes()


def test_a_record_is_one_line_of_json(several: Library) -> None:
    (record,) = several.records(Filter(text="dragon"))

    line = json.dumps(record.to_json())

    assert json.loads(line)["output"] == ["dragon", "s"]
    assert "hunter2" not in line


# trainings


TRAINED = Origin("me/dinos:v1", {"steps": 7}, secrets=("token",), destination="me/trained")


@pytest.fixture
def trainings(library: Library) -> Library:
    return Library(library.path, kind="training")


def test_a_training_is_kept_with_its_destination(trainings: Library) -> None:
    trainings.remember(prediction(), "local", TRAINED)
    trainings.remember(prediction(status="succeeded", output={"version": "me/trained:v2"}), "local")

    record = trainings.record("abc", "local")

    assert record is not None
    assert (record.entry.kind, record.origin, record.destination) == ("training", TRAINED, "me/trained")
    assert record.to_json()["destination"] == "me/trained"
    made = record.as_told()
    assert (made.status, made.input, made.output) == ("succeeded", {"steps": 7}, {"version": "me/trained:v2"})
    assert made.raw["destination"] == "me/trained"


def test_nobody_takes_a_training_for_a_prediction(library: Library, trainings: Library) -> None:
    library.remember(prediction("abc1", "succeeded"), "local", ORIGIN)
    trainings.remember(prediction("abc2", version="v9"), "local", TRAINED)

    everything = Library(library.path, kind=None)
    assert [each.find("last").id for each in (library, trainings, everything)] == ["abc1", "abc2", "abc2"]
    assert [each.find("abc").id for each in (library, trainings)] == ["abc1", "abc2"]
    with pytest.raises(UsageError, match="several ids begin with 'abc'"):
        everything.find("abc")
    assert (library.record("abc2", "local"), trainings.record("abc1", "local")) == (None, None)
    assert library.last_version("me/dinos", "local") == "v1"
    assert library.unended("local") == []
    assert [each.id for each in library.recent(9)] == ["abc1"]
    assert [ids(each, Filter()) for each in (library, everything)] == [["abc1"], ["abc2", "abc1"]]
    assert ids(everything, Filter(kind="training")) == ["abc2"]
    assert library.prune(Filter()) == 1
    assert ids(everything, Filter()) == ["abc2"]


def test_a_training_stays_one_when_it_is_seen_as_a_prediction(library: Library, trainings: Library) -> None:
    trainings.remember(prediction(), "replicate", TRAINED)

    library.remember(prediction(status="succeeded"), "replicate")

    record = trainings.record("abc", "replicate")
    assert record is not None
    assert (record.entry.status, record.origin) == ("succeeded", TRAINED)
    assert ids(library, Filter()) == []


def test_the_library_of_the_last_release_opens_and_takes_trainings(
    library: Library, trainings: Library
) -> None:
    last_release(library.path)

    old = library.record("old", "local")
    trainings.remember(prediction("new"), "local", TRAINED)

    assert old is not None
    assert old.origin == Origin("a/b:v", {"n": 1}, variables=("TOKEN",))
    assert (old.output, old.destination) == ("a text", None)
    assert ids(Library(library.path, kind=None), Filter()) == ["new", "old"]
    assert ids(trainings, Filter(model="TRAINED", text="steps")) == ["new"]
