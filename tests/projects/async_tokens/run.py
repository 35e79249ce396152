import asyncio

from cog import AsyncConcatenateIterator, BaseRunner, Input


class Runner(BaseRunner):
    async def setup(self) -> None:
        self.loop = asyncio.get_running_loop()

    async def run(
        self, n: int = Input(default=5, ge=0), delay: float = Input(default=0.0, ge=0)
    ) -> AsyncConcatenateIterator[str]:
        assert asyncio.get_running_loop() is self.loop
        try:
            for number in range(n):
                await asyncio.sleep(delay)
                print(f"line {number}")
                yield f"token{number} "
        finally:
            print("cleaned up")
