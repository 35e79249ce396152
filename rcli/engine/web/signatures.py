"""Signed addresses: whoever has one may fetch this one thing until it expires, without a token."""

from __future__ import annotations

import hashlib
import hmac
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from urllib.parse import urlencode

LIFETIME = 24 * 3600
"""Seconds for which an address works at least; it ends on a full hour, so that polls see the same one."""


NEVER = 99_999_999_999
"""The end of an address that works as long as what it leads to is there: the year 5138."""


class Signer:
    """HMAC-SHA256 over what the address is for (``stream``, ``delivery``, an owner), the id and its end."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def query(self, purpose: str, subject: str, expiry: int | None = None) -> str:
        """``expiry=…&signature=…``, to be put behind the address."""
        if expiry is None:
            expiry = (int(time.time()) // 3600 + 1) * 3600 + LIFETIME
        return urlencode({"expiry": expiry, "signature": self.sign(purpose, subject, expiry)})

    def allows(self, purpose: str, subject: str, query: Mapping[str, str]) -> bool:
        """Whether the query carries a good signature that has not expired."""
        expiry, signature = query.get("expiry", ""), query.get("signature", "")
        if not (expiry.isascii() and expiry.isdigit() and len(expiry) < 15) or int(expiry) < time.time():
            return False
        wanted = self.sign(purpose, subject, int(expiry))
        return hmac.compare_digest(wanted.encode(), _url_safe(signature).encode())

    def sign(self, purpose: str, subject: str, expiry: int) -> str:
        digest = hmac.new(self._key, f"{purpose} {subject} {expiry}".encode(), hashlib.sha256).digest()
        return urlsafe_b64encode(digest).decode().rstrip("=")


def _url_safe(signature: str) -> str:
    """The vendor's document writes plain Base64, whose + a careless client lets become a space."""
    return signature.translate(str.maketrans("+ /", "--_")).rstrip("=")
