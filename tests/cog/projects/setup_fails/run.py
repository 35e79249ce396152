from pathlib import Path

from cog import BaseRunner


class Runner(BaseRunner):
    def setup(self) -> None:
        print("looking for the weights")
        if not Path("weights.bin").exists():
            raise FileNotFoundError("weights.bin is missing")

    def run(self) -> str:
        return Path("weights.bin").read_text()
