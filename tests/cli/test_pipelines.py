"""rcli between other commands: what one model gave is what another takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import PROJECTS, Shell
from tests.cloud import FILES, ID, Cloud, cloud, prediction
from tests.conftest import Run, environment
from tests.processes import PATIENCE, ROOT

__all__ = ["cloud"]

ECHO = str(PROJECTS / "echo")
PICTURE = str(PROJECTS / "picture")


@dataclass(frozen=True)
class Sh:
    """A shell whose PATH has rcli, and the test projects' folders as variables."""

    home: Path
    cwd: Path

    def __call__(self, script: str) -> subprocess.CompletedProcess[str]:
        bin = self.cwd / "bin"
        bin.mkdir(exist_ok=True)
        (bin / "rcli").write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m rcli "$@"\n')
        (bin / "rcli").chmod(0o755)
        environ = environment(self.home) | {"ECHO": ECHO, "PICTURE": PICTURE}
        environ["PATH"] = f"{bin}{os.pathsep}{environ['PATH']}"
        return subprocess.run(
            ["sh", "-c", script],
            cwd=self.cwd,
            env=environ,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
        )


@pytest.fixture
def sh(warm_home: Path, tmp_path: Path) -> Sh:
    return Sh(warm_home, tmp_path)


def piped(value: object) -> bytes:
    return json.dumps(value).encode()


# in a real shell


def test_one_model_takes_what_another_gave(sh: Sh) -> None:
    ran = sh('rcli run "$ECHO" text=world --json | rcli run "$ECHO" -i text="<{{.output}}> of {{.status}}"')

    assert (ran.stdout, ran.returncode) == ("hello <hello world> of succeeded", 0), ran.stderr


def test_a_file_of_one_prediction_is_an_input_of_the_next(sh: Sh) -> None:
    Image.new("RGB", (7, 5), "red").save(sh.cwd / "red.png")

    ran = sh(
        'rcli run "$PICTURE" image=@red.png --json 2>saved'
        ' | rcli run "$PICTURE" -i image={{.output}} -o again.png'
    )

    assert (ran.stdout, ran.returncode) == (f"{sh.cwd / 'again.png'}\n", 0), ran.stderr
    assert (sh.cwd / "again.png").read_bytes() == (sh.cwd / "red.png").read_bytes()
    assert Path((sh.cwd / "saved").read_text().strip()).name == "out.png"


def test_a_file_goes_from_one_command_to_the_next_as_it_is(sh: Sh) -> None:
    Image.new("RGB", (3, 3), "blue").save(sh.cwd / "blue.png")

    ran = sh(
        'rcli run "$PICTURE" image=@blue.png -o - | tee between.png'
        ' | rcli run "$PICTURE" -i image=@- -o - > last.png'
    )

    assert (ran.returncode, ran.stderr) == (0, "")
    assert (sh.cwd / "last.png").read_bytes() == (sh.cwd / "blue.png").read_bytes()
    assert (sh.cwd / "between.png").read_bytes() == (sh.cwd / "blue.png").read_bytes()


def test_json_comes_from_a_file_as_well(sh: Sh) -> None:
    ran = sh('rcli run "$ECHO" text=one --json > one.json && rcli run "$ECHO" -i text={{.output}} < one.json')

    assert (ran.stdout, ran.returncode) == ("hello hello one", 0)


def test_xargs_makes_a_prediction_of_every_line(sh: Sh) -> None:
    ran = sh("printf '%s\\n' a b | xargs -I{} rcli run \"$ECHO\" text={} --jq .output")

    assert (ran.stdout, ran.returncode) == ("hello a\nhello b\n", 0)


def test_quiet_gives_an_id_to_the_next_command(sh: Sh) -> None:
    ran = sh('id=$(rcli run "$ECHO" text=x -q) && rcli predictions show "$id" --jq .output')

    assert (ran.stdout, ran.returncode) == ("hello x\n", 0)


def test_a_failure_in_front_of_the_pipe_is_told_behind_it(sh: Sh) -> None:
    ran = sh(f'rcli run {PROJECTS / "fails"} --json 2>/dev/null | rcli run "$ECHO" -i text={{{{.output}}}}')

    assert (ran.stdout, ran.returncode) == ("", 2)
    assert "text: {{.output}} gives null (prediction " in ran.stderr
    assert " is failed)" in ran.stderr


