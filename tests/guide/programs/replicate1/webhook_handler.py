"""A handler with the validator of the official Python client. It prints its address, then what it took."""

import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from replicate.webhook import Webhooks, WebhookSigningSecret, WebhookValidationError

SECRET = WebhookSigningSecret(key=os.environ["REPLICATE_WEBHOOK_SIGNING_SECRET"])


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        try:
            Webhooks.validate(headers=dict(self.headers), body=body, secret=SECRET, tolerance=300)
            status = 200
        except WebhookValidationError:
            status = 401
        print(status, self.headers["webhook-id"], flush=True)
        self.send_response(status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
server.serve_forever()
