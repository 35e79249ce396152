"""Files in and out: uploads in three shapes, delivery with ranges, inputs by address and by data."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
import resource
import socket
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import httpx
import pytest
from starlette.types import Message

from rcli.engine.data.files import File, safe_name
from rcli.engine.problems import Problem
from rcli.engine.web.deliver import FileContent, Part, parse_range
from rcli.engine.web.signatures import Signer

if TYPE_CHECKING:
    from tests.engine.conftest import RunningEngine, StartEngine

CONTENT = bytes(range(256)) * 40


def change(engine: RunningEngine, sql: str, *parameters: object) -> None:
    """Behind the engine's back, in its database."""
    with closing(sqlite3.connect(engine.folder / "engine.db", isolation_level=None)) as connection:
        connection.execute(sql, parameters)


def upload(engine: RunningEngine, content: bytes = CONTENT, name: str = "x.bin") -> dict[str, Any]:
    answer = engine.http.post("/v1/files", files={"content": (name, content, "application/x-thing")})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_an_upload_has_every_key_that_clients_read(engine: RunningEngine) -> None:
    told = upload(engine)

    digest = hashlib.sha256(CONTENT).hexdigest()
    assert (told["name"], told["content_type"], told["size"]) == ("x.bin", "application/x-thing", 10240)
    assert (told["etag"], told["metadata"]) == (digest, {})
    assert told["checksums"] == {"sha256": digest, "md5": hashlib.md5(CONTENT).hexdigest()}
    assert told["urls"] == {"get": f"{engine.url}/v1/files/{told['id']}"}
    assert told["created_at"] < told["expires_at"]
    assert engine.http.get(f"/v1/files/{told['id']}").json() == told


@pytest.mark.parametrize(
    ("parts", "fields", "metadata"),
    [
        ({}, {"metadata": '{"k": 1}'}, {"k": 1}),
        ({"metadata": ("blob", b'{"k": {"n": 1}}', "application/json")}, {}, {"k": {"n": 1}}),
        ({}, {"metadata[k]": "1", "metadata[n][z]": "2"}, {"k": "1", "n": {"z": "2"}}),
        ({}, {}, {}),
    ],
)
def test_metadata_comes_in_the_shape_of_each_client(
    engine: RunningEngine, parts: dict[str, Any], fields: dict[str, str], metadata: dict[str, Any]
) -> None:
    answer = engine.http.post(
        "/v1/files", files={"content": ("x.txt", b"x", "text/plain"), **parts}, data=fields
    )

    assert (answer.status_code, answer.json()["metadata"]) == (201, metadata)


def test_name_and_type_may_be_fields_of_their_own(engine: RunningEngine) -> None:
    answer = engine.http.post(
        "/v1/files",
        files={"content": ("upload", b"x")},
        data={"filename": "page.md", "type": "text/markdown"},
    )

    assert (answer.json()["name"], answer.json()["content_type"]) == ("page.md", "text/markdown")


@pytest.mark.parametrize(
    ("files", "data", "field"),
    [
        ({"other": ("x", b"x")}, {}, "content"),
        ({"content": ("x" * 256, b"x")}, {}, "filename"),
        ({"content": ("x", b"x")}, {"metadata": "{"}, "metadata"),
        ({"content": ("x", b"x")}, {"metadata": '{"a": NaN}'}, "metadata"),
        ({"content": ("x", b"x")}, {"metadata": '{"a": 1e999}'}, "metadata"),
        ({"content": ("x", b"x")}, {"metadata": "[]"}, "metadata"),
        ({"content": ("x", b"x")}, {"metadata": '{"a":' + "[" * 200 + "]" * 200 + "}"}, "metadata"),
        ({"content": ("x", b"x")}, {"metadata" + "[a]" * 200: "x"}, "metadata"),
        ({"content": ("x", b"x"), "metadata": ("blob", b'"' + b"x" * (1 << 20) + b'"')}, {}, "metadata"),
    ],
)
def test_an_upload_that_is_not_understood_is_refused(
    engine: RunningEngine, files: dict[str, Any], data: dict[str, str], field: str
) -> None:
    answer = engine.http.post("/v1/files", files=files, data=data)

    assert answer.status_code == 422
    assert [invalid["field"] for invalid in answer.json()["invalid_fields"]] == [field]


