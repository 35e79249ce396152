"""The values of settings: typed, checked, and with their units made numbers."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from rcli.errors import UsageError
from rcli.settings.keys import HARDWARE, Key

_KINDS = {
    "text": "a text",
    "path": "a path",
    "choice": "",
    "number": "a whole number",
    "seconds": "seconds (90, 15m, 2h, 30d)",
    "bytes": "bytes (500MB, 20GB)",
    "dollars": "US dollars (0.000975)",
    "price": "a hardware's name (gpu-l40s) or the US dollars for a run (0.003)",
}


def parse_value(key: Key, text: str) -> Any:
    """A value from the command line, typed. Raises UsageError when it does not fit the key."""
    if key.kind in ("text", "path", "choice"):
        return check_value(key, text, key.name)
    if key.kind in ("dollars", "price"):
        return check_value(key, _number(text), key.name)
    if (amount := _amount(key, text)) is not None:
        return check_value(key, amount, key.name)
    try:
        return check_value(key, int(text), key.name)
    except ValueError as exc:
        raise UsageError(f"{key.name} takes {_KINDS[key.kind]}, not {text!r}") from exc


def parse_duration(text: str, name: str) -> float:
    """Seconds from an option such as ``30d`` or ``90``. Raises UsageError."""
    return float(parse_value(Key(name, "seconds", None, ""), text))


def check_value(key: Key, value: Any, where: str) -> Any:
    """The value; an amount with a unit as a number. Raises UsageError when it is not of the key's type."""
    value = resolved(key, value)
    match key.kind:
        case "text" | "path":
            good = isinstance(value, str) and bool(value)
        case "choice":
            good = value in key.choices
        case "price" if isinstance(value, str):
            good = bool(re.fullmatch(HARDWARE, value))
        case _:
            number = isinstance(value, int | float) and not isinstance(value, bool)
            good = number and 0 <= value < float("inf")  # which nan is not either
    if key.kind in ("number", "bytes"):
        good = good and isinstance(value, int) and (key.name != "engine.port" or value < 65536)
    if not good:
        wanted = " or ".join(key.choices) if key.choices else _KINDS[key.kind]
        raise UsageError(f"{where}: {key.name} takes {wanted}, not {value!r}")
    return value


def resolved(key: Key, value: Any, base: Path | None = None) -> Any:
    """What a file says, as it counts: a path below ``base``, an amount with a unit as a number."""
    if key.kind == "path" and base is not None:
        return str((base / os.path.expanduser(str(value))).resolve())
    amount = _amount(key, value) if isinstance(value, str) else None
    return value if amount is None else amount


def _number(text: str) -> float | str:
    """A number if it is written as one."""
    try:
        return float(text)
    except ValueError:
        return text


def _amount(key: Key, text: str) -> int | None:
    """Seconds or bytes that are written with a unit; None for anything else."""
    match key.kind:
        case "seconds":
            return _duration(text)
        case "bytes":
            return _bytes(text)
        case _:
            return None


def _duration(text: str) -> int | None:
    found = re.fullmatch(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", text)
    if not found or not text:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return days * 86400 + hours * 3600 + minutes * 60 + seconds


def _bytes(text: str) -> int | None:
    """``20GB``, ``500 MB`` or ``1.5TiB``: thousands, or with an i 1024s."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kKMGT]?)(i?)B", text, re.ASCII)
    if not found:
        return None
    step = 1024 if found[3] else 1000
    return int(float(found[1]) * step ** " KMGT".index(found[2].upper() or " "))
