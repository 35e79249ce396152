"""A prediction on its way: the order of its events, its only end, and readers that it wakes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from starlette.types import Message

from rcli.engine.data.catalog import Version
from rcli.engine.data.files import Files
from rcli.engine.data.predictions import Event, Predictions
from rcli.engine.data.store import Store
from rcli.engine.web.links import Links
from rcli.engine.web.signatures import Signer
from rcli.engine.web.streams import EventStream
from rcli.engine.work.bells import Bell
from rcli.engine.work.live import Live, Phase
from rcli.engine.work.outputs import Outbox

TOKEN = "0" * 32
ITERATOR = {"type": "array", "x-cog-array-type": "iterator"}


class Bench:
    """A prediction without a replica: a real store, a real outbox."""

    def __init__(self, folder: Path, output: dict[str, Any]) -> None:
        self.store = Store.open(folder / "engine.db", asyncio.get_running_loop().call_soon)
        self.files = Files(self.store, folder / "files")
        self.table = Predictions(self.store)
        self.outbox = folder / "outbox"
        document = {"components": {"schemas": {"Output": output}}}
        version = Version("folder", "x", "v", 0, "0", "v", "cog.yaml", document, 1)
        number = self.table.add(
            "p",
            model="folder/x",
            version="v",
            input={},
            created_at=0,
            deadline=None,
            iterates=output is ITERATOR,
        )
        self.ends: list[str] = []
        self.live = Live(
            self.store,
            self.table,
            id="p",
            number=number,
            version=version,
            created_at=0,
            on_end=lambda live: self.ends.append(live.status),
        )
        self.live.outbox = Outbox(self.files, self.outbox)

    def events(self) -> list[Event]:
        return self.table.events(self.live.number, 0, 100)

    def lay_out(self, token: str, content: str) -> str:
        """An output file as the shim leaves it."""
        (self.outbox / token).mkdir(parents=True)
        (self.outbox / token / "out.txt").write_text(content)
        return f"rcli-output:{token}/out.txt"

    async def read(self, keep_alive: float, until: str) -> str:
        """What a reader hears until it has heard this."""
        heard: list[str] = []
        enough = asyncio.Event()

        async def send(message: Message) -> None:
            heard.append(message.get("body", b"").decode())
            if until in "".join(heard):
                enough.set()

        async def receive() -> Message:
            await enough.wait()
            return {"type": "http.disconnect"}

        links = Links("http://127.0.0.1:1", Signer(b"key"), self.files)
        stream = EventStream(
            self.table, self.live.number, self.live, after=0, links=links, keep_alive=keep_alive
        )
        await asyncio.wait_for(stream({"type": "http", "method": "GET"}, receive, send), 10)
        return "".join(heard)


def on_bench(
    folder: Path, output: dict[str, Any], test: Callable[[Bench], Coroutine[Any, Any, None]]
) -> None:
    async def run() -> None:
        bench = Bench(folder, output)
        try:
            await test(bench)
        finally:
            bench.store.close()

    asyncio.run(run())


def test_what_comes_after_a_file_waits_for_it(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        bench.live.start()
        bench.live.put_out(bench.lay_out(TOKEN, "content"))
        bench.live.put_out("text")
        bench.live.log("a line\n")
        await bench.live.finish("succeeded")

        kinds = [(event.kind, event.data[:11]) for event in bench.events()]
        assert kinds == [("value", '"rcli-file:'), ("text", "text"), ("logs", "a line\n"), ("done", "{}")]
        assert not (bench.outbox / TOKEN).exists()

    on_bench(tmp_path, ITERATOR, test)


def test_a_file_that_is_named_twice_is_taken_once(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        name = bench.lay_out(TOKEN, "content")
        bench.live.start()
        await bench.live.finish("succeeded", output={"a": name, "b": [name]})

        row = bench.table.get("p")
        assert row is not None
        assert row.output["a"] == row.output["b"][0]
        assert row.output["a"].startswith("rcli-file:")
        assert len(bench.files.all()) == 1

    on_bench(tmp_path, {"type": "object"}, test)


def test_a_text_that_only_looks_like_a_file_stays_a_text(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        texts = ["rcli-output:x", f"rcli-output:{TOKEN}/nothing", f"rcli-output:{TOKEN}/../../engine.db"]
        bench.live.start()
        await bench.live.finish("succeeded", output=texts)

        row = bench.table.get("p")
        assert row is not None
        assert row.output == texts

    on_bench(tmp_path, {"type": "array"}, test)


def test_a_prediction_ends_once_and_takes_nothing_afterwards(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        bench.live.start()
        bench.live.put_out("one")
        bench.live.end("canceled")
        bench.live.put_out("two")
        bench.live.log("late\n")
        await bench.live.finish("succeeded")
        await bench.live.ended.wait()

        row = bench.table.get("p")
        assert row is not None
        assert (row.status, row.output, row.logs) == ("canceled", ["one"], "")
        assert [event.kind for event in bench.events()] == ["text", "done"]
        assert bench.ends == ["canceled"]

    on_bench(tmp_path, ITERATOR, test)


def test_a_list_of_texts_is_streamed_text_by_text_and_other_values_whole(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        await bench.live.finish("succeeded", output=["a", "b"])
        assert [(event.kind, event.data) for event in bench.events()][:-1] == [("text", "a"), ("text", "b")]

    async def other(bench: Bench) -> None:
        await bench.live.finish("succeeded", output=[1, "b"])
        assert [(event.kind, json.loads(event.data)) for event in bench.events()][:-1] == [
            ("value", [1, "b"])
        ]

    (tmp_path / "other").mkdir()
    on_bench(tmp_path, {"type": "array"}, test)
    on_bench(tmp_path / "other", {"type": "array"}, other)


def test_a_silent_stream_is_kept_alive_by_comments(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        heard = await bench.read(0.05, ": keep-alive\n\n: keep-alive")

        assert heard == ': rcli {"phase": "queued", "message": ""}\n\n: keep-alive\n\n: keep-alive\n\n'

    on_bench(tmp_path, ITERATOR, test)


def test_a_newcomer_hears_the_present_phase_and_each_change(tmp_path: Path) -> None:
    async def test(bench: Bench) -> None:
        bench.live.show(Phase("environment"))
        bench.live.show(Phase("environment", "downloading numpy (16.1 MiB)"))
        asyncio.get_running_loop().call_later(0.05, bench.live.start)
        heard = await bench.read(5, "running")

        assert heard.split("\n\n")[0].endswith('"message": "downloading numpy (16.1 MiB)"}')
        assert heard.split("\n\n")[1] == ': rcli {"phase": "running", "message": ""}'

    on_bench(tmp_path, ITERATOR, test)


def test_a_bell_wakes_all_who_wait_and_nobody_later() -> None:
    async def test() -> None:
        bell = Bell()
        waiting = [asyncio.create_task(bell.wait(5)) for _ in range(3)]
        await asyncio.sleep(0)
        bell.ring()

        assert await asyncio.gather(*waiting) == [True] * 3
        assert await bell.wait(0.01) is False

    asyncio.run(test())
