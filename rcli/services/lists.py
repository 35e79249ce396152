"""The first rows of a list that comes in pages."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain, islice
from typing import TypeVar

from rcli.api.endpoints import pages
from rcli.records import Page

T = TypeVar("T")


def first(limit: int, fetch: Callable[[str | None], Page[T]]) -> list[T]:
    """At most ``limit`` rows of such as ``api.predictions``; no page is fetched that is not needed."""
    return list(islice(chain.from_iterable(page.results for page in pages(fetch)), limit))
