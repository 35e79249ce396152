"""A stream into a pipe, whole processes: ``rcli stream`` beside curl and the official Python client."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.benchmarks.harness import PROCESS_SECONDS, ROOT, Figure, at_least, at_most, conclude, rounds
from tests.benchmarks.product import with_engine
from tests.benchmarks.warm_run import install_client, signed_in

TOKENS = ROOT / "tests" / "projects" / "tokens"
CALM = {"n": 200, "delay": 0.003}  # a fast language model
QUICK = {"n": 2000}
OFFICIAL = """
import json, sys, replicate
for event in replicate.stream(sys.argv[1], input=json.loads(sys.argv[2])):
    print(str(event), end="", flush=True)
"""
CURL = """
auth="Authorization: Bearer $REPLICATE_API_TOKEN"
body="{\\"version\\": \\"${1#*:}\\", \\"input\\": $2}"
made=$(curl -s -H "$auth" -H 'Content-Type: application/json' -d "$body" "$REPLICATE_BASE_URL/v1/predictions")
url=$(printf %s "$made" | sed 's/.*"stream": *"\\([^"]*\\)".*/\\1/')
exec curl -sN -H "$auth" -H 'Accept: text/event-stream' "$url"
"""
FIRST, RATE = 1.0, 0.8
"""Times the official client's seconds to the first token; times curl's tokens a second."""


Client = tuple[Sequence[str], Mapping[str, str]]
"""A command to which the inputs are added as JSON, and its environment."""


@dataclass(frozen=True)
class Stream:
    """Seconds from the start of the process to its first byte, and from there to its last."""

    first: float
    rest: float


Taken = Mapping[str, Sequence[Stream]]
"""By client, in the order in which they were measured."""


def main() -> int:
    count = rounds(__doc__, 10)
    with with_engine() as rcli, TemporaryDirectory(prefix="official-client-") as folder:
        told = json.loads(rcli("run", str(TOKENS), "-i", "n=1", "--json"))
        reference = f"{told['model']}:{told['version']}"
        environ = signed_in(rcli)
        python = str(install_client(Path(folder)))
        clients = {
            "rcli": (rcli.command("stream", f"local:{reference}", "-i"), rcli.environ),
            "curl": (["sh", "-c", CURL, "sh", reference], environ),
            "official": ([python, "-c", OFFICIAL, reference], environ),
        }
        return conclude([first_token(measured(clients, CALM, count)), rate(measured(clients, QUICK, count))])


def streamed(client: Client, inputs: Mapping[str, float]) -> Stream:
    """Raises RuntimeError when it fails, or tokens are missing."""
    words, environ = client
    command = [*words, json.dumps(inputs)]
    begin = time.perf_counter()
    with subprocess.Popen(
        command, env=environ, cwd=ROOT, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, bufsize=0
    ) as process:
        assert process.stdout is not None
        told = process.stdout.read(1)
        first = time.perf_counter() - begin
        told += b"".join(iter(partial(process.stdout.read, 1 << 16), b""))
        rest = time.perf_counter() - begin - first
        if process.wait(PROCESS_SECONDS) or f"token{inputs['n'] - 1} ".encode() not in told:
            raise RuntimeError(f"{command[0]}: exit code {process.returncode}, {len(told)} bytes")
    return Stream(first, rest)


def measured(clients: Mapping[str, Client], inputs: Mapping[str, float], count: int) -> Taken:
    """One stream of each client after the other, so often, after a round that does not count."""
    rounds = [{name: streamed(client, inputs) for name, client in clients.items()} for _ in range(count + 1)]
    return {name: [each[name] for each in rounds[1:]] for name in clients}


def first_token(taken: Taken) -> Figure:
    seconds = {name: median(each.first for each in streams) for name, streams in taken.items()}
    detail = ", ".join(f"{name} {each * 1000:.0f} ms" for name, each in seconds.items())
    return at_most("first token", seconds["rcli"] / seconds["official"], FIRST, "x official client", detail)


def rate(taken: Taken) -> Figure:
    rates = {name: QUICK["n"] / median(each.rest for each in streams) for name, streams in taken.items()}
    detail = ", ".join(f"{name} {each:.0f}/s" for name, each in rates.items())
    return at_least("tokens a second", rates["rcli"] / rates["curl"], RATE, "x curl", detail)


if __name__ == "__main__":
    sys.exit(main())
