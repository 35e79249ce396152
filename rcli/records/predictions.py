"""Runs of models, and what they have cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from rcli.records.fields import Json, error_text, mapping, text

TERMINAL = frozenset({"succeeded", "failed", "canceled", "aborted"})
"""The states in which a prediction or training stays; ``aborted``: its deadline passed before it started."""


@dataclass(frozen=True)
class Prediction:
    """One run of a model. Times are ISO 8601 texts, metrics are seconds unless their name says otherwise."""

    id: str
    status: str
    model: str
    version: str | None
    input: Json
    output: Any
    error: str | None
    logs: str
    metrics: Json
    urls: Mapping[str, str]
    created_at: str | None
    started_at: str | None
    completed_at: str | None
    data_removed: bool
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, raw: Any) -> Self:
        """Raises NoAnswer when this is no prediction."""
        return cls(
            id=text(raw, "id"),
            status=text(raw, "status"),
            model=raw.get("model") or "",
            version=raw.get("version"),
            input=mapping(raw, "input"),
            output=raw.get("output"),
            error=error_text(raw.get("error")),
            logs=str(raw.get("logs") or ""),
            metrics=mapping(raw, "metrics"),
            urls={name: url for name, url in mapping(raw, "urls").items() if isinstance(url, str)},
            created_at=raw.get("created_at"),
            started_at=raw.get("started_at"),
            completed_at=raw.get("completed_at"),
            data_removed=bool(raw.get("data_removed")),
            raw=raw,
        )

    @property
    def is_done(self) -> bool:
        return self.status in TERMINAL


@dataclass(frozen=True)
class Cost:
    """What something has cost: ``amount`` in US dollars, None if it is unknown; ``is_least``: or more.

    ``basis`` says what it is made of or why it is unknown, ``hint`` which command would tell it.
    """

    amount: float | None
    basis: str = ""
    is_least: bool = False
    hint: str | None = None
