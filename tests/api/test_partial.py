"""A download that broke off is gone on with by the next one, in another process too."""

from __future__ import annotations

import fcntl
import json
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest

from rcli.api.client import Client
from rcli.api.partial import SMALLEST as WORTH_KEEPING
from rcli.api.ranges import SMALLEST
from rcli.api.transfer import Downloaded, Job, download, download_all
from rcli.errors import NoAnswer, NotFound
from tests.processes import PATIENCE, ROOT
from tests.recording_server import Answer, Recorded, RecordingServer, Script, problem

CONTENT = random.Random(1).randbytes(3 << 20)
HALF = 3 << 19
LEFT = [".x.part", ".x.part.json"]


def ranged(
    content: bytes, breaks: Callable[[Recorded], int | None] = lambda _: None, etag: str = '"v1"'
) -> Script:
    """A file that is served in parts; ``breaks`` says after how many bytes a request's answer breaks off."""

    def answer(request: Recorded) -> Answer:
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers["Range"] or "")
        if asked and request.headers["If-Range"] != etag:
            asked = None
        begin = int(asked[1]) if asked else 0
        end = int(asked[2]) + 1 if asked and asked[2] else len(content)
        span = {"Content-Range": f"bytes {begin}-{end - 1}/{len(content)}"} if asked else {}
        broken, data = breaks(request), content[begin:end]
        headers = {"ETag": etag, "Accept-Ranges": "bytes", "Content-Type": "image/png"} | span
        status, declared = 206 if asked else 200, None if broken is None else len(data)
        return Answer(status, data[:broken], headers, declared=declared)

    return answer


def once(size: int) -> Callable[[Recorded], int | None]:
    """The first answer breaks off after ``size`` bytes, and whatever is asked for afterwards at once."""
    return lambda request: 0 if request.headers["Range"] else size


def fetch(client: Client, server: RecordingServer, folder: Path, path: str = "/x") -> Downloaded:
    return download(client, server.url + path, folder / "x", lambda done, total: None)


def broken(client: Client, server: RecordingServer, folder: Path, size: int = HALF) -> None:
    """A download that brought ``size`` bytes and no more."""
    server.answer("GET /x", ranged(CONTENT, once(size)))
    with pytest.raises(NoAnswer):
        fetch(client, server, folder)
    server.requests.clear()
    server.answer("GET /x", ranged(CONTENT))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def asked(server: RecordingServer) -> list[str | None]:
    return [request.headers["Range"] for request in server.requests]


def test_the_next_download_goes_on_where_the_last_one_broke_off(
    client: Client, recording_server: RecordingServer, tmp_path: Path
) -> None:
    broken(client, recording_server, tmp_path)
    left = names(tmp_path)
    told: list[tuple[int, int | None]] = []

    saved = download(client, f"{recording_server.url}/x", tmp_path / "x", lambda *at: told.append(at))

    assert left == LEFT
    assert saved == Downloaded(tmp_path / "x", len(CONTENT), "image/png")
    assert saved.path.read_bytes() == CONTENT
    assert asked(recording_server) == [f"bytes={HALF}-{len(CONTENT) - 1}"]
    assert (told[0], told[-1]) == ((HALF, len(CONTENT)), (len(CONTENT), len(CONTENT)))
    assert names(tmp_path) == ["x"]


def test_it_can_break_off_again(client: Client, recording_server: RecordingServer, tmp_path: Path) -> None:
    broken(client, recording_server, tmp_path)
    recording_server.answer("GET /x", ranged(CONTENT, lambda _: 1000))
    with pytest.raises(NoAnswer):
        download(client, f"{recording_server.url}/x", tmp_path / "x", _only(HALF + 3000))
    recording_server.answer("GET /x", ranged(CONTENT))
    recording_server.requests.clear()

    saved = fetch(client, recording_server, tmp_path)

    assert saved.path.read_bytes() == CONTENT
    assert int(str(asked(recording_server)[0])[6:].partition("-")[0]) > HALF
    assert names(tmp_path) == ["x"]


def _only(most: int) -> Callable[[int, int | None], None]:
    def progress(done: int, total: int | None) -> None:
        if done >= most:
            raise NoAnswer("the network is gone")

    return progress


