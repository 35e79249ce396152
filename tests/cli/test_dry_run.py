"""``--dry-run``: what would be sent is printed, and nothing is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from rcli.records import Json
from tests.cli.conftest import PROJECTS, Shell
from tests.cloud import TEXT, TOKEN, VERSION, Cloud, cloud
from tests.conftest import Run

__all__ = ["cloud"]

FILE: Json = {"type": "string", "format": "uri"}
SECRET: Json = {"type": "string", "format": "password", "x-cog-secret": True}


def test_the_request_is_printed_and_not_sent(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model(TEXT)

    result = rcli("run", "stability-ai/sdxl", "prompt=a cat", "--dry-run", env=cloud.env)

    assert result.splitlines() == [
        f"POST {cloud.api.url}/v1/predictions",
        json.dumps({"version": VERSION, "input": {"prompt": "a cat"}}),
    ]
    assert (result.stderr, result.exit_code) == ("", 0)
    assert {each.method for each in cloud.api.requests} == {"GET"}


def test_as_json_it_is_one_object(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model(TEXT, is_official=True)

    result = rcli("run", "stability-ai/sdxl", "prompt=a cat", "--dry-run", "--json", env=cloud.env)

    assert json.loads(result) == {
        "method": "POST",
        "url": f"{cloud.api.url}/v1/models/stability-ai/sdxl/predictions",
        "headers": {},
        "body": {"input": {"prompt": "a cat"}},
    }


def test_what_goes_along_is_shown_and_the_token_is_not(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model(TEXT)

    result = rcli(
        *("run", "stability-ai/sdxl", "prompt=a cat", "--dry-run", "--debug"),
        *("--timeout", "30s", "--webhook", "https://example.com/hook"),
        env=cloud.env,
    )

    body = json.loads(result.splitlines()[-1])
    assert (result.splitlines()[1], body["webhook"]) == ("cancel-after: 30", "https://example.com/hook")
    assert TOKEN not in result + result.stderr


def test_files_are_named_with_their_size_and_not_uploaded(rcli: Run, cloud: Cloud, tmp_path: Path) -> None:
    cloud.has_model(TEXT, inputs={"image": FILE, "others": {"type": "array", "items": FILE}})
    (tmp_path / "cat.png").write_bytes(bytes(300_000))
    (tmp_path / "dog.png").write_bytes(bytes(12))

    result = rcli(
        *("run", "stability-ai/sdxl", "image=@cat.png", "others=@dog.png", "others=https://example.com/x"),
        "--dry-run",
        env=cloud.env,
    )

    assert json.loads(result.splitlines()[1])["input"] == {
        "image": "<file cat.png 300.0 kB>",
        "others": ["<file dog.png 12 B>", "https://example.com/x"],
    }
    assert {each.method for each in cloud.api.requests} == {"GET"}


def test_pictures_and_folders_have_the_size_that_would_be_sent(
    rcli: Run, cloud: Cloud, tmp_path: Path
) -> None:
    cloud.has_model(TEXT, inputs={"image": FILE, "archive": FILE})
    Image.effect_noise((800, 800), 90).save(tmp_path / "cat.png")
    (tmp_path / "cats").mkdir()
    (tmp_path / "cats" / "words.txt").write_text("a" * 100_000)

    result = rcli(
        *("run", "stability-ai/sdxl", "image=@cat.png", "archive=@cats", "--resize", "8", "--dry-run"),
        env=cloud.env,
    )

    shown = json.loads(result.splitlines()[1])["input"]
    assert shown["image"].startswith("<file cat.png ")
    assert shown["image"].endswith(" B>")
    assert shown["archive"].startswith("<file cats.zip ")
    assert shown["archive"].endswith(" B>")


def test_secrets_are_hidden(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model(TEXT, inputs={"key": SECRET, "prompt": {"type": "string"}})

    result = rcli("run", "stability-ai/sdxl", "key=s3cret", "prompt=x", "--dry-run", env=cloud.env)

    assert json.loads(result.splitlines()[1])["input"] == {"key": "<secret>", "prompt": "x"}
    assert "s3cret" not in result + result.stderr


@pytest.mark.parametrize("words", [["run"], ["stream"], ["predictions", "create"]])
def test_on_this_machine_nothing_is_created_either(shell: Shell, words: list[str]) -> None:
    result = shell.run(*words, "rcli/hello", "text=x", "-e", "NAME=v", "--dry-run")

    assert result.startswith("POST http://127.0.0.1:")
    assert json.loads(result.splitlines()[1])["input"] == {"text": "x"}
    assert shell.run("predictions", "list", "--host", "local", "-q") == ""


def test_a_folder_can_be_tried_dry(warm_rcli: Run) -> None:
    result = warm_rcli("run", str(PROJECTS / "echo"), "text=x", "--dry-run", "--jq", ".body.input")

    assert json.loads(result) == {"text": "x"}


def test_what_is_wrong_is_wrong_dry_too(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model(TEXT, inputs={"count": {"type": "integer", "maximum": 3}})

    result = rcli("run", "stability-ai/sdxl", "count=4", "--dry-run", env=cloud.env)

    assert (result, result.exit_code) == ("", 2)
    assert "count: 4 is more than 3" in result.stderr


def test_a_person_sees_it_too_and_is_asked_for_what_is_missing(warm_shell: Shell) -> None:
    session = warm_shell.terminal("run", "rcli/hello", "--dry-run", columns=120, env={"NO_COLOR": "1"})

    session.shows("text: Whom to greet")
    session.press("you\r")

    assert session.end() == 0
    assert '"text": "you"' in session.text
