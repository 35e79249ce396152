"""A small network writes names, character by character, after the names it was trained on."""

import unicodedata

import model
import numpy as np
from cog import BaseRunner, ConcatenateIterator, Input, Path, streaming


class Runner(BaseRunner):
    def setup(self, weights: Path | None = None) -> None:
        """Load the weights of a training, or those that come with the model."""
        self.model = model.load(weights or model.BASE)

    @streaming
    def run(
        self,
        prompt: str = Input(
            description="How the names begin. Upper and lower case count.", default="", max_length=60
        ),
        n: int = Input(description="How many names to write.", default=10, ge=1, le=100),
        temperature: float = Input(
            description="How daring the names are: low keeps to the usual, high makes things up.",
            default=0.8,
            ge=0.1,
            le=2,
        ),
        seed: int = Input(
            description="The same seed gives the same names; another one, others.",
            default=0,
            ge=0,
            le=2147483647,
        ),
    ) -> ConcatenateIterator[str]:
        """Yield the names, one a line, each as soon as it is written."""
        beginning, rng = unicodedata.normalize("NFC", prompt), np.random.default_rng(seed)
        for _ in range(n):
            yield self.model.write(beginning, temperature, rng) + "\n"
