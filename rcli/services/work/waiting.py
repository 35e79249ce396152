"""Waiting for several predictions at once, of one host or of more."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from rcli.api.endpoints import Replicate, pages
from rcli.errors import NotFound
from rcli.records import Prediction
from rcli.services.work import predict

FEW = 5
"""Up to so many predictions are asked for one by one, more of them by pages of the list."""

_PAGE = 100
_FIRST_POLL = 0.2
_SLOWEST_POLL = 2.0


@dataclass
class Waiting:
    """The ids that have not ended yet, by host; ``seconds`` None: as long as it takes."""

    apis: Mapping[str, Replicate]
    pending: dict[str, list[str]]
    seconds: float | None = None
    _ends: float | None = field(default=None, init=False)

    def ended(self, told: Callable[[int], None]) -> Iterator[tuple[str, Prediction]]:
        """Hosts and predictions, each as it ends, until all have, or the time is over.

        ``told`` hears how many are left. Raises NotFound for an id that a host does not know, and NoAnswer.
        """
        self._ends = None if self.seconds is None else time.monotonic() + self.seconds
        wait = _FIRST_POLL
        while True:
            for host in list(self.pending):
                yield from self._asked(host)
            told(self.left)
            if not self.left or self._is_over():
                return
            time.sleep(wait if self._ends is None else max(0.0, min(wait, self._ends - time.monotonic())))
            wait = min(wait * 1.3, _SLOWEST_POLL)

    @property
    def left(self) -> int:
        return sum(map(len, self.pending.values()))

    @property
    def ids(self) -> list[str]:
        return [id for ids in self.pending.values() for id in ids]

    def _asked(self, host: str) -> Iterator[tuple[str, Prediction]]:
        api = self.apis[host]
        for prediction in states(api, self.pending[host]):
            if prediction.is_done:
                self.pending[host].remove(prediction.id)
                yield host, prediction

    def _is_over(self) -> bool:
        return self._ends is not None and time.monotonic() >= self._ends


def states(api: Replicate, ids: Iterable[str]) -> Iterator[Prediction]:
    """What the predictions do now; those that have ended come whole. Raises NotFound."""
    wanted = list(ids)
    listed = _listed(api, set(wanted)) if len(wanted) > FEW else {}
    for id in wanted:
        seen = listed.get(id)
        if seen and not seen.is_done:
            yield seen
        else:  # a list's rows can lack the logs
            yield predict.find(api, id).prediction


def known_states(api: Replicate, ids: Iterable[str], gone: Callable[[str], None]) -> Iterator[Prediction]:
    """Like ``states``; an id that the host does not know any more goes to ``gone`` instead."""
    wanted = list(ids)
    listed = _listed(api, set(wanted)) if len(wanted) > FEW else {}
    for id in wanted:
        try:
            yield listed.get(id) or predict.find(api, id).prediction
        except NotFound:
            gone(id)


def _listed(api: Replicate, wanted: set[str]) -> dict[str, Prediction]:
    """Those that are on the first pages; as many as there are ids, and one more for others' predictions."""
    found: dict[str, Prediction] = {}
    most = len(wanted) // _PAGE + 2
    for number, page in enumerate(pages(api.predictions), 1):
        found |= {row.id: row for row in page.results if row.id in wanted}
        if len(found) == len(wanted) or number >= most:
            break
    return found
