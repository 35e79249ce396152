"""Environments that commands outside the engine use: each holds a shared lock on a file inside.

The lock goes with the last process that has the file open, however that one ends.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAME = "held"


@contextmanager
def unheld(environment: Path) -> Iterator[bool]:
    """Whether no command uses the environment in this folder; inside the block none can begin to."""
    try:
        number = os.open(environment / NAME, os.O_RDWR | os.O_CLOEXEC)
    except OSError:  # no command ever used it
        yield True
        return
    try:
        yield _is_locked(number)
    finally:
        os.close(number)


def is_held(environment: Path) -> bool:
    with unheld(environment) as free:
        return not free


def _is_locked(number: int) -> bool:
    """Takes the lock for the block, if nobody has it."""
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
