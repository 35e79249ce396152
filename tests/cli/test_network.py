"""Between rcli and the service: proxies, private authorities, clocks, portals; what is said, and the code."""

from __future__ import annotations

import os
import re
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.cloud import TOKEN
from tests.conftest import Run
from tests.processes import PATIENCE, Process
from tests.recording_server import Answer, RecordingServer, json_answer, page, problem, recording_server

__all__ = ["recording_server"]

SERVICE = "https://api.rcli.test"
"""A name that nobody can look up: whoever gets an answer from it came through the proxy."""


@pytest.fixture(scope="module")
def service() -> Iterator[RecordingServer]:
    with RecordingServer() as server:
        server.answer("GET /v1/account", json_answer({"type": "user", "username": "ada"}))
        yield server


@pytest.fixture(scope="module")
def mitmproxy() -> Path:
    """The folder into which ``.ci/clients`` has put it."""
    folder = Path(os.environ.get("RCLI_TEST_CLIENTS", "nowhere"), "mitmproxy", "bin")
    return folder if folder.is_dir() else pytest.skip("RCLI_TEST_CLIENTS has no mitmproxy of .ci/clients")


@pytest.fixture(scope="module")
def proxy(
    mitmproxy: Path, service: RecordingServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """What a company's network wants to be set: the way through its proxy, and its own authority."""
    place = tmp_path_factory.mktemp("proxy")
    options = ["--listen-host", "127.0.0.1", "--listen-port", "0", "--set", f"confdir={place}"]
    options += ["--set", "connection_strategy=lazy", "--map-remote", f"|{SERVICE}|{service.url}"]
    environ = {"PATH": os.environ["PATH"], "HOME": str(place), "PYTHONUNBUFFERED": "1"}
    process = Process([str(mitmproxy / "mitmdump"), *options], environ, place)
    try:
        process.until(lambda said: b"listening at" in said.stdout)
        found = re.search(rb"listening at [^\n]*?:(\d+)", process.stdout)
        assert found
        yield {
            "REPLICATE_BASE_URL": SERVICE,
            "REPLICATE_API_TOKEN": TOKEN,
            "HTTPS_PROXY": f"http://127.0.0.1:{int(found[1])}",
            "SSL_CERT_FILE": str(place / "mitmproxy-ca-cert.pem"),
        }
    finally:
        process.kill()


def account(shell: Shell, env: dict[str, str]) -> tuple[str, str, int]:
    process = shell.start("account", "show", "-q", env=env)
    code = process.end()
    return process.stdout.decode(), process.stderr, code


def test_a_proxy_with_its_own_authority_is_passed(
    shell: Shell, service: RecordingServer, proxy: dict[str, str]
) -> None:
    service.requests.clear()

    assert account(shell, proxy) == ("ada\n", "", 0)
    (request,) = service.requests
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"


def test_an_authority_that_nobody_named_is_not_trusted(
    shell: Shell, service: RecordingServer, proxy: dict[str, str], tmp_path: Path
) -> None:
    service.requests.clear()
    other = certificate(tmp_path, days=2)

    out, said, code = account(shell, proxy | {"SSL_CERT_FILE": other[1]})

    assert (out, code) == ("", 5)
    assert said.startswith("error: the certificate of api.rcli.test is not trusted: ")
    assert said.endswith("hint: SSL_CERT_FILE names the file of a certificate authority of your own\n")
    assert service.requests == []


def test_a_proxy_that_is_not_there_is_told(shell: Shell, proxy: dict[str, str]) -> None:
    out, said, code = account(shell, proxy | {"HTTPS_PROXY": "http://127.0.0.1:1"})

    assert (out, code) == ("", 5)
    assert said.startswith("error: the proxy 127.0.0.1:1 does not answer: ")
    assert said.endswith("hint: check HTTPS_PROXY, NO_PROXY\n")


def test_no_proxy_leads_past_it_to_where_there_is_no_network(shell: Shell, proxy: dict[str, str]) -> None:
    out, said, code = account(shell, proxy | {"NO_PROXY": "rcli.test"})

    assert (out, code) == ("", 5)
    assert "error: the name of api.rcli.test cannot be resolved\nhint: check the network connection" in said


def certificate(folder: Path, *, days: int) -> tuple[str, str]:
    """A key and a certificate for localhost that is its own authority; with no days it is over already."""
    key, request, made = (str(folder / name) for name in ("key.pem", "request.pem", "cert.pem"))
    extensions = folder / "extensions"
    extensions.write_text("subjectAltName=DNS:localhost\n")
    extended = ["-extfile", str(extensions)]
    for argv in (
        [
            "req",
            "-new",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-subj",
            "/CN=localhost",
            "-keyout",
            key,
            "-out",
            request,
        ],
        ["x509", "-req", "-in", request, "-out", made, "-signkey", key, "-days", str(days), *extended],
    ):
        subprocess.run(["openssl", *argv], check=True, capture_output=True, timeout=PATIENCE)
    return key, made


def test_a_clock_that_is_off_is_suspected(
    shell: Shell, recording_server: RecordingServer, tmp_path: Path
) -> None:
    key, made = certificate(tmp_path, days=-1)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    recording_server.encrypt(context)
    url = recording_server.url.replace("http://127.0.0.1", "https://localhost")

    out, said, code = account(
        shell, {"REPLICATE_BASE_URL": url, "REPLICATE_API_TOKEN": TOKEN, "SSL_CERT_FILE": made}
    )

    assert (out, code) == ("", 5)
    assert "is not trusted: certificate has expired\nhint: is this machine's clock right? It says 20" in said


@pytest.mark.parametrize(
    ("answer", "said", "exit_code"),
    [
        (
            problem(401, detail="You did not pass a valid authentication token"),
            "You did not pass a valid authentication token\nhint: REPLICATE_API_TOKEN is what is wrong",
            4,
        ),
        (problem(403, detail="You have no access to this"), "You have no access to this\n", 4),
        (problem(402, detail="Insufficient credit"), "Insufficient credit\n", 6),
        (
            page(),
            "{place} answered with a web page: that is not Replicate's API\nhint: sign in to this network",
            5,
        ),
        (page(511), "{place} answered 511: 511 Network Authentication Required\nhint: try again later", 5),
        (
            Answer(302, b"", {"Location": "/portal"}),
            "{place} answered with a web page: that is not Replicate's API\nhint: sign in to this network",
            5,
        ),
    ],
    ids=["wrong token", "no rights", "no credit", "portal", "portal 511", "portal by redirect"],
)
def test_what_stands_in_the_way_is_told(
    rcli: Run, recording_server: RecordingServer, answer: Answer, said: str, exit_code: int
) -> None:
    recording_server.answer("GET /v1/account", answer)
    recording_server.answer("GET /portal", page())
    env = {"REPLICATE_BASE_URL": recording_server.url, "REPLICATE_API_TOKEN": TOKEN}

    told = rcli("account", "show", env=env)

    place = recording_server.url.removeprefix("http://")
    assert (told, told.exit_code) == ("", exit_code)
    assert told.stderr.startswith("error: " + said.format(place=place))
    assert TOKEN not in told.stderr


def test_who_is_not_signed_in_is_told_how_to(rcli: Run) -> None:
    told = rcli("account", "show", "--host", "replicate")

    said = "error: not signed in to replicate\nhint: rcli auth login\n"
    assert (told.stderr, told.exit_code) == (said, 4)
