"""The network: a gated recurrent unit (GRU) that reads names character by character.

In the shapes, T is the number of steps in time, B of names side by side, H of units and V of characters.
A character is its number; NOTHING, as a target, is a place past the end of a name and counts for nothing.
The equations are those of https://arxiv.org/abs/1412.3555, with the reset gate after the product as in cuDNN.
"""

import numpy as np

Weights = dict[str, np.ndarray]  # input (V, 3H), memory (H, 3H), output (H, V), bias (V)
Gates = tuple[np.ndarray, ...]  # what a step keeps for its gradients, each (B, H)

NOTHING = -1


def fresh(characters: int, units: int, rng: np.random.Generator) -> Weights:
    """Random weights to start from."""
    shapes = {
        "input": (characters, 3 * units),
        "memory": (units, 3 * units),
        "output": (units, characters),
        "bias": (characters,),
    }
    bound = units**-0.5
    return {name: rng.uniform(-bound, bound, shape).astype(np.float32) for name, shape in shapes.items()}


def step(weights: Weights, characters: np.ndarray, state: np.ndarray) -> tuple[np.ndarray, Gates]:
    """Read one more character (B) of each name: the next state (B, H), and the gates that led to it."""
    read = np.split(weights["input"][characters], 3, axis=-1)
    recalled = np.split(state @ weights["memory"], 3, axis=-1)
    reset = sigmoid(read[0] + recalled[0])
    keep = sigmoid(read[1] + recalled[1])
    candidate = np.tanh(read[2] + reset * recalled[2])
    return keep * state + (1 - keep) * candidate, (reset, keep, candidate, recalled[2])


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 + 0.5 * np.tanh(0.5 * x)  # unlike 1 / (1 + exp(-x)), it cannot overflow


def scores(weights: Weights, states: np.ndarray) -> np.ndarray:
    """How much speaks for each character (…, V) to come next after these states (…, H)."""
    return states @ weights["output"] + weights["bias"]


def forward(weights: Weights, inputs: np.ndarray) -> tuple[np.ndarray, list[Gates]]:
    """Read whole names (T, B): the states around the steps (T + 1, B, H), and the gates of each step."""
    units = len(weights["memory"])
    states = np.zeros((len(inputs) + 1, inputs.shape[1], units), weights["memory"].dtype)
    gates = []
    for t, characters in enumerate(inputs):
        states[t + 1], passed = step(weights, characters, states[t])
        gates.append(passed)
    return states, gates


def loss(weights: Weights, inputs: np.ndarray, targets: np.ndarray) -> float:
    """Mean cross-entropy of the next characters (T, B), in nats per character."""
    states, _ = forward(weights, inputs)
    logs = log_chances(scores(weights, states[1:]))
    right = np.take_along_axis(logs, targets[..., None], axis=-1)[..., 0]
    return -float(right[targets != NOTHING].mean())


def log_chances(scores: np.ndarray) -> np.ndarray:
    """Logarithms of the chances (…, V) that these scores (…, V) stand for."""
    shifted = scores - scores.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
