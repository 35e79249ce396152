"""Requests that leave the engine: one POST to an address that a client gave, and nothing that it leads to.

Plain http stays on this machine: the name is resolved here, and the connection goes to the address that was
checked, whatever the name means a moment later. No redirects, cookies, credentials of this machine's user or
kept connections. httpx is imported with the first message: it costs 130 ms and memory that most engines never
need.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from base64 import b64encode
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.request import getproxies, proxy_bypass

from rcli.webhooks import ANSWER_SECONDS, CONNECT_SECONDS

if TYPE_CHECKING:
    import httpx

BODY_LIMIT = 64 * 1024
"""Bytes of an answer's body that are read, so that its sender meets no broken pipe; more are not."""


class Undelivered(Exception):
    """The message was not taken, or nobody knows whether it was; the text says why."""


class Outgoing:
    """Its transports hold the certificates, which take 25 ms to load; connections are never used twice."""

    def __init__(self) -> None:
        self._transports: dict[tuple[str, str | None], httpx.AsyncHTTPTransport] = {}

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> None:
        """Returns when the receiver has answered 2xx. Raises Undelivered."""
        await asyncio.to_thread(_import_httpx)
        import httpx

        try:
            async with asyncio.timeout(CONNECT_SECONDS + ANSWER_SECONDS):
                status = await self._exchange(await _request(url, body, headers))
        except TimeoutError as exc:
            raise Undelivered("no answer in time") from exc
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as exc:  # the last: of no host name
            raise Undelivered(f"{type(exc).__name__}: {exc}") from exc
        if not 200 <= status < 300:
            raise Undelivered(f"the receiver answered {status}")

    async def close(self) -> None:
        for transport in self._transports.values():
            await transport.aclose()

    async def _exchange(self, request: httpx.Request) -> int:
        response = await self._transport(request.url).handle_async_request(request)
        try:
            read = 0
            async for chunk in response.stream:  # type: ignore[union-attr] # an asynchronous one here
                read += len(chunk)
                if read > BODY_LIMIT:
                    break
        finally:
            await response.aclose()
        return response.status_code

    def _transport(self, url: httpx.URL) -> httpx.AsyncHTTPTransport:
        import ssl

        import httpx

        proxy = _proxy(url.host) if url.scheme == "https" else None
        way = (url.scheme, proxy)
        if way not in self._transports:
            verify = True if url.scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
            self._transports[way] = httpx.AsyncHTTPTransport(verify=verify, proxy=proxy, limits=limits)
        return self._transports[way]


async def loopback_address(host: str, port: int) -> str | None:
    """An address of this machine that the name stands for; None if it leads anywhere else or nowhere."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):  # a TimeoutError is an OSError
        return None
    addresses = [str(address[0]) for *_, address in found]
    if not addresses or not all(ip_address(address).is_loopback for address in addresses):
        return None
    return min(addresses, key=lambda address: ":" in address)  # servers listen on 127.0.0.1 first


async def _request(url: str, body: bytes, headers: dict[str, str]) -> httpx.Request:
    """Raises Undelivered for plain http to another machine."""
    import httpx

    parts = httpx.URL(url)
    headers = {"host": parts.netloc.decode(), "connection": "close"} | headers
    if parts.userinfo:
        headers["authorization"] = f"Basic {b64encode(parts.userinfo).decode()}"
    if parts.scheme != "https":
        address = await loopback_address(parts.host, parts.port or 80)
        if parts.scheme != "http" or address is None:
            raise Undelivered(f"{parts.host} is not this machine: plain http goes nowhere else")
        parts = parts.copy_with(host=address)
    timeout = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS).as_dict()
    return httpx.Request("POST", parts, content=body, headers=headers, extensions={"timeout": timeout})


def _import_httpx() -> None:
    """In a thread of its own, while predictions go on; its command line, which costs 80 ms, is left out."""
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # None: do not import
    import httpx  # noqa: F401


def _proxy(host: str) -> str | None:
    """The proxy that the environment sets for https; this machine is never behind one."""
    proxies = getproxies()
    proxy = proxies.get("https") or proxies.get("all")
    if not proxy or _is_here(host) or proxy_bypass(host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
