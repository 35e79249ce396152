"""One host's HTTP client: it knows where the token may go, and turns failures into rcli's errors."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from json import JSONDecodeError
from typing import Any, Self

import httpx

from rcli import __version__
from rcli.api.failures import (
    CONNECT_TIMEOUT,
    elsewhere,
    foreign_refusal,
    no_address,
    no_answer,
    no_api,
    refusal,
)
from rcli.api.moved import Following
from rcli.api.network import Network
from rcli.api.retry import Retry
from rcli.api.trace import Trace
from rcli.credentials import Token, check_form
from rcli.errors import RcliError
from rcli.records import Json
from rcli.settings import Host

Answer = httpx.Response
Opened = AbstractContextManager[httpx.Response]

READ_TIMEOUT = 60.0
_MAX_REDIRECTS = 5


class Client:
    """Sends requests to one host, and to the addresses that it names.

    ``origin`` is where the token is from. ``trace`` takes the lines of the redacted HTTP trace, ``on_wait``
    is told the seconds and the reason before each wait for another try. ``renew`` gives the base URL of an
    engine that takes the place of one that stops. ``transport`` replaces the network below the retries.
    """

    def __init__(
        self,
        host: Host,
        token: str | None,
        *,
        origin: str = "",
        user_agent_suffix: str = "",
        trace: Callable[[str], None] | None = None,
        on_wait: Callable[[float, str], None] | None = None,
        renew: Callable[[], str] | None = None,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Raises NotAllowed for a token that cannot be sent."""
        self.host = host
        self.clock = clock
        self.sleep = sleep
        self._token = None if token is None else Token(check_form(token, origin), origin)
        self._trusted = {_origin(httpx.URL(host.url))}
        wire = transport or Network()
        traced = Trace(wire, trace, clock) if trace else wire
        present = Following(traced, renew) if renew else traced
        self._http = httpx.Client(
            transport=Retry(present, on_wait=on_wait, clock=clock, sleep=sleep),
            headers={"User-Agent": f"rcli/{__version__} {user_agent_suffix}".strip()},
            timeout=httpx.Timeout(READ_TIMEOUT, connect=CONNECT_TIMEOUT, pool=None),
        )

    def __repr__(self) -> str:
        return f"Client({self.host.name!r}, {self.host.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def trust(self, url: str) -> None:
        """Lets the token go to the origin of an address that the API gave for a stream or its own files.

        An address that is less safe than the API's own (http beside https) stays without it.
        """
        with self._translated(url):
            named = httpx.URL(url)
        if named.scheme == "https" or self.host.url.startswith("http://"):
            self._trusted.add(_origin(named))

    def url(self, path: str) -> str:
        """The whole address of a path below the base URL; a whole address stays as it is."""
        return path if path.startswith(("http://", "https://")) else f"{self.host.url}/{path.lstrip('/')}"

    def own_url(self, url: str) -> str:
        """An address on this host, in the scheme of its base URL: some servers behind TLS write http.

        Raises NoAnswer when it is on another host.
        """
        with self._translated(url):
            base, named = httpx.URL(self.host.url), httpx.URL(url)
        if named.host != base.host or named.port not in (base.port, None):
            raise elsewhere(named)
        return str(named.copy_with(scheme=base.scheme, port=base.port))

    def get(self, path: str) -> Any:
        """The JSON at a path or whole address. Raises RcliErrors."""
        return self.call("GET", path)

    def post(self, path: str, body: Json, *, timeout: float = READ_TIMEOUT) -> Any:
        """Sends JSON and returns JSON. ``timeout``: seconds of silence. Raises RcliErrors."""
        return self.call("POST", path, json=body, timeout=timeout)

    def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        content: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
        timeout: float = READ_TIMEOUT,
    ) -> Any:
        """The JSON of the answer, None for an empty one. Raises RcliErrors.

        ``repeatable``: sending this twice does the same as once; by default that holds for reads alone.
        """
        url = self.url(path)
        with self._translated(url):
            request = self._http.build_request(
                method,
                url,
                json=json,
                content=content,
                headers={"Accept": "application/json", **(headers or {})},
                timeout=_timeout(timeout),
                extensions=_extensions(repeatable),
            )
            response = self._send(request)
            try:
                response.read()
            finally:
                response.close()
        return self._json(response)

    def text(self, path: str) -> str:
        """The text at a path, for the few that are no JSON. Raises RcliErrors."""
        with self.exchange("GET", path, headers={"Accept": "text/plain"}) as response:
            response.read()
        if not response.is_success:
            raise self._refusal(response)
        return response.text

    @contextmanager
    def exchange(
        self,
        method: str,
        path: str,
        *,
        content: bytes | Iterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = READ_TIMEOUT,
    ) -> Iterator[httpx.Response]:
        """Any request, and the answer while it comes, whatever its status: ``parsed`` judges it.

        Raises RcliErrors, in the block too.
        """
        url = self.url(path)
        with self._translated(url):
            request = self._http.build_request(
                method, url, content=content, headers=headers, timeout=_timeout(timeout)
            )
            response = self._send(request)
            try:
                yield response
            finally:
                response.close()

    def parsed(self, response: httpx.Response) -> Any:
        """The JSON of an answer that has been read, None for an empty one. Raises RcliErrors."""
        return self._json(response)

    @contextmanager
    def stream(
        self, url: str, headers: Mapping[str, str], *, timeout: float = READ_TIMEOUT
    ) -> Iterator[httpx.Response]:
        """The answer to a GET while it comes; its status is 2xx. Raises RcliErrors, in the block too."""
        with self._translated(url):
            request = self._http.build_request("GET", url, headers=headers, timeout=_timeout(timeout))
            response = self._send(request)
            try:
                if not response.is_success:
                    response.read()
                    raise self._refusal(response)
                yield response
            finally:
                response.close()

    def _send(self, request: httpx.Request) -> httpx.Response:
        """Follows redirects of reads; the token stays behind as soon as one leaves the origin."""
        home = _origin(request.url)
        if self._token is not None and home in self._trusted:
            request.headers["Authorization"] = f"Bearer {self._token.secret}"
        for _ in range(_MAX_REDIRECTS):
            response = self._http.send(request, stream=True)
            following = response.next_request
            if following is None or request.method not in ("GET", "HEAD"):
                return response
            response.close()
            if _origin(following.url) != home:
                following.headers.pop("Authorization", None)
            request = following
        raise httpx.TooManyRedirects("too many redirects", request=request)

    def _json(self, response: httpx.Response) -> Any:
        if not response.is_success:
            raise self._refusal(response)
        if not response.content:
            return None
        try:
            return response.json()
        except (JSONDecodeError, UnicodeDecodeError) as exc:
            raise no_api(response) from exc

    def _refusal(self, response: httpx.Response) -> RcliError:
        if _origin(response.url) not in self._trusted:
            return foreign_refusal(response)
        return refusal(response, self.host, self._token)

    @contextmanager
    def _translated(self, url: str) -> Iterator[None]:
        try:
            yield
        except (httpx.InvalidURL, UnicodeError) as exc:  # no name that the network could look up
            raise no_address(exc, url) from exc
        except httpx.HTTPError as exc:
            raise no_answer(exc, url) from exc


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return (url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme, 0))


def _timeout(seconds: float) -> httpx.Timeout:
    return httpx.Timeout(seconds, connect=CONNECT_TIMEOUT, pool=None)


def _extensions(repeatable: bool | None) -> dict[str, Any]:
    return {"whole": True} if repeatable is None else {"whole": True, "repeatable": repeatable}
