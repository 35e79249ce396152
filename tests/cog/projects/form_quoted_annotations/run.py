from __future__ import annotations

from cog import BaseRunner, Input


class Runner(BaseRunner):
    def run(self, words: list[str], number: int = Input(ge=1)) -> list[str]:
        return words * number
