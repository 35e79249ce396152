"""Which event a message of the service tells of: the message itself does not say."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict

from rcli.records import TERMINAL, Json
from rcli.webhooks import Kind

MOST = 10_000
"""Predictions that are remembered."""


class Kinds:
    """Compares a prediction with its message before: what has changed is what it tells."""

    def __init__(self) -> None:
        self._last: OrderedDict[str, tuple[bytes, bytes]] = OrderedDict()

    def of(self, payload: Json) -> Kind:
        """Takes the message for the newest of its prediction."""
        if payload.get("status") in TERMINAL:
            return "completed"
        id = str(payload.get("id"))
        known = id in self._last
        before = self._last.pop(id, (_digest(None), _digest("")))
        now = _digest(payload.get("output")), _digest(payload.get("logs") or "")
        self._last[id] = now
        if len(self._last) > MOST:
            self._last.popitem(last=False)
        if now[0] != before[0]:
            return "output"
        return "logs" if now[1] != before[1] or known else "start"


def _digest(value: object) -> bytes:
    return hashlib.blake2b(json.dumps(value).encode(), digest_size=16).digest()
