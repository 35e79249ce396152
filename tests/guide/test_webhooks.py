"""Handlers made with the validators of official clients take what rcli sends, either way, and no more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from threading import Thread

import pytest

from rcli.connections import bound
from rcli.signing import new_key
from tests.conftest import Run, environment
from tests.processes import PATIENCE, Process, command

PROGRAMS = Path(__file__).parent / "programs"
SECRET = "REPLICATE_WEBHOOK_SIGNING_SECRET"


@dataclass
class Handler:
    """``answers`` brings the status and the webhook-id of each message that came."""

    url: str
    answers: Queue[tuple[str, str]]

    def took(self, kinds: int) -> list[str]:
        """The ids of so many messages, all of which it has taken."""
        came = [self.answers.get(timeout=PATIENCE) for _ in range(kinds)]
        assert {status for status, _ in came} == {"200"}
        return [id for _, id in came]


def interpreters(clients: Path) -> dict[str, list[str]]:
    """How each handler is started; Node.js looks for packages beside the program."""
    node = clients / "node" / "webhook_handler.mjs"
    node.write_bytes((PROGRAMS / "node" / node.name).read_bytes())
    python = str(clients / "replicate1" / "bin" / "python")
    handler = str(PROGRAMS / "webhook_handler.py")
    return {
        "python": [python, handler, "official"],
        "node": ["node", str(node)],
        "standard": [sys.executable, handler, "standard"],
    }


@contextmanager
def handler(argv: list[str], key: str) -> Iterator[Handler]:
    environ = {"PATH": os.environ["PATH"], SECRET: key}
    with subprocess.Popen(argv, env=environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        made = Handler(process.stdout.readline().strip(), Queue())
        lines = process.stdout

        def read() -> None:
            for line in lines:
                status, id = line.split()
                made.answers.put((status, id))

        reader = Thread(target=read, daemon=True)
        reader.start()
        try:
            yield made
        finally:
            process.terminate()
            reader.join()


@contextmanager
def listener(home: Path, folder: Path, handlers: list[Handler], *argv: str) -> Iterator[None]:
    """``rcli webhook listen`` on the engine, which passes on to all handlers."""
    forward = [word for each in handlers for word in ("--forward", each.url)]
    process = Process(
        command("webhook", "listen", "--host", "local", *forward, *argv), environment(home), folder
    )
    try:
        process.says("receiving" if argv else "following")
        yield
    finally:
        process.kill()


def test_their_validators_take_every_event_of_the_relay_and_of_the_service(
    clients: Path, warm_home: Path, warm_rcli: Run, tmp_path: Path
) -> None:
    key = warm_rcli("webhook", "secret", "--host", "local").strip()
    with bound("127.0.0.1", 0) as free:
        port = str(free.getsockname()[1])
    events = "start,output,logs,completed"
    with ExitStack() as stack:
        handlers = [stack.enter_context(handler(argv, key)) for argv in interpreters(clients).values()]
        with listener(warm_home, tmp_path, handlers):
            warm_rcli("run", "rcli/hello", "text=relayed")
            relayed = [each.took(3) for each in handlers]
        with listener(warm_home, tmp_path, handlers, "--port", port):
            to = f"http://127.0.0.1:{port}/"
            warm_rcli("run", "rcli/hello", "text=x", "--webhook", to, "--webhook-events", events)
            direct = [each.took(3) for each in handlers]

    assert [set(ids) for ids in relayed] == [set(relayed[0])] * 3
    assert [set(ids) for ids in direct] == [set(direct[0])] * 3
    assert len(set(relayed[0]) | set(direct[0])) == 6


@pytest.mark.parametrize(
    ("name", "lets_through"), [("python", []), ("node", ["stale", "future"]), ("standard", [])]
)
def test_their_validators_refuse_what_is_wrong(
    clients: Path, rcli: Run, name: str, lets_through: list[str]
) -> None:
    """The Node.js client does not look at the time: its callers have to."""
    key = new_key()

    with handler(interpreters(clients)[name], key) as made:
        result = rcli("webhook", "check", "--forward-to", made.url, "--json", env={SECRET: key})

    assert [each["check"] for each in json.loads(result) if not each["ok"]] == lets_through
