"""``rcli webhook listen --port``: rcli receives and passes on; what a person and a script see of it."""

from __future__ import annotations

import json
import shlex
import signal
import sys
import time
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from rcli import signing
from rcli.connections import bound
from tests.cli.conftest import Shell
from tests.conftest import Run
from tests.processes import PATIENCE, Process
from tests.receiver import Receiver, receiver
from tests.recording_server import RecordingServer, json_answer, problem, recording_server
from tests.terminal import TerminalSession

__all__ = ["receiver", "recording_server"]

KEY = signing.new_key()
TOKEN = "r8_" + "a" * 37
SECRET = "GET /v1/webhooks/default/secret"


@pytest.fixture
def cloud(recording_server: RecordingServer) -> RecordingServer:
    """A service that tells its signing key."""
    recording_server.answer(SECRET, json_answer({"key": KEY}))
    return recording_server


def signed_in(cloud: RecordingServer) -> dict[str, str]:
    return {"REPLICATE_API_TOKEN": TOKEN, "REPLICATE_BASE_URL": cloud.url}


def free_port() -> int:
    with bound("127.0.0.1", 0) as listener:
        return int(listener.getsockname()[1])


class Listener:
    """A listener in a process of its own, to which the service sends."""

    def __init__(self, shell: Shell, cloud: RecordingServer) -> None:
        self._shell, self._env = shell, signed_in(cloud)
        self.port = free_port()

    def start(self, *argv: str) -> Process:
        process = self._shell.start(*self._command(argv), env=self._env)
        process.says("receiving")
        return process

    def terminal(self, *argv: str, columns: int = 100) -> TerminalSession:
        session = self._shell.terminal(*self._command(argv), env=self._env, columns=columns)
        session.shows("q quit")
        return session

    def send(self, id: str, status: str = "succeeded", *, message: str | None = None, **more: Any) -> None:
        body = json.dumps({"id": id, "model": "ada/dinos", "status": status, **more}).encode()
        headers = signing.signed_headers(KEY, message or f"msg_{id}_{status}", int(time.time()), body)
        url = f"http://127.0.0.1:{self.port}/"
        assert httpx.post(url, content=body, headers=headers, timeout=PATIENCE).status_code == 200

    def _command(self, argv: Sequence[str]) -> list[str]:
        return ["webhook", "listen", "--port", str(self.port), *argv]


@pytest.fixture
def listener(shell: Shell, cloud: RecordingServer) -> Listener:
    return Listener(shell, cloud)


def lines(process: Process, count: int) -> list[str]:
    """The first so many lines on stdout."""
    process.until(lambda so_far: so_far.stdout.count(b"\n") >= count)
    return process.stdout.decode().splitlines()[:count]


def test_what_the_engine_sends_is_shown_and_passed_on(warm_shell: Shell, receiver: Receiver) -> None:
    to = ["--forward-to", receiver.url, "--print-secret"]
    process = warm_shell.start("webhook", "listen", "--host", "local", "--port", "0", *to)
    process.until(lambda so_far: "whsec_" in so_far.stderr and so_far.stderr.endswith("\n"))
    told = process.stderr.splitlines()
    hook, key = told[1].rpartition(" ")[2], told[-1]
    events = "start,output,logs,completed"
    warm_shell.run("run", "rcli/hello", "text=you", "--webhook", hook, "--webhook-events", events)

    came = receiver.all(key)
    rows = [line.split("\t") for line in lines(process, len(came))]
    process.signal(signal.SIGINT)

    assert told[0].endswith(f"→ {receiver.url}: receiving (Ctrl-C stops)")
    assert {row[2] for row in rows} == {came[0].prediction["id"]}
    assert rows[-1][1] == "completed"
    assert rows[-1][3:5] == ["rcli/hello", "succeeded"]
    assert rows[-1][5].startswith("200 ")
    assert process.end() == 130


def test_the_tunnel_is_named_where_one_is_needed(listener: Listener, shell: Shell) -> None:
    process = listener.start("--path", "/hook")

    process.says("--public-url")
    assert f"--webhook http://127.0.0.1:{listener.port}/hook" in process.stderr
    assert f"cloudflared tunnel --url http://127.0.0.1:{listener.port}" in process.stderr
    process.kill()

    outside = listener.start("--path", "/hook", "--public-url", "https://x.example/")
    outside.says("--webhook https://x.example/hook\n")
    outside.signal(signal.SIGINT)
    assert outside.end() == 130
    assert "cloudflared" not in outside.stderr


