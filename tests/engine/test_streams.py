"""Server-sent events: their bytes, their ids, and readers that come late or again."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from rcli.engine.data.files import Files
from rcli.engine.data.predictions import Event
from rcli.engine.data.store import Store
from rcli.engine.web.links import Links
from rcli.engine.web.signatures import Signer
from rcli.engine.web.streams import encode, parse_event_id, phase_comment
from rcli.engine.work.live import Phase

if TYPE_CHECKING:
    from tests.engine.conftest import RunningEngine, StartEngine


@pytest.fixture
def links(tmp_path: Path) -> Iterator[Links]:
    store = Store.open(tmp_path / "engine.db", lambda call: None)
    yield Links("http://127.0.0.1:1", Signer(b"key"), Files(store, tmp_path / "files"))
    store.close()


def events(text: str) -> list[tuple[str, str, str]]:
    """(event, sequence, data) of a stream's text, read as the standard says; comments are left out."""
    found = []
    for block in text.split("\n\n"):
        lines = [line.partition(": ") for line in block.split("\n") if line and not line.startswith(":")]
        if lines:
            fields = {name: value for name, _, value in lines}
            data = "\n".join(value for name, _, value in lines if name == "data")
            found.append((fields["event"], fields["id"].partition(":")[2], data))
    return found


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("a token ", "data: a token \n"),
        ("  two spaces before", "data:   two spaces before\n"),
        ("", "data: \n"),
        ("\n", "data: \ndata: \n"),
        ("one\ntwo\n", "data: one\ndata: two\ndata: \n"),
        ("naïve ☃ \u2028 line", "data: naïve ☃ \u2028 line\n"),
    ],
)
def test_text_is_sent_exactly_with_one_data_line_for_each_line(links: Links, text: str, data: str) -> None:
    sent = encode(Event(7, 1700000000.9, "text", text), links)

    assert sent.decode() == f"event: output\nid: 1700000000:7\n{data}\n"


def test_carriage_returns_end_lines_and_travel_beside_them(links: Links) -> None:
    sent = encode(Event(7, 1700000000.9, "text", "10%\r20%\r\n"), links)

    assert sent.decode() == (
        ': rcli {"id": "1700000000:7", "exact": "10%\\r20%\\r\\n"}\n\n'
        "event: output\nid: 1700000000:7\ndata: 10%\ndata: 20%\ndata: \n\n"
    )


def test_values_are_sent_as_json_and_files_as_addresses(links: Links) -> None:
    file_id = "a" * 26

    value = encode(Event(1, 5.0, "value", '{"n": [1, "é"]}'), links).decode()
    file = encode(Event(2, 5.0, "value", json.dumps(f"rcli-file:{file_id}/out.png")), links).decode()

    assert value == 'event: output\nid: 5:1\ndata: {"n": [1, "é"]}\n\n'
    assert file.startswith(
        f"event: output\nid: 5:2\ndata: http://127.0.0.1:1/delivery/{file_id}/out.png?expiry="
    )


def test_a_phase_is_a_comment_of_one_line() -> None:
    comment = phase_comment(Phase("environment", "downloading\nnumpy"))

    assert comment == b': rcli {"phase": "environment", "message": "downloading\\nnumpy"}\n\n'


@pytest.mark.parametrize(
    ("header", "sequence"), [("1700000000:12", 12), (None, 0), ("", 0), ("12", 0), ("1:x", 0), ("1:-3", 0)]
)
def test_the_last_event_id_gives_the_sequence_number(header: str | None, sequence: int) -> None:
    assert parse_event_id(header) == sequence


def test_a_stream_brings_every_token_and_ends_with_done(engine: RunningEngine) -> None:
    prediction = engine.create(engine.register("tokens"), {"n": 4})

    told = events(engine.stream(prediction))

    assert told == [
        ("output", "1", "token0 "),
        ("output", "2", "token1 "),
        ("output", "3", "token2 "),
        ("output", "4", "token3 "),
        ("done", "5", "{}"),
    ]


