"""What this client ran: an id is enough to find it, the beginning of one, or ``last``; and what it gave.

A small SQLite file of the user's own that outlives the service's memory. The values of secret inputs are not
in it. Writing to it never makes a command fail: on a full disk, or with a broken file, things are merely not
remembered.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from weakref import finalize

from rcli.errors import NotFound, RcliError, UsageError
from rcli.records import Prediction
from rcli.services.library import queries
from rcli.services.library.queries import MOST_CANDIDATES, Filter
from rcli.services.library.records import Entry, Kind, Origin, Record, SavedFile
from rcli.services.library.tables import Newer, explained, opened, staying, transaction

LAST = "last"


@dataclass
class Library:
    """The library in one file, which is made when there is something to remember.

    Without ``keeps`` no more is written than what ids need: no inputs, no outputs. From the first change on a
    connection stays open: closing the last one makes SQLite wait for the disk, 20 ms each time. A command
    ends without closing it, and what it has written is in the file beside, where the next one finds it.

    One knows things of one ``kind`` alone, so that nobody takes a training for a prediction; None: all, to
    read them.
    """

    path: Path
    keeps: bool = True
    kind: Kind | None = "prediction"
    _open: sqlite3.Connection | None = field(default=None, init=False, repr=False, compare=False)

    def close(self) -> None:
        if self._open:
            self._open.close()
            self._open = None

    def remember(self, prediction: Prediction, host: str, origin: Origin | None = None) -> bool:
        """Adds one of the kind, or brings what is known of it up to date. False if it could not be written.

        ``origin`` is told once, when it was made.
        """
        kind = self.kind or "prediction"

        def change(db: sqlite3.Connection) -> None:
            number = queries.note(db, kind, prediction, host)
            if self.keeps:
                queries.keep(db, number, prediction, origin)

        return self._tried(change)

    def refresh(self, prediction: Prediction, host: str) -> None:
        """Brings what is known up to date, if this one is known at all."""
        if self.path.exists() and self.known(prediction.id, host):
            self.remember(prediction, host)

    def remember_files(self, id: str, host: str, saved: Sequence[SavedFile]) -> None:
        """Where all files of an output are."""
        if self.keeps and saved:
            self._tried(lambda db: queries.keep_files(db, id, host, saved))

    def mark_removed(self, entry: Entry) -> None:
        """The service does not know it any more, or has deleted its data."""
        self._tried(lambda db: queries.mark_removed(db, entry.id, entry.host))

    def check(self) -> None:
        """Raises RcliError for a library in which nothing can be read or written; changes nothing."""
        with explained(self.path), opened(self.path) as db:
            db.execute("BEGIN IMMEDIATE")
            db.execute("ROLLBACK")

    def find(self, text: str) -> Entry:
        """What a whole id, the beginning of one, or ``last`` means.

        Raises NotFound, UsageError when several ids begin so, RcliError when the library cannot be read.
        """
        found = self._candidates(text)
        if not found:
            what = "nothing was run yet" if text == LAST else f"nothing that rcli ran has the id {text!r}"
            raise NotFound(what, hint=f"rcli {self.kind or 'prediction'}s list")
        return _single(text, found)

    def look_up(self, text: str) -> Entry | None:
        """Like ``find``, but None for an id that a service may know, or if the library cannot be read."""
        if text == LAST:
            return self.find(text)
        try:
            found = self._candidates(text)
        except RcliError:
            return None
        return _single(text, found) if found else None

    def record(self, id: str, host: str) -> Record | None:
        """All that is known of one. Raises RcliError when the library cannot be read."""
        with self._read() as db:
            return queries.record(db, self.kind, id, host) if db else None

    def known(self, id: str, host: str) -> Record | None:
        """Like ``record``, but None if the library cannot be read: for those who can do without."""
        try:
            return self.record(id, host)
        except RcliError:
            return None

    def recent(self, limit: int, host: str | None = None) -> list[Entry]:
        """The newest first, of one host or of all. Raises RcliError when the library cannot be read."""
        with self._read() as db:
            return queries.recent(db, self.kind, limit, host) if db else []

    def last_version(self, model: str, host: str) -> str | None:
        """The id of the version that was run last, None if nobody knows."""
        try:
            with self._read() as db:
                return queries.last_version(db, self.kind, model, host) if db else None
        except RcliError:
            return None

    def unended(self, host: str) -> list[Entry]:
        """What had not ended when rcli saw it last. Raises RcliError when the library cannot be read."""
        with self._read() as db:
            return queries.unended(db, self.kind, host) if db else []

    def records(self, wanted: Filter, limit: int | None = None) -> Iterator[Record]:
        """The newest first. Raises RcliError when the library cannot be read."""
        with self._read() as db:
            if db:
                yield from queries.records(db, replace(wanted, kind=self.kind or wanted.kind), limit)

    def past(self, wanted: Filter, limit: int = 100) -> list[Record]:
        """Like ``records``, but none if the library cannot be read."""
        try:
            return list(self.records(wanted, limit))
        except RcliError:
            return []

    def prune(self, wanted: Filter) -> int:
        """Forgets, and gives the disk back; how many there were. Raises RcliError when that fails."""
        with self._read() as db:
            if not db:
                return 0
            db.execute("PRAGMA secure_delete=ON")
            with transaction(db):
                forgotten = queries.forget(db, replace(wanted, kind=self.kind or wanted.kind))
            with suppress(sqlite3.OperationalError):  # another rcli uses the file: it stays as large as it is
                db.execute("VACUUM")
            return forgotten

    def _candidates(self, text: str) -> list[Entry]:
        with self._read() as db:
            if not db or not text:
                return []
            if text == LAST:
                return queries.recent(db, self.kind, 1, None)
            return queries.beginning_with(db, self.kind, text)

    @contextmanager
    def _read(self) -> Iterator[sqlite3.Connection | None]:
        """The database, None if there is none yet."""
        if not self.path.exists():
            yield None
            return
        with explained(self.path), opened(self.path) as db:
            yield db

    def _tried(self, change: Callable[[sqlite3.Connection], None]) -> bool:
        """A change in one transaction; False if it could not be made."""
        try:
            with opened(self.path) as db, transaction(db):
                self._stay_open()
                change(db)
        except (sqlite3.Error, OSError, Newer):
            return False
        return True

    def _stay_open(self) -> None:
        if self._open is None:
            self._open = staying(self.path)
            finalize(self, self._open.close)


def _single(text: str, found: list[Entry]) -> Entry:
    if len(found) == 1:
        return found[0]
    named = ", ".join(f"{entry.id} ({entry.host})" for entry in found[:MOST_CANDIDATES])
    more = ", …" if len(found) > MOST_CANDIDATES else ""
    raise UsageError(f"several ids begin with {text!r}: {named}{more}", hint="write more of the id")
