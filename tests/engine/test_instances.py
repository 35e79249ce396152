"""Pools of instances for deployments: kept warm, grown under load, let go; each a real replica."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from rcli.engine.data.catalog import Version
from rcli.engine.engine import Engine
from rcli.engine.work.instances import Instance
from rcli.engine.work.live import Key, Live
from rcli.engine.work.setbacks import HEALTHY_SECONDS, LONGEST_PAUSE, Setbacks
from rcli.paths import Paths, own_private_folder
from rcli.records import Overrides
from rcli.settings import EngineSettings

PROJECTS = Path(__file__).parents[1] / "projects"
NAME = "local/pool"
SECONDS = 30.0


class Pool:
    """An engine without its server, and one version that a deployment runs."""

    def __init__(self, engine: Engine, version: Version) -> None:
        self.engine, self.jobs, self.version = engine, engine.jobs, version

    def scale(self, minimum: int, maximum: int) -> None:
        self.jobs.scale(self.version, NAME, minimum, maximum)

    @property
    def staying(self) -> list[Instance]:
        lane = self.jobs.lanes.get(Key(self.version.key, NAME))
        return list(lane.staying) if lane else []

    def states(self) -> list[str]:
        return sorted(instance.state for instance in self.staying)

    def pids(self) -> set[int]:
        return {each.running.replica.pid for each in self.staying if each.running is not None}

    async def create(self, **given: Any) -> Live:
        return await self.jobs.create(self.version, given, host="localhost", lifetime=None, deployment=NAME)

    async def until(self, true: Callable[[], bool]) -> None:
        """Waits for something that nothing tells about."""
        async with asyncio.timeout(SECONDS):
            while not true():
                await asyncio.sleep(0.01)


def on_pool(
    home: Path,
    project: str,
    test: Callable[[Pool], Coroutine[Any, Any, None]],
    settings: EngineSettings | None = None,
    killed: bool = False,
) -> None:
    """``killed``: what the test leaves behind is not ended."""

    async def run() -> None:
        environ = {"PATH": os.environ["PATH"], "HOME": str(home), "RCLI_HOME": str(home)}
        paths = Paths.from_environ(environ)
        own_private_folder(paths.engine)
        engine = Engine(paths, settings or EngineSettings(), environ)
        engine.start()
        taken = await engine.registry.take(PROJECTS / project, "cog.yaml", Overrides(), to_run=True)
        try:
            await test(Pool(engine, taken.version))
        finally:
            if not killed:
                await engine.close()
            engine.store.close()

    asyncio.run(run())


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    return tmp_path / "gate"


def test_a_minimum_is_warm_before_anybody_asks(tmp_path: Path) -> None:
    async def test(pool: Pool) -> None:
        pool.scale(2, 3)
        await pool.until(lambda: pool.states() == ["ready", "ready"])
        live = await pool.create(text="x")
        await live.ended.wait()

        row = pool.jobs.table.get(live.id)
        assert row is not None
        assert (row.output, row.deployment) == ("hello x", NAME)
        assert pool.states() == ["ready", "ready"]

    on_pool(tmp_path, "echo", test)


def test_load_brings_more_instances_up_to_the_maximum(tmp_path: Path, gate: Path) -> None:
    async def test(pool: Pool) -> None:
        pool.scale(0, 2)
        assert pool.states() == []
        lives = [await pool.create(until=str(gate)) for _ in range(3)]
        await pool.until(lambda: pool.states() == ["busy", "busy"])

        assert sorted(live.status for live in lives) == ["processing", "processing", "starting"]
        gate.touch()
        for live in lives:
            await live.ended.wait()
        assert [live.status for live in lives] == ["succeeded"] * 3

    on_pool(tmp_path, "gate", test)


def test_what_is_kept_warm_does_not_sleep_and_the_rest_does(tmp_path: Path, gate: Path) -> None:
    async def test(pool: Pool) -> None:
        pool.scale(1, 2)
        lives = [await pool.create(until=str(gate)) for _ in range(2)]
        await pool.until(lambda: pool.states() == ["busy", "busy"])
        gate.touch()
        for live in lives:
            await live.ended.wait()

        await pool.until(lambda: pool.states() == ["ready"])
        await asyncio.sleep(0.6)
        assert pool.states() == ["ready"]
        assert pool.engine.is_working()

    on_pool(tmp_path, "gate", test, EngineSettings(replica_idle=0.3))


def test_one_that_crashes_while_idle_is_started_anew(tmp_path: Path) -> None:
    async def test(pool: Pool) -> None:
        pool.scale(1, 1)
        await pool.until(lambda: pool.states() == ["ready"])
        (pid,) = pool.pids()
        os.killpg(pid, signal.SIGKILL)

        await pool.until(lambda: pool.states() == ["ready"] and pool.pids() != {pid})

    on_pool(tmp_path, "echo", test)


def test_one_that_cannot_start_is_tried_again_with_pauses(tmp_path: Path) -> None:
    async def test(pool: Pool) -> None:
        pool.scale(1, 1)
        await pool.until(lambda: pool.states() == ["starting"])
        await pool.until(lambda: pool.states() == [])
        await asyncio.sleep(0.3)
        assert pool.states() == []

        await pool.until(lambda: pool.states() == ["starting"])

    on_pool(tmp_path, "setup_fails", test)


def test_going_down_lets_idle_ones_go_first_and_busy_ones_finish(tmp_path: Path, gate: Path) -> None:
    async def test(pool: Pool) -> None:
        pool.scale(3, 3)
        await pool.until(lambda: pool.states() == ["ready"] * 3)
        live = await pool.create(until=str(gate))
        await pool.until(lambda: pool.states() == ["busy", "ready", "ready"])

        pool.scale(1, 1)
        assert pool.states() == ["busy"]
        pool.scale(0, 0)
        assert pool.states() == []
        await live.began.wait()
        assert live.status == "processing"
        gate.touch()
        await live.ended.wait()
        assert live.status == "succeeded"
        await pool.until(lambda: pool.jobs.lanes[Key(pool.version.key, NAME)].is_done)

    on_pool(tmp_path, "gate", test)


def test_what_waits_while_nothing_may_run_goes_on_when_it_may(tmp_path: Path) -> None:
    async def test(pool: Pool) -> None:
        pool.scale(0, 0)
        live = await pool.create(text="x")
        await asyncio.sleep(0.2)
        assert (live.status, pool.states()) == ("starting", [])

        pool.scale(0, 1)
        await live.ended.wait()
        assert live.status == "succeeded"

    on_pool(tmp_path, "echo", test)


def test_a_deployment_and_its_version_by_itself_have_instances_of_their_own(tmp_path: Path) -> None:
    async def test(pool: Pool) -> None:
        pool.scale(1, 1)
        await pool.until(lambda: pool.states() == ["ready"])
        live = await pool.jobs.create(pool.version, {"text": "x"}, host="localhost", lifetime=None)
        await live.ended.wait()

        lanes = pool.jobs.lanes
        assert set(lanes) == {Key(pool.version.key), Key(pool.version.key, NAME)}
        assert [len(lane.staying) for lane in lanes.values()] == [1, 1]

    on_pool(tmp_path, "echo", test)


def test_more_warmth_than_the_machine_has_starves_nobody(tmp_path: Path) -> None:
    async def test(pool: Pool) -> None:
        pool.scale(2, 2)
        await pool.until(lambda: pool.states() == ["ready", "ready"])

        live = await pool.jobs.create(pool.version, {"text": "x"}, host="localhost", lifetime=None)

        async with asyncio.timeout(SECONDS):
            await live.ended.wait()
        assert live.status == "succeeded"
        await pool.until(lambda: pool.states() == ["ready", "ready"])

    on_pool(tmp_path, "echo", test, EngineSettings(max_replicas=2))


def test_a_deployment_s_queue_survives_a_kill_with_its_name(tmp_path: Path, gate: Path) -> None:
    ids: list[str] = []

    async def leave_behind(pool: Pool) -> None:
        pool.scale(0, 0)
        ids.append((await pool.create(until=str(gate))).id)

    async def take_up(pool: Pool) -> None:
        gate.touch()
        live = pool.jobs.get(ids[0])
        assert live is not None
        assert live.key == Key(pool.version.key, NAME)
        await live.ended.wait()
        assert live.status == "succeeded"

    on_pool(tmp_path, "gate", leave_behind, killed=True)
    on_pool(tmp_path, "gate", take_up)


def test_pauses_grow_and_begin_anew_after_a_healthy_life() -> None:
    async def test() -> None:
        setbacks, now = Setbacks(), asyncio.get_running_loop().time()
        pauses = []
        for _ in range(12):
            setbacks.add(now)
            pauses.append(round(setbacks.pause()))
        setbacks.add(now - HEALTHY_SECONDS - 1)

        assert pauses[:5] == [1, 2, 4, 8, 16]
        assert pauses[-1] == LONGEST_PAUSE
        assert round(setbacks.pause()) == 1
        setbacks.forget()
        assert setbacks.pause() <= 0

    asyncio.run(test())