def test_one_json_object_for_each_event(listener: Listener, receiver: Receiver) -> None:
    process = listener.start("--forward-to", receiver.url, "--json")
    listener.send("p1", output=["x"])

    told = json.loads(lines(process, 1)[0])

    assert told["prediction"] == {"id": "p1", "model": "ada/dinos", "status": "succeeded", "output": ["x"]}
    assert (told["id"], told["event"], told["origin"]) == ("msg_p1_succeeded", "completed", "direct")
    (delivery,) = told["deliveries"]
    assert delivery.pop("seconds") > 0
    assert delivery == {"target": receiver.url, "status": 200, "error": None, "attempts": 1}


def test_only_events_that_are_asked_for(listener: Listener, shell: Shell) -> None:
    process = listener.start(
        "--events", "completed", "--filter", '.status == "failed"', "--jq", ".id", "--save", "saved.jsonl"
    )
    listener.send("p1", "processing")
    listener.send("p2")
    listener.send("p3", "failed")

    assert lines(process, 1) == ["msg_p3_failed"]
    saved = [json.loads(line) for line in (shell.cwd / "saved.jsonl").read_text().splitlines()]
    assert [each["id"] for each in saved] == ["msg_p3_failed"]


def test_a_command_for_every_event(listener: Listener, shell: Shell) -> None:
    code = "import sys, pathlib; pathlib.Path('got').write_text(sys.stdin.read())"
    process = listener.start("--exec", shlex.join([sys.executable, "-c", code]))
    listener.send("p1")

    (line,) = lines(process, 1)

    assert "\texit 0 " in line
    assert json.loads((shell.cwd / "got").read_text())["id"] == "p1"


def test_endpoints_have_events_of_their_own(
    listener: Listener, receiver: Receiver, cloud: RecordingServer
) -> None:
    cloud.answer("POST /start", json_answer({}))
    process = listener.start(
        "--forward", f"completed={receiver.url}", "--forward", f"start={cloud.url}/start"
    )
    listener.send("p1", "starting")
    listener.send("p1")

    lines(process, 2)

    assert [each.json["status"] for each in cloud.asked("POST /start")] == ["starting"]
    assert receiver.next(KEY).status == "succeeded"


def test_a_handler_that_is_down_is_told_of_and_gets_what_it_missed(
    listener: Listener, receiver: Receiver
) -> None:
    """The retries of the first listener are lost with ``kill -9``; the second one goes on with them."""
    to = f"http://127.0.0.1:{free_port()}/hook"
    process = listener.start("--forward-to", to)
    listener.send("p1")
    process.says("attempt 2 in 1 s")
    (line,) = lines(process, 1)
    process.kill()

    with RecordingServer(int(to.rpartition(":")[2].partition("/")[0])) as handler:
        handler.answer("POST /hook", json_answer({}))
        again = listener.start("--forward-to", to)
        listener.send("p2")
        deadline = time.monotonic() + PATIENCE
        while len(handler.asked("POST /hook")) < 2 and time.monotonic() < deadline:
            again.until(lambda so_far: b"p2" in so_far.stdout)

    assert f"no connection to {to.split('/')[2]}, again at " in line
    assert {each.json["id"] for each in handler.asked("POST /hook")} == {"p1", "p2"}


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--forward-to", "ftp://x"], "--forward-to takes a URL, not 'ftp://x'"),
        (["--forward", "ended=http://x"], "--forward: 'ended' is none of start, output, logs, completed"),
        (["--events", "all"], "--events: 'all' is none of start, output, logs, completed"),
        (["--header", "X"], "--header takes NAME: VALUE, not 'X'"),
        (["--filter", ".["], "--filter: jq: error"),
        (["--exec", "'a"], '--exec "\'a" cannot be read: No closing quotation'),
        (["--path", "hook"], "--path begins with /, unlike 'hook'"),
        (["--secret-file", "nowhere"], "cannot read the signing key"),
        (
            ["--save", "/no/such/events"],
            "there is no folder /no/such to save events in\nhint: mkdir -p /no/such",
        ),
        (["--save", "/"], "cannot save events in /: Is a directory\nhint: --save FILE"),
    ],
)
def test_what_cannot_be_done_is_said_at_once(
    rcli: Run, cloud: RecordingServer, argv: list[str], message: str
) -> None:
    refused = rcli("webhook", "listen", "--port", "0", *argv, env=signed_in(cloud))

    assert refused.exit_code == 2
    assert refused.stderr.startswith(f"error: {message}")
    assert "\nhint: " in refused.stderr


