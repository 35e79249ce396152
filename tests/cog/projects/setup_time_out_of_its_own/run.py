import time

from cog import BaseRunner


class Runner(BaseRunner):
    def setup(self) -> None:
        time.sleep(60)

    def run(self) -> str:
        return "never"
