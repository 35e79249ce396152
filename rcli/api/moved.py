"""An engine that stops while a command talks to it: what it refused is asked of the one that comes after it.

The engine marks such an answer, and has done nothing then. So even a prediction may be created again.
"""

from __future__ import annotations

from collections.abc import Callable

import httpx

REFUSED = "rcli-refused"
"""The header with which the engine says that it is about to stop."""


class Following(httpx.BaseTransport):
    """``renew`` gives the base URL of the engine that answers from now on; it may start one for that."""

    def __init__(self, inner: httpx.BaseTransport, renew: Callable[[], str]) -> None:
        self._inner, self._renew = inner, renew
        self._former: set[bytes] = set()
        self._present: httpx.URL | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        led = self._led(request)
        response = self._inner.handle_request(led)
        if response.status_code != 503 or REFUSED not in response.headers:
            return response
        response.close()
        self._former.add(led.url.netloc)
        self._present = httpx.URL(self._renew())
        self._former.discard(self._present.netloc)
        return self._inner.handle_request(self._led(request))

    def close(self) -> None:
        self._inner.close()

    def _led(self, request: httpx.Request) -> httpx.Request:
        """The same request; what is meant for an engine that has stopped goes to the present one."""
        present = self._present
        if present is None or request.url.netloc not in self._former:
            return request
        return httpx.Request(
            request.method,
            request.url.copy_with(host=present.host, port=present.port),
            headers=[*_without_host(request.headers), ("host", present.netloc.decode("ascii"))],
            stream=request.stream,
            extensions=request.extensions,
        )


def _without_host(headers: httpx.Headers) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers.multi_items() if name != "host"]
