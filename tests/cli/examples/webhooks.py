"""Webhooks: a handler as rcli writes it, and all that rcli sends it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rcli.connections import bound
from rcli.signing import signed_headers
from tests.cli.conftest import Shell
from tests.cli.examples.trial import Trial, listed
from tests.processes import Process

NAMES = listed("""
    webhook secret, webhook listen, webhook replay, webhook trigger, webhook check, webhook verify
""")
HANDLED = "rcli webhook trigger completed --forward-to http://localhost:3000/webhook"


@pytest.fixture
def handler(warm_shell: Shell) -> Iterator[str]:
    """Where a handler listens that checks all it gets."""
    key = warm_shell.run("webhook", "secret", "--host", "local").strip()
    warm_shell.run("scaffold", "webhook", "--python", "my-handler")
    argv = [sys.executable, str(warm_shell.cwd / "my-handler" / "webhook.py")]
    environ = {"PORT": "0", "REPLICATE_WEBHOOK_SIGNING_SECRET": key}
    with subprocess.Popen(argv, env=environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[-1].removeprefix("http://")
        finally:
            process.terminate()


def message(key: str) -> str:
    """A message as somebody has written it down who received it."""
    body = '{"id": "x"}'
    headers = signed_headers(key, "msg_x", int(time.time()), body.encode())
    return "".join(f"{name}: {value}\n" for name, value in headers.items()) + f"\n{body}"


def save_an_event(trial: Trial, file: Path) -> None:
    process = trial.start(["webhook", "listen", "--events", "completed", "--save", str(file)])
    process.says("following")
    trial.run("run", "rcli/hello", "text=kept")
    process.until(lambda process: b"\n" in process.stdout)
    process.kill()


def delivered(process: Process) -> bool:
    """Whether the handler has got the end of a prediction, and was content."""
    rows = [line.split("\t") for line in process.stdout.decode().split("\n")[:-1]]
    return any(row[1] == "completed" and row[5].startswith("204 ") for row in rows)


@pytest.fixture
def webhooks(warm_shell: Shell, handler: str) -> Trial:
    trial = Trial(warm_shell)
    key = trial.run("webhook", "secret", "--host", "local")
    with bound("127.0.0.1", 0) as free:
        port = str(free.getsockname()[1])
    trial.given = {"localhost:3000": handler, "8787": port}
    hook = ("--webhook", f"http://127.0.0.1:{port}/")
    trial.before = {
        "rcli webhook replay last --forward-to http://localhost:3000/webhook": lambda: trial.run(
            "run", "rcli/hello", "text=again"
        ),
        "rcli webhook verify message.txt": lambda: (warm_shell.cwd / "message.txt").write_text(
            message(key.strip())
        ),
        "rcli webhook verify --any-time event.json": lambda: save_an_event(
            trial, warm_shell.cwd / "event.json"
        ),
    }
    listen = "rcli webhook listen --forward-to http://localhost:3000/webhook"
    trial.ways = {
        listen: trial.interrupted(
            delivered,
            lambda process: "following" in process.stderr,
            lambda: trial.run("run", "rcli/hello", "text=x"),
        ),
        listen.replace("listen", "listen --port 8787"): trial.interrupted(
            delivered,
            lambda process: "receiving" in process.stderr,
            lambda: trial.run("run", "rcli/hello", "text=x", *hook),
        ),
    }
    trial.gives = {"rcli webhook secret": key, HANDLED: "completed\t"}
    return trial
