"""What may keep rcli from working here: each thing that is looked at is a finding, with its mend."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

from rcli.errors import RcliError
from rcli.records import Json

State = Literal["good", "note", "warning", "problem"]
"""``note``: something is missing that not everybody needs; ``warning``: it works, but not well."""


@dataclass(frozen=True)
class Finding:
    """What was found of one topic, and what to do about it: a command to paste, or a sentence."""

    topic: str
    state: State
    said: str
    mend: str | None = None

    def to_json(self) -> Json:
        return asdict(self)


def failed(topic: str, error: RcliError, state: State = "problem") -> Finding:
    """An error as what it tells of a topic."""
    return Finding(topic, state, error.message, error.hint)
