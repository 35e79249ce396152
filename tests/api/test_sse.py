from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rcli.api.client import Client
from rcli.api.sse import FRUITLESS_CONNECTIONS, Parser, events
from rcli.errors import NoAnswer, NotFound
from rcli.records import ServerEvent
from tests.api.conftest import Waits
from tests.recording_server import Answer, Recorded, RecordingServer, event_stream, page, problem

DONE = b"event: done\nid: 9:9\ndata: {}\n\n"
STREAM = {"Content-Type": "text/event-stream"}


def output(id: str, text: str) -> bytes:
    return f"event: output\nid: {id}\ndata: {text}\n\n".encode()


def parsed(*chunks: bytes) -> list[ServerEvent]:
    parser = Parser()
    return [event for chunk in chunks for event in parser.feed(chunk)]


def address(server: RecordingServer) -> str:
    return f"{server.url}/stream"


def test_an_event_has_a_name_an_id_and_data() -> None:
    assert parsed(output("1:0", "Hello")) == [ServerEvent("output", "Hello", "1:0")]


def test_several_lines_of_data_are_joined_and_nothing_is_stripped() -> None:
    assert parsed(b"data:  a \ndata:\ndata\ndata:b\t\n\n") == [ServerEvent("message", " a \n\n\nb\t")]


def test_a_comment_comes_out_as_an_event_without_a_name() -> None:
    assert parsed(b":408: 408 Request Timeout\n: keep-alive\n") == [
        ServerEvent("", "408: 408 Request Timeout"),
        ServerEvent("", "keep-alive"),
    ]


def test_an_event_without_data_is_none_and_leaves_nothing_behind() -> None:
    assert parsed(b"event: output\nid: 1:0\n\ndata: x\n\n") == [ServerEvent("message", "x")]


def test_empty_data_is_an_event() -> None:
    assert parsed(b"event: output\ndata: \n\n") == [ServerEvent("output", "")]


def test_fields_that_nobody_knows_are_ignored() -> None:
    assert parsed(b"data: x\nfoo: bar\nid: a\0b\nretry: soon\nbaz\n\n") == [ServerEvent("message", "x")]


def test_the_wait_that_the_server_asks_for_is_kept() -> None:
    parser = Parser()

    parser.feed(b"retry: 1500\n")

    assert parser.retry == 1.5


def test_a_byte_order_mark_is_dropped_only_at_the_start() -> None:
    bom = b"\xef\xbb\xbf"

    assert parsed(bom[:1], bom[1:] + b"data: x\n\n", bom + b"data: y\n\n") == [ServerEvent("message", "x")]


def test_an_event_is_there_with_its_last_byte_whatever_ends_the_lines() -> None:
    assert parsed(b"data: x\r\r") == parsed(b"data: x\n\n") == parsed(b"data: x\r\n\r\n")
    assert parsed(b"data: x\r", b"\n\r") == [ServerEvent("message", "x")]
    assert parsed(b"data: x\r\n\r", b"\ndata: y\r\n\r\n") == [
        ServerEvent("message", "x"),
        ServerEvent("message", "y"),
    ]


def test_other_line_separators_are_text() -> None:
    text = "a\x0bb\x0cc\x1cd\x85e\u2028f\u2029g"

    assert parsed(f"data: {text}\n\n".encode()) == [ServerEvent("message", text)]


_TEXT = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))
_LINE = st.one_of(
    _TEXT.map("data: {}".format),
    _TEXT.map("data:{}".format),
    _TEXT.map(":{}".format),
    st.sampled_from(["event: output", "id: 1:2", "", "", "retry: 3", "nonsense"]),
)


@given(
    st.lists(st.tuples(_LINE, st.sampled_from(["\n", "\r", "\r\n"]))),
    st.lists(st.integers(0, 400), max_size=30),
    st.booleans(),
)
def test_any_chunking_gives_the_same_events(
    lines: list[tuple[str, str]], cuts: list[int], has_bom: bool
) -> None:
    whole = (b"\xef\xbb\xbf" if has_bom else b"") + "".join(line + end for line, end in lines).encode()
    places = sorted({0, len(whole), *(cut for cut in cuts if cut < len(whole))})
    chunks = [whole[start:end] for start, end in pairwise(places)]

    expected = parsed(whole)

    assert parsed(*chunks) == expected
    assert parsed(*(whole[index : index + 1] for index in range(len(whole)))) == expected


@given(st.lists(_TEXT, min_size=1))
def test_text_is_exact(lines: list[str]) -> None:
    body = "".join(f"data: {line}\n" for line in lines) + "\n"

    assert parsed(body.encode()) == [ServerEvent("message", "\n".join(lines))]


