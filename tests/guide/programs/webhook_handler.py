"""A handler with the validator that its argument names. It prints its address, then what it took."""

import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = os.environ["REPLICATE_WEBHOOK_SIGNING_SECRET"]


def official(body, headers):
    """That of the official Python client."""
    from replicate.webhook import Webhooks, WebhookSigningSecret, WebhookValidationError

    try:
        secret = WebhookSigningSecret(key=KEY)
        Webhooks.validate(headers=dict(headers), body=body.decode(), secret=secret, tolerance=300)
    except WebhookValidationError:
        return False
    return True


def standard(body, headers):
    """The reference implementation of Standard Webhooks."""
    from standardwebhooks import Webhook, WebhookVerificationError

    try:
        Webhook(KEY).verify(body, {name.lower(): value for name, value in headers.items()})
    except WebhookVerificationError:
        return False
    return True


IS_GENUINE = {"official": official, "standard": standard}[sys.argv[1]]


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        status = 200 if IS_GENUINE(body, self.headers) else 401
        print(status, self.headers["webhook-id"], flush=True)
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
server.serve_forever()
