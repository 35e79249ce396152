"""From outputs to files: what counts as one, what it is called, and that nothing paid is lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rcli.api.client import Client
from rcli.errors import NoAnswer, NotFound, RcliError, UsageError
from rcli.records import Prediction
from rcli.services.results.naming import Template
from rcli.services.results.outputs import (
    Result,
    Saved,
    check_target,
    folder_name,
    keep_text,
    localized,
    plan,
    save,
)
from tests.recording_server import RecordingServer, problem

Document = dict[str, Any]
Vector = Callable[[str], Document]
Describe = Callable[..., Document]

API = "https://api.replicate.com/v1"
DELIVERY = "https://replicate.delivery/pbxt/a"
PNG_URI = "data:image/png;base64,iVBORw0KGgo="


@pytest.fixture
def files(describe: Describe) -> Document:
    return describe(output={"type": "array", "items": {"type": "string", "format": "uri"}})


def names(result: Result) -> list[str]:
    return [file.name for file in result.files]


# what it is


def test_a_text_stream_is_joined_exactly(llama: Document) -> None:
    result = plan(["\n", " A", "", "b\n\n", " "], llama, API)

    assert (result.kind, result.text, result.files) == ("text", "\n Ab\n\n ", ())


@pytest.mark.parametrize(
    ("output", "kind"),
    [(None, "nothing"), ("", "text"), (5, "json"), ([], "json"), ({}, "json"), (["a"], "json")],
)
def test_without_a_schema_the_value_itself_tells(output: Any, kind: str) -> None:
    assert plan(output, {}, API).kind == kind


def test_files_are_told_by_the_schema(sdxl: Document) -> None:
    result = plan([f"{DELIVERY}/out-0.png", "https://elsewhere.test/b/out-1.png"], sdxl, API)

    assert result.kind == "files"
    assert names(result) == ["out-0.png", "out-1.png"]


def test_a_text_that_is_an_address_is_no_file(vector: Vector) -> None:
    result = plan(f"{DELIVERY}/out-0.png", vector("01-primitives-required"), API)

    assert (result.kind, result.text) == ("text", f"{DELIVERY}/out-0.png")


def test_files_are_found_at_any_depth(vector: Vector) -> None:
    output = {
        "owner": "https://replicate.delivery/not-a-file",
        "plan": f"{DELIVERY}/plan.svg",
        "raw": {"deep": [[f"{DELIVERY}/raw.bin"], "https://elsewhere.test/page"]},
        "wells": {"n": {"mark": PNG_URI}},
    }

    result = plan(output, vector("30-output-model-nested"), API)

    assert result.kind == "json"
    assert names(result) == ["plan.svg", "raw.bin"]


def test_files_of_an_iterator_are_files(vector: Vector) -> None:
    output: Any = [{"label": None, "metres": 1, "trace": f"{DELIVERY}/trace.csv", "bearings": []}]

    assert names(plan(output, vector("20-iterator-output"), API)) == ["trace.csv"]


@pytest.mark.parametrize(
    ("text", "is_file"),
    [
        ("https://replicate.delivery/a/out.png", True),
        ("https://pbxt.replicate.delivery/a/out.png", True),
        ("http://127.0.0.1:7878/delivery/a/out.png", True),
        ("http://127.0.0.1:7879/delivery/a/out.png", False),
        ("https://replicate.delivery.evil.test/out.png", False),
        ("https://evil.test/replicate.delivery/out.png", False),
        ("https://replicate.delivery/a b", False),
        ("http://[", False),
        (PNG_URI, True),
        ("data: 5 rows, 2 columns", False),
    ],
)
def test_without_a_schema_only_known_hosts_have_files(text: str, is_file: bool) -> None:
    result = plan({"value": text}, {}, "http://127.0.0.1:7878/v1")

    assert bool(result.files) == is_file


def test_a_file_in_a_union_is_found(describe: Describe) -> None:
    document = describe(output={"anyOf": [{"type": "string", "format": "uri"}, {"type": "null"}]})

    assert plan("https://elsewhere.test/a.png", document, API).kind == "files"


# what it is called


@pytest.mark.parametrize(
    ("output", "called"),
    [
        (
            [f"{DELIVERY}/out.png", "https://b.test/OUT.png", "https://c.test/out.png"],
            ["out.png", "OUT-1.png", "out-2.png"],
        ),
        ([PNG_URI], ["output.png"]),
        ([PNG_URI, "data:audio/mpeg;base64,AA=="], ["output-0.png", "output-1.mp3"]),
        (["https://a.test/"], ["output"]),
        (["https://a.test/%2e%2e%2fetc%2fpasswd"], ["passwd"]),
        (["https://a.test/x?name=../y"], ["x"]),
        (["https://a.test/prediction.json"], ["prediction-1.json"]),
        ([f"{DELIVERY}/out.png", f"{DELIVERY}/out.png"], ["out.png"]),
    ],
)
def test_names_are_safe_and_unique(files: Document, output: Any, called: list[str]) -> None:
    assert names(plan(output, files, API)) == called


# saving


def test_files_are_saved_with_their_names(
    client: Client, service: RecordingServer, files: Document, tmp_path: Path
) -> None:
    first = service.serves("/delivery/a/out-0.png", b"first", "image/png")
    second = service.serves("/delivery/b/out-1.png", b"second!", "image/png")
    result = plan([first, second], files, client.host.url)
    told: list[tuple[int, int | None]] = []

    saved = save(client, result, tmp_path / "outputs" / "p1", progress=lambda *both: told.append(both))

    folder = tmp_path / "outputs" / "p1"
    assert saved == (
        Saved(folder / "out-0.png", 5, "image/png", first),
        Saved(folder / "out-1.png", 7, "image/png", second),
    )
    assert (folder / "out-0.png").read_bytes() == b"first"
    assert told[-1] == (12, 12)
    assert localized({"a": [second, first], "b": "x"}, saved) == {
        "a": [str(folder / "out-1.png"), str(folder / "out-0.png")],
        "b": "x",
    }


def test_a_file_without_a_name_gets_the_extension_of_its_content(
    client: Client, service: RecordingServer, files: Document, tmp_path: Path
) -> None:
    result = plan([service.serves("/", b"png", "image/png"), PNG_URI], files, client.host.url)

    saved = save(client, result, tmp_path)

    assert [each.path.name for each in saved] == ["output-0.png", "output-1.png"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["output-0.png", "output-1.png"]


def test_an_extension_is_not_given_at_the_price_of_another_file(
    client: Client, service: RecordingServer, files: Document, tmp_path: Path
) -> None:
    (tmp_path / "output.png").write_text("mine")
    result = plan([service.serves("/", b"png", "image/png")], files, client.host.url)

    saved = save(client, result, tmp_path)

    assert [each.path.name for each in saved] == ["output-1.png"]
    assert (tmp_path / "output.png").read_text() == "mine"


def test_nothing_is_overwritten(
    client: Client, service: RecordingServer, files: Document, tmp_path: Path
) -> None:
    (tmp_path / "out.png").write_text("mine")
    result = plan([service.serves("/out.png", b"new", "image/png")], files, client.host.url)

    saved = save(client, result, tmp_path)
    beside = save(client, result, tmp_path / "unused", target=tmp_path / "out.png")

    assert [each.path.name for each in (*saved, *beside)] == ["out-1.png", "out-2.png"]
    assert (tmp_path / "out.png").read_text() == "mine"


def test_one_file_goes_to_the_target(
    client: Client, service: RecordingServer, files: Document, tmp_path: Path
) -> None:
    result = plan([service.serves("/out.png", b"new", "image/png")], files, client.host.url)

    saved = save(client, result, tmp_path / "unused", target=tmp_path / "cat.png", origin={"id": "p1"})

    assert [path.name for path in tmp_path.iterdir()] == ["cat.png"]
    assert saved[0].path.read_bytes() == b"new"


@pytest.mark.parametrize(
    ("output", "content"),
    [
        ("Grüße\n\n", "Grüße\n\n".encode()),
        ("", b""),
        ({"a": "ü"}, '{\n  "a": "ü"\n}\n'.encode()),
    ],
)
def test_text_and_json_go_to_the_target(client: Client, tmp_path: Path, output: Any, content: bytes) -> None:
    saved = save(client, plan(output, {}, API), tmp_path / "unused", target=tmp_path / "out")

    assert [each.path for each in saved] == [tmp_path / "out"]
    assert (tmp_path / "out").read_bytes() == content


def test_no_output_leaves_no_file(client: Client, tmp_path: Path) -> None:
    assert save(client, plan(None, {}, API), tmp_path / "f", target=tmp_path / "out") == ()
    assert save(client, plan("text", {}, API), tmp_path / "f") == ()
    assert list(tmp_path.iterdir()) == []


def test_several_files_for_one_target_are_saved_in_the_folder(
    client: Client, service: RecordingServer, files: Document, tmp_path: Path
) -> None:
    urls = [service.serves(f"/out-{number}.png", b"x", "image/png") for number in range(3)]
    result = plan(urls, files, client.host.url)

    with pytest.raises(UsageError) as caught:
        save(client, result, tmp_path / "p1", target=tmp_path / "cat.png")

    assert caught.value.message == f"the output is 3 files, not one for {tmp_path}/cat.png"
    assert caught.value.hint == f"they are in {tmp_path}/p1"
    assert len(list((tmp_path / "p1").iterdir())) == 3


def test_what_can_be_saved_is_saved_before_an_error_is_told(
    client: Client, service: RecordingServer, files: Document, tmp_path: Path
) -> None:
    good = service.serves("/out-1.png", b"x", "image/png")
    service.answer("GET /gone.png", problem(404, detail="not found"))
    result = plan([f"{service.url}/gone.png", good], files, client.host.url)

    with pytest.raises(NotFound) as caught:
        save(client, result, tmp_path / "p1")

    assert caught.value.message == f"not found (1 of 2 files are in {tmp_path}/p1)"
    assert [path.name for path in (tmp_path / "p1").iterdir()] == ["out-1.png"]


def test_a_folder_that_cannot_be_made_is_an_error(client: Client, files: Document, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(RcliError, match=r"cannot save in .*/file/p1: Not a directory"):
        save(client, plan([PNG_URI], files, API), tmp_path / "file" / "p1")


def test_the_token_stays_with_the_api(
    client: Client, service: RecordingServer, files: Document, tmp_path: Path
) -> None:
    elsewhere = service.serves("/out.png", b"x", "image/png").replace("127.0.0.1", "localhost")

    save(client, plan([elsewhere], files, client.host.url), tmp_path)

    assert [request.path for request in service.requests] == ["/out.png"]
    assert all("Authorization" not in request.headers for request in service.requests)


@pytest.mark.parametrize(
    ("id", "name"),
    [("gm3qorzdhgbfurvjtvhg6dckhu", "gm3qorzdhgbfurvjtvhg6dckhu"), ("../../etc", "etc"), ("..", "output")],
)
def test_a_folder_bears_the_id_of_its_prediction_made_safe(id: str, name: str) -> None:
    assert folder_name(Prediction.from_json({"id": id, "status": "succeeded"})) == name


# what the content says


@pytest.mark.parametrize(
    ("name", "content", "content_type", "saved_as"),
    [
        ("out.png", b"\xff\xd8\xff\xe0 a photo", "image/png", "out.jpg"),
        ("out.jpeg", b"\xff\xd8\xff\xe0 a photo", "image/png", "out.jpeg"),
        ("out.PNG", b"\x89PNG\r\n\x1a\n", "image/png", "out.PNG"),
        ("out.bin", b"fLaC\0\0", "application/octet-stream", "out.flac"),
        ("weights.tar", b"PK\x03\x04", "application/octet-stream", "weights.tar"),
        ("", b"PK\x03\x04", "application/octet-stream", "output.zip"),
        ("", b"only text", "application/octet-stream", "output.txt"),
        ("", b'{"a": 1}', "text/plain", "output.json"),
        ("", b"\x00\x01\x02", "application/octet-stream", "output.bin"),
        ("", b"", "application/octet-stream", "output"),
    ],
)
def test_a_file_has_the_extension_that_its_content_deserves(
    client: Client,
    service: RecordingServer,
    files: Document,
    tmp_path: Path,
    name: str,
    content: bytes,
    content_type: str,
    saved_as: str,
) -> None:
    result = plan([service.serves(f"/{name}", content, content_type)], files, client.host.url)

    saved = save(client, result, tmp_path)

    assert [each.path.name for each in saved] == [saved_as]
    assert saved[0].path.read_bytes() == content


@pytest.mark.parametrize("target", [None, "cat.png"])
def test_a_page_that_says_it_is_a_picture_is_refused(
    client: Client, service: RecordingServer, files: Document, tmp_path: Path, target: str | None
) -> None:
    body = b"\n<!-- 2024 --><!DOCTYPE html><title>Sign in</title>"
    result = plan([service.serves("/out.png", body, "image/png")], files, client.host.url)

    with pytest.raises(NoAnswer, match=r"web page in place of out\.png"):
        save(client, result, tmp_path, target=tmp_path / target if target else None)

    assert list(tmp_path.iterdir()) == []


def test_a_page_that_a_model_made_is_saved(
    client: Client, service: RecordingServer, files: Document, tmp_path: Path
) -> None:
    url = service.serves("/report.html", b"<html>", "text/html")

    saved = save(client, plan([url], files, client.host.url), tmp_path)

    assert [each.path.name for each in saved] == ["report.html"]


def test_names_by_a_template_do_not_meet_the_sidecar(
    client: Client, service: RecordingServer, files: Document, tmp_path: Path
) -> None:
    done = Prediction.from_json({"id": "p1", "status": "succeeded", "model": "me/m"})
    names = Template.parse("prediction.json").of(done, 1)
    result = plan([service.serves("/out.json", b"{}", "application/json")], files, client.host.url)

    saved = save(client, result, tmp_path, names=names, origin={"id": "p1"})

    assert [each.path.name for each in saved] == ["prediction-1.json"]
    assert json.loads((tmp_path / "prediction.json").read_text())["id"] == "p1"


def test_a_text_is_kept_beside_where_it_came_from(client: Client, tmp_path: Path) -> None:
    kept = keep_text(client, plan("Grüße\r\n", {}, API), tmp_path / "p1", {"id": "p1"})

    assert kept == Saved(tmp_path / "p1" / "output.txt", 9, "text/plain", None)
    assert kept.path.read_bytes() == "Grüße\r\n".encode()
    assert json.loads((tmp_path / "p1" / "prediction.json").read_text()) == {
        "id": "p1",
        "files": [{"name": "output.txt", "size": 9, "content_type": "text/plain"}],
    }


def test_what_is_no_text_is_not_kept_as_one(client: Client, tmp_path: Path) -> None:
    assert keep_text(client, plan({"a": 1}, {}, API), tmp_path / "p1", {}) is None
    assert list(tmp_path.iterdir()) == []


# the target, before anything is created


def test_a_free_name_is_a_good_target_and_stays_free(tmp_path: Path) -> None:
    check_target(tmp_path / "cat.png")

    assert list(tmp_path.iterdir()) == []


def test_an_existing_target_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cat.png").touch()
    (tmp_path / "link.png").symlink_to("nowhere")

    for name in ("cat.png", "link.png"):
        with pytest.raises(UsageError) as caught:
            check_target(tmp_path / name)
        assert caught.value.message == f"{tmp_path}/{name} exists already"
        assert caught.value.hint == "choose another name: nothing is overwritten"


def test_a_target_in_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        check_target(tmp_path / "my cats" / "cat.png")

    assert caught.value.hint == f"mkdir -p '{tmp_path}/my cats'"


def test_a_folder_is_no_target(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a folder"):
        check_target(tmp_path)


def test_a_name_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="File name too long"):
        check_target(tmp_path / ("n" * 254))


def test_a_place_that_takes_no_files_is_refused() -> None:
    with pytest.raises(UsageError, match="cannot save in /proc"):
        check_target(Path("/proc/cat.png"))


# any output at all

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.text()
    | st.sampled_from([PNG_URI, f"{DELIVERY}/a.png", "http://["]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
SCHEMAS = st.recursive(
    st.sampled_from([{}, None, {"type": "string"}, {"type": "string", "format": "uri"}, {"type": 5}]),
    lambda inner: st.fixed_dictionaries(
        {}, optional={"items": inner, "additionalProperties": inner, "anyOf": st.lists(inner) | inner}
    ),
    max_leaves=6,
)


@given(output=JSON, schema=SCHEMAS)
def test_any_output_by_any_schema_can_be_planned(output: Any, schema: Any) -> None:
    result = plan(output, {"components": {"schemas": {"Output": schema}}}, API)

    assert result.kind in ("nothing", "text", "files", "json")
    assert len({name.casefold() for name in names(result)}) == len(result.files)


def test_nesting_without_end_is_left_as_it_is() -> None:
    output: Any = f"{DELIVERY}/a.png"
    for _ in range(5000):
        output = [output]

    assert plan(output, {}, API).files == ()
    assert isinstance(localized(output, [Saved(Path("a"), 1, "image/png", "b")]), list)
