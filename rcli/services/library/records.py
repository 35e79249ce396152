"""What the library keeps of one prediction or training, and how it is written down."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from rcli.records import Json, Prediction

Kind = Literal["prediction", "training"]

LARGEST = 1 << 20
"""Characters: inputs and outputs whose JSON is longer are not kept."""

LONGEST_LOG = 100_000
"""Characters; of a longer log the end is kept."""

_LONGEST_DATA = 1000


@dataclass(frozen=True)
class Entry:
    """One thing that rcli ran; ``created_at`` is the server's ISO 8601 time.

    ``model`` and ``version`` are what ran, or what was trained.
    """

    id: str
    host: str
    kind: Kind
    model: str
    version: str | None
    status: str
    created_at: str | None


@dataclass(frozen=True)
class KeptFile:
    """A file that was an input: ``at`` is its place in the values, ``path`` None if it lies nowhere.

    ``size`` in bytes, ``sha256`` in hexadecimal digits; ``url`` None if it went along as a data URI.
    """

    at: tuple[str | int, ...]
    path: str | None
    size: int
    sha256: str
    url: str | None = field(default=None, repr=False)

    def to_json(self) -> Json:
        return {
            "at": list(self.at),
            "path": self.path,
            "size": self.size,
            "sha256": self.sha256,
            "url": self.url,
        }

    @classmethod
    def from_json(cls, raw: Json) -> KeptFile:
        return cls(tuple(raw["at"]), raw["path"], raw["size"], raw["sha256"], raw["url"])


@dataclass(frozen=True)
class Origin:
    """What it was made from: ``reference`` names the model, its version or a deployment.

    ``input`` is without secrets, of which ``secrets`` has the names; None if nothing tells which they are.
    Where a file went along as data it holds None. ``variables`` are those of ``-e``: ``NAME`` for the user's
    own, ``NAME=`` for one whose value was written; no value is kept. ``destination``, of a training, is the
    model that gets the new version.
    """

    reference: str
    input: Json | None = field(repr=False)
    files: tuple[KeptFile, ...] = ()
    secrets: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    destination: str | None = None


@dataclass(frozen=True)
class SavedFile:
    """A file of the output on this disk; ``size`` in bytes."""

    path: str
    size: int
    content_type: str

    def to_json(self) -> Json:
        return {"path": self.path, "size": self.size, "content_type": self.content_type}

    @classmethod
    def from_json(cls, raw: Json) -> SavedFile:
        return cls(raw["path"], raw["size"], raw["content_type"])


@dataclass(frozen=True)
class Record:
    """All that is known of a prediction or training. ``origin`` is None for one that was not made by rcli, or
    before this was kept.

    ``saved`` are all files of its output or none; ``removed``: the service has deleted its data.
    """

    entry: Entry
    origin: Origin | None
    output: Any = field(repr=False)
    error: str | None
    logs: str | None = field(repr=False)
    metrics: Json
    started_at: str | None
    completed_at: str | None
    web: str | None
    saved: tuple[SavedFile, ...]
    removed: bool

    @property
    def destination(self) -> str | None:
        return self.origin.destination if self.origin else None

    def to_json(self) -> Json:
        """One line of an export."""
        entry, origin = self.entry, self.origin
        return {
            "id": entry.id,
            "host": entry.host,
            "kind": entry.kind,
            "model": entry.model,
            "version": entry.version,
            "destination": self.destination,
            "status": entry.status,
            "input": origin.input if origin else None,
            "files": [each.to_json() for each in origin.files] if origin else [],
            "secrets": list(origin.secrets) if origin else [],
            "variables": [each.rstrip("=") for each in origin.variables] if origin else [],
            "reference": origin.reference if origin else None,
            "output": self.output,
            "saved": [each.to_json() for each in self.saved],
            "error": self.error,
            "logs": self.logs,
            "metrics": self.metrics,
            "created_at": entry.created_at,
            "started_at": self.started_at,
            "completed_at": self.completed_at,
            "web": self.web,
            "data_removed": self.removed,
        }

    def as_told(self) -> Prediction:
        """It as the service told it last, as far as that is kept; of its pages only the one for people."""
        kept = self.to_json()
        names = ("id", "model", "version", "input", "output", "error", "logs", "metrics", "status")
        times = ("created_at", "started_at", "completed_at")
        told = {name: kept[name] for name in (*names, *times)}
        goal = {"destination": self.destination} if self.destination else {}
        urls = {"web": self.web} if self.web else {}
        return Prediction.from_json(told | goal | {"source": "api", "data_removed": False, "urls": urls})


RECORD = (
    "reference, input, files, secrets, variables, destination, "
    "output, error, logs, metrics, started_at, completed_at, web"
)
"""The columns of a record that ``read`` takes, before ``saved`` and ``removed``."""


def read(entry: Entry, row: Sequence[Any]) -> Record:
    """A record from the columns ``RECORD, saved, removed``."""
    reference, kept, files, secrets, variables, destination, *result = row
    output, error, logs, metrics, started, completed, web, saved, removed = result
    origin = None
    if reference is not None:
        origin = Origin(
            reference,
            None if kept is None else json.loads(kept),
            tuple(map(KeptFile.from_json, json.loads(files or "[]"))),
            tuple(json.loads(secrets or "[]")),
            tuple(json.loads(variables or "[]")),
            destination,
        )
    return Record(
        entry=entry,
        origin=origin,
        output=None if output is None else json.loads(output),
        error=error,
        logs=logs,
        metrics=json.loads(metrics or "{}"),
        started_at=started,
        completed_at=completed,
        web=web,
        saved=tuple(map(SavedFile.from_json, json.loads(saved or "[]"))),
        removed=bool(removed),
    )


def origin_columns(origin: Origin) -> dict[str, str | None]:
    """The columns of what a prediction or training was made from; they are written once."""
    return {
        "reference": sound(origin.reference),
        "input": None if origin.input is None else _bounded(origin.input),
        "files": written([each.to_json() for each in origin.files]),
        "secrets": written(origin.secrets),
        "variables": written(origin.variables),
        "destination": origin.destination and sound(origin.destination),
    }


def result_columns(prediction: Prediction) -> dict[str, str | int | None]:
    """The columns of what the service says now, without those that it has nothing to say of."""
    told = {
        "output": None if prediction.output is None else _bounded(_without_data(prediction.output)),
        "error": prediction.error or None,
        "logs": prediction.logs[-LONGEST_LOG:] or None,
        "metrics": written(prediction.metrics) if prediction.metrics else None,
        "started_at": prediction.started_at,
        "completed_at": prediction.completed_at,
        "web": prediction.urls.get("web"),
        "removed": 1 if prediction.data_removed else None,
    }
    return {
        name: sound(value) if isinstance(value, str) else value
        for name, value in told.items()
        if value is not None
    }


def written(value: Any) -> str:
    """JSON that can be searched as text."""
    return sound(json.dumps(value, ensure_ascii=False))


def sound(text: str) -> str:
    """A text that SQLite takes whole: halves of characters, which JSON can bring, and zeros are replaced."""
    return text.encode("utf-8", "replace").decode().replace("\0", "?")


def _bounded(value: Any) -> str | None:
    text = written(value)
    return text if len(text) <= LARGEST else None


def _without_data(value: Any) -> Any:
    """An output whose data URIs, which can be large and are saved as files, are cut to their beginning."""
    match value:
        case str() if value.startswith("data:") and len(value) > _LONGEST_DATA:
            return value.partition(",")[0][:100] + ",…"
        case list():
            return [_without_data(item) for item in value]
        case dict():
            return {key: _without_data(inner) for key, inner in value.items()}
    return value