def test_the_answer_is_an_event_stream_and_nothing_else(engine: RunningEngine) -> None:
    prediction = engine.create(engine.register("tokens"), {"n": 1})

    answer = httpx.get(prediction["urls"]["stream"])

    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.headers["cache-control"] == "no-store"
    assert re.search(r"^event: output\nid: \d{10}:1\ndata: token0 \n\n", answer.text, re.MULTILINE)


def test_a_cold_start_is_told_in_comments(engine: RunningEngine, tmp_path: Path) -> None:
    project = tmp_path / "cold"
    project.mkdir()
    (project / "cog.yaml").write_text("run: run.py:Runner\n")
    (project / "run.py").write_text(
        "import time\nfrom cog import BaseRunner\n\n\nclass Runner(BaseRunner):\n"
        "    def setup(self) -> None:\n        print('loading weights')\n        time.sleep(0.3)\n\n"
        "    def run(self) -> str:\n        return 'ready'\n"
    )
    prediction = engine.create(engine.register(project))

    told = engine.stream(prediction)

    comments = [json.loads(line.removeprefix(": rcli ")) for line in told.split("\n") if line[:6] == ": rcli"]
    assert [comment["phase"] for comment in comments][-2:] == ["setup", "running"]
    assert {"phase": "setup", "message": "loading weights"} in comments


def test_a_reader_that_comes_back_gets_what_it_has_not_seen(engine: RunningEngine) -> None:
    prediction = engine.create(engine.register("tokens"), {"n": 5})
    engine.ended(prediction)

    told = events(engine.stream(prediction, **{"last-event-id": "1700000000:4"}))

    assert told == [("output", "5", "token4 "), ("done", "6", "{}")]


def test_a_reader_that_comes_back_while_it_runs_misses_nothing_and_sees_nothing_twice(
    engine: RunningEngine,
) -> None:
    prediction = engine.create(engine.register("tokens"), {"n": 20, "delay": 0.02})
    first = ""
    with httpx.stream("GET", prediction["urls"]["stream"]) as answer:
        for text in answer.iter_text():
            first += text
            if "token5 " in first:
                break
    seen = events(first.rpartition("\n\n")[0])

    rest = events(engine.stream(prediction, **{"last-event-id": f"1:{seen[-1][1]}"}))

    assert [data for _, _, data in seen + rest] == [f"token{n} " for n in range(20)] + ["{}"]


def test_many_readers_see_the_same(engine: RunningEngine) -> None:
    prediction = engine.create(engine.register("tokens"), {"n": 30, "delay": 0.01})

    with (
        httpx.stream("GET", prediction["urls"]["stream"]) as one,
        httpx.stream("GET", prediction["urls"]["stream"]) as two,
    ):
        told = [events("".join(answer.iter_text())) for answer in (one, two)]

    assert told[0] == told[1]
    assert len(told[0]) == 31


def test_logs_are_events_too(engine: RunningEngine) -> None:
    prediction = engine.create(engine.register("chatty"), {"lines": 2})

    told = events(engine.stream(prediction))

    logs = "".join(data for event, _, data in told if event == "logs")
    assert logs == engine.get(prediction)["logs"]
    assert "line 0\nline 1\n" in logs


def test_a_failure_is_an_error_event_and_then_done(engine: RunningEngine) -> None:
    prediction = engine.create(engine.register("fails"), {"text": "boom"})

    *_, error, done = events(engine.stream(prediction))

    assert (error[0], json.loads(error[2])) == ("error", {"detail": "boom"})
    assert (done[0], json.loads(done[2])) == ("done", {"reason": "error"})


def test_a_canceled_prediction_says_so_when_it_is_done(engine: RunningEngine) -> None:
    prediction = engine.create(engine.register("sleeper"), {"seconds": 60})
    engine.wait_for(prediction, '"running"')
    engine.http.post(f"/v1/predictions/{prediction['id']}/cancel")

    *_, done = events(engine.stream(prediction))

    assert (done[0], json.loads(done[2])) == ("done", {"reason": "canceled"})