def test_a_media_type_may_be_in_capitals(engine: RunningEngine) -> None:
    answer = engine.http.post(
        "/v1/files",
        content=form(b'name="content"; filename="x.txt"', b"hi"),
        headers={"content-type": "Multipart/Form-Data; boundary=x"},
    )

    assert (answer.status_code, answer.json()["size"]) == (201, 2)


@pytest.mark.parametrize("field", [b'name="metadata[k]"', b'name="metadata"; filename="blob"'])
def test_half_a_character_in_a_form_s_own_charset_is_refused(engine: RunningEngine, field: bytes) -> None:
    parts = form(b'name="content"; filename="x.txt"', b"hi", field, b'{"k": "\\ud800"}')

    answer = engine.http.post(
        "/v1/files",
        content=parts,
        headers={"content-type": "multipart/form-data; boundary=x; charset=unicode_escape"},
    )

    assert (answer.status_code, answer.json()["invalid_fields"][0]["field"]) == (422, "metadata")
    assert engine.http.get("/v1/files").status_code == 200


def form(*parts: bytes) -> bytes:
    """A multipart body of pairs of a disposition and a content, with the boundary x."""
    pairs = zip(parts[::2], parts[1::2], strict=True)
    said = (b"--x\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % pair for pair in pairs)
    return b"".join(said) + b"--x--\r\n"


def test_an_upload_that_breaks_off_leaves_nothing_and_is_no_defect(start_engine: StartEngine) -> None:
    engine = start_engine("--access-log")
    log = engine.home / "engine.log"
    head = (
        b"POST /v1/files HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
        b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 1000\r\n\r\n"
        % engine.token.encode()
    )

    with socket.create_connection(("127.0.0.1", engine.state["port"])) as connection:
        connection.sendall(head + form(b'name="content"; filename="x"', b"hi")[:60])
    engine.until(lambda: "POST /v1/files" in log.read_text())
    engine.close()

    assert "Traceback" not in log.read_text()
    assert not list((engine.folder / "files" / "incoming").iterdir())


@pytest.mark.parametrize(
    ("content_type", "status"),
    [("application/json", 415), ("multipart/form-data", 400), ("multipart/form-data; boundary=x", 400)],
)
def test_a_body_that_is_no_form_is_refused(engine: RunningEngine, content_type: str, status: int) -> None:
    answer = engine.http.post("/v1/files", content=b"nothing", headers={"content-type": content_type})

    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_a_file_over_100_megabytes_is_refused(engine: RunningEngine) -> None:
    answer = engine.exchange(
        b"POST /v1/files HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
        b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 209715200\r\n\r\n"
        % engine.token.encode()
    )

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"detail":"Files must be less than 100MB in size"' in answer


def test_a_body_of_unknown_length_is_cut_off_at_100_megabytes(start_engine: StartEngine) -> None:
    engine = start_engine()
    head, sent = b'--x\r\ncontent-disposition: form-data; name="content"; filename="x"\r\n\r\n', 0

    def body() -> Iterator[bytes]:
        nonlocal sent
        yield head
        for _ in range(150):
            sent += 1
            yield bytes(1 << 20)

    answer = engine.http.post(
        "/v1/files", content=body(), headers={"content-type": "multipart/form-data; boundary=x"}
    )

    assert (answer.status_code, answer.json()["detail"]) == (413, "Files must be less than 100MB in size")
    assert 100 <= sent < 150
    assert not any((engine.folder / "files" / "incoming").iterdir())


def peak(engine: RunningEngine) -> int:
    """The most memory that the engine has ever used, in bytes, and from here on again."""
    status = Path(f"/proc/{engine.process.pid}/status").read_text()
    Path(f"/proc/{engine.process.pid}/clear_refs").write_text("5")
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) << 10


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
def test_100_megabytes_up_and_down_cost_no_memory(start_engine: StartEngine, tmp_path: Path) -> None:
    engine = start_engine()
    engine.http.get(f"/v1/files/{upload(engine)['id']}/download")
    (tmp_path / "large").write_bytes(os.urandom(1 << 20) * 99)
    peak(engine)
    before = peak(engine)

    with (tmp_path / "large").open("rb") as content:
        told = engine.http.post("/v1/files", files={"content": content}).json()
    with engine.http.stream("GET", f"/v1/files/{told['id']}/download") as answer:
        size = sum(len(chunk) for chunk in answer.iter_raw())

    assert size == told["size"] == 99 << 20
    assert peak(engine) - before < 16 << 20


