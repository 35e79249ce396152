"""uv's own cache, which environments are made from; other programs use it as well."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rcli.engine.runtime.installer import run_uv


@dataclass(frozen=True)
class Contents:
    """``size`` in bytes, of which environments share most by hard links; ``used`` in Unix seconds."""

    path: Path
    size: int
    used: float


class UvCache:
    """``environ`` says where it is; ``folder`` is where uv runs."""

    def __init__(self, environ: Mapping[str, str], folder: Path) -> None:
        self._environ, self._folder = environ, folder

    async def measure(self) -> Contents | None:
        """None when there is none yet. Raises BuildError."""
        path = Path((await self._uv("dir")).strip().splitlines()[-1])
        return await asyncio.to_thread(_measure, path) if path.is_dir() else None

    async def prune(self) -> str:
        """Lets uv remove what it knows to be of no use, and returns what it says. Raises BuildError."""
        return await self._uv("prune")

    async def _uv(self, word: str) -> str:
        arguments = ["cache", word, "--color", "never"]
        return await run_uv(arguments, self._environ, self._folder, lambda line: None)


def _measure(path: Path) -> Contents:
    """Its last use is the newest change among what lies at the top, and one below."""
    used, size, folders = path.stat().st_mtime, 0, [(path, 0)]
    while folders:
        folder, depth = folders.pop()
        for child in _children(folder):
            status = child.stat(follow_symlinks=False)
            if depth < 2:
                used = max(used, status.st_mtime)
            if child.is_dir(follow_symlinks=False):
                folders.append((Path(child.path), depth + 1))
            else:
                size += status.st_size
    return Contents(path, size, used)


def _children(folder: Path) -> list[os.DirEntry[str]]:
    """Another program may remove what is being read."""
    try:
        with os.scandir(folder) as children:
            return list(children)
    except FileNotFoundError:
        return []
