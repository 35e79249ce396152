"""The first rows of a list that comes in pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from itertools import chain, islice
from typing import TypeVar

from rcli.api.endpoints import pages
from rcli.records import Page

T = TypeVar("T")


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The name that was meant, if one is almost the same."""
    near = get_close_matches(name, names, n=1, cutoff=0.8)
    return near[0] if near else None


def first(limit: int, fetch: Callable[[str | None], Page[T]], *, all: bool = False) -> list[T]:
    """At most ``limit`` rows (or ``all``) of such as ``api.predictions``; no page is fetched without need."""
    rows = chain.from_iterable(page.results for page in pages(fetch))
    return list(rows if all else islice(rows, limit))