def test_of_several_connections_each_goes_on_with_its_own(
    client: Client, recording_server: RecordingServer, tmp_path: Path
) -> None:
    content = random.Random(2).randbytes(SMALLEST)
    share = SMALLEST // 4
    begins = {f"bytes={share * number}-{share * (number + 1) - 1}" for number in range(4)}
    recording_server.answer(
        "GET /x",
        ranged(content, lambda request: share // 2 if request.headers["Range"] in {None, *begins} else 0),
    )
    with pytest.raises(NoAnswer):
        fetch(client, recording_server, tmp_path)
    left = json.loads((tmp_path / ".x.part.json").read_text())
    recording_server.requests.clear()
    recording_server.answer("GET /x", ranged(content))

    saved = fetch(client, recording_server, tmp_path)

    assert left["missing"][0] == [share // 2, share]
    assert saved.path.read_bytes() == content
    assert {f"bytes={begin}-{end - 1}" for begin, end in left["missing"]} == set(asked(recording_server))


def test_what_has_changed_meanwhile_is_fetched_anew(
    client: Client, recording_server: RecordingServer, tmp_path: Path
) -> None:
    broken(client, recording_server, tmp_path)
    recording_server.answer("GET /x", ranged(CONTENT[::-1][:-7], etag='"v2"'))

    saved = fetch(client, recording_server, tmp_path)

    assert saved.path.read_bytes() == CONTENT[::-1][:-7]
    assert names(tmp_path) == ["x"]


def test_what_another_address_has_left_is_not_gone_on_with(
    client: Client, recording_server: RecordingServer, tmp_path: Path
) -> None:
    broken(client, recording_server, tmp_path)
    recording_server.answer("GET /y", ranged(CONTENT[::-1]))

    saved = fetch(client, recording_server, tmp_path, "/y")

    assert saved.path.read_bytes() == CONTENT[::-1]
    assert asked(recording_server) == [None]
    assert names(tmp_path) == ["x"]


def test_another_signature_of_the_same_address_is_no_other_file(
    client: Client, recording_server: RecordingServer, tmp_path: Path
) -> None:
    broken(client, recording_server, tmp_path)

    fetch(client, recording_server, tmp_path, "/x?signature=2")

    assert asked(recording_server) == [f"bytes={HALF}-{len(CONTENT) - 1}"]


@pytest.mark.parametrize("size", [0, 1000, WORTH_KEEPING - 1])
def test_of_a_little_nothing_is_left(
    client: Client, recording_server: RecordingServer, tmp_path: Path, size: int
) -> None:
    broken(client, recording_server, tmp_path, size)

    assert names(tmp_path) == []


def test_of_what_cannot_be_continued_nothing_is_left(
    client: Client, recording_server: RecordingServer, tmp_path: Path
) -> None:
    recording_server.answer("GET /x", Answer(200, CONTENT[:HALF], declared=len(CONTENT)))

    with pytest.raises(NoAnswer):
        fetch(client, recording_server, tmp_path)

    assert names(tmp_path) == []


def test_what_the_server_has_removed_is_removed_here(
    client: Client, recording_server: RecordingServer, tmp_path: Path
) -> None:
    broken(client, recording_server, tmp_path)
    recording_server.answer("GET /x", problem(404, detail="expired"))

    with pytest.raises(NotFound, match="expired"):
        fetch(client, recording_server, tmp_path)

    assert names(tmp_path) == []


@pytest.mark.parametrize(
    "note",
    [
        "",
        "[]",
        "{",
        '{"missing": 1}',
        '{"path": "/x", "validator": "\\"v1\\"", "size": 9, "content_type": "", "missing": []}',
        '{"path": "/x", "validator": "\\"v1\\"", "size": 9, "content_type": "", "missing": [[5, 2]]}',
    ],
)
def test_a_note_that_says_nothing_is_not_believed(
    client: Client, recording_server: RecordingServer, tmp_path: Path, note: str
) -> None:
    (tmp_path / ".x.part").write_bytes(b"half")
    (tmp_path / ".x.part.json").write_text(note)
    recording_server.answer("GET /x", ranged(CONTENT))

    saved = fetch(client, recording_server, tmp_path)

    assert saved.path.read_bytes() == CONTENT
    assert asked(recording_server) == [None]
    assert names(tmp_path) == ["x"]


def test_what_is_older_than_a_day_is_fetched_anew(
    client: Client, recording_server: RecordingServer, tmp_path: Path
) -> None:
    broken(client, recording_server, tmp_path)
    before = time.time() - 2 * 86400
    os.utime(tmp_path / ".x.part.json", (before, before))

    fetch(client, recording_server, tmp_path)

    assert asked(recording_server) == [None]
    assert names(tmp_path) == ["x"]


def test_two_that_go_on_at_once_do_not_share_a_file(
    client: Client, recording_server: RecordingServer, tmp_path: Path
) -> None:
    broken(client, recording_server, tmp_path)

    with (tmp_path / ".x.part").open("r+b") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        saved = fetch(client, recording_server, tmp_path)

    assert saved.path.read_bytes() == CONTENT
    assert asked(recording_server) == [None]
    assert names(tmp_path) == [*LEFT, "x"]


def test_whoever_is_killed_while_going_on_spoils_nothing(
    client: Client, recording_server: RecordingServer, tmp_path: Path
) -> None:
    broken(client, recording_server, tmp_path)
    killed = Event()

    def rest() -> Iterator[bytes]:
        yield CONTENT[HALF : HALF + 300_000]
        assert killed.wait(PATIENCE)

    span = {"Content-Range": f"bytes {HALF}-{len(CONTENT) - 1}/{len(CONTENT)}"}
    recording_server.answer("GET /x", Answer(206, rest, {"ETag": '"v1"'} | span))
    code = f"""
from pathlib import Path
from rcli.api.client import Client
from rcli.api.transfer import download
from rcli.settings import Host
client = Client(Host("lab", "{recording_server.url}/v1", "test"), None)
def told(done, total): done > {HALF} and print("more", flush=True)
download(client, "{recording_server.url}/x", Path("{tmp_path}") / "x", told)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout
        assert process.stdout.readline() == b"more\n"
        process.kill()
    killed.set()
    recording_server.answer("GET /x", ranged(CONTENT))

    saved = fetch(client, recording_server, tmp_path)

    assert saved.path.read_bytes() == CONTENT
    assert names(tmp_path) == ["x"]


def test_all_of_several_are_kept(client: Client, recording_server: RecordingServer, tmp_path: Path) -> None:
    jobs = [Job(f"{recording_server.url}/{name}", tmp_path / name, lambda *_: None) for name in "ab"]
    for name in "ab":
        recording_server.answer(f"GET /{name}", ranged(CONTENT, once(HALF)))
    first = download_all(client, jobs)
    for name in "ab":
        recording_server.answer(f"GET /{name}", ranged(CONTENT))
    recording_server.requests.clear()

    second = download_all(client, jobs)

    assert all(isinstance(each, NoAnswer) for each in first)
    assert all(isinstance(each, Downloaded) for each in second)
    assert asked(recording_server) == [f"bytes={HALF}-{len(CONTENT) - 1}"] * 2
    assert names(tmp_path) == ["a", "b"]
