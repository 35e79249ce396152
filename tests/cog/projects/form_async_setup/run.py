import asyncio

from cog import BaseRunner


class Runner(BaseRunner):
    async def setup(self) -> None:
        await asyncio.sleep(0)
        self.state = "ready"

    def run(self) -> str:
        return self.state
