from __future__ import annotations

import gzip
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rcli.api.client import Client
from rcli.api.parts import move, named, publish
from rcli.api.transfer import Downloaded, Job, download, download_all, read_data_uri, safe_name
from rcli.errors import Interrupted, NoAnswer, NotFound, RcliError
from tests.recording_server import Answer, Recorded, RecordingServer, page, problem

ROOT = Path(__file__).parents[2]
PNG = b"\x89PNG\r\n" + bytes(range(256)) * 40
SIZES = pytest.mark.parametrize("body", [PNG, PNG * 900], ids=["small", "large"])
"""Large ones are read past the HTTP library."""


@pytest.fixture
def other() -> Iterator[RecordingServer]:
    with RecordingServer() as server:
        yield server


@pytest.fixture
def fetch(client: Client, recording_server: RecordingServer, tmp_path: Path) -> Callable[..., Downloaded]:
    """Downloads ``/out.png`` of the recording server to ``out.png`` here."""

    def run(*script: Answer | Callable[[Recorded], Answer], name: str = "out.png") -> Downloaded:
        recording_server.answer("GET /out.png", *script)
        return download(client, f"{recording_server.url}/out.png", tmp_path / name, quiet)

    return run


Fetch = Callable[..., Downloaded]


def quiet(done: int, total: int | None) -> None:
    pass


def picture(body: bytes = PNG, **headers: str) -> Answer:
    return Answer(200, body, {"Content-Type": "image/png; q=1"} | headers)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@SIZES
def test_a_download_is_saved_whole(fetch: Fetch, tmp_path: Path, body: bytes) -> None:
    saved = fetch(picture(body))

    assert saved == Downloaded(tmp_path / "out.png", len(body), "image/png")
    assert saved.path.read_bytes() == body
    assert files(tmp_path) == ["out.png"]


def test_progress_counts_up_to_the_length(
    client: Client, recording_server: RecordingServer, tmp_path: Path
) -> None:
    told: list[tuple[int, int | None]] = []
    recording_server.answer("GET /x", Answer(body=bytes(2_000_000)))

    download(client, f"{recording_server.url}/x", tmp_path / "x", lambda *at: told.append(at))

    assert told == sorted(told)
    assert told[-1] == (2_000_000, 2_000_000)


def test_nothing_is_there_under_the_name_before_it_is_complete(
    client: Client, recording_server: RecordingServer, tmp_path: Path
) -> None:
    seen: list[bool] = []
    recording_server.answer("GET /x", picture())

    target = tmp_path / "new" / "out.png"
    download(client, f"{recording_server.url}/x", target, lambda *_: seen.append(target.exists()))

    assert seen
    assert not any(seen)
    assert target.read_bytes() == PNG


@SIZES
def test_a_truncated_body_is_an_error_and_leaves_nothing(
    fetch: Fetch, recording_server: RecordingServer, tmp_path: Path, body: bytes
) -> None:
    with pytest.raises(NoAnswer, match="broke"):
        fetch(Answer(200, body, declared=len(body) + 1))

    assert files(tmp_path) == []
    assert len(recording_server.requests) == 4


@SIZES
def test_what_comes_beyond_the_length_is_in_no_file(fetch: Fetch, body: bytes) -> None:
    saved = fetch(Answer(200, body + PNG, declared=len(body)))
    following = fetch(picture(body[::-1]), name="following.png")

    assert saved.path.read_bytes() == body
    assert following.path.read_bytes() == body[::-1]


def test_a_truncated_chunked_body_is_an_error(fetch: Fetch, tmp_path: Path) -> None:
    with pytest.raises(NoAnswer, match="broke"):
        fetch(Answer(200, lambda: [PNG], hangs_up=True))

    assert files(tmp_path) == []


@SIZES
def test_a_broken_download_starts_again(fetch: Fetch, body: bytes) -> None:
    saved = fetch(Answer(200, body[:100], declared=len(body)), picture(body))

    assert saved.path.read_bytes() == body


def test_a_broken_download_goes_on_where_the_server_can(
    fetch: Fetch, recording_server: RecordingServer
) -> None:
    def rest(request: Recorded) -> Answer:
        start = int(request.headers["Range"].removeprefix("bytes=").removesuffix("-"))
        span = f"bytes {start}-{len(PNG) - 1}/{len(PNG)}"
        return Answer(206, PNG[start:], {"Content-Range": span, "ETag": '"v1"'})

    whole = {"ETag": '"v1"', "Accept-Ranges": "bytes"}

    saved = fetch(Answer(200, PNG[:100], whole, declared=len(PNG)), rest)

    assert saved.path.read_bytes() == PNG
    assert recording_server.requests[1].headers["Range"] == "bytes=100-"
    assert recording_server.requests[1].headers["If-Range"] == '"v1"'