def test_a_full_disk_is_a_problem_and_leaves_nothing(start_engine: StartEngine) -> None:
    """No file of the engine's may grow beyond 4 MB: as on a disk that is full."""
    engine = start_engine()
    version = engine.register("picture")
    resource.prlimit(engine.process.pid, resource.RLIMIT_FSIZE, (4 << 20, resource.RLIM_INFINITY))
    data = f"data:image/png;base64,{base64.b64encode(bytes(5 << 20)).decode()}"

    refused = [
        engine.http.post("/v1/files", files={"content": ("x", bytes(5 << 20))}),
        engine.http.post("/v1/predictions", json={"version": version, "input": {"image": data}}),
    ]

    assert [answer.status_code for answer in refused] == [507, 507]
    assert {answer.headers["content-type"] for answer in refused} == {"application/problem+json"}
    assert refused[0].json()["detail"] == "The engine's disk takes no more: File too large"
    assert not any((engine.folder / "files" / "incoming").iterdir())
    assert upload(engine, b"small")["size"] == 5


def test_files_are_refused_before_the_disk_is_full(start_engine: StartEngine) -> None:
    """The reserve is more than any disk has."""
    engine = start_engine(config=f"[engine]\ndisk_reserve = {1 << 40}\n")
    data = "data:image/png;base64,aGk="

    refused = [
        engine.http.post("/v1/files", files={"content": ("x", b"x")}),
        engine.http.post(
            "/v1/predictions", json={"version": engine.register("picture"), "input": {"image": data}}
        ),
    ]

    assert [(answer.status_code, answer.json()["hint"]) for answer in refused] == [
        (507, "rcli cache prune"),
        (507, "rcli cache prune"),
    ]
    assert engine.run("echo", {"text": "no files"})["output"] == "hello no files"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("süß 猫.png", "süß 猫.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\x.txt", "x.txt"),
        ("..", "file"),
        ("a\u202egnp.exe", "a_gnp.exe"),
    ],
)
def test_an_upload_has_a_name_that_is_safe_everywhere(engine: RunningEngine, given: str, kept: str) -> None:
    told = engine.http.post("/v1/files", files={"content": ("x", b"x")}, data={"filename": given}).json()

    answer = engine.http.get(f"/v1/files/{told['id']}/download")

    assert told["name"] == kept
    assert unquote(answer.headers["content-disposition"]) == f"attachment; filename*=utf-8''{kept}"


def test_a_file_is_gone_when_it_has_expired(engine: RunningEngine) -> None:
    told = upload(engine, b"for a day")
    change(engine, "UPDATE files SET expires_at = 1 WHERE id = ?", told["id"])

    answers = [engine.http.get(f"/v1/files/{told['id']}{path}") for path in ("", "/download")]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert told["id"] not in {each["id"] for each in engine.http.get("/v1/files").json()["results"]}


def test_a_content_that_somebody_removed_is_a_problem(engine: RunningEngine) -> None:
    told = upload(engine, b"removed by hand")
    (engine.folder / "files" / told["etag"][:2] / told["etag"]).unlink()

    answer = engine.http.get(f"/v1/files/{told['id']}/download")

    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")


def test_many_uploads_come_page_by_page(start_engine: StartEngine) -> None:
    engine = start_engine()
    ids = [upload(engine, b"%d" % number)["id"] for number in range(101)]

    first = engine.http.get("/v1/files").json()
    second = engine.http.get(first["next"]).json()

    assert [file["id"] for file in (*first["results"], *second["results"])] == ids[::-1]
    assert second["next"] is None


