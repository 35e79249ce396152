"""Whatever a service, a model or a file's name says, a terminal gets nothing but text."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from rcli.records import Json
from tests.cli.conftest import Shell
from tests.cloud import (
    FILES,
    ID,
    PNG,
    TEXT,
    TEXT_STREAM,
    VERSION,
    Cloud,
    cloud,
    document,
    events,
    prediction,
)
from tests.conftest import Result, Run
from tests.recording_server import Answer, json_answer, problem

__all__ = ["cloud"]

EVIL = (
    "\x1b]0;owned\x07\x1b]52;c;b3duZWQ=\x07\x1b]8;;http://evil/\x1b\\\x1b[2J\x1b[8m\x1bP1$r\x1b\\"
    "\x9b2J\x9d52;c;eA==\x9c\u202e\u2066\u200f\x07\x08\r\x7f\x00"
)
IN_A_HEADER = EVIL.replace("\r", "").replace("\x00", "").encode("latin-1", "replace").decode("latin-1")
MARK = f"be{EVIL}fore"
OUR_LINK = re.compile(r"\x1b\]8;(id=[^;\x1b]*)?;(file://[!-~]*)?\x1b\\")
OUR_COLOUR = re.compile(r"\x1b\[[\d;]*m")
HARM = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|http://evil/\x1b"
)
RUN = ("run", "stability-ai/sdxl", "prompt=x", "--progress", "none")  # a display has sequences of its own

Setting = Callable[[Cloud], None]


def harm(result: Result) -> list[str]:
    """What a terminal would obey, and we have not written ourselves."""
    written = f"{result}\n{result.stderr}"
    hidden = ["\x1b[8m"] if "\x1b[8m" in written else []
    return hidden + HARM.findall(OUR_COLOUR.sub("", OUR_LINK.sub("", written)))


def ends(kind: Json = TEXT, status: str = "succeeded", **keys: object) -> Setting:
    def setting(cloud: Cloud) -> None:
        cloud.has_model(kind)
        cloud.creates(prediction("starting"), prediction(status, **keys))

    return setting


def gives_a_file(cloud: Cloud) -> None:
    cloud.has_model(FILES)
    name = quote(f"{MARK}.png")
    cloud.delivery.answer(f"GET /pbxt/{name}", Answer(200, PNG, {"Content-Type": f"image/png{IN_A_HEADER}"}))
    url = f"{cloud.delivery.url}/pbxt/{name}"
    cloud.creates(prediction("starting"), prediction("succeeded", output=[url]))


def streams(cloud: Cloud) -> None:
    cloud.has_model(TEXT_STREAM)
    evil = EVIL.replace("\r", "").replace("\x00", "")
    comment = f': rcli {{"phase": "x{evil}", "message": "{evil}"}}\n\n'.encode()
    urls = cloud.streams(comment + events(f"one{evil}", evil, "two") + b"event: done\ndata: {}\n\n")
    cloud.creates(
        prediction("starting", urls=urls), prediction("succeeded", output=[f"one{evil}", evil, "two"])
    )


def refuses(status: int, **keys: Any) -> Setting:
    def setting(cloud: Cloud) -> None:
        cloud.has_model()
        cloud.api.answer("POST /v1/predictions", problem(status, status=status, **keys))

    return setting


def sends_a_page(cloud: Cloud) -> None:
    cloud.has_model()
    body = f"<html><title>{MARK}</title>".encode()
    cloud.api.answer(
        "POST /v1/predictions", Answer(200, body, {"Content-Type": f"text/html; x={IN_A_HEADER}"})
    )


def has_evil_headers(cloud: Cloud) -> None:
    cloud.has_model()
    done = json_answer(prediction("succeeded", output="a cat"), 201, **{"X-Evil": f"a{IN_A_HEADER}b"})
    cloud.api.answer("POST /v1/predictions", done)
    cloud.api.answer(f"GET /v1/predictions/{ID}", done)


def has_an_evil_schema(cloud: Cloud) -> None:
    kind = {"type": "string", "enum": [MARK], "description": MARK, "default": MARK}
    cloud.has_model(inputs={"prompt": {"type": "string"}, MARK: kind})
    cloud.creates(prediction("succeeded", output="a cat"))


def lists(cloud: Cloud) -> None:
    row = prediction(
        f"succ{MARK}eeded", model=f"a/{MARK}", id=f"id{MARK}", created_at=MARK, source=MARK, version=MARK
    )
    cloud.api.answer("GET /v1/predictions", json_answer({"results": [row], "next": None, "previous": None}))


def shows(cloud: Cloud) -> None:
    keys = {"output": MARK, "logs": MARK, "error": MARK, "model": f"a/{MARK}", "version": MARK}
    told = prediction("failed", **keys, metrics={MARK: MARK}, input={MARK: MARK}, started_at=MARK)
    cloud.api.answer(f"GET /v1/predictions/{ID}", json_answer(told))


SHOW = ("--host", "replicate")
CASES: dict[str, tuple[Setting, tuple[str, ...]]] = {
    "a text": (ends(TEXT, output=MARK), RUN),
    "a text as JSON": (ends(TEXT, output=MARK), (*RUN, "--json")),
    "a text by a filter": (ends(TEXT, output=MARK), (*RUN, "--jq", ".output")),
    "an object": (ends({"type": "object"}, output={MARK: [MARK]}), RUN),
    "a list": (ends({"type": "array", "items": {"type": "string"}}, output=[MARK]), RUN),
    "several at once": (ends(TEXT, output=MARK), (*RUN, "--repeat", "2", "--yes")),
    "a log": (ends(TEXT, output="a cat", logs=f"{MARK}\n"), RUN),
    "the whole log": (ends(TEXT, output="a cat", logs=f"{MARK}\n"), (*RUN, "--logs")),
    "plain progress": (
        ends(TEXT, output="a cat", logs=f"{MARK}\n", model=MARK),
        (*RUN, "--progress", "plain"),
    ),
    "an error": (ends(TEXT, "failed", error=MARK, logs=f"{MARK}\n", model=MARK), RUN),
    "a state": (ends(TEXT, "canceled", model=MARK, error=MARK), RUN),
    "a file's name and type": (gives_a_file, RUN),
    "a file's name as JSON": (gives_a_file, (*RUN, "--json")),
    "a file's name in a template": (gives_a_file, (*RUN, "--name", "{stem}-{id}{ext}")),
    "a stream": (streams, ("stream", *RUN[1:])),
    "a stream as events": (streams, ("stream", *RUN[1:], "--json")),
    "a refusal of inputs": (
        refuses(422, title=MARK, detail=MARK, invalid_fields=[{"field": MARK, "description": MARK}]),
        RUN,
    ),
    "a refusal for money": (refuses(402, title=MARK, detail=MARK), RUN),
    "a refusal for the token": (refuses(401, title=MARK, detail=MARK), RUN),
    "a broken service": (refuses(500, title=MARK, detail=MARK), RUN),
    "a web page": (sends_a_page, RUN),
    "headers in the trace": (has_evil_headers, (*RUN, "--debug")),
    "a model's help": (has_an_evil_schema, ("run", "stability-ai/sdxl", "--help")),
    "a wrong input": (has_an_evil_schema, (*RUN, f"{MARK}=x")),
    "what would be sent": (has_an_evil_schema, (*RUN, "--dry-run")),
    "a program": (has_an_evil_schema, (*RUN, "--code", "python")),
    "a list of predictions": (lists, ("predictions", "list", *SHOW)),
    "a list as JSON": (lists, ("predictions", "list", *SHOW, "--json")),
    "a prediction": (shows, ("predictions", "show", ID, *SHOW)),
    "a prediction as JSON": (shows, ("predictions", "show", ID, *SHOW, "--json")),
    "a log that is read later": (shows, ("predictions", "logs", ID, *SHOW)),
    "what is waited for": (shows, ("predictions", "wait", ID, *SHOW)),
    "what is watched": (shows, ("predictions", "watch", ID, *SHOW, "--logs")),
    "what is canceled": (shows, ("predictions", "cancel", ID, *SHOW)),
    "what is downloaded": (shows, ("predictions", "download", ID, *SHOW)),
    "what is run again": (shows, ("predictions", "rerun", ID, *SHOW)),
}


@pytest.mark.parametrize("case", CASES)
def test_a_terminal_gets_text_alone(rcli: Run, cloud: Cloud, case: str) -> None:
    setting, argv = CASES[case]
    setting(cloud)

    result = rcli(*argv, env=cloud.env, terminal=True)

    assert result.exit_code in range(8)
    assert str(result) + result.stderr != ""
    assert harm(result) == []


def test_a_pipe_gets_every_byte(rcli: Run, cloud: Cloud) -> None:
    ends(TEXT, output=MARK)(cloud)

    result = rcli(*RUN, env=cloud.env)

    assert result.data == MARK.encode()
    assert harm(result) != []


# what an account has


def version_of(id: str = VERSION) -> Json:
    return {"id": id, "created_at": MARK, "cog_version": MARK, "openapi_schema": document(TEXT, EVIL_INPUTS)}


EVIL_INPUTS: dict[str, Json] = {MARK: {"type": "string", "description": MARK, "title": MARK, "default": MARK}}
A_MODEL: Json = {
    "owner": "acme",
    "name": MARK,
    "description": MARK,
    "visibility": MARK,
    "run_count": 7,
    "url": f"https://{MARK}",
    "github_url": MARK,
    "paper_url": MARK,
    "license_url": MARK,
    "latest_version": version_of(),
}
A_RELEASE: Json = {
    "number": 1,
    "model": MARK,
    "version": MARK,
    "created_at": MARK,
    "created_by": {"username": MARK},
    "configuration": {"hardware": MARK, "min_instances": 0, "max_instances": 1},
}
A_DEPLOYMENT: Json = {"owner": "acme", "name": MARK, "current_release": A_RELEASE}
A_FILE: Json = {
    "id": MARK,
    "name": MARK,
    "content_type": MARK,
    "size": 3,
    "etag": MARK,
    "checksums": {"sha256": MARK},
    "metadata": {MARK: MARK},
    "created_at": MARK,
    "expires_at": MARK,
    "urls": {"get": MARK},
}
A_COLLECTION: Json = {"name": MARK, "slug": MARK, "description": MARK, "models": [A_MODEL]}
A_TRAINING = prediction(
    "failed",
    model=f"acme/{MARK}",
    version=MARK,
    logs=f"{MARK}\nstep 1/2 {MARK}=0.5\n",
    error=MARK,
    created_at=MARK,
    destination=MARK,
    output={"version": MARK, "weights": MARK},
)
ACCOUNT: dict[str, Json | list[Json]] = {
    "models": A_MODEL,
    "models/acme/cat": A_MODEL,
    "models/acme/cat/versions": version_of(),
    f"models/acme/cat/versions/{VERSION}": version_of(),
    "models/acme/cat/examples": prediction("succeeded", id=MARK, input={MARK: MARK}, output=MARK),
    "deployments": A_DEPLOYMENT,
    "deployments/acme/shop": A_DEPLOYMENT,
    "files": A_FILE,
    "files/one": A_FILE,
    "collections": A_COLLECTION,
    "collections/cats": A_COLLECTION,
    "predictions": prediction("processing", id=MARK, model=f"a/{MARK}", created_at=MARK),
    "trainings": A_TRAINING,
    f"trainings/{ID}": A_TRAINING,
    "account": {"type": MARK, "username": MARK, "name": MARK, "github_url": MARK, "avatar_url": MARK},
}
LISTS = ("models", "deployments", "files", "collections", "predictions", "trainings")
OF_AN_ACCOUNT = (
    "account",
    "api account",
    "api account --include",
    "api models/acme/cat/readme",
    "collections list",
    "collections show cats",
    "deployments list",
    "deployments show acme/shop",
    "files list",
    "files show one",
    "hardware list",
    "models examples acme/cat",
    "models list",
    "models readme acme/cat",
    "models schema acme/cat",
    "models search cat",
    "models show acme/cat",
    "ps",
    "search cat",
    "trainings list",
    "trainings logs last",
    "trainings logs last -f",
    "trainings show last",
    "trainings wait last",
    "trainings watch last --progress none",
    "train --help acme/cat",
    "versions list acme/cat",
    f"versions show acme/cat:{VERSION}",
)


def has_an_evil_account(cloud: Cloud) -> None:
    for path, value in ACCOUNT.items():
        is_list = path in LISTS or path.endswith(("/versions", "/examples"))
        page = {"results": [value], "next": None, "previous": None} if is_list else value
        evil = IN_A_HEADER if path == "account" else "none"
        cloud.api.answer(f"GET /v1/{path}", json_answer(page, 200, **{"X-Evil": evil}))
    cloud.api.answer("GET /v1/hardware", json_answer([{"sku": MARK, "name": MARK}]))
    cloud.api.answer("QUERY /v1/models", json_answer({"results": [A_MODEL], "next": None}))
    found = {"models": [{"model": A_MODEL, "metadata": {}}], "collections": [A_COLLECTION]}
    cloud.api.answer("GET /v1/search", json_answer({**found, "pages": [{"name": MARK, "href": MARK}]}))
    readme = f"# {MARK}\n\n[{MARK}](http://evil/{MARK})\n\n```\n{MARK}\n```\n<b>{MARK}</b>\n"
    cloud.api.answer(
        "GET /v1/models/acme/cat/readme", Answer(200, readme.encode(), {"Content-Type": "text/plain"})
    )


@pytest.mark.parametrize("words", OF_AN_ACCOUNT)
def test_what_an_account_has_is_text_alone(rcli: Run, cloud: Cloud, words: str) -> None:
    has_an_evil_account(cloud)

    result = rcli(*words.split(), "--host", "replicate", env=cloud.env, terminal=True)

    assert "fore" in result + result.stderr
    assert harm(result) == []


def test_a_model_s_name_in_a_list_to_choose_from_is_text_alone(warm_shell: Shell, cloud: Cloud) -> None:
    has_an_evil_account(cloud)
    session = warm_shell.terminal("run", "prompt=a cat", columns=100, env=cloud.env | {"NO_COLOR": "1"})
    for shown, keys in (("Model:", "search"), ("/ search", "\r"), ("Search replicate:", "cat\r")):
        session.shows(shown)
        session.press(keys)
    session.shows("acme/be", "fore")
    session.press("\x03")

    assert session.end() == 130
    assert re.search(rb"\x1b\](?!8;;)|evil|\x1b\[8m|\xe2\x80\xae", session.raw) is None


# what is kept here


@pytest.mark.parametrize("words", [["list"], ["show", "last"], ["search", "fore"], ["export"]])
def test_what_the_library_has_kept_is_text_too(rcli: Run, cloud: Cloud, words: list[str]) -> None:
    ends(TEXT, "failed", error=MARK, logs=f"{MARK}\n", model=f"a/{MARK}", output=MARK)(cloud)
    rcli(*RUN[:2], f"prompt=be{EVIL.replace(chr(0), '')}fore", env=cloud.env)

    result = rcli("library", *words, terminal=True)

    assert result.exit_code == 0
    assert "fore" in result
    assert harm(result) == []


@pytest.mark.parametrize("key", ["model", "version", "created_at", "started_at", "error", "logs"])
def test_half_a_character_anywhere_is_no_obstacle(rcli: Run, cloud: Cloud, key: str) -> None:
    ends(TEXT, output="a cat", **{key: "a/\ud834\x00b"})(cloud)

    ran = rcli(*RUN, env=cloud.env)
    listed = rcli("library", "list")

    assert (ran, ran.exit_code) == ("a cat", 0)
    assert listed.startswith(ID)


@pytest.mark.parametrize(
    "words", [["predictions", "show"], ["predictions", "logs"], ["library", "show"], ["library", "search"]]
)
def test_a_word_that_is_no_text_finds_nothing(rcli: Run, cloud: Cloud, words: list[str]) -> None:
    ends(TEXT, output="a cat")(cloud)
    rcli(*RUN, env=cloud.env)

    found = rcli(*words, "\udcff\udcfe", *SHOW, env=cloud.env)

    assert (found, found.exit_code in (0, 1)) == ("", True)
