"""Receives the webhooks of Replicate. It needs nothing but Python.

Start it:  REPLICATE_WEBHOOK_SIGNING_SECRET=$(rcli webhook secret) python webhook.py
Try it:    rcli webhook trigger completed --forward-to http://localhost:3000
Check it:  rcli webhook check --forward-to http://localhost:3000
"""

import base64
import binascii
import hmac
import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PORT = int(os.environ.get("PORT", "3000"))
SECRET = base64.b64decode(os.environ["REPLICATE_WEBHOOK_SIGNING_SECRET"].strip().removeprefix("whsec_"))
TOLERANCE = 300  # seconds by which a message's time may be off
LARGEST = 10 * 1024 * 1024  # bytes of a message
ENDED = ("succeeded", "failed", "canceled", "aborted")


def handle(prediction):
    """Your part: called for each event once, and not any more after the prediction has ended."""
    print(prediction["id"], prediction["status"], prediction.get("output"), flush=True)


def is_genuine(headers, body):
    """Whether Replicate has signed this: https://replicate.com/docs/topics/webhooks/verify-webhook"""
    id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not id or not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > TOLERANCE:
        return False
    wanted = hmac.digest(SECRET, f"{id}.{timestamp}.".encode() + body, "sha256")
    signatures = [each.partition(",") for each in headers.get("webhook-signature", "").split()]
    return any(
        version == "v1" and hmac.compare_digest(wanted, decoded(text)) for version, _, text in signatures
    )


def decoded(text):
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


class Memory:
    """What came before: messages may come twice, and out of order. Keep this in your database."""

    def __init__(self):
        self._lock, self._known = threading.Lock(), {}

    def is_news(self, message_id, prediction):
        with self._lock:
            is_news = message_id not in self._known and prediction["id"] not in self._known
            self._known[message_id] = True
            if prediction.get("status") in ENDED:
                self._known[prediction["id"]] = True
            while len(self._known) > 10_000:
                del self._known[next(iter(self._known))]
            return is_news


class Handler(BaseHTTPRequestHandler):
    memory = Memory()
    timeout = 30  # seconds that a client may be silent

    def do_POST(self):
        length = self.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > LARGEST:
            return self.answer(413)
        body = self.rfile.read(int(length))
        if not is_genuine(self.headers, body):
            return self.answer(401)
        self.answer(204)  # first: the work may take longer than Replicate waits
        prediction = json.loads(body)
        if self.memory.is_news(self.headers["webhook-id"], prediction):
            handle(prediction)
        return None

    def answer(self, status):
        self.send_response(status)
        self.send_header("content-length", "0")
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.flush()

    def log_message(self, format, *args):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


if __name__ == "__main__":
    with Server(("127.0.0.1", PORT), Handler) as server:
        print(f"listening on http://localhost:{server.server_address[1]}", flush=True)
        server.serve_forever()
