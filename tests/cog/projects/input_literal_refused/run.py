from typing import Literal

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self, size: Literal["small", "large"] = "small") -> str:
        return size
