from cog import BasePredictor, ConcatenateIterator


class Predictor(BasePredictor):
    def predict(self, text: str) -> ConcatenateIterator[str]:
        for word in text.split():
            yield f"{word} "
