"""``rcli stream``: a real language model, and whatever else gives its answer in pieces."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import PROJECTS, Shell
from tests.conftest import Run, environment
from tests.processes import ROOT, command

QUESTION = "prompt=What is the capital of France?"
LONG = ("stream", "rcli/smollm2", "prompt=Tell me a long story about a cat", "max_tokens:=1024")


def joined(lines: str) -> str:
    """The text of all output events."""
    events = [json.loads(line) for line in lines.splitlines()]
    return "".join(event["data"] for event in events if event["event"] == "output")


# a language model


def test_a_language_model_knows_the_capital_of_france(warm_rcli: Run) -> None:
    answer = warm_rcli("stream", "rcli/smollm2", "-i", QUESTION, "-i", "temperature=0")

    assert "Paris" in answer
    assert (answer.stderr, answer.exit_code) == ("", 0)


def test_in_a_pipe_there_is_the_answer_and_not_a_byte_more(warm_shell: Shell) -> None:
    process = warm_shell.start("stream", "rcli/smollm2", "-i", QUESTION)

    assert process.end() == 0
    assert process.stdout.decode() == "".join(warm_shell.prediction()["output"])
    assert process.stderr == ""


def test_tokens_come_one_by_one(warm_rcli: Run) -> None:
    lines = warm_rcli("stream", "rcli/smollm2", "-i", QUESTION, "--json").splitlines()

    events = [json.loads(line) for line in lines]
    pieces = [event["data"] for event in events if event["event"] == "output"]
    assert len(pieces) > 5
    assert events[-1]["event"] == "done"
    assert events[-1]["prediction"]["output"] == pieces


def test_run_and_stream_give_the_same_text(warm_rcli: Run) -> None:
    assert warm_rcli("run", "rcli/smollm2", QUESTION) == warm_rcli("stream", "rcli/smollm2", QUESTION)


def test_whoever_reads_enough_ends_the_stream_quietly(warm_shell: Shell) -> None:
    script = f"{shlex.join(command(*LONG))} | head -c 100"

    done = subprocess.run(
        ["bash", "-c", f'{script}; echo "${{PIPESTATUS[0]}}" >&2'],
        env=environment(warm_shell.home) | {"PYTHONPATH": str(ROOT)},
        cwd=warm_shell.cwd,
        capture_output=True,
        timeout=60,
        check=True,
    )

    assert len(done.stdout) == 100
    assert done.stderr == b"141\n"
    assert warm_shell.prediction()["status"] == "canceled"


# other models


@pytest.mark.parametrize(
    ("word", "kind", "pause"),
    [
        ("", "ConcatenateIterator", "time.sleep"),
        ("async ", "AsyncConcatenateIterator", "await asyncio.sleep"),
    ],
    ids=["sync", "async"],
)
def test_pieces_of_text_are_printed_as_they_come(
    warm_shell: Shell, tmp_path: Path, word: str, kind: str, pause: str
) -> None:
    (tmp_path / "cog.yaml").write_text("run: run.py:Runner\n")
    (tmp_path / "run.py").write_text(
        f"import asyncio\nimport os\nimport time\n\nfrom cog import BaseRunner, {kind}\n\n\n"
        f"class Runner(BaseRunner):\n    {word}def run(self, until: str) -> {kind}[str]:\n"
        "        yield 'token0 '\n"
        f"        while not os.path.exists(until):\n            {pause}(0.01)\n"
        "        yield 'token1 '\n"
        "        yield 'token2 '\n"
    )
    gate = tmp_path / "gate"
    process = warm_shell.start("stream", str(tmp_path), f"until={gate}")

    process.until(lambda process: process.stdout == b"token0 ")
    assert warm_shell.prediction()["status"] == "processing"
    gate.touch()
    assert process.end() == 0
    assert process.stdout == b"token0 token1 token2 "


def test_a_pipe_gets_every_byte_that_the_model_gave(warm_shell: Shell) -> None:
    process = warm_shell.start("stream", str(PROJECTS / "hostile"))

    assert process.end() == 0
    assert process.stdout == b"\x1b]0;owned\x07one \x1b[2Jtwo \x1b]52;c;b3duZWQ=\x07three"


@pytest.mark.parametrize("verb", ["run", "stream"])
def test_a_model_that_gives_its_answer_at_once_is_no_problem(warm_rcli: Run, verb: str) -> None:
    assert warm_rcli(verb, str(PROJECTS / "old_predict"), "text=x") == '["x", "x"]\n'


def test_the_files_of_a_stream_are_saved_as_run_does_it(warm_shell: Shell) -> None:
    told = warm_shell.run("stream", str(PROJECTS / "pieces"), "names=a.txt")

    assert told.endswith("/a.txt\n")
    assert told.exit_code == 0


def test_events_are_one_json_object_a_line(warm_rcli: Run) -> None:
    told = warm_rcli("stream", str(PROJECTS / "async_tokens"), "n=2", "--json")

    events = [json.loads(line) for line in told.splitlines()]
    assert joined(told) == "token0 token1 "
    assert "".join(event["data"] for event in events if event["event"] == "logs") == (
        "line 0\nline 1\ncleaned up\n"
    )
    assert [event["event"] for event in events].count("done") == 1
    assert events[-1]["prediction"]["status"] == "succeeded"


def test_jq_filters_each_event(warm_rcli: Run) -> None:
    told = warm_rcli("stream", str(PROJECTS / "tokens"), "n=2", "--jq", 'select(.event == "output") | .data')

    assert told == "token0 \ntoken1 \n"


def test_a_stream_that_fails_keeps_what_came_and_says_why(warm_shell: Shell) -> None:
    told = warm_shell.run("stream", str(PROJECTS / "hostile"), "fail=true")

    id = warm_shell.prediction()["id"]
    assert told.data == b"\x1b]0;owned\x07one \x1b[2Jtwo \x1b]52;c;b3duZWQ=\x07three"
    assert told.exit_code == 3
    assert told.stderr.endswith(f"error: prediction {id} failed: no luck\n")


def test_carriage_returns_survive(warm_shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "cog.yaml").write_text("run: run.py:Runner\n")
    (tmp_path / "run.py").write_text(
        "from cog import BaseRunner, ConcatenateIterator\n\n\nclass Runner(BaseRunner):\n"
        "    def run(self) -> ConcatenateIterator[str]:\n"
        "        yield '10%\\r20%\\r\\nend'\n"
        "        yield '\\r'\n"
    )

    assert warm_shell.run("stream", str(tmp_path)).data == b"10%\r20%\r\nend\r"
