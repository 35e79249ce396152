"""What Replicate's webhooks are, for both who send them: the engine, and the listener that passes them on.

See https://replicate.com/docs/topics/webhooks.
"""

from __future__ import annotations

import secrets
from typing import Literal

Kind = Literal["start", "output", "logs", "completed"]

KINDS: tuple[Kind, ...] = ("start", "output", "logs", "completed")

THROTTLE = 0.5
"""Seconds from one ``output`` to the next, and from one ``logs`` to the next."""

DELAYS = (1, 2, 4, 8, 16, 32)
"""Seconds from one attempt to the next for ``completed``: the last is about one minute after the first.

The other kinds are tried once.
"""

CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 10.0
"""How long a receiver may take to answer."""


def new_message_id() -> str:
    """A ``webhook-id``: it stays the same over all attempts."""
    return f"msg_{secrets.token_hex(16)}"
