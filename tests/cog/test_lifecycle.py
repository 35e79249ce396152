"""What happens around and during predictions, where a step of a case.toml does not tell enough."""

from __future__ import annotations

import os
import signal
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.conftest import RunningEngine, launch, started

TOKENS = 100_000
LINES = 60_000
LONGEST_WAIT = 10.0
"""Seconds: an idle machine shows 0.4, two busy cores 2."""


SLOW_SETUP = """
    import time
    from cog import BaseRunner

    class Runner(BaseRunner):
        def setup(self) -> None:
            print("loading")
            time.sleep(600)

        def run(self) -> str:
            return "never"
    """


def written(folder: Path, source: str, settings: str = "") -> Path:
    """A project with this run.py, and ``settings`` in its cog.yaml."""
    folder.mkdir()
    (folder / "cog.yaml").write_text(f'run: "run.py:Runner"\n{settings}')
    (folder / "run.py").write_text(textwrap.dedent(source))
    return folder


@pytest.fixture
def model(tmp_path: Path, cog_engine: RunningEngine) -> Callable[..., str]:
    """Registers a model by the source of its run.py; gives its version."""
    return lambda *parts: cog_engine.register(written(tmp_path / "model", *parts))


@pytest.fixture
def impatient_engine(tmp_path: Path, environments: Path) -> Iterator[RunningEngine]:
    """An engine that gives a setup one second."""
    home = tmp_path / "home"
    (home / "config").mkdir(parents=True)
    (home / "config" / "config.toml").write_text("[engine]\nsetup_timeout = 1\n")
    engine = started(home, launch(home, "--idle", "0", store=environments))
    yield engine
    engine.close()


STREAMS = {
    "sync": """
        import time
        from collections.abc import Iterator
        from pathlib import Path
        from cog import BaseRunner

        class Runner(BaseRunner):
            def run(self, gate: str) -> Iterator[str]:
                yield "first "
                for _ in range(1000):
                    time.sleep(0.01)
                    if Path(gate).exists():
                        yield "last"
                        return
        """,
    "sync, concatenated and decorated": """
        import time
        from pathlib import Path
        from cog import BaseRunner, ConcatenateIterator, streaming

        class Runner(BaseRunner):
            @streaming
            def run(self, gate: str) -> ConcatenateIterator[str]:
                yield "first "
                for _ in range(1000):
                    time.sleep(0.01)
                    if Path(gate).exists():
                        yield "last"
                        return
        """,
    "async": """
        import asyncio
        from collections.abc import AsyncIterator
        from pathlib import Path
        from cog import BaseRunner

        class Runner(BaseRunner):
            async def run(self, gate: str) -> AsyncIterator[str]:
                yield "first "
                for _ in range(1000):
                    await asyncio.sleep(0.01)
                    if Path(gate).exists():
                        yield "last"
                        return
        """,
    "async, concatenated and decorated": """
        import asyncio
        from pathlib import Path
        from cog import AsyncConcatenateIterator, BaseRunner, streaming

        class Runner(BaseRunner):
            @streaming
            async def run(self, gate: str) -> AsyncConcatenateIterator[str]:
                yield "first "
                for _ in range(1000):
                    await asyncio.sleep(0.01)
                    if Path(gate).exists():
                        yield "last"
                        return
        """,
    "async, several at once": """
        import asyncio
        from collections.abc import AsyncIterator
        from pathlib import Path
        from cog import BaseRunner, concurrent

        class Runner(BaseRunner):
            @concurrent(max=2)
            async def run(self, gate: str) -> AsyncIterator[str]:
                yield "first "
                for _ in range(1000):
                    await asyncio.sleep(0.01)
                    if Path(gate).exists():
                        yield "last"
                        return
        """,
}