def test_a_port_that_is_taken(rcli: Run, cloud: RecordingServer) -> None:
    refused = rcli("webhook", "listen", "--port", str(cloud.port), env=signed_in(cloud))

    assert (refused.exit_code, refused.stderr) == (
        2,
        f"error: cannot listen on 127.0.0.1 port {cloud.port}: Address already in use\n"
        "hint: choose another --port; 0 takes a free one\n",
    )


def test_a_secret_that_the_token_may_not_read(rcli: Run, cloud: RecordingServer, shell: Shell) -> None:
    cloud.answer(SECRET, problem(403, title="Forbidden", detail="You do not have permission.", status=403))

    refused = rcli("webhook", "listen", "--port", "0", env=signed_in(cloud))

    assert refused.exit_code == 4
    assert "the signing key of replicate's webhooks is not to be read with this token" in refused.stderr
    assert "--secret-file FILE with the key" in refused.stderr


def test_a_secret_in_a_file_needs_no_service(
    shell: Shell, receiver: Receiver, cloud: RecordingServer
) -> None:
    (shell.cwd / "key").write_text(KEY + "\n")
    listener = Listener(shell, cloud)
    process = listener.start("--secret-file", "key")
    listener.send("p1")

    assert lines(process, 1)[0].endswith("\tp1\tada/dinos\tsucceeded\t-")
    assert cloud.asked(SECRET) == []


def test_a_message_that_nobody_has_signed_is_told_of(listener: Listener) -> None:
    process = listener.start()

    httpx.post(f"http://127.0.0.1:{listener.port}/", content=b"{}")

    process.says("warning: refused a message: the message has no webhook-id")


def test_the_live_list_shows_resends_and_tells_details(listener: Listener, receiver: Receiver) -> None:
    session = listener.terminal("--forward-to", receiver.url)
    session.shows(f"webhooks of replicate → {receiver.url}", f"--webhook http://127.0.0.1:{listener.port}/")
    listener.send("first", "processing", output="o")
    listener.send("second", "failed")
    session.until(lambda screen: screen.count("200 ") == 2)
    sent = [receiver.next(KEY).id for _ in range(2)]

    session.press("\x1b[A")
    session.until(
        lambda screen: any(line.startswith("❯") and "first" in line for line in screen.splitlines())
    )
    session.press("r")
    sent.append(receiver.next(KEY).id)
    session.press("d")
    details = session.shows("headers:", "webhook-signature: v1,", "d back")
    session.press("\x1b[6~\x1b[6~")
    session.shows('"output": "o"')
    session.press("d")
    session.shows("FORWARDED".lower(), "second")
    session.press("q")

    assert session.end() == 0
    assert sent == ["msg_first_processing", "msg_second_failed", "msg_first_processing"]
    assert "webhook-id: msg_first_processing" in details
    assert session.echoes


def test_the_live_list_is_safe_from_what_it_shows(listener: Listener) -> None:
    session = listener.terminal()
    listener.send("p1\x1b]0;owned\x07", "succeeded\x1b[2J", model="\x1b[31mred", message="msg_1")

    session.shows("p1", "red")
    session.press("d")
    session.shows("headers:")

    assert b"owned\x07" not in session.raw
    assert b"\x1b[31mred" not in session.raw


def test_ctrl_c_leaves_the_live_list_and_the_terminal_as_before(listener: Listener) -> None:
    session = listener.terminal()

    session.press("\x03")

    assert session.end() == 130
    assert session.echoes
    assert session.raw.rstrip().endswith(b"\x1b[?25h\x1b[?1049l")
