"""From the journal to the endpoints: order, retries, restarts, handlers that are slow or away."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

import pytest

from rcli.errors import RcliError
from rcli.listener import commands
from rcli.listener.events import Event, made
from rcli.listener.forward import Endpoint, Forwarder
from rcli.listener.journal import Journal, recorded
from rcli.listener.running import Place, named
from rcli.listener.saving import Saved
from rcli.signing import new_key, verify
from tests.listener.conftest import Listen, prediction
from tests.receiver import Receiver
from tests.recording_server import Answer, RecordingServer

NOWHERE = "http://127.0.0.1:1/hook"


def test_each_endpoint_gets_the_events_that_it_wants(
    listen: Listen, receiver: Receiver, recording_server: RecordingServer
) -> None:
    recording_server.answer("POST /ends", Answer(200))
    ends = Endpoint(f"{recording_server.url}/ends", frozenset({"completed"}))
    direct = listen(Endpoint(receiver.url), ends)

    direct.send(prediction(status="processing"))
    direct.send(prediction())
    direct.settled(2)

    assert [receiver.next().status, receiver.next().status] == ["processing", "succeeded"]
    assert [each.json["status"] for each in recording_server.asked("POST /ends")] == ["succeeded"]


def test_the_events_of_one_prediction_arrive_in_order_and_others_do_not_wait(
    listen: Listen, receiver: Receiver
) -> None:
    release = receiver.blocks()
    direct = listen(Endpoint(receiver.url))
    for number in range(3):
        direct.send(prediction("slow", "processing", output=[number]))
    direct.send(prediction("other"))

    early = {receiver.next().prediction["id"], receiver.next().prediction["id"]}
    release.set()
    rest = [receiver.next().prediction["output"] for _ in range(2)]

    assert early == {"slow", "other"}
    assert rest == [[1], [2]]


def test_an_end_that_the_handler_does_not_take_is_tried_again(listen: Listen, receiver: Receiver) -> None:
    receiver.answers(500, 200)
    direct = listen(Endpoint(receiver.url))
    direct.send(prediction(), "msg_1")

    (entry,) = direct.settled(1)
    came = [receiver.next(direct.key) for _ in range(2)]

    assert [each.id for each in came] == ["msg_1"] * 2
    assert came[1].at - came[0].at > 0.9
    assert (entry.fates[0].attempts, entry.fates[0].status, entry.fates[0].delivered) == (2, 200, True)
    assert "answered 500; attempt 2 in" in direct.notice().text


def test_other_events_are_tried_once(listen: Listen, receiver: Receiver) -> None:
    receiver.answers(500)
    direct = listen(Endpoint(receiver.url))
    direct.send(prediction(status="processing"))

    (entry,) = direct.settled(1)

    assert (entry.fates[0].attempts, entry.fates[0].error) == (1, "answered 500")


def test_nothing_is_tried_again_when_nobody_wants_that(listen: Listen, receiver: Receiver) -> None:
    receiver.answers(500)
    direct = listen(Endpoint(receiver.url), retries=False)
    direct.send(prediction())

    (entry,) = direct.settled(1)

    assert entry.fates[0].attempts == 1


def test_a_handler_that_is_down_is_told_of(listen: Listen) -> None:
    direct = listen(Endpoint(NOWHERE), retries=False)
    direct.send(prediction())

    notice = direct.notice()

    assert notice.is_warning
    assert notice.text == (
        f"{NOWHERE} did not take p1: no connection to 127.0.0.1:1; is your handler running there?"
    )


def test_an_event_can_be_sent_once_more(listen: Listen, receiver: Receiver) -> None:
    direct = listen(Endpoint(receiver.url))
    direct.send(prediction(), "msg_1")
    (entry,) = direct.settled(1)

    direct.running.resend(entry.number)
    came = [receiver.next(direct.key) for _ in range(2)]
    direct.entries(
        lambda found: any(
            each.fates[0].attempts == 1 and each.fates[0].due is None for each in found.values()
        )
    )

    event, attempts = direct.running.details(entry.number)
    assert came[0].request.body == came[1].request.body == event.body
    assert [attempt.status for attempt in attempts] == [200, 200]


def test_what_is_left_goes_out_after_a_restart(listen: Listen, receiver: Receiver, tmp_path: Path) -> None:
    name = named("test", "direct", (Endpoint(receiver.url),))
    place = Place(tmp_path / "webhooks", name)
    key = new_key()
    journal = Journal.open(place.journal, name)
    for number in range(3):
        payload = prediction(f"p{number}")
        event = made("completed", payload, id=f"m{number}", key=key, origin="relay", now=time.time())
        journal.add(event, [receiver.url])
    journal.close()

    direct = listen(Endpoint(receiver.url))
    came = {receiver.next(key).id for _ in range(3)}

    assert came == {"m0", "m1", "m2"}
    direct.settled(3)
    assert direct.running.waiting == 0


def test_one_process_at_a_time_listens_under_a_name(listen: Listen, receiver: Receiver) -> None:
    listen(Endpoint(receiver.url))

    with pytest.raises(RcliError, match="another rcli already listens like this"):
        listen(Endpoint(receiver.url))


def test_a_message_that_has_grown_old_is_signed_anew(receiver: Receiver) -> None:
    key = new_key()
    old = made("completed", prediction(), id="msg_1", key=key, origin="relay", now=time.time() - 1000)

    async def send() -> None:
        forwarder = Forwarder(lambda: key)
        await forwarder.deliver(old, Endpoint(receiver.url))
        await forwarder.close()

    asyncio.run(send())
    came = receiver.next()

    verify(key, dict(came.request.headers.items()), came.request.body, now=time.time())
    assert (came.id, came.request.body) == ("msg_1", old.body)


def test_a_command_gets_the_payload_on_its_input_alone(listen: Listen, tmp_path: Path) -> None:
    script = tmp_path / "handle.py"
    script.write_text(
        "import os, sys\n"
        "print(sys.argv[1:], os.environ['RCLI_EVENT'], sys.stdin.read(), end='')\n"
        "sys.exit(3)\n"
    )
    direct = listen(Endpoint(commands.target(f"{sys.executable} '{script}' a")))
    direct.send(prediction(prompt="$(touch x); `ls`"))

    (entry,) = direct.settled(1)
    event, (attempt,) = direct.running.details(entry.number)

    assert attempt.body.decode() == f"['a'] completed {event.body.decode()}"
    assert (attempt.status, attempt.error) == (3, "exit code 3")


def test_a_command_that_is_not_there_is_told_of(listen: Listen) -> None:
    direct = listen(Endpoint(commands.target("/nowhere/handle")))
    direct.send(prediction())

    assert "/nowhere/handle cannot be started: No such file or directory" in direct.notice().text


def test_a_command_may_ignore_a_long_input(listen: Listen) -> None:
    direct = listen(Endpoint(commands.target("true")))
    direct.send(prediction(output="x" * (1 << 20)))

    (entry,) = direct.settled(1)

    assert entry.fates[0].delivered


def test_saved_events_are_whole(listen: Listen, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    direct = listen(saved=Saved(file))
    direct.send(prediction(output="é\n\u2028"), "msg_1")
    (entry,) = direct.settled(1)

    (line,) = file.read_text().splitlines()

    kept, _ = direct.running.details(entry.number)
    assert json.loads(line) == kept.to_json()
    assert file.stat().st_mode & 0o777 == 0o600


def test_any_bytes_survive_being_saved() -> None:
    event = Event("m", "output", b'{"a": "\xff\xc3\xa9"}', {"webhook-id": "m"}, "direct", 1.5)

    saved = json.loads(json.dumps(event.to_json()))

    assert saved["body"].encode("utf-8", "surrogateescape") == event.body


def test_the_journal_is_found_by_prediction_and_by_message(listen: Listen, tmp_path: Path) -> None:
    direct = listen()
    direct.send(prediction(status="processing"), "m1")
    direct.send(prediction(), "m2")
    direct.settled(2)
    path = tmp_path / "webhooks" / "journal.db"

    assert [event.id for event in recorded(path, "p1")] == ["m1", "m2"]
    assert [event.id for event in recorded(path, "m2")] == ["m2"]
    assert recorded(path, "p") == recorded(tmp_path / "none.db", "p1") == []


def test_what_is_old_or_too_much_is_forgotten_but_not_what_is_to_be_delivered(tmp_path: Path) -> None:
    journal, now = Journal.open(tmp_path / "journal.db", "x"), time.time()
    for number, age in enumerate((1000, 10, 9, 8)):
        payload = prediction(f"p{number}", output="x" * 1000)
        event = made("output", payload, id=f"m{number}", key=new_key(), origin="relay", now=now - age)
        journal.add(event, ["http://x/"] if number == 1 else [])

    while journal.forget(now, kept=100, most=2500):
        pass

    assert [journal.knows(f"m{number}") for number in range(4)] == [False, True, False, True]
    journal.close()


def test_marks_are_set_with_an_event_or_not_at_all(tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db", "x")
    event = made("output", prediction(), id="m", key=new_key(), origin="relay", now=1.0)

    first = journal.add(event, [], {"at": "1"})
    again = journal.add(event, [], {"at": "2", "of": "3"})
    other = Journal.open(tmp_path / "journal.db", "y").marks()

    assert (first, again) == (True, False)
    assert (journal.marks(), journal.marks("a"), other) == ({"at": "2", "of": "3"}, {"at": "2"}, {})
    journal.close()


def test_a_journal_that_is_none_says_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    file.write_text("no database at all, but longer than a header would be, which has a hundred bytes " * 3)

    with pytest.raises(RcliError, match="cannot be read") as raised:
        Journal.open(file, "x")

    assert raised.value.hint == f"move {file}* away to begin a new one"
