"""Predictions and their events, as the database keeps them."""

from __future__ import annotations

import json
import re
import secrets
from base64 import b32encode
from dataclasses import dataclass
from typing import Any, Literal

from rcli.engine.data.store import Row, Store
from rcli.records import TERMINAL

BATCH_BYTES = 1 << 20
"""Events are read in batches of about this many characters, so that a reader's memory stays bounded."""

Kind = Literal["text", "value", "logs", "error", "done"]
"""What an event holds: output text, any other output as JSON, logs, or how the prediction ended as JSON."""

Work = Literal["prediction", "training"]
"""What a row is: both live the same life, and each kind has a list of its own."""

PAGE_BYTES = 16 << 20
"""A page of a list ends early when its rows have about this many characters."""

EXAMPLE_SIZE = 1 << 16
"""Characters of input, output and logs: a model's object carries an example wherever it goes."""


@dataclass(frozen=True)
class Prediction:
    """One row. Times are Unix seconds; files in ``input`` and ``output`` are references of ``files``.

    ``variables`` names the set that the run gave to the model, which only its engine knows; "" for none.
    ``deployment`` is the ``owner/name`` through which it was created, ``destination`` the model of which a
    training makes a version. ``data_removed``: input, output and logs are gone,
    after their time or for their room.
    """

    number: int
    id: str
    model: str
    version: str
    source: str
    status: str
    input: dict[str, Any]
    output: Any
    error: str | None
    logs: str
    metrics: dict[str, Any]
    created_at: float
    started_at: float | None
    completed_at: float | None
    deadline: float | None
    variables: str
    kind: Work
    deployment: str | None
    destination: str | None
    data_removed: bool = False

    @property
    def ended(self) -> bool:
        return self.status in TERMINAL


@dataclass(frozen=True)
class Event:
    """One piece of a prediction's stream, in the order of ``sequence``, which counts from 1."""

    sequence: int
    at: float
    kind: Kind
    data: str


@dataclass(frozen=True)
class Ending:
    """How a prediction ended: its state, and what the row keeps of it."""

    status: str
    output: Any
    error: str | None
    metrics: dict[str, Any]


def new_id() -> str:
    """26 lower-case letters and digits, as Replicate's ids; nobody can guess one."""
    return b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()


