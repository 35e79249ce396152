"""``rcli.lock``: the versions of models that a project runs, so that they are tomorrow what they are today.

It lies beside ``rcli.toml`` and belongs into the repository. It comes from others, too, as every file of a
cloned repository may: it chooses versions and nothing else.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rcli.errors import RcliError, UsageError

NAME = "rcli.lock"

_HEAD = """\
# The versions of models that rcli runs in this project: rcli lock MODEL… pins them anew.
# With rcli run --locked no other model runs.
"""
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
_VERSION = re.compile(r"[0-9a-f]{64}")
_LARGEST = 1 << 20


@dataclass(frozen=True, order=True)
class Pin:
    """One model of one host, and the id of its version."""

    host: str
    model: str
    version: str


@dataclass(frozen=True)
class Lock:
    """The file, which need not be there, and what it says."""

    path: Path
    pins: tuple[Pin, ...] = ()

    @classmethod
    def read(cls, path: Path) -> Lock:
        """Raises UsageError for a file that is none of ours."""
        try:
            with path.open("rb") as file:
                text = file.read(_LARGEST)
        except FileNotFoundError:
            return cls(path)
        except OSError as exc:
            raise UsageError(f"cannot read {path}: {exc.strerror}") from exc
        import tomllib  # brings datetime and more: 3 ms

        try:
            table = tomllib.loads(text.decode())
        except ValueError as exc:  # no TOML, or no UTF-8
            raise UsageError(f"cannot read {path}: {exc}", hint=f"rcli lock writes {NAME}") from exc
        models = table.get("model", [])
        if set(table) - {"model"} or not isinstance(models, list):
            raise UsageError(f"{path}: [[model]] is all that there may be", hint=f"rcli lock writes {NAME}")
        return cls(path, tuple(_pin(path, each) for each in models))

    def version(self, host: str, model: str) -> str | None:
        return next((pin.version for pin in self.pins if (pin.host, pin.model) == (host, model)), None)

    def with_pins(self, pins: Iterable[Pin]) -> Lock:
        """The same with these, in the place of others of the same models."""
        kept = {(pin.host, pin.model): pin for pin in (*self.pins, *pins)}
        return Lock(self.path, tuple(sorted(kept.values())))

    def without(self, host: str, model: str) -> Lock:
        left = (pin for pin in self.pins if (pin.host, pin.model) != (host, model))
        return Lock(self.path, tuple(left))

    def write(self) -> None:
        """Replaces the file whole. Raises RcliError."""
        text = "\n".join([_HEAD, *map(_written, self.pins)])
        try:
            with tempfile.NamedTemporaryFile(
                "w", dir=self.path.parent, prefix=f".{NAME}-", delete=False, encoding="utf-8"
            ) as file:
                file.write(text)
            os.chmod(file.name, 0o666 & ~_umask())
            os.replace(file.name, self.path)
        except OSError as exc:
            raise RcliError(f"cannot write {self.path}: {exc.strerror}") from exc


def _pin(path: Path, raw: Any) -> Pin:
    match raw:
        case {"host": str(host), "name": str(model), "version": str(version), **rest} if (
            not rest and _MODEL.fullmatch(model) and _VERSION.fullmatch(version)
        ):
            return Pin(host, model, version)
    raise UsageError(
        f"{path}: a [[model]] has host, name and version (64 hexadecimal digits)",
        hint=f"rcli lock writes {NAME}",
    )


def _written(pin: Pin) -> str:
    lines = [f"{key} = {json.dumps(value)}" for key, value in _fields(pin)]
    return "\n".join(["[[model]]", *lines, ""])


def _fields(pin: Pin) -> tuple[tuple[str, str], ...]:
    return ("host", pin.host), ("name", pin.model), ("version", pin.version)


def _umask() -> int:
    """What a new file of this user is not to allow; it can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
