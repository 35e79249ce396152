from cog import BaseRunner
from cog.types import Weights


class Runner(BaseRunner):
    def setup(self, weights: Weights | None = None) -> None:
        self.weights = weights

    def run(self) -> str:
        return str(self.weights)
