from collections.abc import Iterator

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self, text: str) -> Iterator[str]:
        return iter(text)
