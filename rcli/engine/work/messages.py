"""One webhook's message: the prediction as it is, signed, and on its way."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rcli import __version__, signing
from rcli.engine.data.predictions import Prediction
from rcli.engine.data.webhooks import Webhook, WebhookEvent
from rcli.engine.runtime.outgoing import Outgoing

Read = Callable[[str], Prediction | None]
Describe = Callable[[Prediction, str], dict[str, Any]]
"""A row as the API's object, with links under the given base."""


class Messenger:
    """``key`` is the signing key, ``whsec_…``."""

    def __init__(self, key: str, *, read: Read, describe: Describe) -> None:
        self._key, self._read, self._describe = key, read, describe
        self._outgoing = Outgoing()

    async def send(self, webhook: Webhook, event: WebhookEvent, message_id: str) -> None:
        """Returns when the receiver has acknowledged it, or nothing is there to tell. Raises Undelivered."""
        row = self._read(webhook.prediction)
        if row is None:
            return
        shown = self._describe(as_of(row, event), webhook.base)
        body = json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {
            "content-type": "application/json",
            "user-agent": f"rcli/{__version__}",
            **signing.signed_headers(self._key, message_id, int(time.time()), body),
        }
        await self._outgoing.post(webhook.subscription.url, body, headers)

    async def close(self) -> None:
        await self._outgoing.close()


def as_of(row: Prediction, event: WebhookEvent) -> Prediction:
    """What an event before the end tells when the end has come meanwhile.

    Receivers take the first terminal state for the last word, and that is ``completed``.
    """
    if event == "completed" or not row.ended:
        return row
    before = replace(row, status="processing", error=None, metrics={}, completed_at=None)
    return replace(before, output=None, logs="") if event == "start" else before