def test_an_output_that_is_no_stream_comes_as_one_event_at_the_end(engine: RunningEngine) -> None:
    text = engine.create(engine.register("echo"), {"text": "two\nlines"})
    value = engine.create(engine.register("nested"), {"title": "x"})

    texts = [data for event, _, data in events(engine.stream(text)) if event == "output"]
    values = [data for event, _, data in events(engine.stream(value)) if event == "output"]

    assert texts == ["hello two\nlines"]
    assert [json.loads(data)["title"] for data in values] == ["x"]
    assert json.loads(values[0])["pages"][0]["text"].startswith(f"{engine.url}/delivery/")


def test_a_file_comes_as_its_address(engine: RunningEngine) -> None:
    image = "data:image/png;base64,aGVsbG8="
    prediction = engine.create(engine.register("picture"), {"image": image})

    (output,) = [data for event, _, data in events(engine.stream(prediction)) if event == "output"]

    assert output == engine.get(prediction)["output"]
    assert httpx.get(output).content == b"hello"


def test_ten_thousand_tokens_are_all_there_in_order(engine: RunningEngine) -> None:
    prediction = engine.create(engine.register("tokens"), {"n": 10_000})

    live = events(engine.stream(prediction))
    again = events(engine.stream(prediction))

    assert live == again
    assert [data for event, _, data in live if event == "output"] == [f"token{n} " for n in range(10_000)]
    assert engine.get(prediction)["output"] == [f"token{n} " for n in range(10_000)]


@pytest.mark.parametrize("change", ["expiry=1", "expiry=99999999999", "signature=x"])
def test_a_changed_or_expired_address_is_refused(engine: RunningEngine, change: str) -> None:
    prediction = engine.create(engine.register("tokens"), {"n": 1})
    name, _, value = change.partition("=")
    url = httpx.URL(prediction["urls"]["stream"]).copy_set_param(name, value)

    assert httpx.get(url).status_code == 401


def test_one_predictions_address_does_not_open_another(engine: RunningEngine) -> None:
    version = engine.register("tokens")
    one, two = engine.create(version, {"n": 1}), engine.create(version, {"n": 1})

    answer = httpx.get(one["urls"]["stream"].replace(one["id"], two["id"]))

    assert answer.status_code == 401


def raw_stream(engine: RunningEngine, prediction: dict[str, Any], last: str | None = None) -> socket.socket:
    """A connection on which the stream was asked for."""
    path = prediction["urls"]["stream"].removeprefix(engine.url)
    resume = f"Last-Event-ID: {last}\r\n" if last else ""
    connection = socket.create_connection(("127.0.0.1", engine.state["port"]), timeout=30)
    connection.sendall(
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{resume}\r\n".encode()
    )
    return connection


def rest_of(connection: socket.socket) -> str:
    """All that comes until the end; the answer's head may have been read already."""
    return unchunked(b"".join(iter(lambda: connection.recv(65536), b"")))


def unchunked(answer: bytes) -> str:
    """The body so far of an answer in HTTP's chunks, but a chunk that is not complete."""
    left, found = answer.partition(b"\r\n\r\n")[2] if answer.startswith(b"HTTP/") else answer, b""
    while (size := left.partition(b"\r\n")[0]) and size != b"0":
        start, length = len(size) + 2, int(size, 16)
        if len(left) < start + length + 2:
            break
        found += left[start : start + length]
        left = left[start + length + 2 :]
    return found.decode()


def test_reconnecting_after_any_event_misses_and_repeats_nothing(engine: RunningEngine) -> None:
    prediction = engine.create(engine.register("tokens"), {"n": 30, "delay": 0.01})
    seen: list[tuple[str, str, str]] = []
    last = None
    while not seen or seen[-1][0] != "done":
        with raw_stream(engine, prediction, last) as connection:
            heard = b""
            while not (found := events(unchunked(heard))):
                heard += connection.recv(65536)
        event = found[0]
        seen.append(event)
        last = f"1:{event[1]}"

    assert [sequence for _, sequence, _ in seen] == [str(n) for n in range(1, 32)]
    assert [data for _, _, data in seen] == [f"token{n} " for n in range(30)] + ["{}"]