class Predictions:
    """Questions and changes; each change is durable after the store's next commit."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(
        self,
        prediction_id: str,
        *,
        model: str,
        version: str,
        input: dict[str, Any],
        created_at: float,
        deadline: float | None,
        iterates: bool,
        variables: str = "",
        kind: Work = "prediction",
        deployment: str | None = None,
        destination: str | None = None,
    ) -> int:
        """Returns the row's number, under which its events are kept."""
        text = _dump(input)
        number = self._store.write(
            "INSERT INTO predictions"
            " (id, model, version, source, status, input, created_at, deadline, iterates, variables,"
            " kind, deployment, destination) VALUES (?, ?, ?, 'api', 'starting', ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(prediction_id, model, version, text, created_at, deadline, iterates),
                *(variables, kind, deployment, destination),
            ),
        )
        self._note_files(number, text)
        return number

    def get(self, prediction_id: str) -> Prediction | None:
        row = self._store.row("SELECT * FROM predictions WHERE id = ?", (prediction_id,))
        return self._read(row) if row else None

    def page(
        self,
        limit: int,
        *,
        before: tuple[float, int] | None,
        created_after: float | None = None,
        created_before: float | None = None,
        source: str | None = None,
        kind: Work = "prediction",
    ) -> tuple[list[Prediction], bool]:
        """The newest first, and whether more follow; of large ones there are fewer than ``limit``.

        ``before`` is the (created_at, number) of the row that ended the last page.
        """
        found: list[Prediction] = []
        size = 0
        for row in self._store.each(
            "SELECT * FROM predictions WHERE (:time IS NULL OR (created_at, number) < (:time, :number))"
            " AND (:after IS NULL OR created_at >= :after) AND (:until IS NULL OR created_at < :until)"
            " AND (:source IS NULL OR source = :source) AND kind = :kind"
            " ORDER BY created_at DESC, number DESC LIMIT :limit",
            {
                "time": before[0] if before else None,
                "number": before[1] if before else None,
                "after": created_after,
                "until": created_before,
                "source": source,
                "kind": kind,
                "limit": limit + 1,
            },
        ):
            if len(found) == limit or size >= PAGE_BYTES:
                return found, True
            found.append(self._read(row))
            size += len(row["input"]) + len(row["output"] or "") + len(row["logs"] or "")
        return found, False

    def examples(self, model: str, version: str, limit: int, before: int | None = None) -> list[Prediction]:
        """Short ones that succeeded, the newest first; ``before`` is the number that ended the last page."""
        rows = self._store.rows(
            "SELECT * FROM predictions WHERE model = ? AND version = ? AND number < ?"
            " AND status = 'succeeded' AND kind = 'prediction' AND data_removed = 0"
            " AND LENGTH(input) + LENGTH(COALESCE(output, '')) + LENGTH(COALESCE(logs, '')) < ?"
            " ORDER BY number DESC LIMIT ?",
            (model, version, before or 1 << 62, EXAMPLE_SIZE, limit),
        )
        return [self._read(row) for row in rows]

    def alive(self) -> list[Prediction]:
        """All that have not ended, the oldest first."""
        rows = self._store.rows(
            "SELECT * FROM predictions WHERE status IN ('starting', 'processing') ORDER BY number"
        )
        return [self._read(row) for row in rows]

    def input(self, number: int) -> dict[str, Any]:
        """The inputs as they are stored: files by reference, secrets hidden."""
        row = self._store.row("SELECT input FROM predictions WHERE number = ?", (number,))
        return dict(json.loads(row["input"])) if row else {}

    def count(self, model: str) -> int:
        row = self._store.row(
            "SELECT COUNT(*) FROM predictions WHERE model = ? AND kind = 'prediction'", (model,)
        )
        return int(row[0]) if row else 0

    def start(self, number: int, at: float) -> None:
        self._store.write(
            "UPDATE predictions SET status = 'processing', started_at = ? WHERE number = ?", (at, number)
        )

    def end(self, number: int, last: int, at: float, ending: Ending, *, logged: bool = True) -> None:
        """Ends the row and its stream, whose newest event so far is ``last``; ``logged``: there are logs."""
        logs = self.logs(number) if logged else ""
        output = None if ending.output is None else _dump(ending.output)
        self._store.write(
            "UPDATE predictions"
            " SET status = ?, output = ?, error = ?, logs = ?, metrics = ?, completed_at = ?"
            " WHERE number = ?",
            (
                ending.status,
                output,
                ending.error,
                logs,
                _dump(ending.metrics),
                at,
                number,
            ),
        )
        self._note_files(number, output or "")
        if ending.status == "failed":
            last += 1
            self.append(number, Event(last, at, "error", json.dumps({"detail": ending.error or ""})))
        self.append(number, Event(last + 1, at, "done", json.dumps(_DONE.get(ending.status, {}))))

    def append(self, number: int, event: Event) -> None:
        self._store.write(
            "INSERT INTO events (prediction, sequence, at, kind, data) VALUES (?, ?, ?, ?, ?)",
            (number, event.sequence, event.at, event.kind, event.data),
        )
        if event.kind == "value":
            self._note_files(number, event.data)

    def events(self, number: int, after: int, limit: int) -> list[Event]:
        """The next ones, ``limit`` at most, and no more than a reader should hold at once."""
        found: list[Event] = []
        size = 0
        for row in self._store.each(
            "SELECT sequence, at, kind, data FROM events WHERE prediction = ? AND sequence > ?"
            " ORDER BY sequence LIMIT ?",
            (number, after, limit),
        ):
            found.append(Event(*row))
            size += len(row["data"])
            if size >= BATCH_BYTES:
                break
        return found

    def last_sequence(self, number: int) -> int:
        row = self._store.row("SELECT MAX(sequence) FROM events WHERE prediction = ?", (number,))
        return int(row[0] or 0) if row else 0

    def logs(self, number: int) -> str:
        rows = self._store.rows(
            "SELECT data FROM events WHERE prediction = ? AND kind = 'logs' ORDER BY sequence", (number,)
        )
        return "".join(row[0] for row in rows)

    def yielded(self, number: int) -> list[Any]:
        """What an iterator has put out so far."""
        rows = self._store.rows(
            "SELECT kind, data FROM events WHERE prediction = ? AND kind IN ('text', 'value')"
            " ORDER BY sequence",
            (number,),
        )
        return [row["data"] if row["kind"] == "text" else json.loads(row["data"]) for row in rows]

    def _note_files(self, number: int, text: str) -> None:
        """Files that the JSON refers to stay as long as the prediction's data does."""
        if "rcli-file:" in text:
            for file_id in set(_FILE.findall(text)):
                self._store.write("INSERT OR IGNORE INTO uses VALUES (?, ?)", (number, file_id))

    def _read(self, row: Row) -> Prediction:
        running = row["status"] not in TERMINAL
        output = None if row["output"] is None else json.loads(row["output"])
        if running and row["iterates"]:
            output = self.yielded(row["number"]) or None
        return Prediction(
            number=row["number"],
            id=row["id"],
            model=row["model"],
            version=row["version"],
            source=row["source"],
            status=row["status"],
            input=json.loads(row["input"]),
            output=output,
            error=row["error"],
            logs=self.logs(row["number"]) if running else row["logs"] or "",
            metrics=json.loads(row["metrics"]),
            created_at=row["created_at"],
            started_at=row["started_at"],
            completed_at=row["completed_at"],
            deadline=row["deadline"],
            variables=row["variables"],
            kind=row["kind"],
            deployment=row["deployment"],
            destination=row["destination"],
            data_removed=bool(row["data_removed"]),
        )


_FILE = re.compile(r'"rcli-file:([a-z2-7]{26})/')
_DONE = {"failed": {"reason": "error"}, "canceled": {"reason": "canceled"}, "aborted": {"reason": "canceled"}}


def _dump(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
