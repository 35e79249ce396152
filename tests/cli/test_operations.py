"""Everything that the service's API document offers is reached by a command, and by ``rcli api``."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.cli.conftest import PROJECTS, Shell
from tests.cloud import Cloud, cloud, prediction
from tests.conftest import Run

__all__ = ["cloud"]

UNKNOWN = "0" * 26
"""An id that nothing has."""


def operations() -> dict[str, tuple[str, str]]:
    """Methods and addresses by the document's names for them."""
    file = os.environ.get("RCLI_CONTRACT")
    if not file:
        pytest.skip("RCLI_CONTRACT names no API document")
    paths = json.loads(Path(file).read_text(encoding="utf-8"))["paths"]
    return {
        operation["operationId"]: (method.upper(), path)
        for path, methods in paths.items()
        for method, operation in methods.items()
        if "operationId" in operation
    }


def requests(trace: str) -> set[tuple[str, str]]:
    """Methods and paths below the base URL that ``--debug`` told of."""
    lines = re.findall(r"^> ([A-Z]+) (http\S+)$", trace, re.MULTILINE)
    return {(method, urlsplit(url).path.removeprefix("/v1")) for method, url in lines}


def is_one_of(request: tuple[str, str], operation: tuple[str, str]) -> bool:
    pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(operation[1]))
    return request[0] == operation[0] and re.fullmatch(pattern, request[1]) is not None


class Caller:
    """Uses commands, and remembers what they sent."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.seen: set[tuple[str, str]] = set()

    def __call__(self, *argv: str, env: dict[str, str] | None = None) -> str:
        ran = self._run(*argv, "--debug", env=env)
        self.seen |= requests(ran.stderr)
        assert ran.exit_code == 0, (argv, ran.stderr)
        return str(ran).strip()


def look_around(use: Caller) -> None:
    here = ("--host", "local")
    for argv in (
        ("account", "show", *here),
        ("hardware", "list", *here),
        ("collections", "list", *here),
        ("collections", "show", "hello", *here),
        ("search", "hello", *here),
        ("models", "list", *here),
        ("models", "search", "hello", *here),
        ("models", "show", "rcli/hello"),
        ("models", "readme", "rcli/hello"),
        ("models", "examples", "rcli/hello"),
        ("predictions", "list", *here),
        ("trainings", "list", *here),
        ("webhook", "secret", *here),
    ):
        use(*argv)


def manage_a_model(use: Caller) -> None:
    use("models", "create", "local:ops/one")
    use("models", "update", "local:ops/one", "--description", "One")
    use("push", str(PROJECTS / "echo"), "local:ops/one")
    version = use("versions", "list", "local:ops/one", "-q")
    use("versions", "show", "local:ops/one", version)
    use("deployments", "create", "ops", "local:ops/one")
    use("deployments", "list", "--host", "local")
    use("deployments", "show", "local:ops")
    use("deployments", "scale", "local:ops", "--max", "2")
    use("deployments", "run", "local:ops", "text=x")
    use("deployments", "delete", "local:ops", "--yes")
    use("versions", "delete", "local:ops/one", version, "--yes")
    use("models", "delete", "local:ops/one", "--yes")


def manage_files(use: Caller, folder: Path) -> None:
    (folder / "note.txt").write_text("note")
    here = ("--host", "local")
    id = use("files", "upload", "note.txt", "-q", *here)
    use("files", "list", *here)
    use("files", "show", id, *here)
    use("files", "download", id, "-o", "copy.txt", *here)
    use("files", "delete", id, "--yes", *here)


def run_and_train(use: Caller, folder: Path) -> None:
    gate = f"until={folder / 'never'}"
    running = use("run", str(PROJECTS / "sleeper"), "seconds=60", "--detach")
    use("predictions", "show", running)
    use("predictions", "cancel", running)
    training = use("train", str(PROJECTS / "coach"), gate, "--destination", "local:ops/two", "--detach")
    use("trainings", "show", training)
    use("trainings", "cancel", training)


def run_an_official_model(use: Caller, cloud: Cloud) -> None:
    cloud.has_model(is_official=True)
    cloud.creates(prediction("succeeded", output="hi"), route="POST /v1/models/stability-ai/sdxl/predictions")
    use("run", "stability-ai/sdxl", "prompt=x", env=cloud.env)


def test_every_operation_is_reached_by_a_command(warm_shell: Shell, cloud: Cloud) -> None:
    use = Caller(warm_shell.run)

    look_around(use)
    manage_a_model(use)
    manage_files(use, warm_shell.cwd)
    run_and_train(use, warm_shell.cwd)
    run_an_official_model(use, cloud)

    missing = [
        name
        for name, operation in operations().items()
        if not any(is_one_of(request, operation) for request in use.seen)
    ]
    assert missing == []


def test_every_operation_is_reached_by_the_api_command(warm_rcli: Run) -> None:
    """With names that nothing has: what answers is the operation, and not the lack of one."""
    unknown = []
    for name, (method, path) in operations().items():
        ran = warm_rcli(
            "api", re.sub(r"\{\w+\}", UNKNOWN, path), "-X", method, "--host", "local", "--include", "--debug"
        )
        sent = requests(ran.stderr)
        status = int(ran.split()[1])
        if not any(is_one_of(each, (method, path)) for each in sent) or status in (401, 405):
            unknown.append((name, sent, status))
        if status == 404 and "There is nothing at" in ran:
            unknown.append((name, sent, status))

    assert unknown == []
