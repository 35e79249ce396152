from cog import BasePredictor, Input


class Predictor(BasePredictor):
    def predict(self, text: str, times: int = Input(default=2, ge=1), tail: str | None = None) -> list[str]:
        return [text] * times + ([tail] if tail else [])