def test_uploads_are_listed_and_deleted(engine: RunningEngine) -> None:
    told = upload(engine, b"to be deleted")
    listed = engine.http.get("/v1/files").json()["results"][0]

    first = engine.http.delete(f"/v1/files/{told['id']}")
    second = engine.http.delete(f"/v1/files/{told['id']}")

    assert listed == told
    assert (first.status_code, second.status_code) == (204, 404)
    assert not list((engine.folder / "files").glob(f"??/{told['etag']}"))


def test_a_content_that_two_files_share_goes_with_the_last(engine: RunningEngine) -> None:
    one, two = upload(engine, b"shared"), upload(engine, b"shared")
    engine.http.delete(f"/v1/files/{one['id']}")
    kept = list((engine.folder / "files").glob(f"??/{one['etag']}"))

    engine.http.delete(f"/v1/files/{two['id']}")

    assert len(kept) == 1
    assert not kept[0].exists()


@pytest.mark.parametrize("name", ["../../etc/passwd", "..\\..\\x", "a/b", "x\x00y", "\u202egnp.exe"])
def test_names_are_reduced_to_safe_base_names(name: str) -> None:
    safe = safe_name(name)

    assert safe
    assert not set(safe) & set("/\\\x00\u202e")
    assert safe not in (".", "..")


@pytest.mark.parametrize(
    ("name", "safe"),
    [("out-0.png", "out-0.png"), ("", "file"), ("..", "file"), ("é" * 200 + ".png", "é" * 125 + ".png")],
)
def test_names_keep_what_is_harmless(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_a_model_gets_an_uploaded_file(engine: RunningEngine) -> None:
    told = upload(engine, b"hello there", "greeting.txt")

    ended = engine.run("files", {"one": told["urls"]["get"], "many": [told["urls"]["get"]]})

    assert ended["output"] == ["hello there", "hello there"]
    assert ended["input"]["one"].startswith(f"{engine.url}/delivery/{told['id']}/greeting.txt?")


def test_a_model_gets_what_a_data_uri_holds(engine: RunningEngine) -> None:
    given = [
        *("data:text/plain;base64,aGk=", "data:,a%20b", "data:text/plain;charset=utf-8,c"),
        *("data:text/plain;Base64,aGk=", "data:;base64,aGk%3D", "DATA:,d"),
    ]

    ended = engine.run("files", {"one": given[0], "many": given[1:]})

    assert ended["output"] == ["hi", "a b", "c", "hi", "hi", "d"]


def test_a_model_gets_an_earlier_output(engine: RunningEngine) -> None:
    first = engine.run("picture", {"image": "data:image/png;base64,aGVsbG8="})

    second = engine.run("picture", {"image": first["output"]})

    assert httpx.get(second["output"]).content == b"hello"


def test_a_model_cannot_change_what_was_uploaded(engine: RunningEngine, tmp_path: Any) -> None:
    (tmp_path / "cog.yaml").write_text("run: run.py:Runner\n")
    (tmp_path / "run.py").write_text(
        "from cog import BaseRunner, Path\n\n\nclass Runner(BaseRunner):\n"
        "    def run(self, file: Path) -> str:\n"
        "        open(file, 'r+b').write(b'SPOILT')\n        return open(file).read()\n"
    )
    told = upload(engine, b"intact content")

    ended = engine.ended(engine.create(engine.register(tmp_path), {"file": told["urls"]["get"]}))

    assert ended["output"] == "SPOILT content"
    assert engine.http.get(f"/v1/files/{told['id']}/download").content == b"intact content"


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd",
        "FILE:///etc/passwd",
        "/etc/passwd",
        "rcli-file:aaaaaaaaaaaaaaaaaaaaaaaaaa/x",
        "gs://bucket/x",
        "http://",
        "http://[",
        "data:nothing",
        "data:text/plain;base64,a",
        "data:text/plain;base64,\u00e9",
        "",
    ],
)
def test_other_addresses_of_files_are_refused(engine: RunningEngine, address: str) -> None:
    answer = engine.http.post(
        "/v1/predictions", json={"version": engine.register("files"), "input": {"one": address}}
    )

    assert answer.status_code == 422
    assert [field["field"] for field in answer.json()["invalid_fields"]] == ["input.one"]


