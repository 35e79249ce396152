"""One of the account's lists, looked at again and again: what is new in it, and what goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from rcli.listener.followed import Followed, moment
from rcli.records import Page, Prediction

OVERLAP = 60.0
"""Seconds: rows may come into a list out of order, and this late."""

RESUMES = 3600.0
"""Seconds after which a relay does not go on where the last one ended: the service keeps data for so long."""

_SHARE = 10
"""For so many that are followed and out of sight a survey goes one page further."""

_LONG_AGO = float("-inf")

Fetch = Callable[[str | None], Page[Prediction]]
Get = Callable[[str], Prediction]


@dataclass(frozen=True)
class Place:
    """How far a relay has come; all times in Unix seconds, ``since`` and ``done`` by the service's clock.

    What was created up to ``since`` is none of its business, what was created before ``done`` is told.
    """

    since: float
    done: float
    at: float

    def to_text(self) -> str:
        return json.dumps([self.since, self.done, self.at])

    @classmethod
    def read(cls, text: str | None, now: float) -> Place | None:
        """None if there is none, or if too much time has passed."""
        if text is None:
            return None
        since, done, at = json.loads(text)
        return cls(since, done, at) if now - at < RESUMES else None


@dataclass
class Survey:
    """``name`` is predictions or trainings, ``fetch`` gives a page of them, ``get`` asks for one.

    What was created up to ``since`` is old. Where that is None, the first look finds it out: whatever is
    there, unless it was created after ``started`` (Unix seconds by this machine's clock, which may be off).
    ``calm``: how many times longer the pause until the next look is, since nothing goes on.
    """

    name: str
    fetch: Fetch
    get: Get
    since: float | None
    started: float
    horizon: float = _LONG_AGO
    newest: float = _LONG_AGO
    number: int = 0
    calm: float = 1.0
    followed: dict[str, Followed] = field(default_factory=dict)
    _settled: dict[str, float] = field(default_factory=dict)

    @classmethod
    def going_on(cls, name: str, fetch: Fetch, get: Get, place: Place) -> Survey:
        horizon = max(place.since, place.done - OVERLAP)
        return cls(name, fetch, get, place.since, place.at, horizon, place.done)

    @property
    def is_complete(self) -> bool:
        """Whether the list was looked at as far as it matters."""
        return self.number > 0

    def new_rows(self, page: Page[Prediction]) -> list[tuple[Prediction, float]]:
        """What is neither followed nor settled yet, the oldest first, and when it was created."""
        found = [(row, self._created(row)) for row in reversed(page.results)]
        self.newest = max([self.newest, *(created for _, created in found)])
        known = self.followed.keys() | self._settled.keys()
        if self.since is None:
            self._settled |= {row.id: created for row, created in found if created <= self.started}
        return [(row, created) for row, created in found if row.id not in known and self._is_new(created)]

    def see(self, page: Page[Prediction], began: float) -> None:
        """Brings what is followed up to date with a page that was asked for at ``began``."""
        for row in page.results:
            if found := self.followed.get(row.id):
                found.see_row(row, began)
                found.survey = self.number + 1

    def goes_on(self, page: Page[Prediction], pages: int) -> bool:
        """Whether the next page is worth a request, after so many."""
        oldest = min(map(self._created, page.results), default=_LONG_AGO)
        if page.next is None or oldest == _LONG_AGO:
            return False
        if self._is_new(oldest):
            return True
        unseen = sum(each.survey <= self.number and each.created < oldest for each in self.followed.values())
        return pages <= unseen // _SHARE

    def complete(self) -> None:
        """The last page was seen."""
        self.number += 1
        if self.since is None:
            self.since = max(self._settled.values(), default=_LONG_AGO)
        self.horizon = max(self.horizon, self.newest - OVERLAP)
        self._settled = {id: created for id, created in self._settled.items() if created >= self.horizon}

    def settle(self, id: str, created: float) -> None:
        """Nothing more is to be told of it."""
        self.followed.pop(id, None)
        self._settled[id] = created

    def is_listed(self, followed: Followed) -> bool:
        """Whether the last complete survey has seen it."""
        return followed.survey >= self.number > 0

    def place(self, now: float) -> Place | None:
        """Where another relay could go on, None before the first survey is complete."""
        if self.since is None or not self.is_complete:
            return None
        done = min([each.created for each in self.followed.values()], default=self.newest)
        return Place(self.since, done, now)

    def _is_new(self, created: float) -> bool:
        since = self.started if self.since is None else self.since
        return created > since and created >= self.horizon

    def _created(self, row: Prediction) -> float:
        """Unix seconds; a row without a time is as new as the newest."""
        found = moment(row.created_at)
        return self.newest if found is None else found
