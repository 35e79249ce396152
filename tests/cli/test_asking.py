"""Inputs and models that a person at a terminal is asked for."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from tests.cli.conftest import PROJECTS, Shell
from tests.cloud import TEXT, VERSION, Cloud, cloud, document, prediction
from tests.recording_server import json_answer
from tests.terminal import TerminalSession

__all__ = ["cloud"]

ASKED = str(PROJECTS / "asked")
OTHERS = ("style=loud", "count=2", "shout=true", "picture=@in.txt", "key=k", "tags=x")
DOWN, RUBOUT = "\x1b[B", "\x7f"


@pytest.fixture(autouse=True)
def picture(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("seen")


def ask(shell: Shell, *words: str) -> TerminalSession:
    return shell.terminal("run", *words, columns=100, rows=50, env={"NO_COLOR": "1"})


def answer(session: TerminalSession, *steps: tuple[str, str]) -> None:
    """What is to be on the screen, and the keys that are pressed then, one after the other."""
    for shown, keys in steps:
        session.shows(shown)
        session.press(keys)


def said(session: TerminalSession) -> list[object]:
    """What the model was given."""
    (line,) = [line for line in session.lines if line.startswith('["')]
    values: list[object] = json.loads(line)
    return values


def test_what_is_missing_is_asked_for_by_the_schema(warm_shell: Shell) -> None:
    session = ask(warm_shell, ASKED)

    answer(
        session,
        ("prompt: What to say", "hello\r"),
        ("style", DOWN + "\r"),
        ("count: How often", "3\r"),
        ("shout: In capitals", "\r"),
        ("picture: Something to look at", "in.txt\r"),
        ("key: What nobody may see", "s3cret\r"),
        ("tags: Some words", "x\r"),
        ("  x\n? tags: Some words", "y\r"),
        ("  y\n? tags: Some words", "\r"),
    )

    assert session.end() == 0
    assert said(session) == ["hello", "loud", 3, True, "seen", 6, ["x", "y"], "none"]
    assert "s3cret" not in session.raw.decode()


def test_only_what_is_missing_is_asked_for(warm_shell: Shell) -> None:
    session = ask(warm_shell, ASKED, *OTHERS)

    answer(session, ("prompt: What to say", "hello\r"))

    assert session.end() == 0
    assert said(session) == ["hello", "loud", 2, True, "seen", 1, ["x"], "none"]
    assert "style" not in session.text


def test_an_answer_is_checked_by_the_schema_at_once(warm_shell: Shell) -> None:
    session = ask(warm_shell, ASKED, "prompt=hello", "style=loud", "shout=true", "key=k", "tags=x")

    answer(
        session,
        ("count: How often", "nine\r"),
        ("'nine' is not a whole number", RUBOUT * 4 + "9\r"),
        ("9 is more than 5", RUBOUT + "\r"),
        ("this is required", "4\r"),
        ("picture: Something to look at", "nothing.txt\r"),
        ("there is no file", RUBOUT * 11 + "in.txt\r"),
    )

    assert session.end() == 0
    assert said(session)[2] == 4


def test_paths_are_completed(warm_shell: Shell) -> None:
    session = ask(warm_shell, ASKED, "prompt=hello", "style=loud", "count=1", "shout=0", "key=k", "tags=x")

    session.shows("picture: Something to look at")
    session.press("in\t")
    session.shows("  in.txt")
    session.press("\r")

    assert session.end() == 0
    assert said(session)[4] == "seen"


def test_an_answer_may_name_a_file_with_the_text(warm_shell: Shell) -> None:
    (warm_shell.cwd / "long.txt").write_text("line\nline\n")
    session = ask(warm_shell, ASKED, *OTHERS)

    answer(session, ("prompt: What to say", "@-\r"), ("standard input is this", RUBOUT * 2 + "@long.txt\r"))

    assert session.end() == 0
    assert said(session)[0] == "line\nline\n"


def test_interactive_asks_for_all_and_the_return_key_keeps_a_default(warm_shell: Shell) -> None:
    session = ask(warm_shell, ASKED, "--interactive", *OTHERS)

    answer(session, ("prompt: What to say", "hello\r"), ("note: A remark", "\r"))

    assert session.end() == 0
    assert "Enter: none" in session.text
    assert said(session)[-1] == "none"


def test_interactive_takes_another_value_for_a_default(warm_shell: Shell) -> None:
    session = ask(warm_shell, ASKED, "--interactive", "prompt=hello", *OTHERS)

    answer(session, ("note: A remark", "mine\r"))

    assert session.end() == 0
    assert said(session)[-1] == "mine"


@pytest.mark.parametrize("columns", [40, 84])
def test_a_long_question_breaks_between_words(warm_shell: Shell, columns: int) -> None:
    session = warm_shell.terminal(
        "run", "rcli/upscale", "image=@in.txt", "--interactive", columns=columns, env={"NO_COLOR": "1"}
    )

    shown = session.shows("(arrow keys)", "  photo")
    session.press("\x03")

    title = shown[shown.index("? model") : shown.index("(arrow keys)")]
    assert " ".join(title.split()) == (
        "? model: fast for a first look, photo for photographs (much slower), anime for drawings."
    )
    assert session.end() == 130


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_leaving_a_question_creates_nothing(shell: Shell, key: str) -> None:
    session = ask(shell, "rcli/hello")

    answer(session, ("text: Whom to greet", key))

    assert session.end() == 130
    assert "Traceback" not in session.text
    assert shell.run("predictions", "list", "--host", "local", "-q") == ""


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
@pytest.mark.parametrize("list_of", ["models", "choices"])
def test_leaving_a_list_creates_nothing(warm_shell: Shell, list_of: str, key: str) -> None:
    words, shown = ((), "Model:") if list_of == "models" else ((ASKED, "prompt=hello"), "style")
    before = warm_shell.run("predictions", "list", "--host", "local", "-q", "-n", "1")
    session = ask(warm_shell, *words)

    answer(session, (shown, key))

    assert session.end() == 130
    assert session.echoes
    assert "Traceback" not in session.text
    assert warm_shell.run("predictions", "list", "--host", "local", "-q", "-n", "1") == before


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_during_a_question_leaves_the_terminal_as_it_was(
    warm_shell: Shell, number: int, code: int
) -> None:
    session = ask(warm_shell, "rcli/hello")
    session.shows("text: Whom to greet")

    os.kill(session.pid, number)

    assert session.end() == code
    assert session.echoes
    assert "Traceback" not in session.text


def test_what_is_wrong_already_is_said_before_anything_is_asked(warm_shell: Shell) -> None:
    session = ask(warm_shell, ASKED, "count=9")

    assert session.end() == 2
    assert "count: 9 is more than 5" in session.text
    assert "? prompt" not in session.text


def test_nobody_is_asked_where_questions_are_not_wanted(warm_shell: Shell) -> None:
    session = ask(warm_shell, ASKED, "--no-input")

    assert session.end() == 2
    for name in ("prompt", "style", "count", "shout", "picture", "key", "tags"):
        assert f"\n  {name}: required, and takes " in session.text


def test_in_a_pipe_what_is_missing_is_listed(warm_shell: Shell) -> None:
    result = warm_shell.run("run", "rcli/hello", terminal=True)

    assert (result, result.exit_code) == ("", 2)
    assert "text: required, and takes a text" in result.stderr


def test_interactive_needs_a_person(warm_shell: Shell) -> None:
    result = warm_shell.run("run", "rcli/hello", "--interactive")

    assert (result, result.exit_code) == ("", 2)
    assert result.stderr.startswith("error: --interactive needs a person at a terminal\n")


def test_questions_do_not_go_where_the_output_goes(warm_shell: Shell, tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as out:
        session = warm_shell.terminal("run", "rcli/hello", columns=100, stdout=out.fileno())
        answer(session, ("text: Whom to greet", "you\r"))
        code = session.end()

    assert (code, (tmp_path / "out").read_bytes()) == (0, b"hello you")


def test_a_description_cannot_write_to_the_terminal(warm_shell: Shell, cloud: Cloud) -> None:
    hostile = "look\x1b]0;owned\x07\x1b[2J\u202ehere"
    schema = document(TEXT, {"prompt": {"type": "string", "description": hostile}})
    schema["components"]["schemas"]["Input"]["required"] = ["prompt"]
    cloud.has_model(latest_version={"id": VERSION, "openapi_schema": schema})
    session = warm_shell.terminal("run", "stability-ai/sdxl", columns=100, env=cloud.env)

    answer(session, ("prompt: lookhere", "\x03"))

    assert session.end() == 130
    assert b"owned" not in session.raw


def test_a_model_is_searched_for_on_the_cloud(warm_shell: Shell, cloud: Cloud) -> None:
    cloud.has_model(TEXT)
    cloud.creates(prediction("succeeded", output="a cat"))
    found = {"owner": "stability-ai", "name": "sdxl"}
    cloud.api.answer("QUERY /v1/models", json_answer({"results": [found], "next": None}))
    session = warm_shell.terminal("run", "prompt=a cat", columns=100, env=cloud.env | {"NO_COLOR": "1"})

    answer(
        session,
        ("Model:", "search"),
        ("/ search", "\r"),
        ("Search replicate:", "pictures of cats\r"),
        ("stability-ai/sdxl", "\r"),
    )

    assert session.end() == 0
    (asked,) = cloud.api.asked("QUERY /v1/models")
    assert asked.body == b"pictures of cats"
    assert cloud.created["input"] == {"prompt": "a cat"}


def test_what_ran_before_can_be_chosen_again(shell: Shell) -> None:
    shell.run("run", str(PROJECTS / "echo"), "text=x")
    session = shell.terminal("run", "text=again", columns=100, env={"NO_COLOR": "1"})

    answer(session, ("Model:", "folder/echo"), ("/ folder/echo", "\r"))

    assert session.end() == 0
    assert "hello again" in session.text
