"""Records as rows and fields: pure functions, the screen does the rest."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rcli.records import Json, Model, Prediction, Version

Table = tuple[Sequence[str], Sequence[Sequence[object]]]
Fields = list[tuple[str, str | None]]

SHORT = 12
"""How many digits of a version id are shown; as many as make it unique in practice."""


def predictions(found: Sequence[Prediction], *, age: bool) -> Table:
    """Ids, models, states and times; for a person the time as an age."""
    rows = [
        (row.id, row.model, row.status, seconds(row.metrics.get("predict_time")), _when(row.created_at, age))
        for row in found
    ]
    return ("id", "model", "status", "time", "created"), list(rows)


def prediction(record: Prediction, *, error: str | None, web: bool) -> Fields:
    """All that a person asks of one prediction, what may be long at the end.

    ``error``: the reason of its failure, for people; ``web``: whether its page can be opened.
    """
    return [
        ("id", record.id),
        ("model", record.model),
        ("version", record.version),
        ("status", record.status),
        ("created", record.created_at),
        ("started", record.started_at),
        ("completed", record.completed_at),
        ("predict time", seconds(record.metrics.get("predict_time"))),
        ("total time", seconds(record.metrics.get("total_time"))),
        ("web", record.urls.get("web") if web else None),
        ("removed", "the service has deleted input, output and logs" if record.data_removed else None),
        ("input", _compact(record.input)),
        ("output", record.output if isinstance(record.output, str) else _compact(record.output)),
        ("logs", record.logs or None),
        ("error", error),
    ]


def models(found: Sequence[Model], *, brief: bool) -> Table:
    """Names, versions and descriptions; for a person only a description's first sentence."""
    rows = [
        (
            row.full_name,
            _short(row.latest_version),
            row.run_count,
            first_sentence(row.description) if brief else row.description,
        )
        for row in found
    ]
    return ("model", "version", "runs", "description"), list(rows)


def model(record: Model) -> Fields:
    latest = record.latest_version
    return [
        ("model", record.full_name),
        ("description", record.description or None),
        ("visibility", record.visibility or None),
        ("official", "yes" if record.is_official else None),
        ("runs", str(record.run_count)),
        ("version", latest.id if latest else None),
        ("created", latest.created_at if latest else None),
        ("cog", latest.cog_version if latest else None),
        ("url", record.raw.get("url")),
    ]


def caches(entries: Sequence[Json], *, age: bool) -> Table:
    """What lies on the disk; for a person with units and ages."""
    rows = [
        (
            entry["kind"],
            entry["id"][:SHORT] if age else entry["id"],
            entry["name"],
            size(entry["size_bytes"]) if age else entry["size_bytes"],
            _when(entry["last_used"], age),
            "in use" if entry["in_use"] else None,
        )
        for entry in entries
    ]
    return ("kind", "id", "name", "size", "last used", ""), list(rows)


def seconds(value: Any) -> str | None:
    """A duration for people: ``0.42 s``, ``12.3 s``, ``2:05 min``."""
    if not isinstance(value, int | float):
        return None
    if value < 60:
        return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"
    return f"{int(value // 60)}:{int(value % 60):02d} min"


def size(count: int) -> str:
    """A number of bytes for people: ``812 B``, ``3.4 MB``."""
    amount = float(count)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} GB"


def ago(when: str, now: datetime) -> str:
    """How long ago an ISO 8601 time was; the text itself when it is none."""
    try:
        then = datetime.fromisoformat(when)
    except ValueError:
        return when
    passed = (now - then.replace(tzinfo=then.tzinfo or UTC)).total_seconds()
    for limit, divisor, unit in ((60, 1, "s"), (3600, 60, "min"), (86400, 3600, "h")):
        if passed < limit:
            return f"{max(0, int(passed // divisor))} {unit} ago"
    return f"{int(passed // 86400)} d ago"


def first_sentence(text: str) -> str:
    """Up to the first full stop with a new sentence behind it."""
    return re.split(r"(?<=[.!?])\s+(?=[A-Z])", text.strip(), maxsplit=1)[0]


def _when(created: str | None, age: bool) -> str | None:
    return ago(created, datetime.now(UTC)) if created and age else created


def _short(version: Version | None) -> str | None:
    return version.id[:SHORT] if version else None


def _compact(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)
