"""The files that a model puts out: taken from its replica's outbox into the file store."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any

from rcli.engine.data.files import Files, is_marked, literal, replace_texts, texts

MARK = "rcli-output:"
"""How the texts begin that stand for a model's output files: ``rcli-output:<token>/<name>``."""

_NAME = re.compile(r"rcli-output:([0-9a-f]{32})/([^/\x00]+)")


class Outbox:
    """The folder in which one prediction leaves its files; a file that is named twice is taken once."""

    def __init__(self, files: Files, folder: Path) -> None:
        self._files = files
        self._folder = folder
        self._taken: dict[str, str] = {}

    async def adopt(self, value: Any) -> Any:
        """The same JSON with references in place of output files. Raises OSError when the disk is full."""
        for text in set(texts(value)) - self._taken.keys():
            if text.startswith(MARK) and (path := self._find(text)):
                file = await self._files.adopt(path, kind="output", name=path.name)
                self._taken[text] = file.reference
                with contextlib.suppress(OSError):
                    path.parent.rmdir()
        return replace_texts(value, lambda text: self._taken.get(text) or literal(text))

    def _find(self, text: str) -> Path | None:
        """A model may also say such a text by itself; then it is only a text."""
        found = _NAME.fullmatch(text)
        if not found or found.group(2) in (".", ".."):
            return None
        path = self._folder / found.group(1) / found.group(2)
        return path if path.is_file() and not path.is_symlink() else None


def needs_adopting(value: Any) -> bool:
    """Whether there is a file in the value, or a text that looks like one of the engine's marks."""
    return any(text.startswith(MARK) or is_marked(text) for text in texts(value))