@pytest.mark.parametrize("kind", STREAMS)
def test_the_first_token_is_there_before_the_last_is_made(
    kind: str, model: Callable[..., str], cog_engine: RunningEngine, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    prediction = cog_engine.create(model(STREAMS[kind]), {"gate": str(gate)})

    cog_engine.wait_for(prediction, "data: first ")
    gate.touch()

    ended = cog_engine.ended(prediction)
    assert (ended["status"], ended["output"]) == ("succeeded", ["first ", "last"])
    assert ended["metrics"].keys() == {"predict_time", "total_time"}


def test_a_hundred_thousand_tokens_all_arrive_once_and_in_order(
    model: Callable[..., str], cog_engine: RunningEngine
) -> None:
    version = model("""
        from cog import BaseRunner, ConcatenateIterator

        class Runner(BaseRunner):
            def run(self, count: int) -> ConcatenateIterator[str]:
                for number in range(count):
                    yield f"{number} "
        """)

    ended = cog_engine.ended(cog_engine.create(version, {"count": TOKENS}))

    assert ended["status"] == "succeeded"
    assert ended["output"] == [f"{number} " for number in range(TOKENS)]


def test_no_line_of_a_long_log_is_lost(model: Callable[..., str], cog_engine: RunningEngine) -> None:
    version = model("""
        from cog import BaseRunner

        class Runner(BaseRunner):
            def run(self, lines: int) -> str:
                for number in range(lines):
                    print(f"line {number}")
                return "done"
        """)

    ended = cog_engine.ended(cog_engine.create(version, {"lines": LINES}))

    assert (ended["status"], ended["output"]) == ("succeeded", "done")
    assert ended["logs"].splitlines() == [f"line {number}" for number in range(LINES)]


def test_a_huge_text_does_not_keep_others_waiting(
    model: Callable[..., str], cog_engine: RunningEngine
) -> None:
    version = model("""
        from cog import BaseRunner

        class Runner(BaseRunner):
            def run(self, megabytes: int) -> str:
                return "x" * (megabytes << 20)
        """)
    waits: list[float] = []
    over = threading.Event()

    def knock() -> None:
        while not over.wait(0.01):
            began = time.monotonic()
            cog_engine.http.get("/v1/account").raise_for_status()
            waits.append(time.monotonic() - began)

    prediction = cog_engine.create(version, {"megabytes": 60})
    knocking = threading.Thread(target=knock)
    knocking.start()
    stream = cog_engine.http.get(prediction["urls"]["stream"], timeout=120)
    over.set()
    knocking.join()

    assert stream.text.count("x") >= 60 << 20
    assert max(waits) < LONGEST_WAIT


CANCELED = {
    "sync": """
        import time
        from cog import BaseRunner, CancelationException, ConcatenateIterator

        class Runner(BaseRunner):
            def run(self, forever: bool) -> ConcatenateIterator[str]:
                yield "one "
                try:
                    while forever:
                        time.sleep(0.01)
                except CancelationException:
                    print("caught")
                    raise
                finally:
                    print("cleaned up")
        """,
    "async": """
        import asyncio
        from cog import AsyncConcatenateIterator, BaseRunner

        class Runner(BaseRunner):
            async def run(self, forever: bool) -> AsyncConcatenateIterator[str]:
                yield "one "
                try:
                    while forever:
                        await asyncio.sleep(0.01)
                except asyncio.CancelledError:
                    print("caught")
                    raise
                finally:
                    print("cleaned up")
        """,
    "async, several at once": """
        import asyncio
        from cog import AsyncConcatenateIterator, BaseRunner, concurrent

        class Runner(BaseRunner):
            @concurrent(max=2)
            async def run(self, forever: bool) -> AsyncConcatenateIterator[str]:
                yield "one "
                try:
                    while forever:
                        await asyncio.sleep(0.01)
                except asyncio.CancelledError:
                    print("caught")
                    raise
                finally:
                    print("cleaned up")
        """,
}


@pytest.mark.parametrize("kind", CANCELED)
def test_a_canceled_model_cleans_up_keeps_what_it_yielded_and_works_again(
    kind: str, model: Callable[..., str], cog_engine: RunningEngine
) -> None:
    version = model(CANCELED[kind])
    prediction = cog_engine.create(version, {"forever": True})
    cog_engine.wait_for(prediction, "data: one ")

    cog_engine.http.post(prediction["urls"]["cancel"]).raise_for_status()

    ended = cog_engine.ended(prediction)
    assert (ended["status"], ended["output"], ended["error"]) == ("canceled", ["one "], None)
    # The runtime may forget what one of several coroutines prints once it is canceled: all of it, or its end.
    lost = ["", "caught\n"] if kind == "async, several at once" else []
    assert ended["logs"] in ["caught\ncleaned up\n", *lost]
    again = cog_engine.ended(cog_engine.create(version, {"forever": False}))
    assert (again["status"], again["output"]) == ("succeeded", ["one "])


def test_a_model_that_swallows_its_cancellation_is_canceled_all_the_same(
    model: Callable[..., str], cog_engine: RunningEngine
) -> None:
    version = model("""
        import time
        from cog import BaseRunner, CancelationException

        class Runner(BaseRunner):
            def run(self, stubborn: bool) -> str:
                print("working")
                while stubborn:
                    try:
                        time.sleep(0.01)
                    except CancelationException:
                        return "swallowed"
                return "done"
        """)
    prediction = cog_engine.create(version, {"stubborn": True})
    cog_engine.wait_for(prediction, "working")

    cog_engine.http.post(prediction["urls"]["cancel"]).raise_for_status()

    assert cog_engine.ended(prediction)["status"] == "canceled"
    assert cog_engine.ended(cog_engine.create(version, {"stubborn": False}))["output"] == "done"


@pytest.mark.parametrize(
    ("decorator", "settings"), [("@cog.concurrent(max=3)", ""), ("", "concurrency:\n  max: 3\n")]
)
def test_async_predictions_of_one_model_overlap(
    decorator: str, settings: str, model: Callable[..., str], cog_engine: RunningEngine
) -> None:
    source = f"""
        import asyncio
        import cog

        class Runner(cog.BaseRunner):
            async def setup(self) -> None:
                self.here = 0
                self.all_here = asyncio.Event()

            {decorator}
            async def run(self, name: str) -> str:
                self.here += 1
                if self.here == 3:
                    self.all_here.set()
                await asyncio.wait_for(self.all_here.wait(), 20)
                print(name, "was here")
                return name
        """
    version = model(source, settings)

    predictions = [cog_engine.create(version, {"name": name}) for name in "abc"]
    ended = [cog_engine.ended(prediction) for prediction in predictions]

    assert [each["output"] for each in ended] == ["a", "b", "c"]
    assert [each["logs"] for each in ended] == [f"{name} was here\n" for name in "abc"]


def test_predictions_of_a_model_that_is_not_async_wait_for_each_other(
    model: Callable[..., str], cog_engine: RunningEngine
) -> None:
    version = model("""
        import time
        from cog import BaseRunner

        class Runner(BaseRunner):
            def setup(self) -> None:
                self.busy = False

            def run(self, number: int) -> int:
                assert not self.busy
                self.busy = True
                time.sleep(0.05)
                self.busy = False
                return number
        """)

    predictions = [cog_engine.create(version, {"number": number}) for number in range(4)]

    assert [cog_engine.ended(prediction)["output"] for prediction in predictions] == [0, 1, 2, 3]


def test_a_worker_that_is_killed_fails_its_prediction_and_the_next_one_works(
    model: Callable[..., str], cog_engine: RunningEngine
) -> None:
    version = model("""
        import os
        import time
        from cog import BaseRunner

        class Runner(BaseRunner):
            def run(self, seconds: float) -> str:
                print(f"process {os.getpid()}.")
                time.sleep(seconds)
                return "done"
        """)
    prediction = cog_engine.create(version, {"seconds": 60})
    cog_engine.wait_for(prediction, ".\n")
    pid = int(cog_engine.get(prediction)["logs"].split()[1].strip("."))

    os.kill(pid, signal.SIGKILL)

    ended = cog_engine.ended(prediction)
    assert ended["status"] == "failed"
    assert ended["error"] == "the model's process crashed (signal SIGKILL: killed, or out of memory)"
    assert cog_engine.ended(cog_engine.create(version, {"seconds": 0}))["output"] == "done"


@pytest.mark.parametrize("end", ["fail", "cancel"])
def test_files_of_predictions_that_come_to_nothing_do_not_pile_up(
    end: str, model: Callable[..., str], cog_engine: RunningEngine
) -> None:
    version = model("""
        import time
        from pathlib import Path as PlainPath
        from cog import BaseRunner, Path

        class Runner(BaseRunner):
            def run(self, end: str) -> list[Path]:
                PlainPath("large.bin").write_bytes(b"x" * 1000)
                files = parts(end)
                return list(files) if end == "fail" else files

        def parts(end: str):
            yield Path("large.bin")
            print("handed over")
            while end == "cancel":
                time.sleep(0.01)
            yield Path("missing.bin")
        """)
    prediction = cog_engine.create(version, {"end": end})
    if end == "cancel":
        cog_engine.wait_for(prediction, "handed over")
        cog_engine.http.post(prediction["urls"]["cancel"]).raise_for_status()

    ended = cog_engine.ended(prediction)

    assert ended["status"] == {"fail": "failed", "cancel": "canceled"}[end]
    cog_engine.until(lambda: not left_behind(cog_engine, ended))


def left_behind(engine: RunningEngine, prediction: dict[str, Any]) -> list[Path]:
    """What a prediction has left in the folders of the models that are loaded."""
    return list((engine.folder / "replicas").glob(f"*/*box/{prediction['id']}"))


def test_a_setup_that_takes_too_long_is_ended_and_says_so(
    impatient_engine: RunningEngine, tmp_path: Path
) -> None:
    version = impatient_engine.register(written(tmp_path / "slow", SLOW_SETUP))

    ended = impatient_engine.ended(impatient_engine.create(version))

    assert ended["status"] == "failed"
    assert ended["error"].startswith("the model's setup took longer than 1 s")
    assert ended["logs"] == "loading\n"
