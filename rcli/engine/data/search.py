"""Finding models by words in their names and descriptions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rcli.engine.data.catalog import Model, read_model
from rcli.engine.data.store import Store

WORDS = 16
"""How many words of a query count."""


@dataclass(frozen=True)
class Found:
    """``score``: 1 the words are the name, 0.75 they stand in it, 0.5 in owner and name, 0.25 elsewhere."""

    model: Model
    score: float


class Search:
    """Every word has to be there, in any order and in either case of the Latin letters."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def models(self, text: str, *, limit: int, offset: int = 0) -> list[Found]:
        """The best first; among equals those with the newest version. A text without words finds all."""
        words = words_of(text)
        patterns = {f"word{number}": pattern(word) for number, word in enumerate(words)}
        rows = self._store.rows(
            f"SELECT m.*, CASE WHEN :text IN (name, full_name) THEN 1.0 WHEN {_all(words, 'name')} THEN 0.75"
            f" WHEN {_all(words, 'full_name')} THEN 0.5 ELSE 0.25 END AS score"
            " FROM (SELECT *, owner || '/' || name AS full_name, (SELECT MAX(v.number) FROM versions v"
            " WHERE v.owner = models.owner AND v.name = models.name) AS newest FROM models) m"
            f" WHERE {_all(words, '''full_name || ' ' || COALESCE(description, '')''')}"
            " ORDER BY score DESC, newest DESC, owner, name LIMIT :limit OFFSET :offset",
            {"text": text.strip().lower(), "limit": limit, "offset": offset, **patterns},
        )
        return [Found(read_model(row), row["score"]) for row in rows]


def words_of(text: str) -> list[str]:
    """LIKE ends its pattern at a NUL, so that parts words as a space does."""
    return text.replace("\0", " ").split()[:WORDS]


def contains(words: Sequence[str], text: str) -> bool:
    """The same rule for texts that are not in the database."""
    return all(word.lower() in text.lower() for word in words)


def pattern(word: str) -> str:
    """For LIKE: the word anywhere, its own wildcards taken literally."""
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _all(words: Sequence[str], column: str) -> str:
    """An SQL condition; the words come as parameters."""
    conditions = [f"{column} LIKE :word{number} ESCAPE '\\'" for number in range(len(words))]
    return " AND ".join(f"({condition})" for condition in conditions) or "1"
