"""Collections: the bundled models grouped by what they are for, from a file beside them."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import rcli

FILE = Path(rcli.__file__).parent / "models" / "collections.toml"


@dataclass(frozen=True)
class Collection:
    """``description`` is one sentence, ``full_description`` Markdown; ``models`` are bundled ones."""

    slug: str
    name: str
    description: str
    full_description: str
    models: tuple[str, ...]


@cache
def read_collections(file: Path = FILE) -> Sequence[Collection]:
    """In the order of the file, which comes with rcli and does not change while it runs."""
    tables = tomllib.loads(file.read_text(encoding="utf-8"))["collections"]
    return tuple(Collection(**{**table, "models": tuple(table["models"])}) for table in tables)
