"""What would be sent, without sending it: a client whose network is a note of the first request."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import NoReturn

import httpx

from rcli.api.client import Client
from rcli.api.endpoints import Replicate
from rcli.records import Request
from rcli.settings import Host

_OF_EVERY_REQUEST = frozenset(
    {"accept", "accept-encoding", "connection", "content-length", "content-type", "host", "user-agent"}
)


def request(host: Host, act: Callable[[Replicate], object]) -> Request:
    """The first request that ``act`` would send. It goes without the token."""
    with Client(host, None, transport=_Note()) as client:
        try:
            act(Replicate(client))
        except _Told as told:
            return told.request
    raise AssertionError("nothing would be sent")


class _Told(Exception):
    def __init__(self, request: Request) -> None:
        super().__init__(request.url)
        self.request = request


class _Note(httpx.BaseTransport):
    def handle_request(self, request: httpx.Request) -> NoReturn:
        headers = {name: value for name, value in request.headers.items() if name not in _OF_EVERY_REQUEST}
        raise _Told(Request(request.method, str(request.url), headers, json.loads(request.read())))
