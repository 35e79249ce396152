import asyncio

from cog import BasePredictor


class Predictor(BasePredictor):
    async def predict(self) -> str:
        return "well"

    async def healthcheck(self) -> bool:
        await asyncio.sleep(0.5)
        return True
