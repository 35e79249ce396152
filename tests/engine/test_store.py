"""The database: commits once a tick, news after the commit, and no opening of what a newer rcli wrote."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rcli.engine.data.migrations import STEPS, NewerDatabase
from rcli.engine.data.store import Store


class Tick:
    """Stands for the event loop: remembers what is to run at the end of the tick."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], object]] = []

    def __call__(self, call: Callable[[], object]) -> None:
        self.calls.append(call)

    def end(self) -> None:
        calls, self.calls = self.calls, []
        for call in calls:
            call()


@pytest.fixture
def tick() -> Tick:
    return Tick()


@pytest.fixture
def store(tmp_path: Path, tick: Tick) -> Iterator[Store]:
    opened = Store.open(tmp_path / "engine.db", tick)
    yield opened
    opened.close()


def folders(path: Path) -> list[str]:
    """What another process can see."""
    with sqlite3.connect(path / "engine.db") as other:
        found = [row[0] for row in other.execute("SELECT path FROM folders ORDER BY path")]
    other.close()
    return found


def add(store: Store, path: str) -> None:
    store.write("INSERT INTO folders VALUES (?, 0)", (path,))


def test_all_writes_of_one_tick_are_committed_together_at_its_end(
    store: Store, tick: Tick, tmp_path: Path
) -> None:
    add(store, "a")
    add(store, "b")
    before = folders(tmp_path)
    scheduled = len(tick.calls)

    tick.end()

    assert (before, scheduled, folders(tmp_path)) == ([], 1, ["a", "b"])


def test_a_reader_never_sees_what_is_not_committed(store: Store, tmp_path: Path) -> None:
    add(store, "a")

    row = store.row("SELECT path FROM folders")

    assert row is not None
    assert folders(tmp_path) == [row["path"]]


def test_news_goes_out_once_and_after_the_commit(store: Store, tick: Tick, tmp_path: Path) -> None:
    heard: list[list[str]] = []

    def tell() -> None:
        heard.append(folders(tmp_path))

    add(store, "a")
    store.after_commit(tell)
    store.after_commit(tell)
    tick.end()

    assert heard == [["a"]]


def test_what_is_written_while_news_goes_out_belongs_to_the_next_commit(
    store: Store, tick: Tick, tmp_path: Path
) -> None:
    add(store, "a")
    store.after_commit(lambda: add(store, "b"))
    tick.end()
    after_first = folders(tmp_path)
    tick.end()

    assert (after_first, folders(tmp_path)) == (["a"], ["a", "b"])


def test_a_database_survives_being_opened_again(tmp_path: Path, tick: Tick) -> None:
    first = Store.open(tmp_path / "engine.db", tick)
    add(first, "a")
    first.close()
    second = Store.open(tmp_path / "engine.db", tick)
    rows = second.rows("SELECT path FROM folders")
    second.close()

    assert [row["path"] for row in rows] == ["a"]


def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path, tick: Tick) -> None:
    Store.open(tmp_path / "engine.db", tick).close()
    newer = sqlite3.connect(tmp_path / "engine.db")
    newer.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    newer.close()

    with pytest.raises(NewerDatabase, match=f"version {len(STEPS) + 1}, this rcli knows {len(STEPS)}"):
        Store.open(tmp_path / "engine.db", tick)


def test_a_disk_that_takes_no_more_ends_the_engine_and_not_the_truth(tmp_path: Path) -> None:
    told: list[sqlite3.OperationalError] = []
    store = Store.open(tmp_path / "engine.db", lambda call: None, told.append)
    store.write("CREATE TABLE texts (text)")
    store.commit()
    store.write("PRAGMA max_page_count = 30")

    with pytest.raises(sqlite3.OperationalError, match="full"):
        for _ in range(100):
            store.write("INSERT INTO texts VALUES (?)", ["x" * 4096])

    assert len(told) == 1
    store.close()
