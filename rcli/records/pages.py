"""Lists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Self, TypeVar

from rcli.errors import NoAnswer
from rcli.records.fields import Json

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list; ``next`` is the address of the following one, None on the last."""

    results: tuple[T, ...]
    next: str | None
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def from_json(cls, raw: Any, item: Callable[[Any], T]) -> Self:
        """Raises NoAnswer when this is no list. Some servers write the text "null" for no next page."""
        if not isinstance(raw, dict) or not isinstance(raw.get("results"), list):
            raise NoAnswer("the server's answer is no list as Replicate's API sends it")
        following = raw.get("next")
        return cls(
            results=tuple(item(row) for row in raw["results"]),
            next=following if following and following != "null" else None,
            raw=raw,
        )
