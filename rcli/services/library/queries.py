"""The questions to the library, and its changes, as SQL."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rcli.records import TERMINAL, Prediction
from rcli.services.library import records as records_
from rcli.services.library.records import RECORD, Entry, Kind, Origin, Record, SavedFile, sound

MOST_CANDIDATES = 5

_ENTRY = "id, host, kind, model, version, status, created_at"
_SEARCHED = ("id", "model", "destination", "reference", "input", "output", "error", "logs")
_OF_KIND = "(?1 IS NULL OR kind = ?1)"
_ENDED = ", ".join(f"'{status}'" for status in sorted(TERMINAL))


@dataclass(frozen=True)
class Filter:
    """Which of the records: all that is said must hold; ``since`` and ``before`` are ISO 8601 times.

    ``model`` is a part of a model's name, of a training's destination too; ``text`` some words, each of which
    occurs somewhere.
    """

    kind: Kind | None = None
    model: str | None = None
    status: str | None = None
    host: str | None = None
    since: str | None = None
    before: str | None = None
    text: str | None = None


def note(db: sqlite3.Connection, kind: Kind, prediction: Prediction, host: str) -> int:
    """Adds what ids need, or brings it up to date, and returns its number."""
    id, version = sound(prediction.id), prediction.version
    told = (host, kind, prediction.model, version, prediction.status, prediction.created_at)
    db.execute(
        f"""
        INSERT INTO runs ({_ENTRY}) VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id, host) DO UPDATE SET
            model = coalesce(nullif(excluded.model, ''), model),
            version = coalesce(excluded.version, version),
            status = excluded.status
        """,
        (id, *(text and sound(text) for text in told)),
    )
    number: int = db.execute("SELECT number FROM runs WHERE id = ? AND host = ?", (id, host)).fetchone()[0]
    return number


def keep(db: sqlite3.Connection, number: int, prediction: Prediction, origin: Origin | None) -> None:
    """Adds what a prediction or training was made from, and what there is of its result."""
    columns = records_.result_columns(prediction) | (records_.origin_columns(origin) if origin else {})
    names = ", ".join(["run", *columns])
    changes = ", ".join(f"{name} = excluded.{name}" for name in ("run", *columns))
    db.execute(
        f"INSERT INTO records ({names}) VALUES ({', '.join('?' * (len(columns) + 1))}) "
        f"ON CONFLICT (run) DO UPDATE SET {changes}",
        (number, *columns.values()),
    )


def keep_files(db: sqlite3.Connection, id: str, host: str, saved: Sequence[SavedFile]) -> None:
    db.execute(
        """
        INSERT INTO records (run, saved) SELECT number, ? FROM runs WHERE id = ? AND host = ?
        ON CONFLICT (run) DO UPDATE SET saved = excluded.saved
        """,
        (records_.written([each.to_json() for each in saved]), sound(id), host),
    )


def mark_removed(db: sqlite3.Connection, id: str, host: str) -> None:
    db.execute(
        """
        INSERT INTO records (run, removed) SELECT number, 1 FROM runs WHERE id = ? AND host = ?
        ON CONFLICT (run) DO UPDATE SET removed = 1
        """,
        (sound(id), host),
    )


def recent(db: sqlite3.Connection, kind: Kind | None, limit: int, host: str | None) -> list[Entry]:
    rows = db.execute(
        f"SELECT {_ENTRY} FROM runs WHERE {_OF_KIND} AND (?2 IS NULL OR host = ?2) "
        "ORDER BY number DESC LIMIT ?3",
        (kind, host, limit),
    )
    return [Entry(*row) for row in rows]


def last_version(db: sqlite3.Connection, kind: Kind | None, model: str, host: str) -> str | None:
    """The version of a model that was run last."""
    row = db.execute(
        f"""
        SELECT version FROM runs WHERE {_OF_KIND} AND model = ?2 AND host = ?3 AND version IS NOT NULL
        ORDER BY number DESC LIMIT 1
        """,
        (kind, sound(model), host),
    ).fetchone()
    return None if row is None else str(row[0])


def beginning_with(db: sqlite3.Connection, kind: Kind | None, text: str) -> list[Entry]:
    """Ids that begin with a text, as far as they are worth naming; a whole id comes first and alone."""
    rows = db.execute(
        f"SELECT {_ENTRY} FROM runs WHERE {_OF_KIND} AND substr(id, 1, ?2) = ?3 "
        "ORDER BY id = ?3 DESC, number DESC LIMIT ?4",
        (kind, len(text), sound(text), MOST_CANDIDATES + 1),
    )
    found = [Entry(*row) for row in rows]
    return [entry for entry in found if entry.id == text] or found


def unended(db: sqlite3.Connection, kind: Kind | None, host: str) -> list[Entry]:
    rows = db.execute(
        f"""
        SELECT {_ENTRY} FROM runs LEFT JOIN records ON run = number
        WHERE {_OF_KIND} AND host = ?2 AND status NOT IN ({_ENDED}) AND coalesce(removed, 0) = 0
        ORDER BY number DESC
        """,
        (kind, host),
    )
    return [Entry(*row) for row in rows]


def record(db: sqlite3.Connection, kind: Kind | None, id: str, host: str) -> Record | None:
    query = f"{_SELECT} WHERE {_OF_KIND} AND id = ?2 AND host = ?3"
    row = db.execute(query, (kind, sound(id), host)).fetchone()
    return _record(row) if row else None


def records(db: sqlite3.Connection, wanted: Filter, limit: int | None) -> Iterator[Record]:
    condition, values = _condition(wanted)
    rows = db.execute(
        f"{_SELECT} WHERE {condition} ORDER BY number DESC LIMIT ?", (*values, -1 if limit is None else limit)
    )
    return map(_record, rows)


def forget(db: sqlite3.Connection, wanted: Filter) -> int:
    condition, values = _condition(wanted)
    chosen = f"SELECT number FROM runs LEFT JOIN records ON run = number WHERE {condition}"
    db.execute(f"CREATE TEMP TABLE forgotten AS {chosen}", values)
    db.execute("DELETE FROM records WHERE run IN (SELECT number FROM forgotten)")
    return db.execute("DELETE FROM runs WHERE number IN (SELECT number FROM forgotten)").rowcount


_SELECT = f"""
    SELECT {_ENTRY}, {RECORD}, saved, coalesce(removed, 0)
    FROM runs LEFT JOIN records ON run = number
