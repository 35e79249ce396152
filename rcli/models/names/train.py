"""Teach the model other names: dinosaurs, villages, star ships."""

import numpy as np
from cog import BaseModel, Input, Path
from data import read_names
from model import BASE, UNITS, extended, fresh, load
from training import fit


class Trained(BaseModel):
    weights: Path


def train(
    train_data: Path = Input(description="A text file in UTF-8 with at least 50 names, one a line."),
    steps: int = Input(
        description="How long to train. The best model on the way is kept, so more costs only time.",
        default=600,
        ge=50,
        le=5000,
    ),
    learning_rate: float = Input(
        description="How far a step goes at first; it falls to nothing at the end.",
        default=0.003,
        ge=0.00001,
        le=0.03,
    ),
    from_scratch: bool = Input(
        description="Forget the first names that the model knows, instead of building on them.", default=False
    ),
    seed: int = Input(
        description="Decides by chance which names validate, and in which order the others come.",
        default=0,
        ge=0,
        le=2147483647,
    ),
) -> Trained:
    """Train on nine tenths of the names and keep the weights that do best on the others."""
    names, rng = read_names(train_data), np.random.default_rng(seed)
    model = fresh(names, UNITS, rng) if from_scratch else extended(load(BASE), names, rng)
    weights = Path("trained.npz")
    fit(model, names, steps, learning_rate, rng).save(weights)
    return Trained(weights=weights)
