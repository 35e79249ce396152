"""What an account and this machine have, as rows and fields: pure functions, the screen does the rest."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rcli.records import (
    Account,
    Collection,
    Deployment,
    File,
    Found,
    Hardware,
    Json,
    Model,
    Prediction,
    Release,
    Version,
)
from rcli.ui.views import SHORT, Fields, Table, ago, dollars, first_sentence, seconds, size

HOUR = 3600


def versions(found: Sequence[Version], *, brief: bool) -> Table:
    """Ids, times and the Cog that made them; for a person ids shortened and times as ages."""
    rows = [
        (row.id[:SHORT] if brief else row.id, _when(row.created_at, brief), row.cog_version) for row in found
    ]
    return ("version", "created", "cog"), rows


def version(model: str, record: Version) -> Fields:
    return [
        ("version", f"{model}:{record.id}"),
        ("created", record.created_at),
        ("cog", record.cog_version),
    ]


def examples(found: Sequence[Prediction], *, brief: bool) -> Table:
    """What went in and what came out; for a person long values are cut."""
    rows = [(row.id, _value(row.input, brief), _value(row.output, brief)) for row in found]
    return ("id", "input", "output"), rows


def collections(found: Sequence[Collection]) -> Table:
    return ("collection", "name", "description"), [(row.slug, row.name, row.description) for row in found]


def search(found: Found, *, brief: bool) -> Table:
    """The kind first, then what a command or a browser takes."""
    rows = [
        *(("model", row.full_name, _about(row, brief)) for row in found.models),
        *(("collection", row.slug, row.description or row.name) for row in found.collections),
        *(("page", href, name) for name, href in found.pages),
    ]
    return ("kind", "name", "description"), rows


def deployments(found: Sequence[Deployment], *, brief: bool) -> Table:
    """Names and what their releases run; for a person the least and the most instances as one."""
    instances = ("instances",) if brief else ("min", "max")
    columns = ("deployment", "release", "model", "version", "hardware", *instances)
    return columns, [(row.full_name, *_release(row.release, brief)) for row in found]


def deployment(record: Deployment) -> Fields:
    release = record.release
    if release is None:
        return [("deployment", record.full_name)]
    return [
        ("deployment", record.full_name),
        ("release", str(release.number)),
        ("model", release.model),
        ("version", release.version),
        ("hardware", release.hardware),
        ("instances", _instances(release)),
        ("released", release.created_at),
    ]


def files(found: Sequence[File], *, brief: bool) -> Table:
    """For a person sizes with units and times as ages."""
    rows = [
        (
            row.id,
            row.raw.get("name"),
            row.raw.get("content_type"),
            size(row.size) if brief else row.size,
            _when(row.raw.get("created_at"), brief),
        )
        for row in found
    ]
    return ("id", "name", "type", "size", "created"), rows


def file(record: File) -> Fields:
    raw = record.raw
    checksums = raw.get("checksums")
    metadata = raw.get("metadata")
    return [
        ("id", record.id),
        ("name", raw.get("name")),
        ("type", raw.get("content_type")),
        ("size", f"{record.size} bytes"),
        ("sha256", checksums.get("sha256") if isinstance(checksums, dict) else None),
        ("metadata", _value(metadata, brief=False) if metadata else None),
        ("created", raw.get("created_at")),
        ("expires", raw.get("expires_at")),
        ("url", record.url),
    ]


def hardware(found: Sequence[tuple[Hardware, float | None, str]], *, brief: bool) -> Table:
    """Each with its price (US dollars for a second) and where that is from; for a person also by the hour."""
    if not brief:
        return ("sku", "name", "price", "basis"), [
            (row.sku, row.name, _digits(price), basis) for row, price, basis in found
        ]
    rows = [(row.sku, row.name, _price(price), _price(price, HOUR), basis) for row, price, basis in found]
    return ("sku", "name", "a second", "an hour", "basis"), rows


def account(record: Account, host: str) -> Fields:
    return [
        ("host", host),
        ("account", record.username),
        ("type", record.type),
        ("name", record.raw.get("name") or None),
        ("github", record.raw.get("github_url") or None),
        ("avatar", record.raw.get("avatar_url") or None),
    ]


def engine(told: Json) -> Fields:
    """What a running engine does, and what it takes of the machine; one of another version may tell less."""
    memory, disk = told.get("memory", {}), told.get("disk", {})
    return [
        ("running", str(told["running"])),
        ("queued", str(told["queued"])),
        *((f"queue {row['model']}", f"{row['waiting']} waiting") for row in told.get("queues", ())),
        *((f"model {row['model']}", _replica(row)) for row in told["replicas"]),
        (
            "memory",
            _amounts((memory.get("engine_bytes"), "the engine"), (memory.get("available_bytes"), "free")),
        ),
        (
            "disk",
            _amounts((disk.get("files_bytes"), "files of predictions"), (disk.get("free_bytes"), "free")),
        ),
        ("stops in", seconds(told.get("idle_seconds_left"))),
    ]


def _replica(row: Json) -> str:
    amount = row.get("memory_bytes")
    pid = [f"pid {row['pid']}"] if row["pid"] else []
    return ", ".join([row["state"], *pid, *([size(amount)] if amount else [])])


def _amounts(*told: tuple[int | None, str]) -> str | None:
    return ", ".join(f"{name} {size(amount)}" for amount, name in told if amount is not None) or None


def _release(release: Release | None, brief: bool) -> tuple[object, ...]:
    if release is None:
        return (None,) * (5 if brief else 6)
    version = release.version[:SHORT] if brief else release.version
    instances = (_instances(release),) if brief else (release.min_instances, release.max_instances)
    return release.number, release.model, version, release.hardware, *instances


def _instances(release: Release) -> str:
    return f"{release.min_instances}–{release.max_instances}"


def _about(model: Model, brief: bool) -> str:
    return first_sentence(model.description) if brief else model.description


def _digits(price: float | None) -> str | None:
    return None if price is None else f"{price:.6f}"


def _price(price: float | None, seconds: int = 1) -> str | None:
    if price is None:
        return None
    return f"${price:.6f}" if seconds == 1 and price else dollars(price * seconds)


def _value(value: Any, brief: bool) -> str | None:
    """JSON, or a text as it is; cut for a person."""
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text[:99] + "…" if brief and len(text) > 100 else text


def _when(created: str | None, brief: bool) -> str | None:
    return ago(created, datetime.now(UTC)) if created and brief else created
