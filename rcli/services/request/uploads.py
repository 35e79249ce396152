"""What was uploaded where, so that the same bytes are sent once as long as the host keeps them.

A small JSON file in the cache folder. Two commands that write it at once may lose an entry: then a file is
uploaded once more, and nothing else happens.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rcli.api.endpoints import Replicate
from rcli.errors import Interrupted, RcliError
from rcli.paths import replace_private
from rcli.records import File
from rcli.services.work.origins import digest
from rcli.settings import LOCAL

_MARGIN = 3600.0
"""Seconds that a file has to stay: a prediction may wait in a queue before it reads its inputs."""

_MOST = 1000


@dataclass(frozen=True)
class Upload:
    """One file on a host. ``size`` counts bytes, ``expires`` is in Unix seconds.

    The name belongs to it: models see it, and tell by its ending what a file is.
    """

    host: str
    id: str
    sha256: str
    size: int
    name: str
    content_type: str
    expires: float


@dataclass(frozen=True)
class Uploads:
    """The memory in one file, which is made when there is something to remember."""

    path: Path
    clock: Callable[[], float] = time.time

    def find(self, api: Replicate, content: Path | bytes, name: str, content_type: str) -> str | None:
        """The address of these bytes where the host has them still, else None.

        Raises RcliError when the content cannot be read.
        """
        wanted = (_host(api), _size(content), name, content_type)
        alike = [each for each in self._kept() if _sort(each) == wanted]
        if not alike:
            return None  # so that only what may be there is read twice
        sha256 = digest(content)
        return next((url for each in alike if each.sha256 == sha256 if (url := self._ask(api, each))), None)

    def remember(self, api: Replicate, file: File, name: str, content_type: str) -> None:
        """Notes a file by what the host says of it; one that says too little, or nothing, is uploaded anew.

        That it cannot be written is no reason to fail.
        """
        sha256, expires = _sha256(file), _expiry(file)
        if not sha256 or expires is None:
            return
        upload = Upload(_host(api), file.id, sha256, file.size, name, content_type, expires)
        kept = [upload, *(each for each in self._kept() if each.id != file.id)]
        try:
            replace_private(self.path, json.dumps([asdict(each) for each in kept[:_MOST]]))
        except RcliError:
            return

    def _kept(self) -> list[Upload]:
        """The newest first; what expires soon is forgotten."""
        try:
            raw = json.loads(self.path.read_bytes())
        except (OSError, ValueError):  # a cache that is broken is an empty one
            return []
        found = [_upload(each) for each in raw] if isinstance(raw, list) else []
        return [each for each in found if each and each.expires > self.clock() + _MARGIN]

    def _ask(self, api: Replicate, upload: Upload) -> str | None:
        """The host's word that a file is there, for this account, and is what it was."""
        try:
            file = api.file(upload.id)
        except Interrupted:
            raise
        except RcliError:  # whatever it is: the upload will tell, if it matters
            return None
        expires = _expiry(file)
        lasts = expires is not None and expires > self.clock() + _MARGIN
        return file.url if lasts and _sha256(file) == upload.sha256 else None


def _host(api: Replicate) -> str:
    """The engine's port is another one after each start, its files stay."""
    host = api.client.host
    return LOCAL if host.name == LOCAL else host.url


def _size(content: Path | bytes) -> int:
    if isinstance(content, bytes):
        return len(content)
    try:
        return content.stat().st_size
    except OSError as exc:
        raise RcliError(f"cannot read {content}: {exc.strerror}") from exc


def _sort(upload: Upload) -> tuple[str, int, str, str]:
    return upload.host, upload.size, upload.name, upload.content_type


def _sha256(file: File) -> str | None:
    checksums = file.raw.get("checksums")
    found = checksums.get("sha256") if isinstance(checksums, dict) else None
    return found if isinstance(found, str) else None


def _expiry(file: File) -> float | None:
    """In Unix seconds; None if the host does not tell."""
    try:
        return datetime.fromisoformat(str(file.raw.get("expires_at"))).timestamp()
    except ValueError:
        return None


def _upload(raw: Any) -> Upload | None:
    match raw:
        case {
            "host": str(host),
            "id": str(id),
            "sha256": str(sha256),
            "size": int(size),
            "name": str(name),
            "content_type": str(content_type),
            "expires": float(expires),
        }:
            return Upload(host, id, sha256, size, name, content_type, expires)
    return None
