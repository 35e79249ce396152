"""Whoever leaves, at whatever moment and by whatever way, pays for nothing more and finds no half file."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest

from tests.cli.conftest import Shell
from tests.cloud import FILES, ID, PNG, TEXT_STREAM, Cloud, cloud, events, prediction
from tests.processes import PATIENCE, Process
from tests.recording_server import Answer, Recorded, json_answer

__all__ = ["cloud"]

CANCEL = f"POST /v1/predictions/{ID}/cancel"
SIGNALS = {"Ctrl-C": signal.SIGINT, "SIGTERM": signal.SIGTERM, "SIGHUP": signal.SIGHUP}
CODES = {"Ctrl-C": 130, "SIGTERM": 143, "SIGHUP": 129, "closed terminal": 129}
WAYS = list(CODES)
FOLDER = "saved"


class Leaver:
    """A command that ``leave`` ends, once it runs, and the service's part in that."""

    def __init__(self, shell: Shell, cloud: Cloud, way: str) -> None:
        self._shell, self._cloud, self._way = shell, cloud, way
        self._ending: Callable[[], None]
        self.left, self.canceled = Event(), Event()
        self._cloud.api.answer(CANCEL, self._cancel)

    def leave(self) -> None:
        if not self.left.is_set():
            self.left.set()
            self._ending()

    def run(self, *argv: str) -> int:
        """The exit code."""
        if self._way == "closed terminal":
            session = self._shell.terminal(*argv, env=self._cloud.env)
            self._ending = session.hang_up
            return session.wait()
        process: Process = self._shell.start(*argv, env=self._cloud.env)
        self._ending = lambda: process.signal(SIGNALS[self._way])
        return process.end()

    def _cancel(self, _: Recorded) -> Answer:
        self.canceled.set()
        return json_answer(prediction("canceled"))


@pytest.fixture(params=WAYS)
def leaver(request: pytest.FixtureRequest, shell: Shell, cloud: Cloud) -> Leaver:
    return Leaver(shell, cloud, request.param)


@pytest.fixture
def code(request: pytest.FixtureRequest) -> int:
    return CODES[request.node.callspec.params["leaver"]]


def files(folder: Path) -> list[str]:
    """What stands here under a name that somebody could take for a result."""
    found = [*folder.glob("*"), *folder.glob(f"{FOLDER}/*")]
    return [path.name for path in found if path.is_file() and path.name[0] != "."]


def test_during_the_creation(leaver: Leaver, cloud: Cloud, code: int) -> None:
    def creating(_: Recorded) -> Answer:
        leaver.leave()
        return json_answer(prediction("starting"), 201)

    cloud.has_model()
    cloud.api.answer("POST /v1/predictions", creating)
    cloud.api.answer(f"GET /v1/predictions/{ID}", json_answer(prediction("starting")))

    assert leaver.run("run", "stability-ai/sdxl", "prompt=x") == code
    assert len(cloud.api.asked(CANCEL)) == 1


def test_in_the_queue(leaver: Leaver, cloud: Cloud, code: int) -> None:
    def waiting(_: Recorded) -> Answer:
        leaver.leave()
        return json_answer(prediction("starting"))

    cloud.has_model()
    cloud.creates(prediction("starting"), waiting)

    assert leaver.run("run", "stability-ai/sdxl", "prompt=x") == code
    assert len(cloud.api.asked(CANCEL)) == 1


@pytest.mark.parametrize("command", ["run", "stream"])
def test_in_the_stream(leaver: Leaver, cloud: Cloud, code: int, command: str) -> None:
    def tokens() -> Iterator[bytes]:
        yield events("first")
        leaver.leave()
        leaver.canceled.wait(PATIENCE)

    cloud.has_model(TEXT_STREAM)
    urls = cloud.streams(Answer(200, tokens, {"Content-Type": "text/event-stream"}))
    cloud.creates(prediction("starting", urls=urls), prediction("processing", urls=urls))

    assert leaver.run(command, "stability-ai/sdxl", "prompt=x") == code
    assert len(cloud.api.asked(CANCEL)) == 1


@pytest.mark.parametrize("words", [["run", "stability-ai/sdxl"], ["predictions", "download", ID]])
@pytest.mark.parametrize("target", [["--output-dir", FOLDER], ["-o", "out.png"]])
def test_in_the_download(
    leaver: Leaver, shell: Shell, cloud: Cloud, code: int, words: list[str], target: list[str]
) -> None:
    going_on = Event()

    def picture() -> Iterator[bytes]:
        yield PNG[:100]
        leaver.leave()
        going_on.wait(PATIENCE)

    cloud.has_model(FILES)
    url = cloud.offers("out.png")
    cloud.delivery.answer("GET /pbxt/out.png", Answer(200, picture, {"Content-Type": "image/png"}))
    cloud.creates(prediction("starting"), prediction("succeeded", output=[url]))

    try:
        ended = leaver.run(*words, *target)
    finally:
        going_on.set()

    assert ended == code
    assert cloud.api.asked(CANCEL) == []
    assert files(shell.cwd) == []


def test_in_the_download_of_the_managed_folder_the_way_back_is_told(shell: Shell, cloud: Cloud) -> None:
    process: Process
    going_on = Event()

    def picture() -> Iterator[bytes]:
        yield PNG[:100]
        process.signal(signal.SIGINT)
        going_on.wait(PATIENCE)

    cloud.has_model(FILES)
    url = cloud.offers("out.png")
    cloud.delivery.answer("GET /pbxt/out.png", Answer(200, picture), Answer(200, PNG))
    cloud.creates(prediction("starting"), prediction("succeeded", output=[url]))
    process = shell.start("run", "stability-ai/sdxl", "prompt=x", env=cloud.env)
    try:
        code = process.end()
    finally:
        going_on.set()
    hint = process.stderr.splitlines()[-1]

    again = shell.run(*hint.partition("rcli ")[2].split()[:3], env=cloud.env)

    assert code == 130
    assert hint == f"prediction {ID} has succeeded: rcli predictions watch {ID} saves its output"
    assert Path(again.strip()).read_bytes() == PNG
