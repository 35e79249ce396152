"""Coroutines that run beside their owner."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class Tasks:
    """Keeps them from being forgotten. An exception that nobody expected goes to the log whole."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._reap)
        return task

    async def others(self) -> None:
        """Waits until all but the one that asks have ended, those too that begin meanwhile."""
        while others := self._tasks - {asyncio.current_task()}:
            await asyncio.wait(others)
            await asyncio.sleep(0)

    def _reap(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        loop = asyncio.get_running_loop()
        loop.call_exception_handler(
            {"message": "defect in a prediction's task", "exception": error, "task": task}
        )