def test_a_stream_ends_after_done(client: Client, recording_server: RecordingServer) -> None:
    recording_server.answer("GET /stream", event_stream(output("1:0", "Hi") + DONE + output("9:10", "late")))

    found = list(events(client, address(recording_server)))

    assert found == [ServerEvent("output", "Hi", "1:0"), ServerEvent("done", "{}", "9:9")]
    assert recording_server.requests[0].headers["Accept"] == "text/event-stream"


def test_each_event_is_handed_over_the_moment_it_arrives(
    client: Client, recording_server: RecordingServer
) -> None:
    taken = Event()

    def parts() -> Iterable[bytes]:
        yield output("1:0", "first")
        assert taken.wait(60)
        yield DONE

    recording_server.answer("GET /stream", Answer(200, parts, STREAM))

    found = []
    for event in events(client, address(recording_server)):
        found.append(event.data)
        taken.set()

    assert found == ["first", "{}"]


def test_a_broken_stream_goes_on_after_the_last_id(client: Client, recording_server: RecordingServer) -> None:
    recording_server.answer(
        "GET /stream",
        event_stream(output("1:0", "a") + output("1:1", "b") + b"event: output\nid: 1:2\nda", hangs_up=True),
        event_stream(output("1:2", "c") + DONE),
    )

    found = [event.data for event in events(client, address(recording_server))]

    assert found == ["a", "b", "c", "{}"]
    assert [each.headers["Last-Event-ID"] for each in recording_server.requests] == [None, "1:1"]


def test_a_server_that_repeats_everything_doubles_nothing(
    client: Client, recording_server: RecordingServer
) -> None:
    first = output("1:0", "a") + output("2:0", "a")
    recording_server.answer(
        "GET /stream",
        event_stream(first, hangs_up=True),
        event_stream(first + output("2:1", "a"), hangs_up=True),
        event_stream(first + output("2:1", "a") + DONE),
    )

    found = [event.id for event in events(client, address(recording_server))]

    assert found == ["1:0", "2:0", "2:1", "9:9"]


def test_an_id_that_comes_twice_on_one_connection_is_two_events(
    client: Client, recording_server: RecordingServer
) -> None:
    recording_server.answer("GET /stream", event_stream(output("1:0", "a") + output("1:0", "b") + DONE))

    assert [event.data for event in events(client, address(recording_server))] == ["a", "b", "{}"]


def test_an_idle_stream_is_opened_again_for_as_long_as_it_takes(
    client: Client, recording_server: RecordingServer, waits: Waits
) -> None:
    def idle(_: Recorded) -> Answer:
        waits.append(30.0)
        return event_stream(b":408: 408 Request Timeout\n")

    recording_server.answer("GET /stream", *[idle] * 12, event_stream(DONE))

    found = list(events(client, address(recording_server)))

    assert [event.event for event in found] == [""] * 12 + ["done"]


def test_reconnecting_in_vain_ends(client: Client, recording_server: RecordingServer, waits: Waits) -> None:
    recording_server.answer("GET /stream", event_stream(output("1:0", "a")))
    found = []

    with pytest.raises(NoAnswer, match="ends again and again without an event"):
        for event in events(client, address(recording_server)):
            found.append(event.data)

    assert found == ["a"]
    assert len(recording_server.requests) == 1 + FRUITLESS_CONNECTIONS
    assert waits == [0.1, 0.2, 0.4, 0.8, 1.6]


def test_a_connection_that_breaks_without_an_event_ends_as_broken(
    client: Client, recording_server: RecordingServer
) -> None:
    recording_server.answer("GET /stream", event_stream(b": hello\n", hangs_up=True))

    with pytest.raises(NoAnswer, match=r"the connection to .* broke"):
        list(events(client, address(recording_server)))


def test_events_without_ids_are_not_asked_for_twice(
    client: Client, recording_server: RecordingServer
) -> None:
    recording_server.answer("GET /stream", event_stream(b"event: output\ndata: a\n\n"))
    found = []

    with pytest.raises(NoAnswer, match="have no ids"):
        for event in events(client, address(recording_server)):
            found.append(event.data)

    assert found == ["a"]
    assert len(recording_server.requests) == 1


def test_a_stream_that_is_gone_is_not_opened_again(client: Client, recording_server: RecordingServer) -> None:
    recording_server.answer("GET /stream", problem(404, detail="no such stream"))

    with pytest.raises(NotFound, match="no such stream"):
        list(events(client, address(recording_server)))

    assert len(recording_server.requests) == 1


def test_a_page_is_no_stream(client: Client, recording_server: RecordingServer) -> None:
    recording_server.answer("GET /stream", page())

    with pytest.raises(NoAnswer, match="a web page"):
        list(events(client, address(recording_server)))


def test_the_server_says_how_long_to_wait(
    client: Client, recording_server: RecordingServer, waits: Waits
) -> None:
    recording_server.answer(
        "GET /stream", event_stream(b"retry: 2000\n" + output("1:0", "a")), event_stream(DONE)
    )

    list(events(client, address(recording_server)))

    assert waits == [2.0]
