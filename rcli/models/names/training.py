"""Training: Adam, and the model that does best on names that it was not trained on."""

import gru
import numpy as np
from data import batch, divided
from gradients import gradients
from model import Model

BATCH = 32  # names a step
REPORT_EVERY = 20  # steps


class Adam:
    """Steps against the gradient, each weight at its own pace (https://arxiv.org/abs/1412.6980)."""

    def __init__(self, weights: gru.Weights) -> None:
        self.steps = 0
        self.mean = {name: np.zeros_like(values) for name, values in weights.items()}
        self.square = {name: np.zeros_like(values) for name, values in weights.items()}

    def step(self, weights: gru.Weights, gradients: gru.Weights, rate: float) -> None:
        """Change the weights in place."""
        self.steps += 1
        for name, gradient in gradients.items():
            self.mean[name] += 0.1 * (gradient - self.mean[name])
            self.square[name] += 0.001 * (gradient**2 - self.square[name])
            mean = self.mean[name] / (1 - 0.9**self.steps)
            square = self.square[name] / (1 - 0.999**self.steps)
            weights[name] -= rate * mean / (np.sqrt(square) + 1e-8)


def fit(model: Model, names: list[str], steps: int, rate: float, rng: np.random.Generator) -> Model:
    """Train on nine tenths of the names; return the model as it was when it did best on the others.

    The rate falls in a straight line to nothing. Losses are in nats per character.
    """
    train, held = divided(names, rng)
    print(f"{len(train)} names to train on, {len(held)} to validate with")
    seen, unseen = batch(model, train[: len(held)]), batch(model, held)
    current, best, lowest = model.copy(), model, float("inf")
    adam = Adam(current.weights)
    for done in range(steps + 1):
        if done % REPORT_EVERY == 0 or done == steps:
            train_loss, val_loss = gru.loss(current.weights, *seen), gru.loss(current.weights, *unseen)
            print(f"step {done}/{steps} train_loss={train_loss:.4f} val_loss={val_loss:.4f}")
            if val_loss < lowest:
                lowest, best = val_loss, current.copy()
        if done < steps:
            chosen = rng.choice(len(train), min(BATCH, len(train)), replace=False)
            examples = batch(model, [train[i] for i in chosen])
            adam.step(current.weights, gradients(current.weights, *examples), rate * (1 - done / steps))
    print(f"kept the model whose validation loss was {lowest:.4f}")
    return best
