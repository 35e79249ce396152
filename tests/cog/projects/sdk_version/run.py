from importlib.metadata import version

from cog import BasePredictor


class Runner(BasePredictor):
    def predict(self) -> str:
        return version("cog")
