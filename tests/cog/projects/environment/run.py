import os

from cog import BaseRunner


class Runner(BaseRunner):
    def setup(self) -> None:
        self.at_setup = os.environ["WORD"]

    def run(self) -> list[str]:
        return [self.at_setup, os.environ["WORD"], os.environ["PAIR"], os.environ["EMPTY"]]
