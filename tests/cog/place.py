"""Where a case happens: the copy of its project, a shell in it, and the engine behind both."""

from __future__ import annotations

import json
import re
import shutil
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from rcli.api.sse import Parser
from tests.conftest import Result, Run
from tests.engine.conftest import RunningEngine

FILLING = b"0123456789abcdef"
ENDS = ("succeeded", "failed", "canceled", "aborted")
PREDICTION_SECONDS = 120


@dataclass(frozen=True)
class Place:
    """``cwd`` is the copy; the web server on ``server_port`` serves it."""

    cwd: Path
    engine: RunningEngine
    run: Run
    server_port: int

    def copy(self, project: Path) -> None:
        shutil.copytree(project, self.cwd, ignore=shutil.ignore_patterns("case.toml", "__pycache__"))

    def prepare(self, write: dict[str, str], make: dict[str, int]) -> None:
        """Writes a step's files."""
        for name, text in write.items():
            self._path(name).write_text(self.filled(text), encoding="utf-8")
        for name, size in make.items():
            self._path(name).write_bytes((FILLING * (size // len(FILLING) + 1))[:size])

    def command(self, argv: list[str], stdin: str, env: dict[str, str]) -> Result:
        return self.run(*map(self.filled, argv), stdin=stdin.encode(), env=env)

    def register(self) -> httpx.Response:
        return self.engine.http.post("/_rcli/projects", json={"path": str(self.cwd)})

    def create(self, registered: httpx.Response, given: Any, *, wait: bool) -> httpx.Response:
        told = registered.json()
        version = f"{told['model']}:{told['version']['id']}"
        return self.engine.http.post(
            "/v1/predictions",
            content=json.dumps({"version": version, "input": given}),  # in ASCII: halves of characters too
            headers={"content-type": "application/json"} | ({"prefer": "wait=60"} if wait else {}),
            timeout=PREDICTION_SECONDS,
        )

    def ended(self, prediction: dict[str, Any]) -> dict[str, Any]:
        """Polls, as most clients do."""
        seen = [prediction]

        def over() -> bool:
            seen.append(self.engine.get(prediction))
            return seen[-1]["status"] in ENDS

        if prediction["status"] not in ENDS:
            self.engine.until(over, PREDICTION_SECONDS)
        return seen[-1]

    def output_events(self, prediction: dict[str, Any]) -> list[str]:
        """The data of the stream's output events, with files by their names."""
        said = self.engine.http.get(prediction["urls"]["stream"], timeout=PREDICTION_SECONDS)
        events = Parser().feed(said.content)
        return [self.shown(event.data) for event in events if event.event == "output"]

    def filled(self, value: Any) -> Any:
        """What a case gives, with its placeholders filled."""
        return _each(value, self._fill)

    def shown(self, value: Any) -> Any:
        """What a case compares: paths and addresses by their placeholders, the engine's files by name."""
        return _each(value, self._show)

    def downloads(self, output: Any) -> dict[str, list[bytes]]:
        """The contents of an output's files by their names, in order."""
        found: dict[str, list[bytes]] = defaultdict(list)

        def take(text: str) -> str:
            if shown := self._file_name(text):
                answer = self.engine.http.get(text)
                answer.raise_for_status()
                found[shown].append(answer.content)
            return text

        _each(output, take)
        return found

    def _path(self, name: str) -> Path:
        path = self.cwd / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _names(self) -> dict[str, str]:
        return {
            "{cwd}": str(self.cwd),
            "{home}": str(self.engine.home.parent),
            "{engine}": self.engine.url,
            "{server}": f"http://127.0.0.1:{self.server_port}",
        }

    def _fill(self, text: str) -> str:
        for name, value in self._names().items():
            text = text.replace(name, value)
        return text

    def _show(self, text: str) -> str:
        if name := self._file_name(text):
            return f"file:{name}"
        for name, value in self._names().items():
            text = text.replace(value, name)
        return text

    def _file_name(self, text: str) -> str | None:
        found = re.fullmatch(re.escape(self.engine.url) + r"/delivery/[a-z2-7]+/([^/?\s]+)(\?\S*)?", text)
        return httpx.URL(text).path.rpartition("/")[2] if found else None


def parsed(text: str) -> Any:
    """The JSON in a text, or the text itself where there is none."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _each(value: Any, change: Callable[[str], str]) -> Any:
    match value:
        case str():
            return change(value)
        case list():
            return [_each(item, change) for item in value]
        case dict():
            return {key: _each(item, change) for key, item in value.items()}
        case _:
            return value
