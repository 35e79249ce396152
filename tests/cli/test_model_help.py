"""``rcli run MODEL --help``: the model's own inputs."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.cli.conftest import PROJECTS, Shell
from tests.cloud import FILES, TEXT, VERSION, Cloud, cloud
from tests.conftest import Run
from tests.recording_server import Answer

__all__ = ["cloud"]


def test_a_model_s_help_tells_its_inputs_and_how_to_begin(warm_rcli: Run) -> None:
    result = warm_rcli("run", str(PROJECTS / "asked"), "--help")

    model = PROJECTS / "asked"
    assert result == (
        f"Usage: rcli run {model} [OPTIONS] [KEY=VALUE]…\n"
        "\n"
        "Inputs:\n"
        "  prompt   a text, at least 2 characters, required\n"
        "           What to say\n"
        "  style    one of 'plain', 'loud', required\n"
        "  count    a whole number, 1…5, required\n"
        "           How often\n"
        "  shout    true or false, required\n"
        "           In capitals\n"
        "  picture  a file or a URL, required\n"
        "           Something to look at\n"
        "  key      a secret text, required\n"
        "           What nobody may see\n"
        "  tags     a list (each a text), required\n"
        "           Some words\n"
        '  note     a text, default "none"\n'
        "           A remark\n"
        "\n"
        "Output: text\n"
        "\n"
        "Example:\n"
        f"  rcli run {model} -i prompt='a cat in space' -i style=plain -i count=1 -i shout=true"
        ' -i picture=@picture.png -i key="$KEY" -i tags=hello\n'
        "\n"
        "rcli run --help tells the options.\n"
    )
    assert (result.stderr, result.exit_code) == ("", 0)


def test_the_example_works(warm_rcli: Run, tmp_path: Path) -> None:
    (tmp_path / "picture.png").write_text("seen")
    shown = warm_rcli("run", str(PROJECTS / "asked"), "--help")
    line = shown.partition("Example:\n")[2].splitlines()[0]

    result = warm_rcli(*shlex.split(line.replace("$KEY", "k"))[1:])

    assert result == '["a cat in space", "plain", 1, true, "seen", 1, ["hello"], "none"]'


@pytest.mark.parametrize(
    "words",
    [
        ["run", "rcli/hello", "--help"],
        ["run", "rcli/hello", "-h"],
        ["run", "--help", "rcli/hello"],
        ["run", "rcli/hello", "text=x", "-i", "text=y", "-o", "out", "--help"],
        ["help", "run", "rcli/hello"],
        ["stream", "rcli/hello", "--help"],
        ["predictions", "create", "rcli/hello", "--help"],
    ],
)
def test_wherever_help_is_asked_for(warm_rcli: Run, words: list[str]) -> None:
    result = warm_rcli(*words)

    assert "  text  a text, required\n" in result
    assert result.exit_code == 0


def test_a_model_of_the_cloud_has_help_too(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model(FILES)

    result = rcli("run", "stability-ai/sdxl", "--help", env=cloud.env)

    assert result.startswith("Usage: rcli run stability-ai/sdxl [OPTIONS]")
    assert "\n  prompt  a text\n" in result
    assert "\nOutput: files\n" in result
    assert "\n  rcli run stability-ai/sdxl -i prompt='a cat in space'\n" in result


def test_a_training_s_help_tells_what_it_trains_on(warm_rcli: Run) -> None:
    result = warm_rcli("train", str(PROJECTS / "trainer"), "--help")

    assert "\n  words  a file or a URL, required\n  steps  a whole number, at least 1, default 3\n" in result
    assert f"  rcli train {PROJECTS / 'trainer'} -i words=@file --destination me/mine\n" in result


def test_a_training_s_example_gives_a_text_file_where_one_is_wanted(warm_rcli: Run) -> None:
    result = warm_rcli("train", "rcli/names", "--help")

    assert "  rcli train rcli/names -i train_data=@train_data.txt --destination me/mine\n" in result


def test_the_host_stays_in_the_example(warm_rcli: Run) -> None:
    result = warm_rcli("run", "rcli/hello", "--host", "local", "--help")

    assert "  rcli run --host local rcli/hello -i text=hello\n" in result


def test_at_the_project_s_version(rcli: Run, cloud: Cloud, tmp_path: Path) -> None:
    (tmp_path / "rcli.toml").write_text(f'[versions]\n"stability-ai/sdxl" = "{VERSION}"\n')
    cloud.has_model(TEXT)

    rcli("run", "stability-ai/sdxl", "--help", env=cloud.env)

    assert [each.path for each in cloud.api.requests] == [f"/v1/models/stability-ai/sdxl/versions/{VERSION}"]


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("rcli/nothing", "there is no model rcli/nothing on local\nhint: rcli models list --host local\n"),
        ("nonsense", "'nonsense' is not a model\nhint: write owner/name, "),
        (
            "me/mine",
            "there is no model me/mine on local, and nobody is signed in to replicate\nhint: rcli auth",
        ),
        ("./nowhere", ""),
    ],
)
def test_a_model_that_cannot_be_asked_leaves_the_usual_help(warm_rcli: Run, model: str, said: str) -> None:
    usual = warm_rcli("run", "--help")

    result = warm_rcli("run", model, "--help")

    assert (result, result.exit_code) == (usual, 0)
    assert f"warning: nobody can tell the inputs of {model}: {said}" in result.stderr


def test_a_service_that_does_not_answer_leaves_the_usual_help(rcli: Run, cloud: Cloud) -> None:
    cloud.api.answer("GET /v1/models/stability-ai/sdxl", Answer(500, b"oops"))

    result = rcli("run", "stability-ai/sdxl", "--help", env=cloud.env)

    assert result.startswith("Usage: rcli run [OPTIONS] [MODEL]")
    assert result.exit_code == 0


def test_a_model_that_does_not_tell_its_inputs_leaves_the_usual_help(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model(latest_version={"id": VERSION, "openapi_schema": {}})

    result = rcli("run", "stability-ai/sdxl", "--help", env=cloud.env)

    assert result.startswith("Usage: rcli run [OPTIONS] [MODEL]")
    assert result.stderr == "stability-ai/sdxl does not tell its inputs\n"


def test_without_a_model_nothing_is_asked(rcli: Run, cloud: Cloud, tmp_path: Path) -> None:
    (tmp_path / "cog.yaml").write_text("run: run.py:Runner\n")

    result = rcli("run", "--help", env=cloud.env)

    assert result.startswith("Usage: rcli run [OPTIONS] [MODEL]")
    assert cloud.api.requests == []


def test_a_secret_s_default_is_not_told(rcli: Run, cloud: Cloud) -> None:
    secret = {"type": "string", "format": "password", "x-cog-secret": True, "default": "s3cret"}
    cloud.has_model(inputs={"key": secret})

    result = rcli("run", "stability-ai/sdxl", "--help", env=cloud.env)

    assert "  key  a secret text, has a default\n" in result
    assert "s3cret" not in result


def test_long_texts_are_broken_at_the_terminal_s_width(warm_shell: Shell, cloud: Cloud) -> None:
    about = "word " * 40
    cloud.has_model(inputs={"prompt": {"type": "string", "description": f"\x1b[2J{about}"}})
    session = warm_shell.terminal("run", "stability-ai/sdxl", "--help", columns=40, env=cloud.env)

    assert session.end() == 0
    assert max(map(len, session.lines)) <= 40
    assert b"\x1b[2J" not in session.raw
