import subprocess
import sys

from cog import BaseRunner


class Runner(BaseRunner):
    def setup(self) -> None:
        self.server = subprocess.Popen(
            [sys.executable, "server.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, text: str) -> str:
        self.server.stdin.write(f"{text}\n")
        self.server.stdin.flush()
        return self.server.stdout.readline().strip()