"""


def _record(row: Sequence[object]) -> Record:
    width = len(_ENTRY.split(","))
    return records_.read(Entry(*row[:width]), row[width:])  # type: ignore[arg-type]  # a row of the database


def _condition(wanted: Filter) -> tuple[str, list[str]]:
    """What a filter says as SQL and its values. A time is compared as one: servers write it as they like."""
    parts: dict[str, str | None] = {
        "kind = ?": wanted.kind,
        "instr(lower(model || char(10) || coalesce(destination, '')), lower(?)) > 0": wanted.model,
        "status = ?": wanted.status,
        "host = ?": wanted.host,
        "julianday(created_at) >= julianday(?)": wanted.since,
        "julianday(created_at) < julianday(?)": wanted.before,
    }
    conditions = [condition for condition, value in parts.items() if value]
    values = [sound(value) for value in parts.values() if value]
    columns = " || char(10) || ".join(f"coalesce({name}, '')" for name in _SEARCHED)
    for word in (wanted.text or "").split():
        forms = {_pattern(word), _pattern(json.dumps(word, ensure_ascii=False)[1:-1])}
        conditions.append("(" + " OR ".join([f"({columns}) LIKE ? ESCAPE '\\'"] * len(forms)) + ")")
        values += forms
    return " AND ".join(conditions) or "1", values


def _pattern(word: str) -> str:
    """Nothing in the word means more than itself."""
    for character in "\\%_":
        word = word.replace(character, f"\\{character}")
    return f"%{sound(word)}%"
