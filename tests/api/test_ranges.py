"""Large files over several connections: whole and in order, whatever one of them does."""

from __future__ import annotations

import hashlib
import random
import re
import threading
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from rcli.api.client import Client
from rcli.api.ranges import SMALLEST
from rcli.api.transfer import Downloaded, Job, download, download_all
from rcli.errors import NoAnswer, NotFound, RcliError
from tests.processes import PATIENCE
from tests.recording_server import Answer, Recorded, RecordingServer, problem

SIZE = SMALLEST + 12_345
WHOLE = {"ETag": '"v1"', "Accept-Ranges": "bytes"}
PIECE = 1 << 20


@pytest.fixture(scope="session")
def content() -> bytes:
    return random.Random(1).randbytes(SIZE)


def digest(data: bytes) -> str:
    """Two of these are shown when they differ, not two files."""
    return hashlib.sha256(data).hexdigest()


class Ranged:
    """A file that is served in parts; ``breaks`` says after how many bytes a request's answer breaks off."""

    def __init__(self, content: bytes, breaks: Callable[[Recorded], int | None] = lambda _: None) -> None:
        self._content = content
        self._breaks = breaks

    def __call__(self, request: Recorded) -> Answer:
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers["Range"] or "")
        begin = int(asked[1]) if asked else 0
        end = int(asked[2]) + 1 if asked and asked[2] else SIZE
        data = self._content[begin:end]
        span = {"Content-Range": f"bytes {begin}-{end - 1}/{SIZE}"} if asked else {}
        broken = self._breaks(request)
        return Answer(
            206 if asked else 200, data[:broken], WHOLE | span, declared=None if broken is None else len(data)
        )


def fetch(client: Client, server: RecordingServer, folder: Path) -> Downloaded:
    return download(client, f"{server.url}/x", folder / "x", lambda done, total: None)


def ranges(server: RecordingServer) -> set[str | None]:
    return {request.headers["Range"] for request in server.requests}


def test_a_large_file_comes_over_several_connections(
    client: Client, recording_server: RecordingServer, tmp_path: Path, content: bytes
) -> None:
    told: list[tuple[int, int | None]] = []
    recording_server.answer("GET /x", Ranged(content))

    download(client, f"{recording_server.url}/x", tmp_path / "x", lambda *at: told.append(at))

    assert digest((tmp_path / "x").read_bytes()) == digest(content)
    assert len(recording_server.requests) == 4
    assert all(request.headers["If-Range"] == '"v1"' for request in recording_server.requests[1:])
    assert told == sorted(told)
    assert told[-1] == (SIZE, SIZE)


def test_each_connection_goes_on_where_it_broke_off(
    client: Client, recording_server: RecordingServer, tmp_path: Path, content: bytes
) -> None:
    seen: set[str | None] = set()

    def once(request: Recorded) -> int | None:
        """The first answers break off, each after another number of bytes."""
        asked = request.headers["Range"]
        if len(seen) > 5 or asked in seen:
            return None
        seen.add(asked)
        return 3 * PIECE + len(seen)

    recording_server.answer("GET /x", Ranged(content, once))

    fetch(client, recording_server, tmp_path)

    assert digest((tmp_path / "x").read_bytes()) == digest(content)
    assert len(recording_server.requests) == 10


def test_a_file_that_changes_meanwhile_is_fetched_anew_and_whole(
    client: Client, recording_server: RecordingServer, tmp_path: Path, content: bytes
) -> None:
    changed = content[::-1]

    def other(request: Recorded) -> Answer:
        return Answer(200, changed, WHOLE | {"ETag": '"v2"'})

    recording_server.answer("GET /x", Ranged(content), other)

    fetch(client, recording_server, tmp_path)

    assert digest((tmp_path / "x").read_bytes()) == digest(changed)


def test_of_a_file_that_becomes_shorter_no_old_end_stays(
    client: Client, recording_server: RecordingServer, tmp_path: Path, content: bytes
) -> None:
    shorter = content[:PIECE]
    recording_server.answer("GET /x", Ranged(content), Answer(200, shorter, {"ETag": '"v2"'}))

    fetch(client, recording_server, tmp_path)

    assert digest((tmp_path / "x").read_bytes()) == digest(shorter)


def test_a_server_that_breaks_off_and_never_gives_the_parts_it_promises_is_an_error(
    client: Client, recording_server: RecordingServer, tmp_path: Path, content: bytes
) -> None:
    recording_server.answer("GET /x", Answer(200, content[:1000], WHOLE, declared=SIZE))

    with pytest.raises(NoAnswer, match="broke"):
        fetch(client, recording_server, tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_part_that_stays_short_is_an_error_and_leaves_nothing(
    client: Client, recording_server: RecordingServer, tmp_path: Path, content: bytes
) -> None:
    recording_server.answer(
        "GET /x", Ranged(content, lambda request: 0 if request.headers["Range"] else None)
    )

    with pytest.raises(NoAnswer, match="broke"):
        fetch(client, recording_server, tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_part_that_is_refused_is_an_error(
    client: Client, recording_server: RecordingServer, tmp_path: Path, content: bytes
) -> None:
    recording_server.answer("GET /x", Ranged(content), problem(404, detail="expired"))

    with pytest.raises(NotFound, match="expired"):
        fetch(client, recording_server, tmp_path)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("headers", [{}, {"ETag": '"v1"'}, {"Accept-Ranges": "bytes", "ETag": 'W/"v1"'}])
def test_a_server_without_ranges_is_asked_once(
    client: Client, recording_server: RecordingServer, tmp_path: Path, content: bytes, headers: dict[str, str]
) -> None:
    recording_server.answer("GET /x", Answer(200, content, headers))

    fetch(client, recording_server, tmp_path)

    assert digest((tmp_path / "x").read_bytes()) == digest(content)
    assert ranges(recording_server) == {None}


def test_several_large_files_share_the_connections(
    client: Client, recording_server: RecordingServer, tmp_path: Path, content: bytes
) -> None:
    for name in "abcd":
        recording_server.answer(f"GET /{name}", Ranged(content))
    jobs = [Job(f"{recording_server.url}/{name}", tmp_path / name, lambda *_: None) for name in "abcd"]

    results = download_all(client, jobs)

    assert all(isinstance(result, Downloaded) and result.size == SIZE for result in results)
    assert len(recording_server.requests) == 4


def test_an_end_waits_for_no_connection_that_is_silent(
    client: Client, recording_server: RecordingServer, tmp_path: Path, content: bytes
) -> None:
    going_on = Event()
    whole = Ranged(content)

    def silent(request: Recorded) -> Answer:
        assert not request.headers["Range"] or going_on.wait(PATIENCE)
        return whole(request)

    class Enough(RcliError):
        pass

    def progress(done: int, total: int | None) -> None:
        raise Enough("enough")

    recording_server.answer("GET /x", silent)
    before = set(threading.enumerate())
    try:
        with pytest.raises(Enough):
            download(client, f"{recording_server.url}/x", tmp_path / "x", progress)
        waiting = [thread for thread in threading.enumerate() if thread not in before]
    finally:
        going_on.set()
    for thread in waiting:
        thread.join(PATIENCE)

    assert [thread for thread in waiting if "bring" in thread.name]
    assert list(tmp_path.iterdir()) == []
