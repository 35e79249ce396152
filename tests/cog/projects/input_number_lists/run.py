from typing import List

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self, sizes: List[int], weights: list[float] = [0.5], flags: list[bool] | None = None) -> str:
        return f"{sizes} {weights} {flags}"
