from cog import BasePredictor, Path


class Predictor(BasePredictor):
    def setup(self, weights: Path | None = None) -> None:
        self.words = weights.read_text() if weights else "untrained"

    def predict(self) -> str:
        return self.words
