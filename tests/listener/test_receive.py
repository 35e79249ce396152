"""Direct mode's server: what it takes, what it refuses and why, clients that send too much or too slowly."""

from __future__ import annotations

import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from rcli import signing
from rcli.connections import bound
from rcli.errors import NoAnswer, NotAllowed, UsageError
from rcli.listener.forward import Endpoint
from rcli.listener.keys import Keys
from rcli.listener.receive import BODY_LIMIT
from tests.listener.conftest import Listen, prediction
from tests.receiver import Receiver


def test_a_message_goes_on_byte_for_byte_with_its_signed_headers(listen: Listen, receiver: Receiver) -> None:
    direct = listen(Endpoint(receiver.url, headers=(("X-Mine", "yes"),)))
    body = b'{ "id":"p1",\n "status":"succeeded", "note":"\xc3\xa9\\u00e9" }'
    headers = signing.signed_headers(direct.key, "msg_1", int(time.time()), body)

    answer = httpx.post(direct.url, content=body, headers=headers)
    received = receiver.next(direct.key)

    assert (answer.status_code, answer.json()) == (200, {"received": "msg_1"})
    assert received.request.body == body
    assert {name: received.request.headers[name] for name in headers} == headers
    assert received.request.headers["x-mine"] == "yes"


def test_the_events_are_told_apart_by_what_has_changed(listen: Listen) -> None:
    direct = listen()
    for payload in (
        prediction(status="processing"),
        prediction(status="processing", logs="a"),
        prediction(status="processing", logs="a", output=["x"]),
        prediction(status="processing", logs="ab", output=["x"]),
        prediction(status="failed", logs="ab", output=["x"]),
    ):
        direct.send(payload)

    entries = direct.settled(5)

    assert [entry.kind for entry in entries] == ["start", "logs", "output", "logs", "completed"]


def test_the_same_message_twice_is_acknowledged_twice_and_passed_on_once(
    listen: Listen, receiver: Receiver
) -> None:
    direct = listen(Endpoint(receiver.url))

    answers = [direct.send(prediction(), "msg_1").status_code for _ in range(2)]
    direct.send(prediction("p2"), "msg_2")
    came = [receiver.next().id, receiver.next().id]

    assert (answers, came) == ([200, 200], ["msg_1", "msg_2"])


def test_what_nobody_has_signed_is_refused_with_the_reason(listen: Listen) -> None:
    direct = listen()

    unsigned = httpx.post(direct.url, json=prediction())
    forged = direct.send(prediction(), key=signing.new_key())

    assert (unsigned.status_code, forged.status_code) == (400, 401)
    assert unsigned.json()["detail"].startswith("the message has no webhook-id")
    assert "another key, or a changed body" in forged.json()["detail"]
    assert direct.running.changed() == []
    assert direct.notice().text.startswith("refused a message: the message has no webhook-id")


@pytest.mark.parametrize("off", [-400, 400])
def test_a_good_message_at_a_wrong_time_says_to_set_the_clock(listen: Listen, off: int) -> None:
    direct = listen()

    answer = direct.send(prediction(), at=time.time() + off)
    notice = direct.notice()

    assert answer.status_code == 401
    assert "seconds away, 300 are allowed; its signature is good" in answer.json()["detail"]
    assert "timedatectl set-ntp true" in notice.text


def test_a_key_that_was_replaced_is_asked_for_again(listen: Listen) -> None:
    old, new = signing.new_key(), signing.new_key()
    said = iter([old, new, new])
    clock = iter(range(0, 10**6, 100))
    keys = Keys(lambda: next(said), clock=lambda: float(next(clock)))
    direct = listen(keys=keys)

    first, second = (direct.send(prediction(), key=key).status_code for key in (old, new))

    assert (first, second) == (200, 200)


def test_bad_signatures_do_not_make_rcli_ask_for_the_key_each_time(listen: Listen) -> None:
    asked = []

    def fetch() -> str:
        asked.append(1)
        return key

    key = signing.new_key()
    direct = listen(keys=Keys(fetch))
    direct.send(prediction(), key=key)

    statuses = {direct.send(prediction(), key=signing.new_key()).status_code for _ in range(5)}

    assert (statuses, len(asked)) == ({401}, 1)


def test_a_signed_message_that_tells_of_no_prediction_is_refused(listen: Listen) -> None:
    direct = listen()

    answers = [direct.send(payload) for payload in ({}, {"id": 3})]

    assert [answer.status_code for answer in answers] == [422, 422]


def test_other_addresses_and_methods_are_no_webhooks(listen: Listen) -> None:
    direct = listen()

    assert httpx.post(direct.url + "/other").status_code == 404
    assert httpx.get(direct.url).status_code == 405


def test_a_body_over_the_limit_is_refused_before_all_of_it_is_in_memory(listen: Listen) -> None:
    direct = listen()

    with socket.create_connection(_place(direct.url)) as client:
        client.sendall(b"POST /in HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % (10 * BODY_LIMIT))
        head = b""
        try:
            for _ in range(2 * (BODY_LIMIT >> 20)):
                client.sendall(bytes(1 << 20))
        except (BrokenPipeError, ConnectionResetError):
            pass
        try:
            head = client.recv(100)
        except ConnectionResetError:
            head = b""

    assert head == b"" or head.startswith(b"HTTP/1.1 413")
    assert "larger than 16 MB" in direct.notice().text


def test_a_client_that_is_slow_is_cut_off(listen: Listen) -> None:
    direct = listen()

    with socket.create_connection(_place(direct.url)) as client:
        client.sendall(b"POST /in HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nabc")
        rest = client.recv(1000)

    assert b"HTTP/1.1 200" not in rest


def test_a_port_that_is_taken_says_to_choose_another() -> None:
    with bound("127.0.0.1", 0) as taken, pytest.raises(UsageError, match="in use") as raised:
        bound("127.0.0.1", taken.getsockname()[1])

    assert raised.value.hint == "choose another --port; 0 takes a free one"


def test_a_key_is_remembered_for_when_nobody_answers(tmp_path: Path) -> None:
    key, file = signing.new_key(), tmp_path / "key"

    def gone() -> str:
        raise NoAnswer("no answer")

    first = Keys(lambda: key, file).key()
    second = Keys(gone, file).key()

    assert first == second == key
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(NoAnswer):
        Keys(gone, tmp_path / "other").key()


def test_a_key_that_may_not_be_read_is_no_matter_for_what_was_remembered(tmp_path: Path) -> None:
    def forbidden() -> str:
        raise NotAllowed("no")

    file = tmp_path / "key"
    Keys(signing.new_key, file).key()

    with pytest.raises(NotAllowed):
        Keys(forbidden, file).key()


def test_a_file_without_a_key_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "key"

    with pytest.raises(UsageError, match="cannot read the signing key"):
        Keys.given(file)
    file.write_text("no key at all")
    with pytest.raises(signing.BadKey):
        Keys.given(file)


def _place(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return str(parts.hostname), int(parts.port or 0)
