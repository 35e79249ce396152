"""The local engine's own endpoints, outside Replicate's API and for rcli alone. All raise RcliErrors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rcli.api.client import READ_TIMEOUT, Client
from rcli.records import Json, Overrides, Project

_LONG_TIMEOUT = 600.0
"""Seconds: a large project is read and copied, or removed, as a whole before the answer comes."""
_STATUS_TIMEOUT = 5.0


class Engine:
    """The endpoints below ``/_rcli/`` of the engine that a client talks to."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._base = client.host.url.removesuffix("/v1") + "/_rcli"

    def status(self) -> Json:
        """What it is and does; an engine that hangs is found out after seconds, with one try."""
        url = f"{self._base}/status"
        return dict(self._client.call("GET", url, timeout=_STATUS_TIMEOUT, repeatable=False))

    def register(
        self, path: Path, file: str, overrides: Overrides | None = None, *, to_run: bool = True
    ) -> Project:
        """Takes a version of a folder; ``file`` is the name of its project file.

        ``to_run``: it is refused if it cannot run on this machine, and warned of what differs here.
        """
        body: Json = {"path": str(path), "file": file} | ({} if to_run else {"to_run": False})
        if overrides and (changes := overrides.to_json()):
            body["overrides"] = changes
        return Project.from_json(self._post("projects", body, timeout=_LONG_TIMEOUT))

    def drain(self, timeout: float) -> list[str]:
        """Takes no more work and ends when all is done, within so many seconds; otherwise it goes on.

        Returns the ids of the predictions that still run then.
        """
        return list(self._post("drain", {"timeout": timeout}, timeout=timeout + READ_TIMEOUT)["running"])

    def stop(self) -> None:
        """Cancels what runs, and ends."""
        self._post("stop", {})

    def caches(self) -> list[Json]:
        """What lies on the disk: ``kind``, ``id``, ``name``, ``size_bytes``, ``last_used`` and ``in_use``."""
        return list(self._get("cache")["entries"])

    def prune(self, *, everything: bool) -> Json:
        """Frees disk that no loaded model needs; returns ``removed`` (how many) and ``freed_bytes``."""
        return dict(self._post("prune", {"everything": everything}, timeout=_LONG_TIMEOUT))

    def _get(self, name: str) -> Any:
        return self._client.get(f"{self._base}/{name}")

    def _post(self, name: str, body: Json, timeout: float = READ_TIMEOUT) -> Any:
        return self._client.post(f"{self._base}/{name}", body, timeout=timeout)
