"""What is told of a prediction while it runs, and what servers send that tell it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rcli.records.predictions import Prediction


@dataclass(frozen=True)
class ServerEvent:
    """One server-sent event; a comment has the name ``""`` and its text as data."""

    event: str
    data: str
    id: str | None = None


@dataclass(frozen=True)
class Phase:
    """What a prediction does now: queued, environment, setup or running on the engine, else its status."""

    name: str
    message: str = ""


@dataclass(frozen=True)
class Logs:
    """A piece of the model's log, in order, byte-exact."""

    text: str


@dataclass(frozen=True)
class Output:
    """A piece of the model's output: text that is to be joined, or one value of a list."""

    value: Any


@dataclass(frozen=True)
class Finished:
    """The prediction as the server keeps it in the end."""

    prediction: Prediction


PredictionEvent = Phase | Logs | Output | Finished
