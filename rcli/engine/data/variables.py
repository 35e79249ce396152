"""Variables that runs give to models. They may be secrets: kept in memory alone, and no id tells them.

A set is named by a hash that is salted anew in every engine. So the same variables find the same replica, the
database may keep the name, and after a restart the name is all that is left.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from rcli.errors import UsageError

SETS_KEPT = 128
LARGEST_SET = 1 << 20
"""Characters; more than that no process can be started with."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESERVED = re.compile(
    r"PATH|PORT|PYTHONHOME|LOG_FORMAT|RCLI_.*"
    r"|COG_(LOG_LEVEL|MAX_CONCURRENCY|SETUP_TIMEOUT|STREAM_HISTORY_CAPACITY|(PREDICT|TRAIN)_TYPE_STUB)"
)
"""What the engine itself sets for a model's process, and needs as it is."""


@dataclass(frozen=True)
class Variables:
    """One set; the id of the empty one is the empty text."""

    id: str = ""
    pairs: tuple[tuple[str, str], ...] = field(default=(), repr=False)


NONE = Variables()


class VariableSets:
    """The sets that runs gave lately; work that is under way holds its own."""

    def __init__(self) -> None:
        self._salt = secrets.token_bytes(32)
        self._sets: dict[str, Variables] = {}

    def keep(self, raw: Mapping[str, object]) -> Variables:
        """Raises UsageError for what cannot be a variable, or would break the model's process."""
        pairs = tuple((name, _checked(name, value)) for name, value in sorted(raw.items()))
        text = json.dumps(pairs)
        if len(text) > LARGEST_SET:
            raise UsageError("the variables are too large for a process")
        named = Variables(hmac.new(self._salt, text.encode(), "sha256").hexdigest()[:32], pairs)
        self._sets.pop(named.id, None)
        self._sets[named.id] = named
        while len(self._sets) > SETS_KEPT:
            del self._sets[next(iter(self._sets))]
        return named

    def get(self, set_id: str) -> Variables:
        """Raises UsageError for a set that this engine does not have any more."""
        if not set_id:
            return NONE
        if set_id not in self._sets:
            raise UsageError(
                "the engine does not have the variables of -e any more: it keeps them in memory only",
                hint="run it again",
            )
        return self._sets[set_id]


def _checked(name: str, value: object) -> str:
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name of a variable", hint="-e NAME=value")
    if _RESERVED.fullmatch(name):
        raise UsageError(f"the variable {name} is set by rcli for every model, and cannot be given with -e")
    if not isinstance(value, str) or "\0" in value:
        raise UsageError(f"the value of the variable {name} is no text that a process can get")
    return value
