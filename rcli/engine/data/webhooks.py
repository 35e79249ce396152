"""Who wants to be told of which predictions, and what has not been acknowledged yet."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from rcli.engine.data.store import Row, Store
from rcli.records import TERMINAL
from rcli.webhooks import Kind, new_message_id

WebhookEvent = Kind


@dataclass(frozen=True)
class Subscription:
    """What a client asks for: where to send, and at which events."""

    url: str
    events: frozenset[WebhookEvent]

    @property
    def receiver(self) -> str:
        """Scheme, host and port: what is slow or dead as a whole."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{(parts.hostname or '').lower()}:{parts.port or parts.scheme}"


@dataclass(frozen=True)
class Webhook:
    """One row; the message of ``last`` keeps its id over all attempts. ``base`` is for the body's links."""

    prediction: str
    subscription: Subscription
    base: str
    message_id: str
    last: WebhookEvent = "completed"
    attempts: int = 0


@dataclass(frozen=True)
class Progress:
    """How far a prediction is: the newest event of either kind after those that were seen, or None."""

    started: bool
    output: int | None
    logs: int | None


class Webhooks:
    """A row is open until it is settled: acknowledged or given up. It is due from ``next_attempt`` on."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, prediction_id: str, subscription: Subscription, base: str) -> Webhook:
        webhook = Webhook(prediction_id, subscription, base, new_message_id())
        self._store.write(
            "INSERT INTO webhooks (prediction, url, receiver, events, base, message_id, last)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                prediction_id,
                subscription.url,
                subscription.receiver,
                json.dumps(sorted(subscription.events)),
                base,
                webhook.message_id,
                webhook.last,
            ),
        )
        return webhook

    def unended(self) -> list[Webhook]:
        """Those whose predictions have not ended."""
        rows = self._store.rows(
            "SELECT w.* FROM webhooks w JOIN predictions p ON p.id = w.prediction"
            " WHERE w.settled_at IS NULL AND p.status NOT IN (SELECT value FROM json_each(?))",
            (json.dumps(sorted(TERMINAL)),),
        )
        return [_read(row) for row in rows]

    def take_up(self, now: float) -> None:
        """After a kill: the ends that were still to be told become due; who asked for none hears nothing."""
        self._store.write(
            "UPDATE webhooks SET (next_attempt, settled_at) ="
            " (SELECT IIF(wanted, :now, NULL), IIF(wanted, NULL, :now) FROM"
            " (SELECT 'completed' IN (SELECT value FROM json_each(events)) AS wanted))"
            " WHERE settled_at IS NULL AND next_attempt IS NULL"
            " AND (SELECT status FROM predictions p WHERE p.id = prediction)"
            " IN (SELECT value FROM json_each(:terminal))",
            {"now": now, "terminal": json.dumps(sorted(TERMINAL))},
        )

    def set_due(self, prediction_id: str, last: WebhookEvent, at: float) -> None:
        self._store.write(
            "UPDATE webhooks SET last = ?, next_attempt = ? WHERE prediction = ?", (last, at, prediction_id)
        )

    def postpone(self, prediction_id: str, at: float, error: str) -> None:
        """Another attempt has failed; the next one is at ``at``."""
        self._store.write(
            "UPDATE webhooks SET attempts = attempts + 1, next_attempt = ?, last_error = ?"
            " WHERE prediction = ?",
            (at, error, prediction_id),
        )

    def settle(self, prediction_id: str, now: float, error: str | None) -> None:
        """There is nothing more to send: it was acknowledged, or the ``error`` was the last one."""
        self._store.write(
            "UPDATE webhooks SET settled_at = ?, next_attempt = NULL, last_error = ? WHERE prediction = ?",
            (now, error, prediction_id),
        )

    def receivers_due(self, now: float) -> list[str]:
        """Those for whom something is due, the longest waiting first."""
        rows = self._store.rows(
            "SELECT receiver FROM webhooks WHERE next_attempt <= ?"
            " GROUP BY receiver ORDER BY MIN(next_attempt)",
            (now,),
        )
        return [row[0] for row in rows]

    def due(self, receiver: str, now: float, *, without: Sequence[str], limit: int) -> list[Webhook]:
        """The longest due of one receiver, ``without`` these predictions."""
        rows = self._store.rows(
            "SELECT * FROM webhooks WHERE next_attempt <= ? AND receiver = ?"
            " AND prediction NOT IN (SELECT value FROM json_each(?)) ORDER BY next_attempt LIMIT ?",
            (now, receiver, json.dumps(without), limit),
        )
        return [_read(row) for row in rows]

    def next_due(self, now: float) -> float | None:
        """When the next one will be due that is not due yet."""
        row = self._store.row("SELECT MIN(next_attempt) FROM webhooks WHERE next_attempt > ?", (now,))
        return row[0] if row else None

    def any_due(self, *, now: float | None = None) -> bool:
        """Whether something is to be sent: ever, or by ``now`` for the first time."""
        row = self._store.row(
            "SELECT EXISTS (SELECT 1 FROM webhooks WHERE next_attempt IS NOT NULL"
            " AND (:now IS NULL OR next_attempt <= :now AND attempts = 0))",
            {"now": now},
        )
        return bool(row and row[0])

    def forget(self, before: float) -> None:
        """Removes what was settled before this time: an address may be a secret."""
        self._store.write("DELETE FROM webhooks WHERE settled_at < ?", (before,))

    def progress(self, number: int, seen: int) -> Progress:
        """What the prediction with this number has come to after event ``seen``."""
        row = self._store.row(
            "SELECT started_at IS NOT NULL AS started,"
            " (SELECT MAX(sequence) FROM events WHERE prediction = :number AND sequence > :seen"
            " AND kind IN ('text', 'value')) AS output,"
            " (SELECT MAX(sequence) FROM events WHERE prediction = :number AND sequence > :seen"
            " AND kind = 'logs') AS logs FROM predictions WHERE number = :number",
            {"number": number, "seen": seen},
        )
        return (
            Progress(bool(row["started"]), row["output"], row["logs"]) if row else Progress(False, None, None)
        )


def _read(row: Row) -> Webhook:
    events = cast("list[WebhookEvent]", json.loads(row["events"]))
    return Webhook(
        row["prediction"],
        Subscription(row["url"], frozenset(events)),
        row["base"],
        row["message_id"],
        row["last"],
        row["attempts"],
    )
