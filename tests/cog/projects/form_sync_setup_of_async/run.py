from collections.abc import AsyncIterator

from cog import BaseRunner


class Runner(BaseRunner):
    def setup(self) -> None:
        self.state = "ready"

    async def run(self) -> AsyncIterator[str]:
        yield self.state
        yield "!"
