"""All predictions that have not ended, from their creation to their end, each in the lane of its version."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rcli.engine.data.catalog import Version
from rcli.engine.data.files import Files, referenced, texts
from rcli.engine.data.predictions import Ending, Prediction, Predictions, new_id
from rcli.engine.data.store import Store
from rcli.engine.problems import Problem
from rcli.engine.work.inputs import Given, Inputs, InputSchema
from rcli.engine.work.lanes import Lane, Launch
from rcli.engine.work.live import Live, iterates

SCHEMAS_KEPT = 64
"""Compiled input schemas; they are made in a millisecond and are not small."""


class Jobs:
    """``changed`` is called whenever work begins or ends."""

    def __init__(
        self,
        store: Store,
        files: Files,
        *,
        launch: Launch,
        replica_idle: float,
        changed: Callable[[], None],
    ) -> None:
        self.table = Predictions(store)
        self.lanes: dict[str, Lane] = {}
        self.refusing = False
        self._store, self._files = store, files
        self._inputs = Inputs(files)
        self._launch, self._replica_idle, self._changed = launch, replica_idle, changed
        self._alive: dict[str, Live] = {}
        self._schemas: dict[str, InputSchema] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._deadlines: set[asyncio.Task[None]] = set()

    async def create(
        self, version: Version, given: dict[str, Any], *, host: str, lifetime: int | None
    ) -> Live:
        """Checks, stores and queues a prediction; ``lifetime`` in seconds. Raises Problem 422 and 503."""
        accepted = await self._inputs.accept(self._schema(version), given, host)
        if self.refusing:
            raise Problem(503, "The engine is stopping", headers={"retry-after": "1"})
        live = self._add(version, accepted, lifetime)
        self._store.commit()
        self._alive[live.id] = live
        self._changed()
        if lifetime is not None:
            timer = asyncio.get_running_loop().call_later(lifetime, self._on_deadline, live)
            self._timers[live.id] = timer
        self._lane(version).push(live)
        return live

    def get(self, prediction_id: str) -> Live | None:
        return self._alive.get(prediction_id)

    def is_working(self) -> bool:
        return bool(self._alive)

    def alive(self) -> Iterator[Live]:
        return iter(list(self._alive.values()))

    async def cancel(self, prediction_id: str) -> None:
        """Ends it at once, wherever it is; does nothing when it has ended."""
        live = self._alive.get(prediction_id)
        if live is not None:
            await self.lanes[live.version.id].cancel(live)

    def environments_in_use(self) -> set[str]:
        return {lane.running.environment for lane in self.lanes.values() if lane.running is not None}

    def snapshots_in_use(self) -> set[str]:
        return {lane.version.snapshot for lane in self.lanes.values() if lane.state != "asleep"}

    def files_in_use(self) -> set[str]:
        """The ids of files that predictions under way were given."""
        found = (referenced(text) for live in self.alive() for text in texts(live.input))
        return {file_id for file_id in found if file_id is not None}

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

    def recover(self) -> None:
        """After a kill: nobody works on what the database says is alive, so it has failed."""
        for row in self.table.alive():
            ran = "while" if row.status == "processing" else "before"
            self._fail_orphan(row, f"the engine was killed {ran} this prediction ran")

    def _fail_orphan(self, row: Prediction, error: str) -> None:
        now = time.time()
        metrics = {
            "total_time": round(now - row.created_at, 6),
            "predict_time": round(now - (row.started_at or now), 6),
        }
        last = self.table.last_sequence(row.number)
        self.table.end(row.number, last, now, Ending("failed", row.output, error, metrics))

    def _add(self, version: Version, accepted: Given, lifetime: int | None) -> Live:
        # Shown with microseconds, and a filter by what was shown must find it.
        prediction_id, now = new_id(), round(time.time(), 6)
        number = self.table.add(
            prediction_id,
            model=version.model,
            version=version.id,
            input=accepted.stored,
            created_at=now,
            deadline=None if lifetime is None else now + lifetime,
            iterates=iterates(version.document),
        )
        return Live(
            self._store,
            self.table,
            id=prediction_id,
            number=number,
            version=version,
            input=accepted.model,
            created_at=now,
            on_end=self._on_end,
        )

    def _on_end(self, live: Live) -> None:
        self._alive.pop(live.id, None)
        if timer := self._timers.pop(live.id, None):
            timer.cancel()
        self._changed()

    def _on_deadline(self, live: Live) -> None:
        if not live.is_over:
            status = "aborted" if live.status == "starting" else "canceled"
            task = asyncio.create_task(self.lanes[live.version.id].cancel(live, status))
            self._deadlines.add(task)
            task.add_done_callback(self._deadlines.discard)

    def _lane(self, version: Version) -> Lane:
        lane = self.lanes.get(version.id)
        if lane is None:
            self._retire_former(version)
            lane = self.lanes[version.id] = Lane(
                version,
                launch=self._launch,
                lay=self._lay,
                files=self._files,
                sleep_after=self._replica_idle,
            )
        return lane

    def _retire_former(self, version: Version) -> None:
        """A folder that is edited makes a version each time: what the former ones have loaded goes."""
        for lane in self.lanes.values():
            if lane.version.model == version.model:
                lane.rest()
        self.lanes = {key: lane for key, lane in self.lanes.items() if not lane.is_done}

    async def _lay(self, live: Live, folder: Path) -> dict[str, Any]:
        return await self._inputs.lay(self._schema(live.version), live.input, folder)

    def _schema(self, version: Version) -> InputSchema:
        schema = self._schemas.pop(version.id, None) or InputSchema(version.document)
        self._schemas[version.id] = schema
        while len(self._schemas) > SCHEMAS_KEPT:
            del self._schemas[next(iter(self._schemas))]
        return schema
