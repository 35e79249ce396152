"""``rcli webhook check`` and ``rcli scaffold webhook``: what is written passes, what is wrong is found."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rcli.signing import new_key
from tests.conftest import Run
from tests.receiver import Receiver, receiver

__all__ = ["receiver"]

KEY = new_key()
WITH_KEY = {"REPLICATE_WEBHOOK_SIGNING_SECRET": KEY}


@contextmanager
def handler(argv: list[str], folder: Path) -> Iterator[tuple[str, list[str]]]:
    """The address of a handler's process, and the lines that it has written when the block is over."""
    environ = {"PATH": os.environ["PATH"], "PORT": "0", **WITH_KEY}
    lines: list[str] = []
    with subprocess.Popen(argv, cwd=folder, env=environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()[-1], lines
        finally:
            process.terminate()
            lines += process.stdout.read().splitlines()


@pytest.mark.parametrize("language", ["python", "node"])
def test_a_written_handler_stands_every_check_and_handles_each_event_once(
    rcli: Run, tmp_path: Path, language: str
) -> None:
    if language == "node" and not shutil.which("node"):
        pytest.skip("there is no Node.js")
    scaffolded = rcli("scaffold", "webhook", f"--{language}", "hook")
    argv = [sys.executable, "webhook.py"] if language == "python" else ["node", "webhook.mjs"]

    with handler(argv, tmp_path / "hook") as (url, handled):
        checked = rcli("webhook", "check", "--forward-to", url, "--json", env=WITH_KEY)

    findings = json.loads(checked)
    assert scaffolded.splitlines() == [f"hook/{argv[-1]}"]
    assert [finding["check"] for finding in findings if not finding["ok"]] == []
    assert len(findings) == 18
    assert checked.exit_code == 0
    assert 30 < len(handled) < 60
    assert sum("aborted" in line for line in handled) == 1


def test_a_handler_that_takes_everything_is_told_what_it_should_refuse(rcli: Run, receiver: Receiver) -> None:
    result = rcli("webhook", "check", "--forward-to", receiver.url, env=WITH_KEY)

    rows = [line.split("\t") for line in result.splitlines()]
    wrong = [name for verdict, name, *_ in rows if verdict == "WRONG"]
    assert result.exit_code == 1
    assert wrong == ["forged", "changed", "unsigned", "stale", "future"]
    assert "stale: refuse a webhook-timestamp that is more than 300 s away" in result.stderr


def test_a_handler_that_fails_now_and_then_is_found_out(rcli: Run, receiver: Receiver) -> None:
    receiver.answers(200, 500, 200)

    result = rcli("webhook", "check", "--forward-to", receiver.url, "--json", env=WITH_KEY)

    first = json.loads(result)[0]
    assert (first["ok"], first["got"].split(" in ")[0]) == (False, "200 (3 times), 500")


def test_without_a_handler_there_is_nothing_to_check(rcli: Run) -> None:
    result = rcli("webhook", "check", "--forward-to", "http://127.0.0.1:9", env=WITH_KEY)

    assert (result, result.exit_code) == ("", 5)
    assert "no handler at http://127.0.0.1:9" in result.stderr


def test_a_handler_is_written_over_nothing(rcli: Run, tmp_path: Path) -> None:
    (tmp_path / "webhook.py").write_text("mine")

    result = rcli("scaffold", "webhook", "--python")

    assert result.exit_code == 2
    assert (tmp_path / "webhook.py").read_text() == "mine"
    assert "rcli scaffold webhook --python another-folder" in result.stderr


def test_a_handler_s_language_has_to_be_said(rcli: Run) -> None:
    assert rcli("scaffold", "webhook").exit_code == 2
    assert rcli("scaffold", "webhook", "--python", "--node").exit_code == 2
