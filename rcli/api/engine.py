"""The local engine's own endpoints, outside Replicate's API and for rcli alone. All raise RcliErrors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from json import loads
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from rcli.api.client import READ_TIMEOUT, Client
from rcli.api.sse import Parser
from rcli.errors import NoAnswer, RcliError
from rcli.records import Bench, Json, Overrides, Project

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

    def check(self, path: Path, file: str, *, to_run: bool = False) -> Json:
        """Reads a project and keeps nothing: ``files``, ``size_bytes``, ``image``, ``openapi_schema``.

        ``to_run``: and ``warnings`` of what differs on this machine. Raises InvalidInput with file and line
        for what Cog would refuse, and for what cannot run here if that is asked.
        """
        body: Json = {"path": str(path), "file": file} | ({"to_run": True} if to_run else {})
        return dict(self._post("checks", body, timeout=_LONG_TIMEOUT))

    def push(self, path: Path, file: str, model: str, former: Sequence[str] | None = None) -> Project:
        """Makes a folder the latest version of ``owner/name``.

        ``former``: the versions that the same watch has made, which the new one replaces; None without one.
        """
        body: Json = {"path": str(path), "file": file, "model": model}
        if former is not None:
            body["former"] = list(former)
        return Project.from_json(self._post("pushes", body, timeout=_LONG_TIMEOUT))

    def keep_variables(self, variables: Mapping[str, str]) -> str:
        """The id of a set of variables, for models that get them; the engine keeps it in memory only."""
        return str(self._post("variables", {"variables": dict(variables)})["id"])

    def environment(
        self, path: Path, file: str, overrides: Overrides, progress: Callable[[str], None]
    ) -> Bench:
        """Finds or makes the environment of a folder's project; ``progress`` is told what takes its time."""
        asked = overrides.to_json()
        query = [("path", str(path)), ("file", file), *(("with", name) for name in asked.pop("with", ()))]
        query += [(name, str(value)) for name, value in asked.items()]
        url = f"{self._base}/environment?{urlencode(query)}"
        with self._client.stream(url, {"Accept": "text/event-stream"}) as response:
            parser = Parser()
            for event in (each for chunk in response.iter_raw() for each in parser.feed(chunk)):
                told: Json = loads(event.data) if event.event else {}
                match event.event:
                    case "progress":
                        progress(told["message"])
                    case "done":
                        return Bench.from_json(told)
                    case "error":
                        raise RcliError(told["detail"], hint=told.get("hint"))
        raise NoAnswer("the engine ended while it made the environment", hint="rcli serve logs")

    def drain(self, timeout: float) -> list[str]:
        """Takes no more work and ends when all is done, within so many seconds; otherwise it goes on.

        Returns the ids of the predictions that still run then.
        """
        return list(self._post("drain", {"timeout": timeout}, timeout=timeout + READ_TIMEOUT)["running"])

    def stop(self) -> None:
        """Cancels what runs, and ends."""
        self._post("stop", {})

    def caches(self) -> list[Json]:
        """What lies on the disk: ``kind``, ``id``, ``name``, ``size_bytes``, ``last_used``,
        ``in_use`` and ``bundled``.
        """
        return list(self._get("cache")["entries"])

    def prune(
        self, *, everything: bool = False, older_than: float | None = None, dry_run: bool = False, uv: bool
    ) -> Json:
        """Frees disk that nothing needs, or tells what would go; ``older_than`` in seconds.

        ``entries`` as in ``caches``, how many are ``removed``, ``freed_bytes``, how many ``predictions`` lost
        their data, and what ``uv`` said of its cache.
        """
        wish: Json = {"everything": everything, "dry_run": dry_run, "uv": uv}
        if older_than is not None:
            wish["older_than"] = older_than
        return dict(self._post("prune", wish, timeout=_LONG_TIMEOUT))

    def _get(self, name: str) -> Any:
        return self._client.get(f"{self._base}/{name}")

    def _post(self, name: str, body: Json, timeout: float = READ_TIMEOUT) -> Any:
        return self._client.post(f"{self._base}/{name}", body, timeout=timeout)
