import asyncio
from collections.abc import AsyncIterator

from cog import BaseRunner


class Runner(BaseRunner):
    async def setup(self) -> None:
        self.loop = asyncio.get_running_loop()

    async def run(self, count: int) -> AsyncIterator[int]:
        assert asyncio.get_running_loop() is self.loop
        for number in range(count):
            await asyncio.sleep(0)
            yield number
