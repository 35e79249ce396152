"""What can be set: every setting with its type, its default and what it is for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from rcli.errors import UsageError

PRICED = ("price", "prices")
"""The tables whose keys are names that the user chooses."""

HARDWARE = r"[a-z0-9][a-z0-9-]{0,63}"


@dataclass(frozen=True)
class Key:
    """One setting: its type, its default, and what it is for."""

    name: str
    kind: Literal["text", "seconds", "bytes", "number", "path", "choice", "dollars", "price"]
    default: str | float | int | None
    about: str
    choices: tuple[str, ...] = ()
    variable: str | None = None


KEYS: tuple[Key, ...] = (
    Key("host", "text", None, "the host that commands talk to when nothing else says", variable="RCLI_HOST"),
    Key("output_dir", "path", None, "where downloaded outputs go, instead of beside the config file"),
    Key("preview", "choice", "on", "whether pictures are shown in the terminal", ("on", "off")),
    Key("token_store", "choice", "file", "where sign-ins keep tokens", ("file", "keyring")),
    Key("library", "choice", "on", "whether inputs and outputs of what ran are remembered", ("on", "off")),
    Key("engine.port", "number", 7878, "the port of rcli serve"),
    Key("engine.idle", "seconds", 900, "the engine stops after this long without work"),
    Key("engine.replica_idle", "seconds", 300, "a loaded model sleeps after this long without work"),
    Key("engine.setup_timeout", "seconds", 600, "how long a model's setup may take"),
    Key("engine.max_replicas", "number", 0, "how many models are loaded at once; 0: as the machine bears"),
    Key("engine.max_queue", "number", 1000, "how many predictions of one version may wait"),
    Key("engine.memory_reserve", "number", 512, "MiB of memory that stay free: models sleep for it, or wait"),
    Key("engine.disk_reserve", "number", 500, "MiB of disk that stay free: files are refused beyond that"),
    Key("engine.retention", "seconds", 30 * 86400, "predictions keep their data this long; 0: for ever"),
    Key("engine.quota", "bytes", 0, "what the engine may keep on the disk in all; 0: no limit"),
)

LIST_PRICES_FROM = "2026-11-23"
"""The day on which the list below was written down, from a copy of https://replicate.com/pricing."""

_LIST_PRICES = {
    "cpu": 0.000100,
    "gpu-t4": 0.000225,
    "gpu-a40-small": 0.000575,
    "gpu-a40-large": 0.000725,
    "gpu-l40s": 0.000975,
    "gpu-a100-large": 0.001400,
    "gpu-h100": 0.001525,
}
_PRICES_ABOUT = "US dollars for a second of this hardware"

KEYS += tuple(
    Key(f"prices.{hardware}", "dollars", price, _PRICES_ABOUT) for hardware, price in _LIST_PRICES.items()
)

_KEYS = {key.name: key for key in KEYS}


def find_key(name: str) -> Key:
    """Raises UsageError, naming the nearest key, for one that does not exist."""
    if key := known_key(name):
        return key
    from difflib import get_close_matches

    near = get_close_matches(name, _KEYS, n=1)
    hint = f"did you mean {near[0]}?" if near else "rcli config list"
    raise UsageError(f"there is no setting {name!r}", hint=hint)


def known_key(name: str) -> Key | None:
    """The key of that name, None if there is none."""
    return _KEYS.get(name) or _price_key(name)


def path_of(name: str) -> tuple[str, ...]:
    """Where a setting stands in the file: a model's name may have dots of its own."""
    first, _, rest = name.partition(".")
    return (first, rest) if first in PRICED else tuple(name.split("."))


def _price_key(name: str) -> Key | None:
    """A model's price is set under its own name, and a hardware's may be set that the list does not have."""
    if re.fullmatch(r"price\.(deployments/)?[\w.-]+/[\w.-]+", name, re.ASCII):
        return Key(name, "price", None, "the hardware that this model runs on, or US dollars for a run")
    return Key(name, "dollars", None, _PRICES_ABOUT) if re.fullmatch(rf"prices\.{HARDWARE}", name) else None