def test_a_command_that_prints_nothing_is_told_behind_the_pipe(sh: Sh) -> None:
    ran = sh('rcli run "$ECHO" --no-input --json 2>/dev/null | rcli run "$ECHO" -i text={{.output}}')

    assert (ran.stdout, ran.returncode) == ("", 2)
    assert ran.stderr == (
        "error: standard input is empty: the command before the pipe has printed no JSON\n"
        "hint: --json makes rcli print it\n"
    )


def test_plain_progress_leaves_the_data_alone(sh: Sh) -> None:
    ran = sh('rcli run "$ECHO" text=x --progress plain | cat')

    assert (ran.stdout, ran.returncode) == ("hello x", 0)
    assert "connecting: to local" in ran.stderr


def test_nobody_is_asked_in_a_pipe(sh: Sh) -> None:
    ran = sh('rcli run "$ECHO" | cat; rcli run "$ECHO"')

    assert (ran.stdout, ran.returncode) == ("", 2)
    assert "text: required, and takes a text" in ran.stderr


# what an expression means


@pytest.mark.parametrize(
    ("written", "value", "given"),
    [
        ("{{.n}}", {"n": 5}, "5"),
        ("{{.n}} of {{.all | length}}", {"n": 5, "all": [1, 2]}, "5 of 2"),
        ("{{.all}}", {"all": "[1]"}, "[1]"),
        ("{{ {a: {b: .n}} | tojson }}", {"n": 1}, '{"a":{"b":1}}'),
        ("{{.path}}", {"path": "@/etc/hostname"}, "@/etc/hostname"),
        ("{{.path}}", {"path": "{{.path}}"}, "{{.path}}"),
        ("\\{{.n}} {{.n}}", {"n": 1}, "{{.n}} 1"),
        ("{{.n}} {{ open", {"n": 1}, "1 {{ open"),
        ("{{.no}}", {"no": False}, "false"),
    ],
)
def test_an_expression_becomes_what_the_text_input_takes(
    warm_rcli: Run, written: str, value: object, given: str
) -> None:
    ran = warm_rcli("run", ECHO, f"text={written}", stdin=piped(value))

    assert (ran, ran.exit_code) == (f"hello {given}", 0), ran.stderr


def dry(rcli: Run, cloud: Cloud, value: object, *written: str) -> object:
    """The inputs that would be sent."""
    ran = rcli(
        "run",
        "stability-ai/sdxl",
        *written,
        "--dry-run",
        "--jq",
        ".body.input",
        stdin=piped(value),
        env=cloud.env,
    )
    assert ran.exit_code == 0, ran.stderr
    return json.loads(ran)


INPUTS = {
    "steps": {"type": "integer", "x-order": 0},
    "sizes": {"type": "array", "items": {"type": "integer"}, "x-order": 1},
    "files": {"type": "array", "items": {"type": "string", "format": "uri"}, "x-order": 2},
    "more": {"type": "object", "x-order": 3},
    "flag": {"type": "boolean", "x-order": 4},
}


@pytest.mark.parametrize(
    ("written", "value", "sent"),
    [
        ("steps={{.n}}", {"n": "7"}, {"steps": 7}),
        ("steps={{.n}}0", {"n": 7}, {"steps": 70}),
        ("sizes={{.n}}", {"n": [1, 2]}, {"sizes": [1, 2]}),
        ("sizes={{.n[]}}", {"n": ["1", 2]}, {"sizes": [1, 2]}),
        ("files={{.n}}", {"n": ["https://a.b/c"]}, {"files": ["https://a.b/c"]}),
        (
            "files={{.n[]}}",
            {"n": ["https://a.b/c", "https://a.b/d"]},
            {"files": ["https://a.b/c", "https://a.b/d"]},
        ),
        ("more={{.}}", {"n": 1}, {"more": {"n": 1}}),
        ('more:={"x": {{.n}}}', {"n": 'quote " me'}, {"more": {"x": 'quote " me'}}),
        ("flag={{.n}}", {"n": True}, {"flag": True}),
    ],
)
def test_an_expression_is_typed_by_the_schema(
    rcli: Run, cloud: Cloud, written: str, value: object, sent: object
) -> None:
    cloud.has_model(FILES, inputs=INPUTS)

    assert dry(rcli, cloud, value, "-i", written) == sent


