"""All that runs on several hosts, asked at the same time: a silent one keeps nobody waiting for long."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, islice, takewhile
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import Literal

from rcli.api.endpoints import Replicate, pages
from rcli.errors import NoAnswer, RcliError
from rcli.records import Json, Page, Prediction

PATIENCE = 20.0
"""Seconds that a host has to tell everything."""

_OLDEST = timedelta(days=2)
"""What was created before has ended: services end what runs for so long."""

_MOST = 2000
"""Rows of one list that are looked through; they come the newest first."""


@dataclass(frozen=True)
class Working:
    """A prediction or training that has not ended."""

    host: str
    kind: Literal["prediction", "training"]
    prediction: Prediction

    def to_json(self) -> Json:
        """The API's own JSON, with its host and kind."""
        return {"host": self.host, "kind": self.kind, **self.prediction.raw}


@dataclass(frozen=True)
class Silent:
    """A host that could not be asked, and why."""

    host: str
    error: RcliError


Told = tuple[Working, ...] | Silent

Hosts = Sequence[Replicate]
"""The APIs of the hosts that are asked."""


def on(apis: Hosts, patience: float = PATIENCE) -> Iterator[tuple[str, Told]]:
    """What each host tells, in the order in which they answer; ``patience`` in seconds for all together."""
    answers: SimpleQueue[tuple[str, Told]] = SimpleQueue()
    waiting = {api.client.host.name for api in apis}
    for api in apis:
        Thread(target=_ask, args=(api, answers), daemon=True).start()
    deadline = monotonic() + patience
    while waiting:
        try:
            host, told = answers.get(timeout=max(0.0, deadline - monotonic()))
        except Empty:
            break
        waiting.remove(host)
        yield host, told
    for host in sorted(waiting):
        yield host, Silent(host, NoAnswer(f"no answer within {patience:.0f} s"))


def _ask(api: Replicate, answers: SimpleQueue[tuple[str, Told]]) -> None:
    host = api.client.host.name
    try:
        predictions = [Working(host, "prediction", row) for row in _unended(api.predictions)]
        trainings = [Working(host, "training", row) for row in _unended(api.trainings)]
    except RcliError as error:
        answers.put((host, Silent(host, error)))
    else:
        answers.put((host, (*predictions, *trainings)))


def _unended(fetch: Callable[[str | None], Page[Prediction]]) -> list[Prediction]:
    rows = islice(chain.from_iterable(page.results for page in pages(fetch)), _MOST)
    since = datetime.now(UTC) - _OLDEST
    return [row for row in takewhile(lambda row: _is_after(row, since), rows) if not row.is_done]


def _is_after(row: Prediction, since: datetime) -> bool:
    """Whether it may have been created later; a time that cannot be read says nothing against it."""
    try:
        created = datetime.fromisoformat(row.created_at or "")
    except ValueError:
        return True
    return created.replace(tzinfo=created.tzinfo or UTC) > since
