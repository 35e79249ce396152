"""All predictions that have not ended, from their creation to their end, each in the lane of its version."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from rcli.engine.data.catalog import Version
from rcli.engine.data.files import Files, referenced, texts
from rcli.engine.data.predictions import Ending, Prediction, Predictions, Work, new_id
from rcli.engine.data.store import Store
from rcli.engine.problems import Problem
from rcli.engine.work.capacity import Capacity
from rcli.engine.work.inputs import Given, Inputs, InputSchema
from rcli.engine.work.instances import Launch, Parts
from rcli.engine.work.lanes import Lane
from rcli.engine.work.live import Conclude, Key, Live, Made, iterates
from rcli.engine.work.tasks import Tasks

Find = Callable[[str, str], Version | None]
"""The version that a row names by its model, ``owner/name``, and its id."""

Train = Callable[[Version, str, Any], Awaitable[Made]]
"""What a version's training for a destination has come to with this output; see ``Conclude``."""

SCHEMAS_KEPT = 64
"""Compiled input schemas; they are made in a millisecond and are not small."""

MOST_SHORT, SHORT = 32, 1_000
"""Inputs that stay in memory until they are needed: so many at most, of so many characters."""

QUEUES_IN_ALL = 10
"""All versions together may keep this many full queues waiting."""

RETRY_SECONDS = "5"
"""When a client whose prediction was not taken should ask again."""


