from cog import BasePredictor, File


class Predictor(BasePredictor):
    def predict(self, first: File, rest: list[File] = [], last: File | None = None) -> str:
        texts = [file.read().decode() for file in (first, *rest)]
        return "".join(texts) + str(last)
