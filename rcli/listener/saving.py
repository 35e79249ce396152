"""``--save``: every event on one line of a file, whole."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from rcli.errors import RcliError, UsageError
from rcli.listener.events import Event
from rcli.paths import unwritable


class Saved:
    """Appends to a file that only its owner can read, if it makes it: payloads may be private."""

    def __init__(self, path: Path) -> None:
        """Raises RcliError when the file cannot be written."""
        self.path = path
        try:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
            self._file: BinaryIO = os.fdopen(os.open(path, flags, 0o600), "ab", buffering=0)
        except OSError as exc:
            raise unwritable(path, exc) from exc

    def write(self, event: Event) -> None:
        """Raises RcliError."""
        line = json.dumps(event.to_json(), separators=(",", ":")).encode() + b"\n"
        try:
            self._file.write(line)
        except OSError as exc:
            raise RcliError(
                f"cannot write {self.path}: {exc.strerror}", hint="make room on the disk"
            ) from exc

    def close(self) -> None:
        self._file.close()


def saved_events(path: Path) -> Iterator[Event]:
    """What ``Saved`` has written, in order. Raises UsageError, and RcliError for a line that is no event."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                yield _event(line, f"line {number} of {path}")
    except OSError as exc:
        raise UsageError(f"cannot read {path}: {exc.strerror}") from exc


def _event(line: bytes, place: str) -> Event:
    try:
        return Event.from_json(json.loads(line))
    except ValueError as exc:
        raise RcliError(f"{place} is no JSON: {exc}", hint="rcli webhook listen --save FILE") from exc
