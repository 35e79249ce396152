"""Lists of names: read from a file, divided, and turned into numbers."""

import unicodedata
from pathlib import Path

import numpy as np
from gru import NOTHING
from model import LONGEST, Model

FEWEST = 50  # names to train on
MOST_VALIDATION = 500  # names; more would make a report slower, but hardly surer


def read_names(path: Path) -> list[str]:
    """The different names in a file, one a line. Raises ValueError if they cannot be trained on."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as exc:
        raise ValueError(f"the list is not text in UTF-8: the byte at {exc.start} is wrong") from exc
    lines = unicodedata.normalize("NFC", text).splitlines()
    names = {name: None for number, line in enumerate(lines, 1) if (name := checked(line, number))}
    if len(names) < FEWEST:
        raise ValueError(f"the list has {len(names)} different names; at least {FEWEST} are needed")
    return list(names)


def checked(line: str, number: int) -> str:
    """The name in a line, empty if there is none. Raises ValueError if it cannot be a name."""
    name = line.strip()
    if len(name) > LONGEST:
        raise ValueError(f"line {number} has {len(name)} characters; a name has {LONGEST} at most")
    if not name.isprintable():
        raise ValueError(f"line {number} is not a name: {name!r}")
    return name


def divided(names: list[str], rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """By chance: the names to train on, and a tenth of them to validate with."""
    shuffled = [names[i] for i in rng.permutation(len(names))]
    held = min(len(names) // 10, MOST_VALIDATION)
    return shuffled[held:], shuffled[:held]


def batch(model: Model, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets (T, B): each character, and the one to be guessed after it."""
    steps = max(map(len, names)) + 1
    inputs = np.zeros((steps, len(names)), int)
    targets = np.full((steps, len(names)), NOTHING)
    for i, name in enumerate(names):
        numbers = model.encode(name)
        inputs[1 : len(name) + 1, i] = numbers
        targets[: len(name) + 1, i] = [*numbers, 0]
    return inputs, targets
