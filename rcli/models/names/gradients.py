"""The gradients of the network's loss, written out by hand; the shapes are named as in gru.py."""

import gru
import numpy as np


def gradients(weights: gru.Weights, inputs: np.ndarray, targets: np.ndarray) -> gru.Weights:
    """The gradient of gru.loss() with respect to each weight, for names (T, B)."""
    states, gates = gru.forward(weights, inputs)
    by_scores = back_from_loss(gru.scores(weights, states[1:]), targets)
    by_read, by_recalled = back_through_time(weights, states, gates, by_scores @ weights["output"].T)
    read = np.eye(len(weights["input"]), dtype=by_read.dtype)[inputs]
    return {
        "input": of_matrix(read, by_read),
        "memory": of_matrix(states[:-1], by_recalled),
        "output": of_matrix(states[1:], by_scores),
        "bias": by_scores.sum(axis=(0, 1)),
    }


def back_from_loss(scores: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The gradient with respect to the scores (T, B, V): the chance given, less the chance that was right."""
    counted = (targets != gru.NOTHING)[..., None]
    right = np.eye(scores.shape[-1], dtype=scores.dtype)[targets]
    return (np.exp(gru.log_chances(scores)) - right) * counted / float(counted.sum())


def back_through_time(
    weights: gru.Weights, states: np.ndarray, gates: list[gru.Gates], by_states: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The gradients with respect to what each step read and what it recalled, each (T, B, 3H).

    ``by_states`` (T, B, H) is what the scores say about the states; what later steps say is added here.
    """
    by_read = np.empty((*by_states.shape[:2], 3 * by_states.shape[2]), by_states.dtype)
    by_recalled, by_state = np.empty_like(by_read), np.zeros_like(states[0])
    for t in reversed(range(len(gates))):
        reset, keep, candidate, recalled = gates[t]
        by_state = by_state + by_states[t]
        by_candidate = by_state * (1 - keep) * (1 - candidate**2)
        by_keep = by_state * (states[t] - candidate) * keep * (1 - keep)
        by_reset = by_candidate * recalled * reset * (1 - reset)
        by_read[t] = np.concatenate([by_reset, by_keep, by_candidate], axis=-1)
        by_recalled[t] = np.concatenate([by_reset, by_keep, by_candidate * reset], axis=-1)
        by_state = by_state * keep + by_recalled[t] @ weights["memory"].T
    return by_read, by_recalled


def of_matrix(left: np.ndarray, by_product: np.ndarray) -> np.ndarray:
    """The gradient of the matrix (I, J) that was multiplied from the left by (T, B, I)."""
    return left.reshape(-1, left.shape[-1]).T @ by_product.reshape(-1, by_product.shape[-1])
