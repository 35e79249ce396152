import os

from cog import BaseRunner, Path


class Runner(BaseRunner):
    def setup(self) -> None:
        os.mkdir("folder")
        os.mkfifo("pipe")

    def run(self, name: str) -> Path:
        return Path(name)
