"""Records as rows and fields: pure functions, the screen does the rest."""

from __future__ import annotations

import copy
import functools
import json
import math
import operator
import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from rcli.records import Cost, Json, Model, Prediction, Version
from rcli.ui.clean import one_line
from rcli.ui.logs import standing

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


def trainings(found: Sequence[Prediction], *, age: bool) -> Table:
    """Ids, what was trained to what, states and times; for a person the time as an age."""
    rows = [
        (
            row.id,
            row.model,
            row.raw.get("destination"),
            row.status,
            seconds(row.metrics.get("predict_time")),
            _when(row.created_at, age),
        )
        for row in found
    ]
    return ("id", "base", "destination", "status", "time", "created"), list(rows)


def under_way(found: Sequence[tuple[str, str, Prediction]], *, age: bool) -> Table:
    """What runs: its host, whether it is a prediction or a training, and since when; for a person as an age.

    Of a training the destination is more telling than its base.
    """
    rows = [
        (
            row.id,
            host,
            kind,
            row.raw.get("destination") or row.model,
            row.status,
            _when(row.created_at, age),
        )
        for host, kind, row in found
    ]
    return ("id", "host", "kind", "model", "status", "created"), list(rows)


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
        ("logs", _log(record.logs)),
        ("error", error),
    ]


def library(found: Sequence[tuple[Json, datetime | None]], *, age: bool) -> Table:
    """What the library keeps, and when the service deletes what is nowhere else.

    A person does not need to be told that all of it ran on the same host, and that there is no training
    among it. Of a training the destination is more telling than its base.
    """
    now = datetime.now(UTC)
    tells_host = not age or len({row["host"] for row, _ in found}) > 1
    tells_kind = not age or any(row["kind"] != "prediction" for row, _ in found)
    rows = [
        (
            row["id"],
            row["destination"] or row["model"],
            *([row["host"]] if tells_host else []),
            row["status"],
            _when(row["created_at"], age),
            None if until is None else (left(until, now) if age else until.isoformat()),
            *([row["kind"]] if tells_kind else []),
        )
        for row, until in found
    ]
    host, kind = ["host"] if tells_host else [], ["kind"] if tells_kind else []
    return ("id", "model", *host, "status", "created", "expires", *kind), rows


def kept(record: Json, until: datetime | None, spent: Cost | None) -> Fields:
    """One of them, what may be long at the end. ``spent``: what a training has cost."""
    files = [f"{file['path'] or 'no file here'} ({size(file['size'])})" for file in record["files"]]
    saved = [f"{file['path']} ({size(file['size'])})" for file in record["saved"]]
    output = record["output"]
    return [
        ("id", record["id"]),
        ("kind", record["kind"] if record["kind"] != "prediction" else None),
        ("host", record["host"]),
        ("model", record["model"]),
        ("version", record["version"]),
        ("destination", record["destination"]),
        ("status", record["status"]),
        ("created", record["created_at"]),
        ("completed", record["completed_at"]),
        ("predict time", seconds(record["metrics"].get("predict_time"))),
        ("cost", cost(spent) if spent else None),
        ("expires", left(until, datetime.now(UTC)) if until else None),
        ("removed", "the service has deleted it" if record["data_removed"] else None),
        ("input", _compact(_with_files(record["input"], record["files"]))),
        ("files", "\n".join(files) or None),
        ("secrets", ", ".join(record["secrets"]) or None),
        ("output", output if isinstance(output, str) else _compact(output)),
        ("saved", "\n".join(saved) or None),
        ("logs", _log(record["logs"])),
        ("error", record["error"]),
    ]


def _with_files(inputs: Any, files: Sequence[Json]) -> Any:
    """The inputs with ``@FILE``, as it was typed, in the place of each file whose name is known."""
    shown = copy.deepcopy(inputs)
    for file in files:
        *way, last = file["at"]
        with suppress(KeyError, IndexError, TypeError):  # a secret's file: its input is not kept
            place = functools.reduce(operator.getitem, way, shown)
            if file["path"] and place[last] is None:
                place[last] = f"@{file['path']}"
    return shown


def left(until: datetime, now: datetime) -> str:
    """How long something stays: ``in 12 min``, ``now`` when it may be gone."""
    seconds = (until - now).total_seconds()
    if seconds <= 0:
        return "now"
    return f"in {seconds:.0f} s" if seconds < 60 else f"in {seconds / 60:.0f} min"


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
        ("source", record.raw.get("github_url")),
        ("paper", record.raw.get("paper_url")),
        ("licence", record.raw.get("license_url")),
    ]


def caches(entries: Sequence[Json], *, age: bool) -> Table:
    """What lies on the disk; for a person with units and ages, and without ids, which no command takes."""
    rows = [
        (
            entry["kind"],
            *([] if age else [entry["id"]]),
            entry["name"],
            size(entry["size_bytes"]) if age else entry["size_bytes"],
            _when(entry["last_used"], age),
            "in use" if entry["in_use"] else None,
        )
        for entry in entries
    ]
    return ("kind", *([] if age else ["id"]), "name", "size", "last used", ""), list(rows)


def ending(
    record: Prediction,
    total: float | None,
    phases: Sequence[tuple[str, float]],
    cost: str,
    where: str | None,
) -> str:
    """What has ended, in one line: its times (seconds) in all and by phase, its cost, where its output is."""
    status = f"{record.status} in {seconds(total)}" if total is not None else record.status
    times = [f"{name} {seconds(each)}" for name, each in phases]
    if len(times) == 1 and total is not None and seconds(total) == seconds(phases[0][1]):
        times = []
    return one_line(" · ".join(filter(None, [status, *times, cost, where, record.id])))


def cost(known: Cost) -> str:
    """A cost with what it rests on, or that it is unknown and how to tell it."""
    if known.amount is None:
        why = "; ".join(filter(None, (known.basis, known.hint and f"to tell it: {known.hint}")))
        return f"cost unknown ({why})" if why else "cost unknown"
    if not known.amount:
        return known.basis
    least = "at least " if known.is_least else ""
    return f"{least}{dollars(known.amount)} ({known.basis})"


def dollars(amount: float) -> str:
    """US dollars with two digits that say something: ``$12.40``, ``$0.0033``."""
    if amount <= 0 or amount >= 0.1:
        return f"${amount:.2f}"
    return f"${amount:.{min(1 - math.floor(math.log10(amount)), 9)}f}"


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


def _log(log: str | None) -> str | None:
    return "\n".join(standing(log)) if log else None


def _short(version: Version | None) -> str | None:
    return version.id[:SHORT] if version else None


def _compact(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)