class Jobs:
    """``changed`` is called whenever work begins or ends. ``max_queue`` bounds what waits for one version."""

    def __init__(
        self,
        store: Store,
        files: Files,
        *,
        launch: Launch,
        train: Train,
        replica_idle: float,
        max_replicas: int,
        memory_reserve: int,
        max_queue: int,
        changed: Callable[[], None],
    ) -> None:
        """``memory_reserve`` is in bytes, ``replica_idle`` in seconds."""
        self.table = Predictions(store)
        self.lanes: dict[Key, Lane] = {}
        self.refusing = False
        self._store, self._files = store, files
        self._inputs = Inputs(files)
        self._parts = Parts(launch, self._lay, files)
        self._capacity = Capacity(max_replicas, memory_reserve, lambda: self.lanes.values())
        self._replica_idle, self._max_queue, self._changed = replica_idle, max(1, max_queue), changed
        self._alive: dict[str, Live] = {}
        self._bounds: dict[Key, tuple[int, int]] = {}
        self._schemas: dict[tuple[str, Work], InputSchema] = {}
        self._train = train
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._deadlines = Tasks()

    async def create(
        self,
        version: Version,
        given: dict[str, Any],
        *,
        host: str,
        lifetime: int | None,
        deployment: str | None = None,
        destination: str | None = None,
    ) -> Live:
        """Checks, stores and queues a prediction, or with a ``destination`` a training.

        ``lifetime`` is in seconds. Raises Problem 422, 429, 503.
        """
        key = Key(version.key, deployment, "training" if destination else "prediction")
        self._check_room(key)
        accepted = await self._inputs.accept(self._schema(version, key.kind), given, host)
        self._check_room(key)
        live = self._add(version, accepted, lifetime, key, destination)
        self._store.commit()
        self._enqueue(live, lifetime)
        return live

    def get(self, prediction_id: str) -> Live | None:
        return self._alive.get(prediction_id)

    def is_working(self) -> bool:
        """Whether predictions are under way, or instances are to be kept warm."""
        return bool(self._alive) or any(lane.minimum for lane in self.lanes.values())

    def alive(self) -> Iterator[Live]:
        return iter(list(self._alive.values()))

    async def cancel(self, prediction_id: str) -> None:
        """Ends it at once, wherever it is; does nothing when it has ended."""
        if live := self._alive.get(prediction_id):
            await self.lanes[live.key].cancel(live, "canceled")

    def scale(self, version: Version, deployment: str | None, minimum: int, maximum: int) -> None:
        """Keeps ``minimum`` instances warm from now on, and allows ``maximum`` at once.

        What waits while ``maximum`` is 0 goes on waiting. For a release that has been replaced, a minimum
        of 0 with the former maximum lets what it has accepted end.
        """
        key = Key(version.key, deployment)
        self._bounds[key] = minimum, maximum
        if minimum or key in self.lanes:
            self._lane(key, version).scale(minimum, maximum)
        self._changed()

    def let_go(self, version: Version) -> None:
        """Idle replicas of a version that is no more go at once."""
        for lane in self.lanes.values():
            if (lane.version.model, lane.version.id) == (version.model, version.id):
                lane.rest()

    def environments_in_use(self) -> set[str]:
        instances = (instance for lane in self.lanes.values() for instance in lane.instances)
        return {instance.running.environment for instance in instances if instance.running is not None}

    def snapshots_in_use(self) -> set[str]:
        return {lane.version.snapshot for lane in self.lanes.values() if not lane.is_done}

    def files_in_use(self) -> set[str]:
        """The ids of files that predictions under way were given."""
        return {file_id for live in self.alive() for file_id in live.files}

    async def drained(self, seconds: float) -> bool:
        """Waits until nothing is left to do, or the time has passed."""
        try:
            async with asyncio.timeout(seconds):
                while self._alive:
                    await next(self.alive()).ended.wait()
                    await asyncio.sleep(0)
        except TimeoutError:
            return False
        return True

    async def close(self, status: str, error: str | None) -> None:
        """Ends what is left and stops every replica."""
        self.refusing = True
        await asyncio.gather(*(lane.close(status, error) for lane in self.lanes.values()))
        await self._deadlines.others()

    def recover(self, find: Find) -> None:
        """After a kill: what was running has failed; what was waiting waits again, in the same order."""
        for row in self.table.alive():
            if row.status == "processing":
                self._end(row, "failed", f"the engine was killed while this {row.kind} ran")
            elif row.deadline is not None and row.deadline <= time.time():
                self._end(row, "aborted", None)
            else:
                self._resume(row, find(row.model, row.version))

    def _resume(self, row: Prediction, version: Version | None) -> None:
        lost = self._lost(row, version)
        if lost or version is None:
            self._end(row, "failed", f"the engine was killed before this {row.kind} ran, and {lost}")
            return
        live = Live(
            self._store,
            self.table,
            id=row.id,
            number=row.number,
            version=_as_worked(version, row.kind),
            created_at=row.created_at,
            on_end=self._on_end,
            deployment=row.deployment,
            conclude=self._conclusion(version, row.destination),
            files=_files_in(row.input),
        )
        self._enqueue(live, None if row.deadline is None else row.deadline - time.time())

    def _lost(self, row: Prediction, version: Version | None) -> str | None:
        """What a prediction needs and no engine has any more; None when it can run."""
        if row.variables:
            return "the variables of -e are gone with it: run it again"
        if version is None:
            return "its version has been removed since"
        if any(row.input.get(name) is not None for name in self._schema(version, row.kind).secrets):
            return "its secret inputs are stored nowhere: create it again"
        return None

    def _end(self, row: Prediction, status: str, error: str | None) -> None:
        """Ends what nobody works on."""
        now = time.time()
        metrics = {
            "total_time": round(now - row.created_at, 6),
            "predict_time": round(now - (row.started_at or now), 6),
        }
        last = self.table.last_sequence(row.number)
        self.table.end(row.number, last, now, Ending(status, row.output, error, metrics))

    def _check_room(self, key: Key) -> None:
        """Raises Problem 503 and 429; nothing was created then, so that a client may ask again."""
        if self.refusing:
            headers = {"retry-after": "1", "x-should-retry": "true", "rcli-refused": "stopping"}
            raise Problem(503, "The engine is stopping", headers=headers)
        lane = self.lanes.get(key)
        waiting = sum(len(each.waiting) for each in self.lanes.values())
        if (lane and len(lane.waiting) >= self._max_queue) or waiting >= QUEUES_IN_ALL * self._max_queue:
            raise Problem(
                429,
                f"Request was throttled. Too many predictions wait already; ask again in ~{RETRY_SECONDS}s.",
                headers={"retry-after": RETRY_SECONDS, "x-should-retry": "true"},
            )

    def _add(
        self, version: Version, accepted: Given, lifetime: int | None, key: Key, destination: str | None
    ) -> Live:
        # Shown with microseconds, and a filter by what was shown must find it.
        prediction_id, now = new_id(), round(time.time(), 6)
        number = self.table.add(
            prediction_id,
            model=version.model,
            version=version.id,
            input=accepted.stored,
            created_at=now,
            deadline=None if lifetime is None else now + lifetime,
            iterates=key.kind == "prediction" and iterates(version.document),
            variables=version.variables.id,
            kind=key.kind,
            deployment=key.deployment,
            destination=destination,
        )
        secrets = self._schema(version, key.kind).secrets & accepted.model.keys()
        return Live(
            self._store,
            self.table,
            id=prediction_id,
            number=number,
            version=_as_worked(version, key.kind),
            created_at=now,
            on_end=self._on_end,
            deployment=key.deployment,
            conclude=self._conclusion(version, destination),
            secrets={name: accepted.model[name] for name in secrets},
            files=_files_in(accepted.model),
            stored=accepted.stored if _are_short(accepted.stored) else None,
        )

    def _enqueue(self, live: Live, lifetime: float | None) -> None:
        """``lifetime`` in seconds from now."""
        self._alive[live.id] = live
        self._changed()
        if lifetime is not None:
            timer = asyncio.get_running_loop().call_later(lifetime, self._on_deadline, live)
            self._timers[live.id] = timer
        self._lane(live.key, live.version).push(live)

    def _on_end(self, live: Live) -> None:
        self._alive.pop(live.id, None)
        if timer := self._timers.pop(live.id, None):
            timer.cancel()
        self._changed()

    def _on_deadline(self, live: Live) -> None:
        if not live.is_over:
            status = "aborted" if live.status == "starting" else "canceled"
            self._deadlines.start(self.lanes[live.key].cancel(live, status))

    def _lane(self, key: Key, version: Version) -> Lane:
        lane = self.lanes.get(key)
        if lane is None:
            self._retire_former(key, version)
            bounds = self._bounds.get(key, (0, 1))
            lane = Lane(key, version, self._parts, self._capacity, self._replica_idle, bounds)
            self.lanes[key] = lane
        return lane

    def _retire_former(self, key: Key, version: Version) -> None:
        """A folder that is edited makes a version each time: what the former ones have loaded goes."""
        for lane in self.lanes.values():
            same = (lane.key.deployment, lane.key.kind) == (key.deployment, key.kind)
            if lane.version.model == version.model and same:
                lane.rest()
        self.lanes = {key: lane for key, lane in self.lanes.items() if not lane.is_done}

    async def _lay(self, version: Version, live: Live, folder: Path) -> dict[str, Any]:
        stored = self.table.input(live.number) if live.stored is None else live.stored
        stored = {**stored, **live.secrets}
        values = {name: value for name, value in stored.items() if value is not None}
        return await self._inputs.lay(self._schema(version, live.key.kind), values, folder)

    def _conclusion(self, version: Version, destination: str | None) -> Conclude | None:
        return partial(self._train, version, destination) if destination else None

    def _schema(self, version: Version, kind: Work) -> InputSchema:
        name = (version.id, kind)
        schema = self._schemas.pop(name, None) or InputSchema(version.document, kind)
        self._schemas[name] = schema
        while len(self._schemas) > SCHEMAS_KEPT:
            del self._schemas[next(iter(self._schemas))]
        return schema


def _as_worked(version: Version, kind: Work) -> Version:
    """A process trains once, however many predictions it could make at the same time."""
    return version if kind == "prediction" else replace(version, concurrency=1)


def _are_short(values: dict[str, Any]) -> bool:
    """Whether they may stay in memory for as long as they wait."""
    return len(values) <= MOST_SHORT and all(
        len(value) <= SHORT if isinstance(value, str) else not isinstance(value, dict | list)
        for value in values.values()
    )


def _files_in(values: dict[str, Any]) -> frozenset[str]:
    found = (referenced(text) for text in texts(values))
    return frozenset(file_id for file_id in found if file_id is not None)
