"""The HTTP trace for ``--debug``: what goes out and what comes back, without secrets."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx

_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})
_SECRET_PARAMETERS = re.compile(r"sig|token|key|secret|credential|policy|password|auth", re.IGNORECASE)
_HIDDEN = "***"


class Trace(httpx.BaseTransport):
    """Reports each request and each answer's head, one line at a time; times are in milliseconds."""

    def __init__(
        self, inner: httpx.BaseTransport, report: Callable[[str], None], clock: Callable[[], float]
    ) -> None:
        self._inner = inner
        self._report = report
        self._clock = clock

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._report(f"> {request.method} {redacted_url(str(request.url))}")
        self._headers(">", request.headers)
        started = self._clock()
        try:
            response = self._inner.handle_request(request)
        except httpx.HTTPError as exc:
            self._report(f"< {type(exc).__name__}: {exc} {self._request(request, started)}")
            raise
        self._report(f"< {response.status_code} {self._request(request, started)}")
        self._headers("<", response.headers)
        return response

    def close(self) -> None:
        self._inner.close()

    def _request(self, request: httpx.Request, started: float) -> str:
        elapsed = round((self._clock() - started) * 1000)
        return f"({elapsed} ms) {request.method} {redacted_url(str(request.url))}"

    def _headers(self, mark: str, headers: httpx.Headers) -> None:
        for name, value in headers.items():
            self._report(f"{mark}   {name}: {_redacted_header(name, value)}")


def redacted_url(text: str) -> str:
    """The address without passwords, and without the values of parameters that sign or authorize."""
    url, mark, query = text.partition("?")
    url = re.sub(r"//[^/@]*@", f"//{_HIDDEN}@", url)
    return url + mark + "&".join(_redacted_parameter(part) for part in query.split("&"))


def _redacted_parameter(part: str) -> str:
    name, equals, _ = part.partition("=")
    return f"{name}{equals}{_HIDDEN}" if equals and _SECRET_PARAMETERS.search(name) else part


def _redacted_header(name: str, value: str) -> str:
    if name.lower() in _SECRET_HEADERS:
        scheme, space, _ = value.partition(" ")
        return f"{scheme} {_HIDDEN}" if space and scheme in ("Bearer", "Basic", "Token") else _HIDDEN
    return redacted_url(value) if name.lower() == "location" else value
