from collections.abc import Iterator
from typing import Any

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self) -> Iterator[Any]:
        yield 1
        yield 0.5
        yield True
        yield {"word": "a", "scores": [1]}
        yield "text"
