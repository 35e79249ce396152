"""An engine for other machines: only with a token that somebody chose, and under its own addresses."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message

from rcli.engine.web.guard import Guard

if TYPE_CHECKING:
    from tests.engine.conftest import StartEngine

TOKEN = "correct-horse-battery-staple"


def try_to_start(home: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    """A start that is expected to fail."""
    return subprocess.run(
        [sys.executable, "-m", "rcli.engine", *argv],
        env={"PATH": os.environ["PATH"], "RCLI_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    file = tmp_path / "token.txt"
    file.write_text(f"{TOKEN}\n")
    return file


@pytest.mark.parametrize("bind", ["0.0.0.0", "::", "192.0.2.1", "some.host.example"])
def test_without_a_chosen_token_nobody_else_is_let_in(tmp_path: Path, bind: str) -> None:
    refused = try_to_start(tmp_path, "--bind", bind)

    assert refused.returncode == 2
    assert refused.stderr == (
        f"error: on {bind} other machines can reach the engine: name the token that they have to show\n"
        f"hint: rcli serve --bind {bind} --token-file FILE\n"
    )
    assert not (tmp_path / "data" / "engine" / "engine.json").exists()


@pytest.mark.parametrize("text", ["", "short", "with spaces in it, which no header takes", "naïve" * 5])
def test_a_text_that_is_no_token_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "token.txt"
    file.write_text(text)

    refused = try_to_start(tmp_path, "--bind", "0.0.0.0", "--token-file", str(file))

    assert refused.returncode == 2
    assert str(file) in refused.stderr
    assert not text or text not in refused.stderr


def test_the_chosen_token_opens_and_no_other(start_engine: StartEngine, token_file: Path) -> None:
    engine = start_engine("--token-file", str(token_file))

    answers = [
        httpx.get(f"{engine.url}/v1/account", headers={"authorization": f"Bearer {token}"}).status_code
        for token in (TOKEN, TOKEN[:-1], TOKEN + "x", "x")
    ]

    assert answers == [200, 401, 401, 401]
    assert engine.token == TOKEN


def test_the_token_is_in_no_command_line_and_no_environment(
    start_engine: StartEngine, token_file: Path
) -> None:
    engine = start_engine("--token-file", str(token_file))
    process = Path(f"/proc/{engine.process.pid}")

    assert TOKEN.encode() not in (process / "cmdline").read_bytes()
    assert TOKEN.encode() not in (process / "environ").read_bytes()
    assert TOKEN not in (engine.home / "engine.log").read_text()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("192.0.2.7:7878", 200),
        ("localhost:7878", 200),
        ("192.0.2.8:7878", 421),
        ("evil.example:7878", 421),
        ("[2001:db8::7]", 421),
    ],
)
def test_it_answers_under_the_address_that_was_called_and_under_no_other_name(host: str, status: int) -> None:
    guard = Guard(
        PlainTextResponse("inside"),
        token=TOKEN,
        hosts=frozenset(),
        signed=lambda path, query: False,
        serving=lambda path: nullcontext(),
    )
    headers = [(b"host", host.encode()), (b"authorization", f"Bearer {TOKEN}".encode())]
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers}
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    asyncio.run(guard(scope | {"server": ("192.0.2.7", 7878)}, receive, send))

    assert sent[0]["status"] == status
