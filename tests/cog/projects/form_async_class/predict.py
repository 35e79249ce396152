import asyncio

from cog import BasePredictor


class Predictor(BasePredictor):
    async def setup(self) -> None:
        self.loop = asyncio.get_running_loop()

    async def predict(self, text: str) -> str:
        await asyncio.sleep(0)
        assert asyncio.get_running_loop() is self.loop
        if not text:
            raise ValueError("nobody is there")
        return f"hello {text}"
