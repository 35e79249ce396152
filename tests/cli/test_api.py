"""``rcli api``: any request, its answer as it comes, pages, and the command for curl."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.cloud import TOKEN, Cloud, cloud, told
from tests.conftest import Run, environment
from tests.processes import PATIENCE, command
from tests.recording_server import Answer, json_answer, problem

__all__ = ["cloud"]

HERE = ("--host", "local")


def test_the_answer_is_exact_in_a_pipe_and_laid_out_on_a_terminal(rcli: Run, cloud: Cloud) -> None:
    body = b'{"username":"ada",  "n":1.50}'
    cloud.api.answer("GET /v1/account", Answer(200, body, {"Content-Type": "application/json"}))

    piped = rcli("api", "account", env=cloud.env)
    seen = rcli("api", "/v1/account", "--plain", env=cloud.env, terminal=True)
    filtered = rcli("api", "account", "--jq", ".username", env=cloud.env)
    quiet = rcli("api", "account", "-q", env=cloud.env)

    assert piped.data == body
    assert '\n  "username": "ada",\n' in seen
    assert (filtered, quiet) == ("ada\n", "")
    assert [request.path for request in cloud.api.requests] == ["/v1/account"] * 4


def test_fields_make_a_body_and_a_post(rcli: Run, cloud: Cloud, tmp_path: Path) -> None:
    cloud.api.answer("POST /v1/predictions", json_answer({"id": "p1"}, 201))
    (tmp_path / "prompt.txt").write_text("a cat\n")

    rcli(
        *("api", "predictions", "-f", "version=123", "-F", "input[n]=3", "-F", "input[flag]=true"),
        *("-F", "input[text]=@prompt.txt", "-F", "input[tags][]=a", "-F", "input[tags][]=null"),
        *("-F", "input[boxes][][x]=1", "-F", "input[boxes][][y]=2", "-F", "input[boxes][][x]=3"),
        *("-F", "input[none][]", "-H", "Prefer: wait=5"),
        env=cloud.env,
    )

    (request,) = cloud.api.requests
    assert request.headers["Prefer"] == "wait=5"
    assert request.headers["Content-Type"] == "application/json"
    assert request.json == {
        "version": "123",
        "input": {
            "n": 3,
            "flag": True,
            "text": "a cat\n",
            "tags": ["a", None],
            "boxes": [{"x": 1, "y": 2}, {"x": 3}],
            "none": [],
        },
    }


def test_fields_of_a_read_go_into_the_address(rcli: Run, cloud: Cloud) -> None:
    cloud.api.answer("GET /v1/search", json_answer({}))

    rcli("api", "search?limit=2", "-X", "get", "-f", "query=a b&c", "-F", "n=true", env=cloud.env)

    (request,) = cloud.api.requests
    assert (request.query, request.body) == ("limit=2&query=a+b%26c&n=true", b"")


def test_a_body_goes_as_it_is(warm_rcli: Run, rcli: Run, cloud: Cloud) -> None:
    cloud.api.answer("PATCH /v1/models/a/b", json_answer({}))

    found = warm_rcli(
        *("api", "models", "-X", "QUERY", "--input", "-", "-H", "Content-Type: text/plain"),
        *("--jq", ".results[].name", *HERE),
        stdin=b"picture",
    )
    rcli("api", "models/a/b", "-X", "PATCH", "--input", "-", "-f", "x=1", env=cloud.env, stdin=b'{"a":1}')

    assert "upscale" in found.split()
    (request,) = cloud.api.requests
    assert (request.body, request.query) == (b'{"a":1}', "x=1")
    assert request.headers["Content-Type"] == "application/json"


def test_a_file_can_be_uploaded_with_a_body_of_one_s_own(warm_shell: Shell) -> None:
    form = (
        b'--x\r\nContent-Disposition: form-data; name="content"; filename="a.txt"\r\n'
        b"Content-Type: text/plain\r\n\r\nhello\r\n--x--\r\n"
    )

    id = warm_shell.run(
        *(
            "api",
            "files",
            "-X",
            "POST",
            "--input",
            "-",
            "-H",
            "Content-Type: multipart/form-data; boundary=x",
        ),
        *("--jq", ".id", *HERE),
        stdin=form,
    ).strip()
    content = warm_shell.run("api", f"files/{id}/download", *HERE)
    deleted = warm_shell.run("api", f"files/{id}", "-X", "DELETE", *HERE)

    assert content == "hello"
    assert (deleted, deleted.exit_code) == ("", 0)


def test_a_refusal_is_printed_and_told(warm_rcli: Run) -> None:
    unknown = warm_rcli("api", "models/ada/nobody", *HERE)
    filtered = warm_rcli("api", "models/ada/nobody", "--jq", ".detail", *HERE)
    invalid = warm_rcli("api", "predictions", "-f", "version=rcli/hello", *HERE)

    assert json.loads(unknown)["status"] == 404
    assert told(unknown) == ("error: This engine has no model ada/nobody\n", 1)
    assert (filtered, filtered.exit_code) == ("", 1)
    assert invalid.exit_code == 2


def test_the_head_comes_before_the_body(rcli: Run, cloud: Cloud) -> None:
    cloud.api.answer("GET /v1/account", problem(418, {"X-Note": "\x1b[31mred"}, detail="I am a teapot"))

    piped = rcli("api", "account", "-i", env=cloud.env)
    seen = rcli("api", "account", "--include", env=cloud.env, terminal=True)

    head, _, body = piped.partition("\n\n")
    assert head.startswith("HTTP/1.1 418 I'm a Teapot\n")
    assert "content-type: application/problem+json" in head.lower()
    assert json.loads(body) == {"detail": "I am a teapot"}
    assert "\x1b[31m" not in seen
    assert piped.exit_code == 1


def test_pages_follow_each_other_and_can_be_one_list(rcli: Run, cloud: Cloud) -> None:
    one = {"next": f"{cloud.api.url}/v1/predictions?cursor=2", "results": [1, 2]}
    two = {"next": None, "results": [3]}

    def script() -> None:
        cloud.api.answer("GET /v1/predictions", json_answer(one), json_answer(two))

    script()
    piped = rcli("api", "predictions", "--paginate", env=cloud.env)
    script()
    each = rcli("api", "predictions", "--paginate", "--jq", ".results | length", env=cloud.env)
    script()
    slurped = rcli("api", "predictions", "--paginate", "--slurp", env=cloud.env)
    script()
    whole = rcli(
        "api", "predictions", "--paginate", "--slurp", "--jq", "map(.results) | add | add", env=cloud.env
    )

    assert [json.loads(line) for line in piped.splitlines()] == [one, two]
    assert each == "2\n1\n"
    assert json.loads(slurped) == [one, two]
    assert whole == "6\n"
    assert [request.query for request in cloud.api.requests] == ["", "cursor=2"] * 4


def test_pages_never_lead_to_another_host(rcli: Run, cloud: Cloud) -> None:
    page = {"next": f"http://localhost:{cloud.delivery.port}/v1/predictions", "results": []}
    cloud.api.answer("GET /v1/predictions", json_answer(page))

    ran = rcli("api", "predictions", "--paginate", env=cloud.env)

    assert ran.exit_code == 5
    assert "the list goes on at another host" in ran.stderr
    assert cloud.delivery.requests == []


def test_pages_that_go_in_circles_end(rcli: Run, cloud: Cloud) -> None:
    page = {"next": f"{cloud.api.url}/v1/predictions?cursor=2", "results": [1]}
    cloud.api.answer("GET /v1/predictions", json_answer(page))

    ran = rcli("api", "predictions", "--paginate", "--jq", ".results[]", env=cloud.env)

    assert (ran, len(cloud.api.requests)) == ("1\n1\n", 2)


def test_another_host_is_asked_without_the_token(rcli: Run, cloud: Cloud) -> None:
    address = cloud.offers("cat.png", b"cat")

    ran = rcli("api", address, env=cloud.env)

    assert ran.data == b"cat"
    assert TOKEN not in str(cloud.delivery.requests[0].headers)


def test_binary_data_does_not_go_to_a_terminal(rcli: Run, cloud: Cloud) -> None:
    cloud.api.answer("GET /v1/blob", Answer(200, b"\x1b[31m\x00", {"Content-Type": "image/png"}))

    piped = rcli("api", "blob", env=cloud.env)
    seen = rcli("api", "blob", env=cloud.env, terminal=True)

    assert piped.data == b"\x1b[31m\x00"
    assert (seen, seen.exit_code) == ("", 2)


@pytest.mark.parametrize(
    ("answer", "stderr", "code"),
    [
        (Answer(202), "", 0),
        (Answer(204), "", 0),
        (Answer(404, b"\x00", {"Content-Type": "image/png"}), "error: 404 Not Found\n", 1),
    ],
)
def test_an_answer_without_anything_to_show_shows_nothing(
    rcli: Run, cloud: Cloud, answer: Answer, stderr: str, code: int
) -> None:
    cloud.api.answer("DELETE /v1/thing", answer)

    seen = rcli("api", "thing", "-X", "DELETE", "--plain", env=cloud.env, terminal=True)

    assert (seen, seen.stderr, seen.exit_code) == ("", stderr, code)


def test_a_stream_is_printed_as_it_comes(shell: Shell, cloud: Cloud) -> None:
    """The second event is sent only when the first was seen."""
    seen = threading.Event()

    def events() -> Iterator[bytes]:
        yield b"event: output\ndata: one\n\n"
        assert seen.wait(PATIENCE)
        yield b"event: done\ndata: {}\n\n"

    cloud.api.answer("GET /v1/stream", Answer(200, events, {"Content-Type": "text/event-stream"}))

    process = shell.start("api", "stream", "-H", "Accept: text/event-stream", env=cloud.env)
    process.until(lambda each: b"data: one\n\n" in each.stdout)
    seen.set()

    assert process.end() == 0
    assert process.stdout == b"event: output\ndata: one\n\nevent: done\ndata: {}\n\n"
    assert cloud.api.requests[0].headers["Accept"] == "text/event-stream"


def test_curl_is_told_the_same_without_the_token(rcli: Run, cloud: Cloud) -> None:
    line = rcli(
        *("api", "predictions", "-f", "version=it's", "-H", "Prefer: wait", "-H", "Authorization: Bearer x"),
        "--curl",
        env=cloud.env,
    )

    assert line == (
        "curl --silent --show-error --fail-with-body --no-buffer"
        ' --header "Authorization: Bearer $REPLICATE_API_TOKEN"'
        " --header 'Prefer: wait' --header 'Content-Type: application/json'"
        """ --data-binary '{"version": "it'"'"'s"}'"""
        f" {cloud.api.url}/v1/predictions\n"
    )
    assert cloud.api.requests == []


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl here")
def test_the_command_for_curl_runs_as_printed(warm_shell: Shell, tmp_path: Path) -> None:
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    rcli = " ".join(f"'{word}'" for word in command())
    (bin_ / "rcli").write_text(f'#!/bin/sh\nPYTHONPATH="{Path(__file__).parents[2]}" exec {rcli} "$@"\n')
    (bin_ / "rcli").chmod(0o755)
    environ = environment(warm_shell.home)
    environ["PATH"] = f"{bin_}{os.pathsep}{environ['PATH']}"
    line = warm_shell.run("api", "search", "-X", "GET", "-f", "query=picture", "--curl", *HERE)

    ran = subprocess.run(["sh", "-c", line], env=environ, capture_output=True, text=True, timeout=PATIENCE)

    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["query"] == "picture"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["models", "-f", "a"], "'a' is no field"),
        (["models", "-f", "a[=1"], "'a[=1' is no field"),
        (["models", "-f", "a=1", "-f", "a=2"], "a is there twice"),
        (["models", "-f", "a=1", "-f", "a[b]=2"], "a[b] contradicts what was said of a before"),
        (["models", "-f", "a[]=1", "-f", "a[b]=2"], "a[b] contradicts what was said of a before"),
        (["models", "-H", "nothing"], "'nothing' is no header"),
        (["models", "-X", "GET /"], "'GET /' is no method"),
        (["models", "--slurp"], "--slurp makes one list of all pages"),
        (["/"], "'/' is no path of the API"),
        (["models", "--input", "nothing"], "there is no file"),
    ],
)
def test_what_makes_no_request_is_refused(warm_rcli: Run, words: list[str], message: str) -> None:
    ran = warm_rcli("api", *words, *HERE)

    assert ran.stderr.startswith(f"error: {message}")
    assert (ran, ran.exit_code) == ("", 2)
