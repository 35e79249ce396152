from typing import Any

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self, depth: int) -> Any:
        value: list[Any] = []
        for _ in range(depth):
            value = [value]
        return value