def test_a_file_that_changed_meanwhile_is_not_mixed(fetch: Fetch) -> None:
    changed = PNG[::-1]
    whole = {"ETag": '"v1"', "Accept-Ranges": "bytes"}

    saved = fetch(Answer(200, PNG[:100], whole, declared=len(PNG)), picture(changed, ETag='"v2"'))

    assert saved.path.read_bytes() == changed


def test_an_encoded_body_is_decoded(fetch: Fetch) -> None:
    saved = fetch(picture(gzip.compress(PNG), **{"Content-Encoding": "gzip"}))

    assert saved.path.read_bytes() == PNG


def test_a_file_that_is_there_stays(fetch: Fetch, tmp_path: Path) -> None:
    (tmp_path / "out.png").write_bytes(b"mine")
    (tmp_path / "out-1.png").symlink_to("nowhere")

    saved = fetch(picture())

    assert saved.path == tmp_path / "out-2.png"
    assert (tmp_path / "out.png").read_bytes() == b"mine"
    assert files(tmp_path) == ["out-1.png", "out-2.png", "out.png"]


@pytest.mark.parametrize(
    ("answer", "kind"), [(problem(404, detail="gone"), NotFound), (page(500), NoAnswer), (page(), NoAnswer)]
)
def test_an_error_is_not_saved_as_a_picture(
    fetch: Fetch, tmp_path: Path, answer: Answer, kind: type[RcliError]
) -> None:
    with pytest.raises(kind):
        fetch(answer)

    assert files(tmp_path) == []


def test_a_page_that_was_asked_for_is_saved(fetch: Fetch) -> None:
    assert fetch(page(), name="report.html").content_type == "text/html"


def test_the_token_stays_with_the_api(
    client: Client, recording_server: RecordingServer, other: RecordingServer, tmp_path: Path, token: str
) -> None:
    recording_server.answer("GET /v1/f", Answer(302, headers={"Location": f"{other.url}/f"}))
    other.answer("GET /f", Answer(body=b"x"))

    download(client, f"{recording_server.url}/v1/f", tmp_path / "f", quiet)

    assert recording_server.requests[0].headers["Authorization"] == f"Bearer {token}"
    assert other.requests[0].headers["Authorization"] is None


@pytest.mark.parametrize(
    ("uri", "content_type", "data"),
    [
        ("data:image/png;base64,iVBORw==", "image/png", b"\x89PNG"),
        ("data:;base64,aGk%3D", "text/plain", b"hi"),
        ("data:text/plain;charset=utf-8,a%20b,c", "text/plain", b"a b,c"),
    ],
)
def test_a_data_uri_is_decoded(
    client: Client, tmp_path: Path, uri: str, content_type: str, data: bytes
) -> None:
    saved = download(client, uri, tmp_path / "out", quiet)

    assert saved == Downloaded(tmp_path / "out", len(data), content_type)
    assert saved.path.read_bytes() == data


@pytest.mark.parametrize("uri", ["data:image/png;base64", "data:image/png;base64,a"])
def test_a_data_uri_that_is_none(uri: str) -> None:
    with pytest.raises(NoAnswer, match="data: URI"):
        read_data_uri(uri)