def test_a_file_of_ours_that_is_gone_is_refused(engine: RunningEngine) -> None:
    told = upload(engine, b"gone")
    engine.http.delete(f"/v1/files/{told['id']}")

    answer = engine.http.post(
        "/v1/predictions", json={"version": engine.register("files"), "input": {"one": told["urls"]["get"]}}
    )

    assert answer.status_code == 422
    assert "does not exist, or it has expired" in answer.json()["detail"]


def test_an_output_is_served_without_the_token_and_without_danger(engine: RunningEngine) -> None:
    ended = engine.run("picture", {"image": "data:image/png;base64,aGVsbG8="})

    answer = httpx.get(ended["output"], follow_redirects=False)

    assert (answer.status_code, answer.content) == (200, b"hello")
    assert httpx.URL(ended["output"]).path.endswith("/out.png")
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"] == "inline; filename*=utf-8''out.png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "sandbox"
    assert answer.headers["etag"] == f'"{hashlib.sha256(b"hello").hexdigest()}"'


@pytest.mark.parametrize(
    ("content_type", "way"),
    [
        ("text/html", "attachment"),
        ("image/svg+xml", "attachment"),
        ("application/pdf", "attachment"),
        ("video/mp4", "inline"),
        ("audio/wav", "inline"),
    ],
)
def test_only_pictures_sounds_and_films_are_shown(engine: RunningEngine, content_type: str, way: str) -> None:
    told = engine.http.post("/v1/files", files={"content": ("x", b"x", content_type)}).json()

    answer = engine.http.get(f"/v1/files/{told['id']}/download")

    assert (answer.headers["content-type"], answer.headers["content-disposition"]) == (
        content_type,
        f"{way}; filename*=utf-8''x",
    )


@pytest.mark.parametrize(
    "change", [{"signature": "x"}, {"expiry": "99999999999"}, {"expiry": "1"}, {"expiry": "-1"}]
)
def test_a_changed_address_is_refused(engine: RunningEngine, change: dict[str, str]) -> None:
    ended = engine.run("picture", {"image": "data:image/png;base64,aGVsbG8="})

    answer = httpx.get(httpx.URL(ended["output"]).copy_merge_params(change))

    assert answer.status_code == 401


def test_a_signature_ends_with_its_expiry_and_its_purpose() -> None:
    signer = Signer(b"key")
    past = {"expiry": "1000", "signature": signer.sign("delivery", "x", 1000)}
    future = {"expiry": "9999999999", "signature": signer.sign("delivery", "x", 9999999999)}

    assert not signer.allows("delivery", "x", past)
    assert signer.allows("delivery", "x", future)
    assert not signer.allows("stream", "x", future)
    assert not signer.allows("delivery", "y", future)
    assert not Signer(b"other").allows("delivery", "x", future)


def test_a_signed_download_names_its_owner(engine: RunningEngine) -> None:
    told = upload(engine, b"signed")
    key = (engine.folder / "signing_key").read_text().strip().encode()
    query = {"owner": "local", "expiry": "9999999999"}
    query["signature"] = Signer(key).sign("local", told["id"], 9999999999)
    url = f"{engine.url}/v1/files/{told['id']}/download"

    plain = base64.b64encode(base64.urlsafe_b64decode(query["signature"] + "=")).decode()

    assert httpx.get(url, params=query).content == b"signed"
    assert httpx.get(url, params=query | {"signature": plain}).content == b"signed"
    assert httpx.get(url, params=query | {"owner": "somebody"}).status_code == 401


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        ("bytes=0-9", 206, 0, 10),
        ("Bytes = 0-9", 206, 0, 10),
        ("bytes=10000-", 206, 10000, 10240),
        ("bytes=-40", 206, 10200, 10240),
        ("bytes=10000-99999", 206, 10000, 10240),
        ("bytes=0-0,5-6", 200, 0, 10240),
        ("lines=0-9", 200, 0, 10240),
    ],
)
def test_ranges_are_served(engine: RunningEngine, asked: str, status: int, start: int, end: int) -> None:
    told = upload(engine)

    answer = engine.http.get(f"/v1/files/{told['id']}/download", headers={"range": asked})

    assert (answer.status_code, answer.content) == (status, CONTENT[start:end])
    if status == 206:
        assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/10240"


