from pathlib import Path

from cog import BaseRunner
from src.models.words import GREETING


class Runner(BaseRunner):
    def run(self) -> list[str]:
        return [GREETING, Path("cog.yaml").read_text().strip()]
