"""Named base URLs: those that are built in, and what others may be called."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rcli.errors import UsageError

REPLICATE = "replicate"
LOCAL = "local"
REPLICATE_URL = "https://api.replicate.com/v1"

_BASE_URL = re.compile(r"https?://(\[[0-9A-Fa-f:.]+\]|[\w.-]+)(:\d{1,5})?(/[^\s?#]*)?")


@dataclass(frozen=True)
class Host:
    """A named base URL, ending in ``/v1``, and where the URL came from."""

    name: str
    url: str
    origin: str


def base_url(text: str, where: str = "") -> str:
    """A base URL as rcli keeps it: with ``/v1`` and no slash behind. Raises UsageError for no http(s) URL."""
    url = text.rstrip("/")
    if not _BASE_URL.fullmatch(url):
        raise UsageError(f"{where}{text!r} is no base URL", hint="write it as https://api.example.com/v1")
    return url if url.endswith("/v1") else url + "/v1"


def check_host_name(name: str, where: str = "") -> str:
    """Raises UsageError for a name that no host can have; ``local`` is the engine's."""
    if name == LOCAL or not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        raise UsageError(
            f"{where}{name!r} cannot be the name of a host", hint="small letters, digits and -, but not local"
        )
    return name
