"""A model of names: the network's weights, and the characters that they know."""

from dataclasses import dataclass
from pathlib import Path

import gru
import numpy as np

END = "\n"  # stands before the first character of a name and after its last
LONGEST = 60  # characters of a name
UNITS = 224  # of the network that comes with this project
BASE = Path(__file__).with_name("base.npz")


@dataclass(frozen=True)
class Model:
    alphabet: str  # a character's number is its place here; END is the first
    weights: gru.Weights

    def encode(self, text: str) -> list[int]:
        """The characters' numbers. Raises ValueError for those that the model does not know."""
        unknown = sorted({character for character in text if character not in self.alphabet[1:]})
        if unknown:
            known = "".join(sorted(self.alphabet[1:]))
            raise ValueError(f"this model has never seen {', '.join(map(repr, unknown))}; it knows {known}")
        return [self.alphabet.index(character) for character in text]

    def copy(self) -> "Model":
        """The same model with weights of its own, for training changes them in place."""
        return Model(self.alphabet, {name: values.copy() for name, values in self.weights.items()})

    def write(self, beginning: str, temperature: float, rng: np.random.Generator) -> str:
        """Write one name, chosen character by character; the chances are sharpened by 1 / temperature."""
        name, state = beginning, np.zeros(len(self.weights["memory"]), np.float32)
        for character in [0, *self.encode(beginning)]:
            state, _ = gru.step(self.weights, np.array(character), state)
        while len(name) < LONGEST:
            scores = gru.scores(self.weights, state) / temperature
            if not name:
                scores[0] = -np.inf  # a name has at least one character
            chances = np.exp(scores - scores.max()).cumsum()
            character = int(chances.searchsorted(rng.random() * chances[-1], side="right"))
            if character == 0:
                break
            name += self.alphabet[character]
            state, _ = gru.step(self.weights, np.array(character), state)
        return name

    def save(self, path: Path) -> None:
        """Write the model in half precision, which costs nothing that can be measured in the loss."""
        halves = {name: values.astype(np.float16) for name, values in self.weights.items()}
        np.savez_compressed(path, alphabet=np.array(list(self.alphabet)), **halves)


def load(path: Path) -> Model:
    """Read a model that save() wrote."""
    with np.load(path) as file:
        weights = {name: file[name].astype(np.float32) for name in ("input", "memory", "output", "bias")}
        return Model("".join(file["alphabet"]), weights)


def fresh(names: list[str], units: int, rng: np.random.Generator) -> Model:
    """A model that knows the characters of these names and nothing else yet."""
    alphabet = END + "".join(sorted(set("".join(names))))
    return Model(alphabet, gru.fresh(len(alphabet), units, rng))


def extended(model: Model, names: list[str], rng: np.random.Generator) -> Model:
    """The same model with the characters of these names that it did not know yet."""
    added = "".join(sorted(set("".join(names)) - set(model.alphabet)))
    new = gru.fresh(len(added), len(model.weights["memory"]), rng)
    weights = model.weights | {
        name: np.concatenate([model.weights[name], new[name]], axis=-1 if name == "output" else 0)
        for name in ("input", "output", "bias")
    }
    return Model(model.alphabet + added, weights)
