"""A prediction that has not ended: its events on their way into the database, and who waits for them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rcli.engine.data.catalog import Version
from rcli.engine.data.files import is_marked
from rcli.engine.data.predictions import Ending, Event, Kind, Predictions, Work
from rcli.engine.data.store import Store
from rcli.engine.work.bells import Bell
from rcli.engine.work.outputs import Outbox, needs_adopting
from rcli.records import TERMINAL


@dataclass(frozen=True)
class Key:
    """What a lane is for: a version (``Version.key``), run by itself or through a deployment, or trained."""

    version: str
    deployment: str | None = None
    kind: Work = "prediction"


@dataclass(frozen=True)
class Made:
    """What a training has come to: its ``output``; ``keep`` stores what it made, and reads nothing."""

    output: Any
    keep: Callable[[], None]


Conclude = Callable[[Any], Awaitable[Made]]
"""What becomes of a training's output, whose files have been taken in. Raises Problem when it is unfit."""


@dataclass(frozen=True)
class Phase:
    """What a prediction does: queued, environment, setup or running; the message says more, or nothing."""

    name: str
    message: str = ""


class Live:
    """Created with its row; ``outbox`` is there once a replica works on it, ``began`` once the model does.

    ``made_at`` is when the model was done with it, in Unix seconds: its end may be recorded a little later.
    Its inputs are in the database, and short ones here, too, as they are ``stored``; ``secrets`` are kept
    nowhere else; ``files`` are the ids of the files among them. ``on_end`` is called when the end is
    committed, before anybody else hears of it.
    With ``conclude`` it is a training.

    Text goes straight into the tick's commit. A value with files waits for them, and all that follows waits
    behind it, so the order of events stays the model's.
    """

    def __init__(
        self,
        store: Store,
        table: Predictions,
        *,
        id: str,
        number: int,
        version: Version,
        created_at: float,
        on_end: Callable[[Live], None],
        deployment: str | None = None,
        conclude: Conclude | None = None,
        secrets: Mapping[str, Any] | None = None,
        files: frozenset[str] = frozenset(),
        stored: Mapping[str, Any] | None = None,
    ) -> None:
        self.id, self.number, self.version = id, number, version
        self.key = Key(version.key, deployment, "training" if conclude else "prediction")
        self.secrets, self.files, self.stored = secrets or {}, files, stored
        self.status = "starting"
        self.phase = Phase("queued")
        self.metrics: dict[str, Any] = {}
        self.bell = Bell()
        self.began = asyncio.Event()
        self.ended = asyncio.Event()
        self.canceled_as: str | None = None
        self.made_at: float | None = None
        self.outbox: Outbox | None = None
        self.iterates = conclude is None and iterates(version.document)
        self._store, self._table, self._conclude = store, table, conclude
        self._created_at, self._on_end = created_at, on_end
        self._started_at: float | None = None
        self._sequence, self._has_logged = 0, False
        self._adopting: asyncio.Task[None] | None = None
        self._unkept: OSError | None = None

    @property
    def is_over(self) -> bool:
        return self.status in TERMINAL

    def show(self, phase: Phase) -> None:
        """Tells everybody who watches what is being done for this prediction now."""
        if phase != self.phase:
            self.phase = phase
            self.bell.ring()

    def start(self) -> None:
        if self.is_over:
            return
        self.status = "processing"
        self._started_at = time.time()
        self._table.start(self.number, self._started_at)
        self._store.after_commit(self.bell.ring)
        self.show(Phase("running"))

    def log(self, text: str) -> None:
        self._in_order(text, "logs")

    def put_out(self, value: Any) -> None:
        """One value of an iterator's output."""
        self._in_order(value, "output")

    def set_metric(self, name: str, value: Any) -> None:
        """A metric of the model's own; None removes it."""
        self.metrics[name] = value
        if value is None:
            del self.metrics[name]

    async def finish(self, status: str, *, output: Any = None, error: str | None = None) -> None:
        """Ends the prediction after all it has emitted. An iterator's output is what it has put out.

        Raises OSError when an output file cannot be kept, Problem when a training's output is unfit.
        """
        while self._adopting is not None:
            await self._adopting
        if self._unkept is not None:
            raise self._unkept
        value = output if self.iterates or output is None else await self._adopt(output)
        await asyncio.sleep(0)  # each step with a huge output takes its time: others may come between
        if self._conclude is not None and status == "succeeded":
            self._end_training(await self._conclude(value))
        else:
            self.end(status, output=value, error=error)

    def end(self, status: str, *, output: Any = None, error: str | None = None) -> None:
        """Ends it now; what comes later from the model is dropped. Does nothing the second time."""
        if self.is_over:
            return
        if self.iterates:
            output = self._table.yielded(self.number) or ([] if status == "succeeded" else None)
        else:
            self._record_whole(output)
        error = None if error is None else storable(error)
        now = self.made_at or time.time()
        self.status = status
        self.metrics["total_time"] = round(now - self._created_at, 6)
        self.metrics.setdefault("predict_time", round(now - (self._started_at or now), 6))
        ending = Ending(status, output, error, self.metrics)
        self._table.end(self.number, self._sequence, now, ending, logged=self._has_logged)
        self._store.after_commit(self._tell_end)

    def _end_training(self, made: Made) -> None:
        """Its end and what it made are one transaction; one that was canceled has made nothing."""
        if not self.is_over and self.canceled_as is None:
            self.end("succeeded", output=made.output)
            made.keep()

    def _tell_end(self) -> None:
        self._on_end(self)
        self.ended.set()
        self.bell.ring()

    def _record_whole(self, output: Any) -> None:
        """The output of a model that does not stream, as the events that a stream ends with."""
        if output is None:
            return
        several = isinstance(output, list) and all(isinstance(item, str) for item in output)
        for value in output if several else [output]:
            self._record_output(value)

    def _in_order(self, value: Any, kind: str) -> None:
        if self.is_over:
            return
        if (kind == "output" and needs_adopting(value)) or self._adopting is not None:
            self._adopting = asyncio.create_task(self._after(self._adopting, value, kind))
        else:
            self._record(value, kind)

    async def _after(self, before: asyncio.Task[None] | None, value: Any, kind: str) -> None:
        try:
            if before is not None:
                await before
            self._record(await self._adopt(value) if kind == "output" else value, kind)
        except OSError as exc:
            self._unkept = self._unkept or exc
        finally:
            if self._adopting is asyncio.current_task():
                self._adopting = None

    async def _adopt(self, value: Any) -> Any:
        return await self.outbox.adopt(value) if self.outbox is not None else value

    def _record(self, value: Any, kind: str) -> None:
        if self.is_over:
            return
        if kind == "logs":
            self._has_logged = True
            self._append("logs", value)
        else:
            self._record_output(value)
        self._store.after_commit(self.bell.ring)

    def _record_output(self, value: Any) -> None:
        if isinstance(value, str) and not is_marked(value):
            self._append("text", value)
        else:
            self._append("value", json.dumps(value))

    def _append(self, kind: Kind, data: str) -> None:
        self._sequence += 1
        self._table.append(self.number, Event(self._sequence, time.time(), kind, storable(data)))


def storable(text: str) -> str:
    """The text as UTF-8 can hold it: a model may print half a surrogate pair."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode()
    return text


def iterates(document: dict[str, Any]) -> bool:
    """Whether the model puts its output out piece by piece."""
    output = document.get("components", {}).get("schemas", {}).get("Output", {})
    return bool(output.get("x-cog-array-type") == "iterator")
