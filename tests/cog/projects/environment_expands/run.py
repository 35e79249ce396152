import os

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self) -> list[str]:
        return [os.environ["CACHE"], os.environ["NOBODY"]]
