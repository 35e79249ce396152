import asyncio
from collections.abc import AsyncIterator

from cog import BaseRunner, current_scope


class Runner(BaseRunner):
    async def run(self, count: int) -> AsyncIterator[int]:
        for number in range(count):
            await asyncio.sleep(0.01)
            current_scope().record_metric("tokens", 1, mode="incr")
            current_scope().metrics.record("seen", number, mode="append")
            self.record_metric("timing.last", number)
            yield number
