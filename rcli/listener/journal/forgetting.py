"""What the journal no longer keeps."""

from __future__ import annotations

import sqlite3

from rcli.listener.journal.file import integer

KEPT = 7 * 24 * 3600.0
"""Seconds for which events are kept."""

MOST_BYTES = 1 << 30
"""Bodies that are kept in all; the oldest settled ones go first."""

AT_ONCE = 200
"""Events that are removed in one step."""


def forget(db: sqlite3.Connection, now: float, *, kept: float, most: int) -> bool:
    """Removes a few events: older than ``kept`` seconds, else the oldest settled beyond ``most`` bytes.

    True when there may be more to remove.
    """
    old = db.execute("SELECT number FROM events WHERE created < ? LIMIT ?", (now - kept, AT_ONCE)).fetchall()
    gone = old or _beyond(db, most)
    db.executemany("DELETE FROM events WHERE number = ?", gone)
    return bool(gone)


def _beyond(db: sqlite3.Connection, most: int) -> list[tuple[int]]:
    over = integer(db, "SELECT COALESCE(SUM(size), 0) FROM events") - most
    if over <= 0:
        return []
    settled = db.execute(
        "SELECT number, size FROM events e WHERE NOT EXISTS"
        " (SELECT 1 FROM deliveries d WHERE d.event = e.number AND d.due IS NOT NULL)"
        " ORDER BY number LIMIT ?",
        (AT_ONCE,),
    )
    gone: list[tuple[int]] = []
    for number, size in settled:
        if over <= 0:
            break
        over -= size
        gone.append((number,))
    return gone
