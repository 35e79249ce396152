"""The door: which requests come in at all, and under which address each resource stands."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from contextlib import AbstractContextManager

from starlette.datastructures import Headers, QueryParams
from starlette.types import ASGIApp, Receive, Scope, Send

from rcli.engine.problems import Problem, unauthenticated
from rcli.engine.work.inputs import is_loopback

_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?", re.ASCII)

Signed = Callable[[str, QueryParams], bool]
Serving = Callable[[str], AbstractContextManager[None]]
"""Entered while a request to this path is served."""


class Guard:
    """Refuses foreign hosts (421), other sites' pages (403) and callers without the token (401).

    A page of another site cannot reach the engine through the user's browser: its Host or its Origin gives it
    away. ``signed`` tells whether the address itself is proof enough. Official clients disagree about the
    ``/v1`` of a base URL, so up to two of them in front of a path count as none.
    """

    def __init__(
        self, app: ASGIApp, *, token: str, hosts: frozenset[str], signed: Signed, serving: Serving
    ) -> None:
        self._app = app
        self._token = token
        self._hosts = hosts
        self._signed = signed
        self._serving = serving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        for _ in range(2):
            path = path.removeprefix("/v1") or "/" if path == "/v1" or path.startswith("/v1/") else path
        scope["path"] = path
        try:
            self._check(scope, Headers(scope=scope))
        except Problem as problem:
            await problem.response()(scope, receive, send)
            return
        with self._serving(path):
            await self._app(scope, receive, send)

    def _check(self, scope: Scope, headers: Headers) -> None:
        host = headers.get("host", "")
        if len(headers.getlist("host")) > 1:
            raise Problem(400, "The request names more than one host")
        if not self._is_ours(host, scope):
            raise Problem(421, "This engine does not answer under that host name")
        if any(origin.lower() != f"http://{host}".lower() for origin in headers.getlist("origin")):
            raise Problem(403, "Pages of other sites may not use this engine")
        if not self._has_token(headers.get("authorization", "")) and not self._signed(
            scope["path"], QueryParams(scope["query_string"])
        ):
            raise unauthenticated()

    def _is_ours(self, host: str, scope: Scope) -> bool:
        """Loopback, a configured name, or the very address that the connection came to: no DNS gives that."""
        if not _HOST.fullmatch(host):
            return False
        name = host.rpartition("]")[0][1:] if host.startswith("[") else host.partition(":")[0].lower()
        own, _ = scope.get("server") or ("", None)
        return name in self._hosts or is_loopback(name) or name == own

    def _has_token(self, header: str) -> bool:
        scheme, _, token = header.partition(" ")
        known = scheme.lower() in ("bearer", "token")
        return known and hmac.compare_digest(token.strip().encode(), self._token.encode())
