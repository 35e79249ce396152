from cog import AsyncConcatenateIterator, BasePredictor, streaming


class Predictor(BasePredictor):
    @streaming()
    async def predict(self, text: str) -> AsyncConcatenateIterator[str]:
        for letter in text:
            yield f"{letter}-"
