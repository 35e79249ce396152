import asyncio

from cog import BaseRunner, concurrent


class Runner(BaseRunner):
    async def setup(self) -> None:
        self.running = 0
        self.all_here = asyncio.Event()

    @concurrent(max=3)
    async def run(self, party: int) -> int:
        """Answers once as many predictions run as are expected; with "party" below zero it fails."""
        if party < 0:
            raise RuntimeError("the party was cancelled")
        self.running += 1
        if self.running == party:
            self.all_here.set()
        await self.all_here.wait()
        return self.running
