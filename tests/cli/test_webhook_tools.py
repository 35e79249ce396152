"""``rcli webhook trigger``, ``replay``, ``verify`` and ``secret``, on the engine and without any host."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from rcli.signing import new_key, signed_headers
from tests.cli.conftest import Shell
from tests.conftest import Run
from tests.receiver import Receiver, receiver

__all__ = ["receiver"]

KEY = new_key()
WITH_KEY = {"REPLICATE_WEBHOOK_SIGNING_SECRET": KEY}


# trigger


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ("start", "processing"),
        ("output", "processing"),
        ("logs", "processing"),
        ("completed", "succeeded"),
    ],
)
def test_an_event_of_a_made_up_prediction_is_signed_and_has_its_shape(
    rcli: Run, receiver: Receiver, event: str, status: str
) -> None:
    result = rcli("webhook", "trigger", event, "--forward-to", receiver.url, env=WITH_KEY)

    message = receiver.next(KEY)
    assert result.exit_code == 0
    assert message.status == status
    assert message.request.headers["rcli-made-by"] == "trigger"
    assert result.split("\t")[:4] == [event, message.prediction["id"], status, "200"]


def test_values_are_set_deep_and_as_json_and_a_failure_looks_like_one(rcli: Run, receiver: Receiver) -> None:
    words = ["--set", "status=failed", "--set", "metrics.predict_time:=3", "--set", "input.prompt=a=b"]

    rcli("webhook", "trigger", "completed", *words, "--forward-to", receiver.url, env=WITH_KEY)

    told = receiver.next(KEY).prediction
    assert (told["status"], told["output"], told["error"]) == ("failed", None, "E1000: Unknown error")
    assert (told["metrics"]["predict_time"], told["input"]["prompt"]) == (3, "a=b")


def test_a_prediction_of_a_model_has_the_shape_of_that_model_s(warm_shell: Shell, receiver: Receiver) -> None:
    warm_shell.run("webhook", "trigger", "completed", "--model", "rcli/smollm2", "--forward-to", receiver.url)

    told = receiver.next().prediction
    assert told["model"] == "rcli/smollm2"
    assert "prompt" in told["input"]
    assert isinstance(told["output"], list)


def test_a_training_can_be_told_of(rcli: Run, receiver: Receiver) -> None:
    rcli("webhook", "trigger", "completed", "--training", "--forward-to", receiver.url, env=WITH_KEY)

    assert receiver.next(KEY).prediction["output"].keys() == {"version", "weights"}


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["finished", "--forward-to", "localhost:1"], "'finished' is no event"),
        (["completed"], "no handler is named"),
        (["completed", "--forward-to", "localhost:1", "--set", "status"], "--set takes KEY=VALUE"),
        (["completed", "--forward-to", "localhost:1", "--set", "output:=["], "this is no JSON"),
    ],
)
def test_what_cannot_be_triggered_is_refused(rcli: Run, argv: list[str], told: str) -> None:
    result = rcli("webhook", "trigger", *argv, env=WITH_KEY)

    assert (result.exit_code, told in result.stderr) == (2, True)


def test_a_handler_that_refuses_or_is_not_there_is_told_by_the_exit_code(
    rcli: Run, receiver: Receiver
) -> None:
    receiver.answers(500)

    refused = rcli("webhook", "trigger", "start", "--forward-to", receiver.url, env=WITH_KEY)
    absent = rcli("webhook", "trigger", "start", "--forward-to", "http://127.0.0.1:9", env=WITH_KEY)

    assert (refused.exit_code, absent.exit_code) == (1, 5)
    assert "500" in refused
    assert "hint:" not in refused.stderr
    assert absent.stderr == "hint: see that the handler runs, then try again\n"


# replay


def test_a_prediction_s_end_is_sent_again_as_the_service_knows_it(
    warm_shell: Shell, receiver: Receiver
) -> None:
    warm_shell.run("run", "rcli/hello", "text=again")
    whole = warm_shell.prediction()
    key = warm_shell.run("webhook", "secret", "--host", "local").strip()

    results = [warm_shell.run("webhook", "replay", "last", "--forward-to", receiver.url) for _ in range(2)]

    first, second = receiver.next(key), receiver.next(key)
    assert [result.exit_code for result in results] == [0, 0]
    assert first.prediction == whole
    assert first.id == second.id
    assert first.request.headers["rcli-made-by"] == "replay"


def test_earlier_events_and_new_ids_can_be_asked_for(warm_shell: Shell, receiver: Receiver) -> None:
    warm_shell.run("run", "rcli/hello", "text=again")
    argv = ("webhook", "replay", "last", "--event", "output", "--forward-to", receiver.url)

    warm_shell.run(*argv)
    warm_shell.run(*argv, "--new-id")

    first, second = receiver.next(), receiver.next()
    assert (first.status, first.prediction["output"]) == ("processing", "hello again")
    assert first.prediction == second.prediction
    assert first.id != second.id


def test_what_the_library_alone_remembers_is_sent_again(warm_shell: Shell, receiver: Receiver) -> None:
    warm_shell.run("run", "rcli/hello", "text=kept")
    whole = warm_shell.prediction()

    warm_shell.run("webhook", "replay", "last", "--from", "library", "--forward-to", receiver.url)

    told = receiver.next().prediction
    names = ("id", "model", "input", "output", "status", "created_at", "completed_at")
    assert {name: told[name] for name in names} == {name: whole[name] for name in names}


def test_what_a_listener_has_kept_is_sent_again_byte_for_byte(warm_shell: Shell, receiver: Receiver) -> None:
    listener = warm_shell.start(
        "webhook", "listen", "--host", "local", "--events", "completed", "--forward-to", receiver.url
    )
    listener.says("following")
    warm_shell.run("run", "rcli/hello", "text=journal")
    heard = receiver.next()
    listener.kill()

    warm_shell.run("webhook", "replay", "last", "--from", "journal", "--forward-to", receiver.url)

    again = receiver.next(warm_shell.run("webhook", "secret", "--host", "local").strip())
    assert (again.id, again.request.body) == (heard.id, heard.request.body)


def test_what_nobody_knows_cannot_be_sent_again(warm_shell: Shell) -> None:
    result = warm_shell.run("webhook", "replay", "nosuchid", "--forward-to", "localhost:1", "--host", "local")

    service = warm_shell.run(
        *("webhook", "replay", "nosuchid", "--from", "service", "--forward-to", "localhost:1"),
        *("--host", "local"),
    )

    assert (result.exit_code, result.stderr) == (
        1,
        "error: no completed event of nosuchid is known, neither to what rcli webhook listen has kept, nor "
        "to local, nor to the library\nhint: rcli predictions list --host local\n",
    )
    assert service.stderr.startswith("error: no completed event of nosuchid is known, not to local\n")


# verify and secret


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["mesage.txt"], "did you mean message.txt?"),
        (["other.txt"], "what is there: ls {cwd}"),
        (["message.txt", "--body", "nowhere/body"], "there is no folder {cwd}/nowhere"),
    ],
)
def test_a_message_that_is_not_there_is_told(rcli: Run, tmp_path: Path, words: list[str], hint: str) -> None:
    (tmp_path / "message.txt").write_text("webhook-id: x\n\n{}")

    refused = rcli("webhook", "verify", *words, env=WITH_KEY)

    said = f"error: there is no file {tmp_path}/{words[-1]}\nhint: {hint.format(cwd=tmp_path)}\n"
    assert (refused.stderr, refused.exit_code) == (said, 2)


def message(key: str = KEY, *, off: int = 0) -> tuple[dict[str, str], bytes]:
    import time

    body = b'{"id": "p1", "status": "succeeded"}'
    return signed_headers(key, "msg_1", int(time.time()) + off, body), body


def written(headers: dict[str, str], body: bytes) -> bytes:
    lines = ["POST /hook HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def test_a_genuine_message_is_found_good_from_a_file_from_stdin_and_from_options(
    rcli: Run, tmp_path: Path
) -> None:
    headers, body = message()
    (tmp_path / "message.txt").write_bytes(written(headers, body))
    (tmp_path / "body.json").write_bytes(body)
    options = [word for name, value in headers.items() for word in ("--header", f"{name}: {value}")]

    results = [
        rcli("webhook", "verify", "message.txt", env=WITH_KEY),
        rcli("webhook", "verify", env=WITH_KEY, stdin=written(headers, body)),
        rcli("webhook", "verify", *options, "--body", "body.json", env=WITH_KEY),
        rcli("webhook", "verify", *options, "--body", "-", env=WITH_KEY, stdin=body),
    ]

    assert [(str(result), result.exit_code) for result in results] == [
        ("headers\tok\ntimestamp\tok\nsignature\tok\n", 0)
    ] * 4


@pytest.mark.parametrize(
    ("change", "check", "told"),
    [
        ("key", "signature", "another key, or a changed body"),
        ("old", "timestamp", "400 seconds away"),
        ("body", "signature", "another key, or a changed body"),
        ("newline", "signature", "without the line end behind it"),
        ("header", "headers", "no webhook-signature"),
    ],
)
def test_the_check_that_a_message_fails_is_named(rcli: Run, change: str, check: str, told: str) -> None:
    headers, body = message(new_key() if change == "key" else KEY, off=-400 if change == "old" else 0)
    body = {"body": body.replace(b"p1", b"p2"), "newline": body + b"\n"}.get(change, body)
    if change == "header":
        del headers["webhook-signature"]

    result = rcli("webhook", "verify", "--json", env=WITH_KEY, stdin=written(headers, body))

    checks = json.loads(result)["checks"]
    assert result.exit_code == 1
    assert [name for name, outcome in checks.items() if outcome != "ok"] == [check]
    assert told in checks[check].replace("399", "400").replace("401", "400")


def test_an_old_message_can_be_verified_however_old_it_is(rcli: Run) -> None:
    headers, body = message(off=-100_000)

    result = rcli("webhook", "verify", "--any-time", env=WITH_KEY, stdin=written(headers, body))

    assert result.exit_code == 0


def test_a_line_that_listen_has_saved_can_be_verified(rcli: Run) -> None:
    headers, body = message()
    saved = json.dumps({"headers": headers, "body": body.decode()}).encode()

    result = rcli("webhook", "verify", env=WITH_KEY, stdin=saved)

    assert result.exit_code == 0


@pytest.mark.parametrize("content", [b"no message at all", b'{"id": "p1"}', b"webhook-id: x\n"])
def test_what_is_no_message_is_a_usage_error(rcli: Run, content: bytes) -> None:
    result = rcli("webhook", "verify", env=WITH_KEY, stdin=content)

    assert result.exit_code == 2
    assert "hint:" in result.stderr


def test_the_host_s_key_is_printed_and_signs(warm_shell: Shell) -> None:
    key = warm_shell.run("webhook", "secret", "--host", "local").strip()

    body = b"{}"
    from time import time

    assert Webhook(key).verify(body, signed_headers(key, "msg_1", int(time()), body)) == {}


def test_a_key_in_a_file_goes_before_the_environment_s(rcli: Run, tmp_path: Path) -> None:
    other = new_key()
    (tmp_path / "key").write_text(other + "\n")

    result = rcli("webhook", "secret", "--secret-file", "key", env=WITH_KEY)

    assert result == other + "\n"


def test_a_key_is_printed_as_json_where_that_is_asked_for(rcli: Run) -> None:
    result = rcli("webhook", "secret", "--json", env=WITH_KEY)

    assert json.loads(result) == {"key": KEY}


@pytest.mark.parametrize(
    ("content", "told"), [(None, "No such file or directory"), (b"\xff", "it is no text")]
)
def test_a_key_file_that_cannot_be_read_says_why(
    rcli: Run, tmp_path: Path, content: bytes | None, told: str
) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)

    result = rcli("webhook", "secret", "--secret-file", str(file))

    assert result.exit_code == 2
    assert (
        result.stderr == f"error: cannot read the signing key in {file}: {told}\nhint: --secret-file FILE\n"
    )


def test_a_key_that_is_none_is_refused(rcli: Run) -> None:
    result = rcli("webhook", "secret", env={"REPLICATE_WEBHOOK_SIGNING_SECRET": "r8_token"})

    assert result.exit_code == 1
    assert "a signing key is whsec_ and base64" in result.stderr
