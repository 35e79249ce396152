from typing import Any

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self, inside: bool = False) -> Any:
        text = "odd \ud83d"
        return {"key \ud83d": [text]} if inside else text
