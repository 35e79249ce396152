import pathlib

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self, document: pathlib.Path) -> str:
        return document.read_text()
