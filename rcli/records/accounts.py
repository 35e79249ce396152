"""Whom a token belongs to, and what is theirs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

from rcli.records.fields import Json, text


@dataclass(frozen=True)
class Account:
    """Whom a token belongs to; ``type`` is user or organization."""

    username: str
    type: str
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, raw: Any) -> Self:
        """Raises NoAnswer when this is no account."""
        return cls(username=text(raw, "username"), type=raw.get("type") or "user", raw=raw)


@dataclass(frozen=True)
class File:
    """An uploaded file; ``size`` in bytes, ``url`` is what a model input takes."""

    id: str
    size: int
    url: str
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, raw: Any) -> Self:
        """Raises NoAnswer when this is no file."""
        urls = raw.get("urls") if isinstance(raw, dict) else None
        return cls(id=text(raw, "id"), size=raw.get("size") or 0, url=text(urls, "get"), raw=raw)


@dataclass(frozen=True)
class WebhookSecret:
    """The key of an account's webhooks: ``whsec_`` and base64."""

    key: str = field(repr=False)

    @classmethod
    def from_json(cls, raw: Any) -> Self:
        """Raises NoAnswer when this is no key."""
        return cls(key=text(raw, "key"))
