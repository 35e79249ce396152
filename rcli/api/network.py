"""The sockets under the client: plain or TLS, direct or through the environment's proxies."""

from __future__ import annotations

import ssl
from threading import Lock
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

_Way = tuple[str, str | None]

READ_BYTES = 256 * 1024
"""How much is read from a connection at a time."""


class Network(httpx.BaseTransport):
    """Opens a connection pool for each way out (scheme and proxy) when it is first taken."""

    def __init__(self) -> None:
        # httpcore reads 64 KB at a time: 500 files of 1 MB took 2.6 s of the processor, with this 2.2 s.
        httpcore.HTTP11Connection.READ_NUM_BYTES = READ_BYTES
        # glibc gives every freed piece back to the system until a larger block was freed (M_MMAP_THRESHOLD in
        # mallopt(3)): a megabyte cost 400 page faults, and those files 2.2 s; after this, 1.7 s.
        bytes(16 * READ_BYTES)
        self._pools: dict[_Way, httpx.HTTPTransport] = {}
        self._lock = Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        way = (request.url.scheme, proxy_for(request.url))
        with self._lock:
            if way not in self._pools:
                self._pools[way] = _pool(*way)
            pool = self._pools[way]
        return pool.handle_request(request)

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()


def is_loopback(url: httpx.URL) -> bool:
    return url.host in ("localhost", "::1") or url.host.startswith("127.")


def proxy_for(url: httpx.URL) -> str | None:
    """The proxy that the environment sets for this address; this machine is never behind one."""
    if is_loopback(url):
        return None
    proxies = getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    if not proxy or proxy_bypass(url.host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _pool(scheme: str, proxy: str | None) -> httpx.HTTPTransport:
    if proxy and not proxy.startswith(("http://", "https://")):
        raise httpx.UnsupportedProtocol(f"proxies of the kind {proxy.partition(':')[0]} are not supported")
    # Loading certificates costs 25 ms and plain http needs none; this context trusts nobody.
    plain = scheme == "http" and not proxy
    verify = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if plain else True
    return httpx.HTTPTransport(verify=verify, proxy=proxy)
