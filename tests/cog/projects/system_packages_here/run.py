import subprocess

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self) -> str:
        return subprocess.run(["bash", "-c", "echo $((6 * 7))"], capture_output=True, text=True).stdout
