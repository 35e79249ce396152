"""The same prediction through the engine and directly through coglet, over HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from typing import Any
from urllib.parse import urlsplit

JSON = {"Content-Type": "application/json"}
EVENTS = {"Accept": "text/event-stream"}
BUSY = 409  # coglet frees its slot a moment after it has answered
BUSY_SECONDS = 0.001
ANSWER_SECONDS = 60


@dataclass(frozen=True)
class Streamed:
    """Seconds from the request to the first event with output, and to the end; the number of those events."""

    first: float
    whole: float
    count: int


class Engine:
    """A client of the engine with one connection that is kept."""

    def __init__(self, url: str, token: str, version: str) -> None:
        self.address = urlsplit(url).netloc
        self.headers = JSON | {"Authorization": f"Bearer {token}"}
        self.version = version
        self.connection = HTTPConnection(self.address, timeout=ANSWER_SECONDS)
        self.succeeded: list[str] = []

    def create(self, inputs: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
        body = json.dumps({"version": self.version, "input": inputs})
        self.connection.request("POST", "/v1/predictions", body, self.headers | headers)
        answer: dict[str, Any] = json.load(self.connection.getresponse())
        return answer

    def run(self, inputs: dict[str, Any]) -> float:
        """Seconds of one prediction from the request to its result."""
        begin = time.perf_counter()
        answer = self.create(inputs, {"Prefer": "wait"})
        seconds = time.perf_counter() - begin
        _demand_success(answer)
        self.succeeded.append(answer["id"])
        return seconds

    def listed(self) -> Iterator[str]:
        """The ids of all predictions that succeeded, as the engine lists them."""
        path = "/v1/predictions"
        while path:
            self.connection.request("GET", path, headers=self.headers)
            page: dict[str, Any] = json.load(self.connection.getresponse())
            yield from (each["id"] for each in page["results"] if each["status"] == "succeeded")
            following = urlsplit(page["next"] or "")
            path = f"{following.path}?{following.query}" if following.path else ""

    def stream(self, inputs: dict[str, Any]) -> Streamed:
        begin = time.perf_counter()
        place = urlsplit(self.create(inputs, {})["urls"]["stream"])
        reader = HTTPConnection(place.netloc, timeout=ANSWER_SECONDS)
        try:
            reader.request("GET", f"{place.path}?{place.query}", headers=EVENTS)
            return _read(reader.getresponse(), "done", begin)
        finally:
            reader.close()


class Coglet:
    """A client of coglet with one connection that is kept; streams get fresh ones, which are faster there."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.connection = HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)

    def run(self, inputs: dict[str, Any]) -> float:
        """Seconds of one prediction from the request that is let in to its result."""
        while True:
            begin = time.perf_counter()
            self.connection.request("POST", "/predictions", json.dumps({"input": inputs}), JSON)
            response = self.connection.getresponse()
            answer = json.load(response)
            if response.status != BUSY:
                seconds = time.perf_counter() - begin
                _demand_success(answer)
                return seconds
            time.sleep(BUSY_SECONDS)

    def stream(self, inputs: dict[str, Any]) -> Streamed:
        while True:
            begin = time.perf_counter()
            reader = HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_SECONDS)
            try:
                reader.request("POST", "/predictions", json.dumps({"input": inputs}), JSON | EVENTS)
                response = reader.getresponse()
                if response.status != BUSY:
                    return _read(response, "completed", begin)
            finally:
                reader.close()
            time.sleep(BUSY_SECONDS)


def _read(events: HTTPResponse, end: str, begin: float) -> Streamed:
    """Read events up to the one that ends the stream. Raises RuntimeError if it or any output is missing."""
    first, count = 0.0, 0
    for line in events:
        if line.startswith(b"event:"):
            name = line[6:].strip().decode()
            if name == "output":
                first = first or time.perf_counter() - begin
                count += 1
            elif name == end and count:
                return Streamed(first, time.perf_counter() - begin, count)
    raise RuntimeError(f"the stream ended after {count} events (HTTP status {events.status})")


def _demand_success(answer: dict[str, Any]) -> None:
    """A failed prediction is quick: measuring it would tell nothing."""
    if answer.get("status") != "succeeded":
        raise RuntimeError(f"a prediction failed: {json.dumps(answer)[:500]}")
