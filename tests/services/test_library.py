"""The library: an id is enough, or its beginning, or ``last``; and it never makes a command fail."""

from __future__ import annotations

import sqlite3
import stat
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from subprocess import run as run_process

import pytest

from rcli.errors import NotFound, RcliError, UsageError
from rcli.records import Prediction
from rcli.services.library import Library
from rcli.services.library.records import Entry


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "config" / "library.db")


def prediction(id: str, status: str = "starting", model: str = "me/dinos") -> Prediction:
    return Prediction.from_json(
        {
            "id": id,
            "status": status,
            "model": model,
            "version": "v1",
            "input": {"token": "hunter2"},
            "created_at": "2024-01-01T00:00:00Z",
        }
    )


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        yield
        db.execute("ROLLBACK")


def test_what_was_remembered_is_found_by_its_id(library: Library) -> None:
    assert library.remember(prediction("abc123"), "local")

    entry = library.find("abc123")

    assert entry == Entry(
        "abc123", "local", "prediction", "me/dinos", "v1", "starting", "2024-01-01T00:00:00Z"
    )


def test_remembering_again_brings_it_up_to_date(library: Library) -> None:
    library.remember(prediction("abc"), "local")
    library.remember(prediction("def"), "local")
    library.remember(prediction("abc", "succeeded"), "local")

    assert [(entry.id, entry.status) for entry in library.recent(9)] == [
        ("def", "starting"),
        ("abc", "succeeded"),
    ]


def test_the_beginning_of_an_id_is_enough(library: Library) -> None:
    library.remember(prediction("abc123"), "local")
    library.remember(prediction("abd456"), "replicate")

    assert library.find("abd").host == "replicate"


def test_a_whole_id_wins_over_longer_ones(library: Library) -> None:
    library.remember(prediction("abc123"), "local")
    library.remember(prediction("abc"), "replicate")

    assert library.find("abc").host == "replicate"


def test_several_candidates_are_named(library: Library) -> None:
    library.remember(prediction("abc123"), "local")
    library.remember(prediction("abd456"), "replicate")

    with pytest.raises(UsageError) as caught:
        library.find("ab")

    assert caught.value.message == "several ids begin with 'ab': abd456 (replicate), abc123 (local)"
    assert caught.value.hint == "write more of the id"


def test_last_is_what_was_created_last(library: Library) -> None:
    library.remember(prediction("abc"), "local")
    library.remember(prediction("def"), "replicate")
    library.remember(prediction("abc", "succeeded"), "local")

    assert library.find("last").id == "def"


def test_recent_can_be_of_one_host(library: Library) -> None:
    for number in range(4):
        library.remember(prediction(f"id{number}"), "local" if number % 2 else "replicate")

    assert [entry.id for entry in library.recent(1, "replicate")] == ["id2"]


@pytest.mark.parametrize("text", ["zzz", "", "%", "_bc"])
def test_an_unknown_id_is_not_found(library: Library, text: str) -> None:
    library.remember(prediction("abc"), "local")

    with pytest.raises(NotFound) as caught:
        library.find(text)

    assert caught.value.message == f"nothing that rcli ran has the id {text!r}"
    assert library.look_up(text) is None


def test_an_empty_library_has_no_last(library: Library) -> None:
    with pytest.raises(NotFound, match="nothing was run yet"):
        library.look_up("last")

    assert not library.path.exists()


def test_only_the_owner_can_read_it_and_inputs_are_not_in_it(library: Library) -> None:
    library.remember(prediction("abc"), "local")
    library.path.chmod(0o644)
    library.remember(prediction("def"), "local")

    assert stat.S_IMODE(library.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(library.path.parent.stat().st_mode) == 0o700
    assert b"hunter2" not in library.path.read_bytes()


def test_a_broken_file_makes_remembering_fail_quietly(library: Library) -> None:
    library.path.parent.mkdir()
    library.path.write_bytes(b"this is not a database" * 100)

    assert library.remember(prediction("abc"), "local") is False
    assert library.look_up("abc") is None
    with pytest.raises(RcliError, match="cannot be read: file is not a database") as caught:
        library.find("abc")
    assert caught.value.hint == f"move {library.path}* away to begin a new one"


def test_a_locked_file_makes_remembering_fail_quietly(library: Library) -> None:
    library.remember(prediction("abc"), "local")

    with locked(library.path):
        assert library.remember(prediction("def"), "local") is False

    assert library.find("last").id == "abc"


def test_a_file_that_cannot_be_made_makes_remembering_fail_quietly(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a file where the folder should be")

    assert Library(tmp_path / "config" / "library.db").remember(prediction("abc"), "local") is False


def test_a_full_disk_makes_remembering_fail_quietly(library: Library) -> None:
    library.remember(prediction("abc"), "local")
    program = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from rcli.records import Prediction; from rcli.services.library import Library\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        "made = Prediction.from_json({'id': 'def', 'status': 'starting'})\n"
        "sys.exit(10 + Library(Path(sys.argv[1])).remember(made, 'local'))\n"
    )

    ended = run_process([sys.executable, "-c", program, library.path], check=False)

    assert ended.returncode == 10
    assert library.find("last").id == "abc"


def test_the_file_of_a_newer_rcli_is_left_alone(library: Library) -> None:
    library.remember(prediction("abc"), "local")
    with closing(sqlite3.connect(library.path)) as db:
        db.execute("PRAGMA user_version=99")

    assert library.remember(prediction("def"), "local") is False
    with pytest.raises(RcliError, match="was made by a newer rcli"):
        library.find("abc")


def test_many_at_once_are_all_remembered(library: Library) -> None:
    with ThreadPoolExecutor(8) as pool:
        remembered = list(
            pool.map(lambda number: library.remember(prediction(f"id{number}"), "local"), range(40))
        )

    assert all(remembered)
    assert len(library.recent(99)) == 40
