import os

from cog import BaseRunner


class Runner(BaseRunner):
    def setup(self) -> None:
        self.size = os.path.getsize("weights/model.bin")

    def run(self) -> int:
        return self.size
