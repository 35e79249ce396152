"""A server of files of zeros, with ranges, that costs next to nothing: what is measured is who reads it.

    python -m tests.benchmarks.file_server    # prints its port; ends with its standard input

``/files/1000000/out-7.bin`` has a million bytes; ``/whole/…`` is the same without ranges.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from tempfile import TemporaryFile
from threading import Thread

from tests.benchmarks.harness import ROOT

LARGEST = 1 << 30


class Handler(BaseHTTPRequestHandler):
    """``content`` is the descriptor of a file that is long enough for all of them."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    content: int

    def do_GET(self) -> None:
        kind, size = self.path.split("/")[1], int(self.path.split("/")[2])
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "") if kind == "files" else "")
        begin = int(asked[1]) if asked else 0
        end = min(int(asked[2]) + 1, size) if asked and asked[2] else size
        self.send_response(206 if asked else 200)
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Content-Length", str(end - begin))
        if kind == "files":
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("ETag", f'"{size}"')
        if asked:
            self.send_header("Content-Range", f"bytes {begin}-{end - 1}/{size}")
        self.end_headers()
        self.wfile.flush()
        with suppress(ConnectionError):  # who fetches in parts leaves the first answer early
            while begin < end:
                begin += os.sendfile(self.connection.fileno(), self.content, begin, end - begin)
        self.close_connection = begin < end

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def file_server() -> Iterator[str]:
    """The origin of a server in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", __name__],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdin
        assert process.stdout
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.stdin.close()


def main() -> None:
    with TemporaryFile() as file, ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        file.truncate(LARGEST)
        Handler.content = file.fileno()
        Thread(target=server.serve_forever, daemon=True).start()
        print(server.server_address[1], flush=True)
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    main()
