"""Webhook messages on their way out: one POST each to an address that the user named, over kept connections.

No redirects are followed, no cookies kept, no credentials of this machine's user sent.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
import time
from base64 import b64encode
from dataclasses import dataclass, field

import httpx

from rcli.api.network import proxy_for
from rcli.api.trace import redacted_url
from rcli.webhooks import ANSWER_SECONDS, CONNECT_SECONDS

READ_LIMIT = 64 << 10
"""Bytes of an answer's body that are read, so that its sender meets no broken pipe; then it is cut off."""

KEPT_LIMIT = 16 << 10
"""Bytes of them that are handed back."""

IDLE_SECONDS = 1.0
"""For which an unused connection is kept: shorter than any server's own patience."""

_Way = tuple[str, str | None]


class Unsent(Exception):
    """Nothing was answered: the text says why, as far as it can be known."""


@dataclass(frozen=True)
class Answer:
    """``seconds`` from the start of the request to the answer's head; ``body`` is its beginning."""

    status: int
    seconds: float
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)


class Sender:
    """Belongs to one event loop. ``close`` it there."""

    def __init__(self, *, connections: int = 16) -> None:
        # httpcore tries to import this at each of its locks: where it is missing, that was half of a message.
        sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]  # None: do not import
        self._most = connections
        self._transports: dict[_Way, httpx.AsyncHTTPTransport] = {}

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> Answer:
        """Sends the body as it is. Raises Unsent when no answer came."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS + ANSWER_SECONDS):
                return await self._posted(_request(url, body, headers))
        except TimeoutError as exc:
            raise Unsent(f"no answer within {CONNECT_SECONDS + ANSWER_SECONDS:.0f} s") from exc
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as exc:
            raise Unsent(_reason(exc, url)) from exc

    async def close(self) -> None:
        for transport in self._transports.values():
            await transport.aclose()

    async def _posted(self, request: httpx.Request) -> Answer:
        """That a kept connection was closed meanwhile is nobody's refusal: then there is one more try."""
        connected = False

        async def note(step: str, _: object) -> None:
            nonlocal connected
            connected = connected or step.startswith("connection.connect")

        request.extensions["trace"] = note
        try:
            return await self._exchange(request)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            if connected:
                raise
            return await self._exchange(request)

    async def _exchange(self, request: httpx.Request) -> Answer:
        began = time.perf_counter()
        response = await self._transport(request.url).handle_async_request(request)
        seconds = time.perf_counter() - began
        try:
            return Answer(
                response.status_code, seconds, tuple(response.headers.multi_items()), await _start(response)
            )
        finally:
            await response.aclose()

    def _transport(self, url: httpx.URL) -> httpx.AsyncHTTPTransport:
        way = (url.scheme, proxy_for(url))
        if way not in self._transports:
            limits = httpx.Limits(max_connections=self._most, keepalive_expiry=IDLE_SECONDS)
            plain = way == ("http", None)
            verify = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if plain else True
            self._transports[way] = httpx.AsyncHTTPTransport(verify=verify, proxy=way[1], limits=limits)
        return self._transports[way]


async def _start(response: httpx.Response) -> bytes:
    kept, read = bytearray(), 0
    async for chunk in response.stream:  # type: ignore[union-attr]  # an asynchronous one here
        kept += chunk[: KEPT_LIMIT - len(kept)]
        read += len(chunk)
        if read > READ_LIMIT:
            break
    return bytes(kept)


def _request(url: str, body: bytes, headers: dict[str, str]) -> httpx.Request:
    parts = httpx.URL(url)
    sent = {"host": parts.netloc.decode(), **headers}
    if parts.userinfo:
        sent.setdefault("authorization", f"Basic {b64encode(parts.userinfo).decode()}")
    timeout = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS).as_dict()
    return httpx.Request("POST", parts, content=body, headers=sent, extensions={"timeout": timeout})


def _reason(error: Exception, url: str) -> str:
    match error:
        case httpx.ConnectTimeout() | httpx.PoolTimeout():
            return f"no connection within {CONNECT_SECONDS:.0f} s"
        case httpx.TimeoutException():
            return f"no answer within {ANSWER_SECONDS:.0f} s"
        case httpx.InvalidURL():
            return f"{redacted_url(url)} is no address: {error}"
        case httpx.ConnectError():
            why = "" if "attempts failed" in str(error) else f": {error}"
            return f"no connection to {httpx.URL(url).netloc.decode().rpartition('@')[2]}{why}"
    return f"the connection broke: {error}" if str(error) else "the connection broke"
