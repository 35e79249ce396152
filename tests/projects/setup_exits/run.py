import sys

from cog import BaseRunner


class Runner(BaseRunner):
    def setup(self) -> None:
        sys.exit("no licence")

    def run(self, text: str) -> str:
        return text