def test_a_range_beyond_the_end_is_a_problem(engine: RunningEngine) -> None:
    told = upload(engine)

    answer = engine.http.get(f"/v1/files/{told['id']}/download", headers={"range": "bytes=10240-"})

    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */10240")
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_range_of_another_content_is_sent_whole(engine: RunningEngine) -> None:
    told = upload(engine)
    path = f"/v1/files/{told['id']}/download"

    same = engine.http.get(path, headers={"range": "bytes=0-1", "if-range": f'"{told["etag"]}"'})
    other = engine.http.get(path, headers={"range": "bytes=0-1", "if-range": '"other"'})

    assert (same.status_code, other.status_code) == (206, 200)


@pytest.mark.parametrize("known", ['"{}"', 'W/"{}"', '"other", "{}"', "*"])
def test_what_the_client_has_already_is_not_sent_again(engine: RunningEngine, known: str) -> None:
    told = upload(engine)

    answer = engine.http.get(
        f"/v1/files/{told['id']}/download", headers={"if-none-match": known.format(told["etag"])}
    )

    assert (answer.status_code, answer.content) == (304, b"")


def test_a_reader_that_takes_nothing_is_let_go(tmp_path: Path) -> None:
    content = tmp_path / "content"
    content.write_bytes(CONTENT)
    file = File(1, "x", "output", "x", "text/plain", len(CONTENT), "0", {}, 0.0, None, 0.0)
    sent: list[str] = []

    async def send(message: Message) -> None:
        sent.append(message["type"])
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    async def receive() -> Message:
        return {"type": "http.request"}

    scope = {"type": "http", "method": "GET", "headers": []}
    asyncio.run(asyncio.wait_for(FileContent(file, content, patience=0.01)(scope, receive, send), 30))

    assert sent == ["http.response.start", "http.response.body"]


def test_a_head_request_tells_the_size(engine: RunningEngine) -> None:
    told = upload(engine)

    answer = engine.http.head(f"/v1/files/{told['id']}/download")

    assert (answer.status_code, answer.headers["content-length"], answer.content) == (200, "10240", b"")


@pytest.mark.parametrize(
    ("header", "part"), [(None, None), ("bytes=", None), ("bytes=5-2", None), ("bytes=2-2", Part(2, 3))]
)
def test_odd_ranges_are_read_as_the_standard_says(header: str | None, part: Part | None) -> None:
    assert parse_range(header, 10) == part


def test_the_last_no_bytes_of_a_file_are_no_range() -> None:
    with pytest.raises(Problem, match="10 bytes"):
        parse_range("bytes=-0", 10)


def test_files_of_any_depth_in_an_output_become_addresses(engine: RunningEngine) -> None:
    output = engine.run("nested", {"title": "x"})["output"]

    pages = [httpx.get(page["text"]).text for page in output["pages"]]
    cover = httpx.get(output["extras"]["cover"])
    assert pages == ["this is page-1.txt", "this is page-2.txt"]
    assert cover.content == b"cover"
    assert output["extras"]["notes"][1] is None


def test_small_files_come_as_data_to_a_client_that_waits(engine: RunningEngine) -> None:
    version = engine.register("picture")
    small, large = b"small", b"x" * (256 * 1024 + 1)

    def output(content: bytes) -> str:
        data = f"data:image/png;base64,{base64.b64encode(content).decode()}"
        return str(engine.create(version, {"image": data}, wait=True)["output"])

    assert output(small) == f"data:image/png;base64,{base64.b64encode(small).decode()}"
    assert output(large).startswith(f"{engine.url}/delivery/")


def test_the_replicas_folder_is_empty_again_after_a_prediction(engine: RunningEngine) -> None:
    engine.run("picture", {"image": "data:image/png;base64,aGVsbG8="})

    boxes = [box for box in (engine.folder / "replicas").glob("*/*") if box.name in ("inbox", "outbox")]
    assert boxes
    engine.until(lambda: not [path for box in boxes if box.exists() for path in box.iterdir()])
