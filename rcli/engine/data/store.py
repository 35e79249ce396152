"""The engine's SQLite database: one connection, one commit per tick of the event loop.

A kill of the process loses nothing that anybody was told: whoever reads sees committed rows only, and news of
a change goes out after its commit (``after_commit``). WAL with synchronous=NORMAL does not promise more than
that when the power fails.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rcli.engine.data.migrations import migrate

Row = sqlite3.Row
Parameters = Sequence[Any] | Mapping[str, Any]
Later = Callable[[Callable[[], object]], object]
Broken = Callable[[sqlite3.OperationalError], object]


class Store:
    """Rows in, rows out. ``later`` runs a function at the end of the loop's tick, as ``loop.call_soon``.

    ``on_broken`` is called when the disk takes no more: what was not committed is lost then, and nobody may
    go on as if it were there.
    """

    def __init__(self, connection: sqlite3.Connection, later: Later, on_broken: Broken) -> None:
        self._connection = connection
        self._later = later
        self._on_broken = on_broken
        self._closed = False
        self._after: dict[Callable[[], object], None] = {}

    @classmethod
    def open(cls, path: Path, later: Later, on_broken: Broken = lambda error: None) -> Store:
        """Raises NewerDatabase when a later rcli wrote it."""
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            migrate(connection)
        except BaseException:
            connection.close()
            raise
        return cls(connection, later, on_broken)

    def rows(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        self.commit()
        return self._connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Parameters = ()) -> Row | None:
        self.commit()
        found: Row | None = self._connection.execute(sql, parameters).fetchone()
        return found

    def each(self, sql: str, parameters: Parameters = ()) -> Iterator[Row]:
        """Rows one by one, for those who may stop before the last; nothing may be written meanwhile."""
        self.commit()
        cursor = self._connection.execute(sql, parameters)
        try:
            yield from cursor
        finally:
            cursor.close()

    def write(self, sql: str, parameters: Parameters = ()) -> int:
        """Returns the rowid of an INSERT; the change is durable after the tick's commit."""
        self._begin()
        return self._execute(sql, parameters).lastrowid or 0

    def after_commit(self, call: Callable[[], object]) -> None:
        """Runs ``call`` once after the commit of what was written so far, however often it is asked for."""
        self._begin()
        self._after[call] = None

    def commit(self) -> None:
        if self._closed or not self._connection.in_transaction:
            return
        self._execute("COMMIT")
        calls, self._after = self._after, {}
        for call in calls:
            call()

    def close(self) -> None:
        self.commit()
        self._closed = True
        self._connection.close()

    def _begin(self) -> None:
        if not self._connection.in_transaction:
            self._execute("BEGIN IMMEDIATE")
            self._later(self.commit)

    def _execute(self, sql: str, parameters: Parameters = ()) -> sqlite3.Cursor:
        try:
            return self._connection.execute(sql, parameters)
        except sqlite3.OperationalError as error:
            self._on_broken(error)
            raise
