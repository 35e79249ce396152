"""What is sent beside a model's inputs, and what would be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rcli.records.fields import Json


@dataclass(frozen=True)
class Terms:
    """What a creation asks for beside its inputs; times in seconds.

    ``prefer_wait``: hold the answer back for the result; ``cancel_after``: how long it may take in all.
    """

    prefer_wait: int | None = None
    cancel_after: int | None = None
    webhook: str | None = field(default=None, repr=False)
    webhook_events: tuple[str, ...] = ()

    def headers(self) -> dict[str, str]:
        prefer = {} if self.prefer_wait is None else {"Prefer": f"wait={self.prefer_wait}"}
        return prefer | ({} if self.cancel_after is None else {"Cancel-After": str(self.cancel_after)})

    def body(self) -> Json:
        events = {"webhook_events_filter": list(self.webhook_events)} if self.webhook_events else {}
        return ({"webhook": self.webhook} if self.webhook else {}) | events


NO_TERMS = Terms()


@dataclass(frozen=True)
class Request:
    """What would be sent: ``headers`` are those that this request has and others have not."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Any = field(repr=False)
