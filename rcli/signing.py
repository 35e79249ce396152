"""Webhook signatures as Standard Webhooks and Replicate have them: HMAC-SHA256 over id, time and body.

The signed text is ``{id}.{timestamp}.{body}``, the key ``whsec_`` and 32 bytes in standard base64, the header
``v1,<base64>``; several signatures stand apart by spaces. See https://www.standardwebhooks.com.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Literal

from rcli.errors import RcliError

PREFIX = "whsec_"
TOLERANCE = 300
"""Seconds by which a message's time may be off, either way."""

Check = Literal["headers", "timestamp", "signature"]


class BadKey(RcliError):
    """The text is no signing key."""


class Unverified(RcliError):
    """A message that its claimed sender has not signed; ``check`` tells what it did not pass."""

    def __init__(self, check: Check, message: str) -> None:
        super().__init__(message)
        self.check = check


def new_key() -> str:
    """Standard base64 has no ``_``: official clients split the key at it and take the second part."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def check_key(key: str) -> None:
    """Raises BadKey."""
    _secret(key)


def sign(key: str, message_id: str, timestamp: int, body: bytes) -> str:
    """One signature for the header ``webhook-signature``. Raises BadKey."""
    return _signature(key, message_id, str(timestamp), body)


def signed_headers(key: str, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of a message; ``timestamp`` in Unix seconds. Raises BadKey."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(key, message_id, timestamp, body),
    }


def verify(key: str, headers: Mapping[str, str], body: bytes, *, now: float) -> None:
    """Raises Unverified unless one of the signatures is good and the time near ``now``, and BadKey.

    Header names may be in any case; the body must be the bytes as they came.
    """
    found = {name.lower(): value for name, value in headers.items()}
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    if missing := [name for name in names if not found.get(name)]:
        raise Unverified("headers", f"the message has no {' and no '.join(missing)}")
    check_time(found["webhook-timestamp"], now)
    check_signature(key, found, body)


def check_time(timestamp: str, now: float) -> None:
    """Raises Unverified for a message's time that is not near ``now``; both in Unix seconds."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 15):
        raise Unverified("timestamp", "the message's time is not a number of seconds")
    if (off := abs(now - int(timestamp))) > TOLERANCE:
        raise Unverified(
            "timestamp", f"the message's time is {off:.0f} seconds away, {TOLERANCE} are allowed"
        )


def check_signature(key: str, headers: Mapping[str, str], body: bytes) -> None:
    """Raises Unverified unless one of the signatures is good, and BadKey. Header names are in lower case."""
    message_id, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
    wanted = _signature(key, message_id, timestamp, body).encode()
    signatures = headers["webhook-signature"].split(" ")
    if not any(hmac.compare_digest(wanted, each.encode("utf-8", "replace")) for each in signatures):
        raise Unverified("signature", "no signature of the message is good: another key, or a changed body")


def _signature(key: str, message_id: str, timestamp: str, body: bytes) -> str:
    text = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(_secret(key), text, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def _secret(key: str) -> bytes:
    try:
        secret = base64.b64decode(key.strip().removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError) as exc:
        raise BadKey(f"a signing key is {PREFIX} and base64") from exc
    if not secret:
        raise BadKey("the signing key is empty")
    return secret
