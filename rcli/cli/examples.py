"""The examples of a command: the last lines of its docstring, and of its help."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_HEADING = re.compile(r"(?:\x08\s*)?\bExamples?:\s")


def parted(docstring: str) -> tuple[str, list[str]]:
    """What a docstring tells, and the command lines with which it ends."""
    about, *lines = _HEADING.split(docstring, maxsplit=1)
    return about.rstrip(), [line.strip() for text in lines for line in text.strip().splitlines()]


@contextmanager
def left_out(command: Any) -> Iterator[None]:
    """Inside, the help of a command does without them."""
    whole = command.help
    command.help, _ = parted(whole or "")
    try:
        yield
    finally:
        command.help = whole


def write(command: Any, formatter: Any) -> None:
    """Each on a line of its own that can be copied, however long it is."""
    _, lines = parted(command.help or "")
    if lines:
        with formatter.section("Examples" if len(lines) > 1 else "Example"):
            for line in lines:
                formatter.write(f"{'':{formatter.current_indent}}{line}\n")
