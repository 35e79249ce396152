"""A webhook receiver that is down now and then, as receivers are."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any

REFUSED = 0.1
"""The share of requests that are answered with 500."""


@dataclass(frozen=True)
class Delivery:
    """One webhook that was taken: its message id, its prediction, and what that said of itself."""

    message: str
    prediction: str
    status: str


@dataclass
class Receiver:
    """What came in, in the order of arrival."""

    url: str
    deliveries: list[Delivery] = field(default_factory=list)
    refused: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, prediction: str) -> list[Delivery]:
        with self.lock:
            return [each for each in self.deliveries if each.prediction == prediction]

    def predictions(self) -> set[str]:
        with self.lock:
            return {each.prediction for each in self.deliveries}

    def take(self, message: str, body: dict[str, Any]) -> None:
        with self.lock:
            self.deliveries.append(Delivery(message, body["id"], body["status"]))


@contextmanager
def receiving(random: Random) -> Iterator[Receiver]:
    """Listens on loopback for completed predictions until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["content-length"])
            body = self.rfile.read(length)
            if len(body) < length:  # its sender was killed
                return
            if random.random() < REFUSED:
                receiver.refused += 1
                self.send_error(500)
                return
            receiver.take(self.headers["webhook-id"], json.loads(body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing: there are thousands."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver = Receiver(f"http://127.0.0.1:{server.server_port}/hook")
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