def test_all_inputs_at_once_can_be_an_expression(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model(FILES, inputs=INPUTS)

    assert dry(rcli, cloud, {"input": {"steps": 3, "flag": True}}, "-i", "{{.input}}", "steps=4") == {
        "steps": 4,
        "flag": True,
    }


def test_a_file_of_the_engine_is_carried_over_to_another_host(
    warm_rcli: Run, cloud: Cloud, tmp_path: Path
) -> None:
    Image.new("RGB", (4, 4), "green").save(tmp_path / "green.png")
    made = warm_rcli("run", PICTURE, f"image=@{tmp_path / 'green.png'}", "--json")
    cloud.has_model(FILES, inputs={"files": INPUTS["files"]})
    cloud.creates(prediction("starting"), prediction("succeeded", output=[]))

    ran = warm_rcli("run", "stability-ai/sdxl", "files={{.output}}", stdin=made.data, env=cloud.env)

    assert ran.exit_code == 0, ran.stderr
    (sent,) = cloud.created["input"]["files"]
    assert sent.startswith("data:image/png;base64,")


# what is wrong with an expression


@pytest.mark.parametrize(
    ("written", "stdin", "message"),
    [
        ("text={{.a[}}", b"{}", "text: {{.a[}}: syntax error, unexpected end of file"),
        ("text={{name}}", b"{}", "text: {{name}}: name/0 is not defined"),
        ("text={{.b}}", b'{"a": 1}', "text: {{.b}} gives null\nhint: standard input has: a"),
        ("text={{.a.b}}", b'{"a": 1}', "text: {{.a.b}}: Cannot index number with string"),
        ("text={{empty}}", b"{}", "text: {{empty}} gives nothing"),
        ("text=x{{.[]}}", b"[1, 2]", "text: {{.[]}} gives 2 values, and there is room for one"),
        ("text={{repeat(1)}}", b"{}", "text: {{repeat(1)}} gives more than 10000 values"),
        ("text={{.a}}", b"{oops", "standard input is not JSON (line 1, character 2"),
        ("text={{.a}}", b'{"a": NaN}', "standard input is not JSON (NaN is no JSON number)"),
        ("text={{.a}}", b"{}\n{}\n", "standard input is more than one JSON value\nhint: jq -s . "),
        ("text={{.a}}", b" \n", "standard input is empty"),
        ("text={{.a}}", b"\xff", "standard input is not UTF-8 text"),
        ("text={{.a}}", b"[" * 100_000, "standard input is JSON that nothing here can take in"),
    ],
)
def test_what_is_wrong_is_named_before_anything_is_created(
    warm_rcli: Run, written: str, stdin: bytes, message: str
) -> None:
    ran = warm_rcli("run", ECHO, "-i", written, stdin=stdin)

    assert (ran, ran.exit_code) == ("", 2)
    assert ran.stderr.startswith(f"error: {message}")


def test_standard_input_is_read_once_for_all_expressions_and_for_nothing_else(warm_rcli: Run) -> None:
    twice = warm_rcli("run", ECHO, "text={{.a}}{{.a}}", stdin=b'{"a": "x"}')
    torn = warm_rcli("run", PICTURE, "image=@-", "-i", "text={{.a}}", stdin=b'{"a": "x"}')

    assert twice == "hello xx"
    assert "standard input can be read only once" in torn.stderr


def test_a_terminal_gives_no_json(warm_shell: Shell) -> None:
    session = warm_shell.terminal("run", ECHO, "text={{.output}}")

    assert session.end() == 2
    assert "{{.output}} takes JSON from standard input, which is a terminal" in session.text


def test_a_value_from_a_pipe_is_harmless_in_an_error(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model(FILES, inputs=INPUTS)

    ran = rcli(
        "run", "stability-ai/sdxl", "steps={{.n}}", stdin=piped({"n": "\x1b]8;;evil\x07x"}), env=cloud.env
    )

    assert ran.exit_code == 2
    assert "\x1b" not in ran.stderr
    assert ID not in ran.stderr