def test_a_full_disk_is_named_and_nothing_is_left(fetch: Fetch, tmp_path: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        with pytest.raises(RcliError, match=r"cannot save .*out\.png: File too large"):
            fetch(picture())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert files(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_named(
    client: Client, recording_server: RecordingServer, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    recording_server.answer("GET /x", picture())

    with pytest.raises(RcliError, match=r"cannot save .*file/x"):
        download(client, f"{recording_server.url}/x", tmp_path / "file" / "x", quiet)


def test_several_downloads_fail_one_by_one(
    client: Client, recording_server: RecordingServer, tmp_path: Path
) -> None:
    jobs = [Job(f"{recording_server.url}/{index}", tmp_path / str(index), quiet) for index in range(9)]
    for index in range(9):
        good = Answer(body=str(index).encode())
        recording_server.answer(f"GET /{index}", problem(404, detail="gone") if index == 4 else good)

    results = download_all(client, jobs)

    saved = [result.path.read_text() for result in results if isinstance(result, Downloaded)]
    assert saved == ["0", "1", "2", "3", "5", "6", "7", "8"]
    assert isinstance(results[4], NotFound)


def test_a_signal_in_the_waiting_thread_ends_the_downloads(
    client: Client, recording_server: RecordingServer, tmp_path: Path
) -> None:
    going_on = Event()

    def parts() -> Iterator[bytes]:
        yield b"first"
        os.kill(os.getpid(), signal.SIGUSR1)
        assert going_on.wait(60)
        yield b"second"

    def interrupt(number: int, frame: object) -> None:
        raise Interrupted(number)

    recording_server.answer("GET /x", Answer(200, parts))
    before = set(threading.enumerate())
    former = signal.signal(signal.SIGUSR1, interrupt)
    try:
        with pytest.raises(Interrupted):
            download_all(client, [Job(f"{recording_server.url}/x", tmp_path / "x", quiet)])
    finally:
        signal.signal(signal.SIGUSR1, former)
    downloads = [thread for thread in threading.enumerate() if thread not in before]
    going_on.set()
    for thread in downloads:
        thread.join(10)

    assert downloads
    assert files(tmp_path) == []


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="this system knows no files without a name")
def test_a_killed_process_leaves_no_half_written_file(
    recording_server: RecordingServer, tmp_path: Path
) -> None:
    going_on = Event()

    def parts() -> Iterator[bytes]:
        yield bytes(1_000_000)
        assert going_on.wait(60)

    recording_server.answer("GET /x", Answer(200, parts))
    code = f"""
from pathlib import Path
from rcli.api.client import Client
from rcli.api.parts import move, named, publish
from rcli.api.transfer import download
from rcli.settings import Host
client = Client(Host("lab", "{recording_server.url}/v1", "test"), None)
def told(done, total): done == 1_000_000 and print("half", flush=True)
download(client, "{recording_server.url}/x", Path("{tmp_path}") / "x", told)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout
        assert process.stdout.readline() == b"half\n"
        process.kill()
    going_on.set()

    assert files(tmp_path) == []


def test_a_part_with_a_name_is_hidden_until_it_is_published(tmp_path: Path) -> None:
    target = tmp_path / "out.png"
    target.write_bytes(b"mine")

    with named(target) as made:
        made.file.write(PNG)
        hidden = [name for name in files(tmp_path) if name.startswith(".out.png.")]
        published = publish(made, target)

    assert len(hidden) == 1
    assert published.read_bytes() == PNG
    assert files(tmp_path) == ["out-1.png", "out.png"]


def test_a_disk_without_hard_links_takes_no_name_twice(tmp_path: Path) -> None:
    (tmp_path / "out.png").write_bytes(b"mine")

    with named(tmp_path / "out.png") as made:
        made.file.write(PNG)
        made.file.flush()
        with pytest.raises(FileExistsError):
            move(made, tmp_path / "out.png")
        move(made, tmp_path / "free.png")

    assert (tmp_path / "free.png").read_bytes() == PNG
    assert files(tmp_path) == ["free.png", "out.png"]


@pytest.mark.parametrize(
    ("given_name", "expected"),
    [
        ("https://replicate.delivery/pbxt/abc/out-0.png?x=/y.jpg#z", "out-0.png"),
        ("https://host/a/b%20c.png", "b c.png"),
        ("https://host", "output"),
        ("https://host/", "output"),
        ("https://host/..", "output"),
        ("https://host/%2e%2e%2f%2e%2e%2fetc%2fpasswd", "passwd"),
        ("https://host/a%00b%1b[31m%0a.png", "ab[31m.png"),
        ("https://host/%E2%80%AEgnp.exe", "gnp.exe"),
        ("https://[broken/x.png", "x.png"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("C:\\x", "x"),
        (".bashrc", "bashrc"),
        ("-.rf", "rf"),
        ("-rf", "rf"),
        ("~", "~"),
        ("nul", "_nul"),
        ("COM1.txt", "_COM1.txt"),
        ('a<b>:"|?*.txt', "a_b______.txt"),
        ("name. ", "name"),
        ("", "output"),
        ("...", "output"),
        ("data:image/png;base64,AAAA", "output.png"),
        ("data:,x", "output"),
        ("é" * 300 + ".png", "é" * 98 + ".png"),
        ("x" * 300, "x" * 200),
        ("x." + "y" * 300, "x." + "y" * 198),
    ],
)
def test_names_are_made_safe(given_name: str, expected: str) -> None:
    assert safe_name(given_name) == expected


@given(st.text() | st.text().map("https://host/{}".format))
def test_no_name_leaves_its_folder(name: str) -> None:
    safe = safe_name(name)

    assert safe == os.path.basename(safe)
    assert safe not in ("", ".", "..")
    assert not safe.startswith(("-", "."))
    assert safe.isprintable()
    assert len(safe.encode()) <= 200


@pytest.mark.parametrize("uri", ["data:image/png;base64,äöü", "data:text/plain,\ud800", "data:text/plain"])
def test_a_data_uri_that_is_none_is_no_answer(uri: str) -> None:
    with pytest.raises(NoAnswer):
        read_data_uri(uri)
