"""``-e``: variables for a model's process, which nothing but the engine's memory keeps."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rcli.app import App
from rcli.errors import InvalidInput
from tests.cli.conftest import PROJECTS, Shell
from tests.conftest import Result, Run, Terminal, environment
from tests.processes import kill

ENVIRON = str(PROJECTS / "environ")
NAMES = ".output | [.GREETING, .PLACE, .MORE]"
RUNNER = """\
import os

from cog import BaseRunner


class Runner(BaseRunner):
    def setup(self) -> None:
        self.length = len(os.environ.get("SECRET_KEY", ""))

    def run(self) -> list[int]:
        return [self.length, len(os.environ.get("SECRET_KEY", "")), os.getpid()]
"""
WEIGHED = """\
from cog import BaseRunner


class Runner(BaseRunner):
    def setup(self, weights: str | None = None) -> None:
        self.weights = weights

    def run(self) -> str:
        return str(self.weights)
"""


@pytest.fixture
def project(tmp_path: Path) -> str:
    """A model that tells how long its variable is, and in which process it runs."""
    folder = tmp_path / "keyed"
    folder.mkdir()
    (folder / "cog.yaml").write_text("run: run.py:Runner\n")
    (folder / "run.py").write_text(RUNNER)
    return str(folder)


def told(result: Result) -> list[int]:
    assert result.exit_code == 0, result.stderr
    numbers: list[int] = json.loads(result)
    return numbers


def files(home: Path) -> Iterator[Path]:
    for root, _, names in os.walk(home):
        yield from (path for name in names if (path := Path(root, name)).is_file())


def test_variables_reach_setup_and_run(warm_shell: Shell, project: str) -> None:
    with_key = told(warm_shell.run("run", project, "-e", "SECRET_KEY=12345"))
    without = told(warm_shell.run("run", project))

    assert with_key[:2] == [5, 5]
    assert without[:2] == [0, 0]


def test_stream_takes_variables_too(warm_shell: Shell, project: str) -> None:
    result = warm_shell.run("stream", project, "-e", "SECRET_KEY=123")

    assert told(result)[:2] == [3, 3]


def test_the_same_variables_find_the_same_process_and_others_another(warm_shell: Shell, project: str) -> None:
    first = told(warm_shell.run("run", project, "-e", "SECRET_KEY=a", "-e", "B=1"))
    same = told(warm_shell.run("run", project, "-e", "B=1", "-e", "SECRET_KEY=a"))
    other = told(warm_shell.run("run", project, "-e", "SECRET_KEY=b", "-e", "B=1"))

    assert same == first
    assert other[2] != first[2]


def test_variables_win_over_cog_yaml_and_are_taken_as_they_are(warm_shell: Shell) -> None:
    plain = warm_shell.run("run", ENVIRON, "--jq", NAMES)
    given = warm_shell.run("run", ENVIRON, "-e", "PLACE=$GREETING = x", "-e", "MORE=", "--jq", NAMES)

    assert json.loads(plain) == ["hello", "hello world", None]
    assert json.loads(given) == ["hello", "$GREETING = x", ""]


def test_weights_are_given_as_with_cog(warm_shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "weighed"
    folder.mkdir()
    (folder / "cog.yaml").write_text("run: run.py:Runner\n")
    (folder / "run.py").write_text(WEIGHED)

    result = warm_shell.run("run", str(folder), "-e", "COG_WEIGHTS=https://example.com/w")

    assert result == "https://example.com/w"


def test_a_name_alone_passes_the_caller_s_own_on(warm_shell: Shell) -> None:
    passed = warm_shell.run("run", ENVIRON, "-e", "MORE", "--jq", ".output.MORE", env={"MORE": "mine"})
    missing = warm_shell.run("run", ENVIRON, "-e", "MORE")

    assert passed == "mine\n"
    assert missing.stderr == "error: the variable MORE is not set here\nhint: -e MORE=value\n"
    assert missing.exit_code == 2


def test_a_model_that_is_no_folder_takes_variables_on_this_machine(warm_shell: Shell) -> None:
    warm_shell.run("run", ENVIRON)

    latest = warm_shell.run("run", "local:folder/environ", "-e", "MORE=1", "--jq", ".output.MORE")
    version = warm_shell.prediction()["version"]
    by_id = warm_shell.run("run", f"local:{version}", "-e", "MORE=2", "--jq", ".output.MORE")

    assert (latest, by_id) == ("1\n", "2\n")


@pytest.mark.parametrize("options", [["--host", "replicate"], []])
def test_variables_go_to_no_other_host(rcli: Run, options: list[str]) -> None:
    model = "owner/name" if options else "replicate:owner/name"

    result = rcli("run", model, "-e", "SECRET_KEY=12345", *options)

    assert result.stderr == (
        "error: -e is for models on this machine: replicate keeps its models' variables itself\n"
    )
    assert (result, result.exit_code) == ("", 2)


@pytest.mark.parametrize("name", ["PATH", "PORT", "COG_MAX_CONCURRENCY", "COG_LOG_LEVEL", "RCLI_NONCE"])
def test_what_the_model_s_process_needs_as_it_is_cannot_be_given(warm_shell: Shell, name: str) -> None:
    result = warm_shell.run("run", ENVIRON, "-e", f"{name}=1")

    assert result.stderr == (
        f"error: the variable {name} is set by rcli for every model, and cannot be given with -e\n"
    )
    assert (result, result.exit_code) == ("", 2)


@pytest.mark.parametrize("written", ["=x", "a-b=secretvalue", "1A=secretvalue", ""])
def test_what_is_no_variable_is_refused_and_not_repeated(rcli: Run, written: str) -> None:
    result = rcli("run", ENVIRON, f"-e{written}" if written else "--env=")

    assert result.stderr == (
        "error: -e takes NAME=value, or NAME for a variable of yours\nhint: -e GREETING=hello\n"
    )
    assert result.exit_code == 2


def test_a_rerun_takes_the_caller_s_own_once_more_and_wants_other_values_again(
    warm_shell: Shell, project: str
) -> None:
    mine = {"SECRET_KEY": "1234567"}
    passed = warm_shell.run("run", project, "-e", "SECRET_KEY", env=mine)
    again = warm_shell.run("predictions", "rerun", "last", env=mine)
    gone = warm_shell.run("predictions", "rerun", "last")
    given = warm_shell.run("predictions", "rerun", "last", "-e", "SECRET_KEY=123")
    refused = warm_shell.run("predictions", "rerun", "last", env=mine)

    assert [told(each)[0] for each in (passed, again, given)] == [7, 7, 3]
    for each in (gone, refused):
        assert each.exit_code == 2
        assert each.stderr == (
            "error: SECRET_KEY: the values of -e are stored nowhere, and have to be given again\n"
            "hint: -e SECRET_KEY=…\n"
        )


def test_a_person_is_asked_for_the_value(warm_shell: Shell, project: str) -> None:
    warm_shell.run("run", project, "-e", "SECRET_KEY=12345")
    session = warm_shell.terminal("predictions", "rerun", "last", "--jq", ".output[0]")
    session.shows("-e SECRET_KEY:")
    session.press("123456789\r")

    assert session.end() == 0
    assert "9" in session.lines
    assert "123456789" not in session.text


def test_a_value_is_written_nowhere(shell: Shell, project: str) -> None:
    secret = "kQ7vN2xW9p"

    result = shell.run("run", project, "-e", f"SECRET_KEY={secret}", "--debug")

    found = [file for file in files(shell.home) if secret.encode() in file.read_bytes()]
    assert told(result)[:2] == [10, 10]
    assert secret not in result.stderr
    assert found == []
    assert (shell.home / "rcli" / "data" / "engine" / "engine.db").exists()


def test_variables_are_gone_with_their_engine(shell: Shell) -> None:
    shell.run("run", "rcli/hello", "text=x")
    app = App(environment(shell.home), shell.cwd, Terminal(), Terminal(), Terminal())
    kept = app.engine().keep_variables({"A": "1"})
    shell.run("serve", "stop")

    with pytest.raises(InvalidInput) as caught:
        app.connect("local").create_prediction("rcli/hello", {"text": "x"}, variables=kept)
    app.close()

    assert caught.value.message.startswith("the engine does not have the variables of -e any more")
    assert caught.value.hint == "run it again"


def test_what_waited_for_a_killed_engine_does_not_run_without_its_variables(shell: Shell) -> None:
    process = shell.start("run", str(PROJECTS / "gate"), "until=/nowhere", "-e", "A=1", "--progress", "plain")
    process.says("running")
    waiting = shell.run("run", str(PROJECTS / "gate"), "until=/nowhere", "-e", "A=1", "--detach").strip()
    kill(shell.engine()["pid"])

    prediction = shell.prediction(waiting)

    assert prediction["status"] == "failed"
    assert "the variables of -e are gone with it: run it again" in prediction["error"]
