"""What ended predictions and trainings leave behind: what is due to go, and how it goes, bit by bit.

A row whose data goes is marked first (``data_removed`` 1), and marked as done at last (2): an engine that is
killed in between goes on where it was. The row itself stays, and so does the end of its stream.
"""

from __future__ import annotations

from rcli.engine.data.store import Store

EVENTS = 2000
"""Events that go at once: a few milliseconds."""

UNUSED_SECONDS = 3600.0
"""An input or output that no prediction refers to by then never will be."""


class Remains:
    """Predictions by their numbers, files by their ids; times in Unix seconds."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def due(self, before: float, limit: int) -> list[int]:
        """Those that ended before, the first that ended first; not while their end is still to be told."""
        rows = self._store.rows(
            "SELECT number FROM predictions WHERE data_removed = 0 AND completed_at < ? AND NOT EXISTS"
            " (SELECT 1 FROM webhooks w WHERE w.prediction = predictions.id AND w.settled_at IS NULL)"
            " ORDER BY completed_at LIMIT ?",
            (before, limit),
        )
        return [row[0] for row in rows]

    def count_due(self, before: float) -> int:
        row = self._store.row(
            "SELECT COUNT(*) FROM predictions WHERE data_removed = 0 AND completed_at < ? AND NOT EXISTS"
            " (SELECT 1 FROM webhooks w WHERE w.prediction = predictions.id AND w.settled_at IS NULL)",
            (before,),
        )
        return int(row[0]) if row else 0

    def begun(self) -> list[int]:
        """Those that an engine did not come to the end with."""
        rows = self._store.rows("SELECT number FROM predictions WHERE data_removed = 1")
        return [row[0] for row in rows]

    def begin(self, number: int) -> None:
        """From here on nobody sees input, output and logs; a training still tells the version it made."""
        self._store.write(
            "UPDATE predictions SET data_removed = 1, input = '{}', logs = NULL,"
            " output = CASE kind WHEN 'training' THEN output END"
            " WHERE number = ?",
            (number,),
        )

    def trim(self, number: int) -> bool:
        """Removes the next of its events, but for how it ended; false when none are left."""
        self._store.write(
            "DELETE FROM events WHERE prediction = :number AND sequence IN (SELECT sequence FROM events"
            " WHERE prediction = :number AND kind NOT IN ('error', 'done') ORDER BY sequence LIMIT :limit)",
            {"number": number, "limit": EVENTS},
        )
        left = self._store.row(
            "SELECT 1 FROM events WHERE prediction = ? AND kind NOT IN ('error', 'done') LIMIT 1", (number,)
        )
        return left is not None

    def release(self, number: int) -> list[str]:
        """The files that only this one referred to; it does not any more."""
        rows = self._store.rows(
            "SELECT file FROM uses u WHERE prediction = ? AND NOT EXISTS"
            " (SELECT 1 FROM uses o WHERE o.file = u.file AND o.prediction != u.prediction)",
            (number,),
        )
        self._store.write("DELETE FROM uses WHERE prediction = ?", (number,))
        return [row[0] for row in rows]

    def finish(self, number: int) -> None:
        self._store.write("UPDATE predictions SET data_removed = 2 WHERE number = ?", (number,))

    def files_due(self, before: float) -> list[str]:
        """Inputs and outputs that go with the predictions that ended before, and with no others."""
        rows = self._store.rows(
            "SELECT f.id FROM files f WHERE f.kind IN ('input', 'output')"
            " AND EXISTS (SELECT 1 FROM uses u WHERE u.file = f.id) AND NOT EXISTS"
            " (SELECT 1 FROM uses u JOIN predictions p ON p.number = u.prediction WHERE u.file = f.id"
            " AND (p.completed_at IS NULL OR p.completed_at >= :before OR EXISTS"
            " (SELECT 1 FROM webhooks w WHERE w.prediction = p.id AND w.settled_at IS NULL)))",
            {"before": before},
        )
        return [row[0] for row in rows]

    def unused_files(self, now: float, limit: int) -> list[str]:
        """Inputs whose prediction was refused, outputs of one that ended first, of a version that is gone."""
        rows = self._store.rows(
            "SELECT id FROM files f WHERE kind IN ('input', 'output') AND created_at < ?"
            " AND NOT EXISTS (SELECT 1 FROM uses u WHERE u.file = f.id) LIMIT ?",
            (now - UNUSED_SECONDS, limit),
        )
        return [row[0] for row in rows]

    def files_under_way(self) -> set[str]:
        """What predictions that have not ended were given, or have put out."""
        rows = self._store.rows(
            "SELECT file FROM uses WHERE prediction IN"
            " (SELECT number FROM predictions WHERE status IN ('starting', 'processing'))"
        )
        return {row[0] for row in rows}

    def size(self) -> int:
        """Bytes of the database that hold something: what was deleted is free for what comes."""
        (pages,) = self._store.rows("PRAGMA page_count")[0]
        (free,) = self._store.rows("PRAGMA freelist_count")[0]
        (page,) = self._store.rows("PRAGMA page_size")[0]
        return int((pages - free) * page)
