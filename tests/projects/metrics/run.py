from collections.abc import AsyncIterator

from cog import BaseRunner


class Runner(BaseRunner):
    async def run(self, n: int) -> AsyncIterator[int]:
        for number in range(n):
            self.record_metric("tokens", 1, mode="incr")
            self.record_metric("seen", number, mode="append")
            yield number
