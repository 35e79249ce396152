"""``--save``: every event on one line of a file, whole."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import BinaryIO

from rcli.errors import RcliError, UsageError
from rcli.listener.events import Event


class Saved:
    """Appends to a file that only its owner can read, if it makes it: payloads may be private."""

    def __init__(self, path: Path) -> None:
        """Raises UsageError when the file cannot be written."""
        self.path = path
        try:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
            self._file: BinaryIO = os.fdopen(os.open(path, flags, 0o600), "ab", buffering=0)
        except FileNotFoundError as exc:
            hint = f"mkdir -p {shlex.quote(str(path.parent))}"
            raise UsageError(f"there is no folder {path.parent} to save events in", hint=hint) from exc
        except OSError as exc:
            said = f"cannot save events in {path}: {exc.strerror}"
            raise UsageError(said, hint="--save FILE, in a folder of yours") from exc

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
