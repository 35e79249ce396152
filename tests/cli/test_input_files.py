"""All inputs at once: from a file, from standard input, and as people who know Cog write it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import PROJECTS, Shell
from tests.conftest import Run

RUNNER = """\
import json

from cog import BaseRunner


class Runner(BaseRunner):
    def run(self, text: str, number: float = 0.5, flag: bool = False, names: list[str] = []) -> str:
        return json.dumps({"text": text, "number": number, "flag": flag, "names": names})
"""
JSON = '{"text": "a = b", "number": 2, "flag": true, "names": ["x", "@y"]}'
YAML = "text: a = b\nnumber: 2\nflag: true\nnames:\n  - x\n  - '@y'\n"
WANTED = {"text": "a = b", "number": 2, "flag": True, "names": ["x", "@y"]}


@pytest.fixture
def model(tmp_path: Path) -> str:
    folder = tmp_path / "told"
    folder.mkdir()
    (folder / "cog.yaml").write_text("run: run.py:Runner\n")
    (folder / "run.py").write_text(RUNNER)
    return str(folder)


@pytest.mark.parametrize(
    ("name", "content"),
    [("in.json", JSON), ("in.yaml", YAML), ("IN.YML", YAML), ("a=b", JSON), ("plain", YAML)],
)
def test_a_file_gives_all_inputs_as_they_are(warm_shell: Shell, model: str, name: str, content: str) -> None:
    (warm_shell.cwd / name).write_text(content)

    result = warm_shell.run("run", model, "-i", f"@{name}")

    assert json.loads(result) == WANTED


def test_a_file_whose_name_tells_what_it_is_needs_no_mark(warm_shell: Shell, model: str) -> None:
    (warm_shell.cwd / "in.yaml").write_text(YAML)

    result = warm_shell.run("run", model, "--input", "in.yaml")

    assert json.loads(result) == WANTED


@pytest.mark.parametrize("content", [JSON, YAML])
@pytest.mark.parametrize("word", ["-", "@-"])
def test_standard_input_gives_all_inputs(warm_shell: Shell, model: str, word: str, content: str) -> None:
    result = warm_shell.run("run", model, "-i", word, stdin=content.encode())

    assert json.loads(result) == WANTED


@pytest.mark.parametrize(
    "words",
    [["--json", "@in.json"], ["--json=@in.json"], ["--json", "@-"], ["--json", JSON], ["-i", JSON, "--json"]],
)
def test_json_with_inputs_behind_it_takes_and_gives_json_as_cog_does(
    warm_shell: Shell, model: str, words: list[str]
) -> None:
    (warm_shell.cwd / "in.json").write_text(JSON)

    result = warm_shell.run("run", model, *words, stdin=JSON.encode())

    prediction = json.loads(result)
    assert (json.loads(prediction["output"]), prediction["status"]) == (WANTED, "succeeded")


def test_json_alone_is_what_it_was(warm_shell: Shell, model: str) -> None:
    before = warm_shell.run("run", "--json", model, "text=x")
    after = warm_shell.run("run", model, "text=x", "--json")

    assert json.loads(before)["output"] == json.loads(after)["output"]


def test_what_is_written_wins_wherever_it_stands_and_later_files_win_over_earlier(
    warm_shell: Shell, model: str
) -> None:
    (warm_shell.cwd / "one.json").write_text('{"text": "one", "number": 1, "names": ["a"]}')
    (warm_shell.cwd / "two.yaml").write_text("number: 2\nnames: [b]\n")

    result = warm_shell.run("run", model, "-i", "text=mine", "-i", "one.json", "names=c", "-i", "two.yaml")

    assert json.loads(result) == {"text": "mine", "number": 2, "flag": False, "names": ["c"]}


def test_a_file_wins_over_the_project_s_defaults(warm_shell: Shell, model: str) -> None:
    (warm_shell.cwd / "rcli.toml").write_text('[inputs."folder/told"]\ntext = "default"\nnumber = 9\n')

    result = warm_shell.run("run", model, "-i", '{"text": "given"}')

    assert (json.loads(result)["text"], json.loads(result)["number"]) == ("given", 9)


def test_where_a_file_is_wanted_an_at_sign_names_one(warm_shell: Shell) -> None:
    (warm_shell.cwd / "pixel.bin").write_bytes(b"not really a picture")
    (warm_shell.cwd / "in.json").write_text('{"image": "@pixel.bin"}')

    result = warm_shell.run("run", str(PROJECTS / "picture"), "-i", "in.json", "-o", "-")

    assert result.data == b"not really a picture"


def test_where_a_text_is_wanted_an_at_sign_is_one(warm_shell: Shell) -> None:
    result = warm_shell.run("run", "rcli/hello", "--input", '{"text": "@nobody.txt"}')

    assert result == "hello @nobody.txt"


def test_all_that_is_wrong_with_a_file_s_inputs_is_said_at_once(warm_shell: Shell, model: str) -> None:
    result = warm_shell.run("run", model, "-i", '{"txt": "x", "number": "2"}')

    assert result.stderr == (
        "error: the inputs are not accepted:\n"
        "  txt: unknown input; did you mean text?\n"
        "  text: required, and takes a text\n"
        "  number: '2' is not a number\n"
        f"hint: rcli models schema {model}\n"
    )
    assert (result, result.exit_code) == ("", 2)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("in.json", '{"text":\n"x",}', "in.json:2: not JSON (character 5: "),
        ("in.json", "[1]", "in.json: these are no inputs"),
        ("in.json", '{"text": "a", "text": "b"}', "in.json: 'text' is there twice"),
        ("in.json", '{"text": NaN}', "text: JSON has no dates and no infinite numbers"),
        ("in.yaml", "text: a\nflag: [", "in.yaml:2: "),
        ("in.yaml", "text: a\nnumber: 1\ntext: b\n", "in.yaml:3: 'text' is there twice"),
        ("in.yaml", "text: !!python/name:os.system\n", "in.yaml:1: could not determine a constructor"),
        ("in.yaml", "text: &a x\nflag: *a\n", "in.yaml:2: write the value out: aliases are not taken"),
        ("in.yaml", "just words\n", "in.yaml: these are no inputs"),
        ("in.yaml", "", "in.yaml: these are no inputs"),
        ("in.yaml", "a: \0", "in.yaml: "),
        ("in.json", "[" * 100_000, "in.json: nested too deeply"),
        ("in.yaml", "[" * 5_000, "in.yaml: nested too deeply"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(
    warm_shell: Shell, name: str, content: str, said: str
) -> None:
    (warm_shell.cwd / name).write_text(content)

    result = warm_shell.run("run", "rcli/hello", "-i", name)

    assert result.stderr.startswith(f"error: {said}")
    assert (result, result.exit_code) == ("", 2)


def test_a_file_that_is_not_there_is_named(rcli: Run, tmp_path: Path) -> None:
    result = rcli("run", "rcli/hello", "-i", "nothing.json")

    assert result.stderr == (
        f"error: there is no file {tmp_path}/nothing.json\nhint: what is there: ls {tmp_path}\n"
    )
    assert result.exit_code == 2


@pytest.mark.parametrize("words", [["-i", "-", "image=@-"], ["-i", "-", "-i", "@-"]])
def test_standard_input_is_read_once(warm_shell: Shell, words: list[str]) -> None:
    result = warm_shell.run("run", str(PROJECTS / "picture"), *words, stdin=b"{}")

    assert "standard input can be read only once" in result.stderr
    assert (result, result.exit_code) == ("", 2)