def test_after_the_end_every_event_can_be_gone_on_from(engine: RunningEngine) -> None:
    prediction = engine.ended(engine.create(engine.register("tokens"), {"n": 5}))
    whole = events(engine.stream(prediction))

    rests = [events(engine.stream(prediction, **{"last-event-id": f"1:{sequence}"})) for sequence in range(7)]

    assert rests == [whole[sequence:] for sequence in range(6 + 1)]


@pytest.mark.parametrize("last", ["1700000000:7", "1700000000:999", "9:999999999999999"])
def test_an_id_from_beyond_the_end_still_brings_the_end(engine: RunningEngine, last: str) -> None:
    prediction = engine.ended(engine.create(engine.register("tokens"), {"n": 5}))

    told = events(engine.stream(prediction, **{"last-event-id": last}))

    assert told == [("done", "6", "{}")]


def test_an_id_from_the_future_loses_nothing_that_is_yet_to_come(
    engine: RunningEngine, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    prediction = engine.create(engine.register("gate"), {"until": str(gate)})
    engine.wait_for(prediction, "step 9/20")
    with raw_stream(engine, prediction, "1:999") as connection:
        head = connection.recv(65536)
        gate.touch()

        told = events(unchunked(head + b"".join(iter(lambda: connection.recv(65536), b""))))

    assert [(event, data) for event, _, data in told][-2:] == [("output", "through the gate"), ("done", "{}")]


def test_two_hundred_readers_see_the_same(engine: RunningEngine) -> None:
    prediction = engine.create(engine.register("tokens"), {"n": 100, "delay": 0.02})
    connections = [raw_stream(engine, prediction) for _ in range(200)]

    told = [events(rest_of(connection)) for connection in connections]
    for connection in connections:
        connection.close()

    assert all(each == told[0] for each in told)
    assert [data for _, _, data in told[0]] == [f"token{n} " for n in range(100)] + ["{}"]


def test_a_reader_slower_than_the_model_costs_no_memory_and_misses_nothing(
    start_engine: StartEngine, tmp_path: Path
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "cog.yaml").write_text("run: run.py:Runner\n")
    (project / "run.py").write_text(
        "from cog import BaseRunner, ConcatenateIterator\n\n\nclass Runner(BaseRunner):\n"
        "    def run(self) -> ConcatenateIterator[str]:\n"
        "        for n in range(100):\n            yield f'{n:06}' + 'x' * 500_000\n"
    )
    engine = start_engine()
    prediction = engine.create(engine.register(project))
    engine.until(lambda: engine.get(prediction)["status"] == "succeeded", 60)
    before = memory(engine)
    connections = [raw_stream(engine, prediction) for _ in range(20)]
    first = [connection.recv(100_000) for connection in connections]
    after = memory(engine)

    told = events(unchunked(first[0] + b"".join(iter(lambda: connections[0].recv(1 << 20), b""))))
    for connection in connections:
        connection.close()

    assert after - before < 200 << 20  # twenty readers of 50 MB each
    assert [data[:6] for event, _, data in told if event == "output"][-1] == "000099"


def test_output_grows_while_it_is_polled(engine: RunningEngine) -> None:
    prediction = engine.create(engine.register("tokens"), {"n": 30, "delay": 0.02})
    lengths = []

    def ended() -> bool:
        row = engine.get(prediction)
        lengths.append(len(row["output"] or []))
        return bool(row["status"] == "succeeded")

    engine.until(ended)

    assert lengths == sorted(lengths)
    assert len(set(lengths)) > 5
    assert lengths[-1] == 30


def memory(engine: RunningEngine) -> int:
    """Bytes that the engine's own process holds."""
    status = Path(f"/proc/{engine.process.pid}/status").read_text()
    return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmRSS:"))
