"""One webhook message as a value: the bytes that were signed, the headers that came with them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from rcli import signing
from rcli.records import Json
from rcli.webhooks import Kind

Origin = Literal["direct", "relay", "replay", "trigger", "check"]
"""Who brought the event: the service itself, rcli's relay, or a command that made it."""

SIGNED = ("webhook-id", "webhook-timestamp", "webhook-signature")

MADE_BY = "rcli-made-by"
"""The header of every message that rcli made and the service did not send; its value is the origin."""


@dataclass(frozen=True)
class Event:
    """A message to deliver: ``body`` byte for byte, with ``headers``, whose names are in lower case.

    ``id`` is the ``webhook-id``; ``created`` is when the message came or was made, in Unix seconds.
    """

    id: str
    kind: Kind
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    origin: Origin
    created: float

    @cached_property
    def payload(self) -> Json:
        """The prediction or training; empty if the body is no JSON object."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def prediction(self) -> str:
        """The id of the prediction or training that it tells of."""
        return _text(self.payload.get("id"))

    @property
    def model(self) -> str:
        return _text(self.payload.get("model"))

    @property
    def status(self) -> str:
        return _text(self.payload.get("status"))

    @property
    def timestamp(self) -> int:
        """The signed time in Unix seconds; 0 if there is none."""
        text = self.headers.get("webhook-timestamp", "")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 15 else 0

    def signed(self, key: str, now: float) -> Event:
        """The same message under the same id, signed at this time. Raises BadKey."""
        fresh = signing.signed_headers(key, self.id, int(now), self.body)
        return replace(self, headers={**self.headers, **fresh})

    def to_json(self) -> Json:
        """As ``--save`` writes it, whole: each byte that is no UTF-8 becomes a lone surrogate."""
        return {
            "id": self.id,
            "event": self.kind,
            "origin": self.origin,
            "created": self.created,
            "headers": dict(self.headers),
            "body": self.body.decode("utf-8", "surrogateescape"),
        }


def made(
    kind: Kind,
    payload: Json,
    *,
    id: str,
    key: str,
    origin: Origin,
    now: float,
    headers: Mapping[str, str] | None = None,
) -> Event:
    """A message as the service would send it, signed at ``now`` in Unix seconds. Raises BadKey."""
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    own = {"content-type": "application/json", MADE_BY: origin, **(headers or {})}
    return Event(id, kind, body, own, origin, now).signed(key, now)


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
