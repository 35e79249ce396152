"""Whatever is wrong, the error says what and what to do, and nothing else happens."""

from __future__ import annotations

import resource
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rcli.paths import Paths
from tests.cli.conftest import PROJECTS, Shell
from tests.conftest import Run, environment
from tests.processes import Process, command, unfinished

Project = Callable[..., str]

RUNNER = """\
from cog import BaseRunner


class Runner(BaseRunner):
    def run(self, text: str = "") -> str:
        return text
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Writes a Cog project and returns its path."""

    def write(code: str = RUNNER, yaml: str = 'run: "run.py:Runner"\n') -> str:
        folder = tmp_path / "project"
        folder.mkdir()
        (folder / "cog.yaml").write_text(yaml)
        (folder / "run.py").write_text(code)
        return str(folder)

    return write


def predictions(shell: Shell) -> str:
    return shell.run("predictions", "list", "-q", "-n", "1")


# words


@pytest.mark.parametrize(
    ("words", "said", "exit_code"),
    [
        ([], "no model is named\nhint: rcli run MODEL key=value; rcli models list shows some", 2),
        (
            ["rcli/helo", "text=x"],
            "there is no model rcli/helo on local\nhint: did you mean rcli/hello?",
            1,
        ),
        (
            ["rcli/poetry", "text=x"],
            "there is no model rcli/poetry on local\nhint: rcli models list --host local",
            1,
        ),
        (
            ["nobody/nothing", "text=x"],
            "there is no model nobody/nothing on local, and nobody is signed in to replicate\n"
            "hint: rcli auth login",
            4,
        ),
        (
            ["hello", "text=x"],
            "'hello' is not a model\n"
            "hint: write owner/name, owner/name:version, a version's 64 digits, or a folder such as ./model",
            2,
        ),
        (
            ["rcli/hello", "x"],
            "'x' is no input\nhint: inputs are written key=value; --help behind the model tells them",
            2,
        ),
        (["rcli/hello", "-i", "x"], "'x' is no input\nhint: write key=value, key:=JSON or key=@file", 2),
        (
            ["rcli/hello", "text=x", "--host", "moon"],
            "there is no host 'moon'\nhint: hosts: local, replicate",
            2,
        ),
        (
            ["./echo", "text=x", "--host", "replicate"],
            "a folder runs on this machine, not on 'replicate'\n"
            "hint: rcli push FOLDER replicate:owner/name, or leave --host away",
            2,
        ),
        (
            ["--bogus"],
            "rcli run has no option --bogus\n"
            "hint: an input is written -i bogus=VALUE; rcli run --help tells the options",
            2,
        ),
        (["--detahc"], "rcli run has no option --detahc\nhint: did you mean --detach?", 2),
    ],
)
def test_a_command_that_cannot_be_carried_out_says_why(
    warm_shell: Shell, words: list[str], said: str, exit_code: int
) -> None:
    newest = predictions(warm_shell)

    told = warm_shell.run("run", *words)

    assert (told, told.stderr, told.exit_code) == ("", f"error: {said}\n", exit_code)
    assert predictions(warm_shell) == newest


def test_a_misspelt_command_finds_its_way(warm_rcli: Run) -> None:
    told = warm_rcli("rnu", "rcli/hello")

    assert (told.stderr, told.exit_code) == (
        "error: there is no command 'rnu'\nhint: did you mean rcli run?\n",
        2,
    )


@pytest.mark.parametrize("words", [[], ["predictions"]])
def test_a_command_without_its_words_shows_what_there_is(warm_rcli: Run, words: list[str]) -> None:
    told = warm_rcli(*words)

    assert (told, told.stderr, told.exit_code) == (warm_rcli(*words, "--help"), "", 2)


def test_a_folder_without_dot_and_slash_is_recognized(warm_shell: Shell) -> None:
    folder = warm_shell.cwd / "my" / "model"
    folder.mkdir(parents=True)
    (folder / "cog.yaml").touch()

    told = warm_shell.run("run", "my/model")

    assert told.stderr == (
        "error: there is no model my/model on local\nhint: did you mean the folder ./my/model?\n"
    )


# inputs


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ([], "text: required, and takes a text\nhint: rcli models schema rcli/hello"),
        (
            ["text=x", "tetx=y"],
            "tetx: unknown input; did you mean text?\nhint: rcli models schema rcli/hello",
        ),
        (["text:=5"], "text: 5 is not a text\nhint: rcli models schema rcli/hello"),
        (["text:=nul"], "text: not JSON (character 1: Expecting value)"),
        (
            ["text=@missing.txt"],
            "text: there is no file {cwd}/missing.txt\nhint: what is there: ls {cwd}\n",
        ),
        (["text=@"], "text: no file is named behind the @\nhint: @FILE sends a file, @- standard input, "),
        (
            ["txt=x"],
            "the inputs are not accepted:\n"
            "  txt: unknown input; did you mean text?\n"
            "  text: required, and takes a text\n"
            "hint: rcli models schema rcli/hello",
        ),
    ],
)
def test_an_input_that_does_not_fit_is_refused_before_anything_runs(
    warm_shell: Shell, inputs: list[str], said: str
) -> None:
    newest = predictions(warm_shell)

    told = warm_shell.run("run", "rcli/hello", *inputs)

    assert told.stderr.startswith("error: " + said.format(cwd=warm_shell.cwd))
    assert (told, told.exit_code) == ("", 2)
    assert predictions(warm_shell) == newest


def test_numbers_are_checked_by_kind_and_range(warm_rcli: Run) -> None:
    told = warm_rcli("run", "rcli/smollm2", "prompt=x", "max_tokens=many", "temperature=9")

    assert (told.stderr, told.exit_code) == (
        "error: the inputs are not accepted:\n"
        "  max_tokens: 'many' is not a whole number\n"
        "  temperature: 9 is more than 2\n"
        "hint: rcli models schema rcli/smollm2\n",
        2,
    )


def test_a_file_is_not_sent_by_its_name_alone(warm_shell: Shell) -> None:
    (warm_shell.cwd / "cat.png").touch()

    told = warm_shell.run("run", str(PROJECTS / "picture"), "image=cat.png")

    assert told.stderr == (
        "error: image: 'cat.png' is not a URL (http, https or data)\n"
        "hint: image=@cat.png sends a file of yours\n"
    )


# projects


@pytest.mark.parametrize(
    ("yaml", "said"),
    [
        ('run: "run.py:Runner\n', "cog.yaml:2: "),
        ("build:\n  python_packges: [six]\n", "cog.yaml:2: unknown key build.python_packges"),
        ("- a\n- b\n", "cog.yaml:1: the file must be a mapping of keys to values"),
    ],
)
def test_a_project_file_that_does_not_parse_is_named_with_its_line(
    warm_shell: Shell, project: Project, yaml: str, said: str
) -> None:
    newest = predictions(warm_shell)

    told = warm_shell.run("run", project(yaml=yaml), "text=x")

    assert told.stderr.startswith(f"error: {said}")
    assert "\nhint: " in told.stderr
    assert (told, told.exit_code) == ("", 2)
    assert predictions(warm_shell) == newest


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (RUNNER.replace(" -> str", ""), "run.py:5: "),
        (RUNNER.replace(": str =", " ="), "run.py:5: text: the parameter of run() has no type annotation"),
        (RUNNER.replace("-> str:", "-> str"), "run.py:5: "),
    ],
)
def test_source_that_describes_no_model_is_named_with_its_line(
    warm_shell: Shell, project: Project, code: str, said: str
) -> None:
    told = warm_shell.run("run", project(code), "text=x")

    assert told.stderr.startswith(f"error: {said}")
    assert (told, told.exit_code) == ("", 2)


def test_a_folder_that_is_no_project_says_so(warm_shell: Shell) -> None:
    told = warm_shell.run("run", "./", "text=x")

    assert told.stderr.startswith(f"error: there is no cog.yaml in {warm_shell.cwd}\n")
    assert told.exit_code != 0


def test_a_folder_that_is_not_there_says_so(warm_shell: Shell) -> None:
    told = warm_shell.run("run", "./nowhere", "text=x")

    assert (told.stderr, told.exit_code) == (f"error: there is no folder {warm_shell.cwd}/nowhere\n", 1)


# models that fail


def test_a_setup_that_raises_shows_its_traceback_once(warm_shell: Shell) -> None:
    told = warm_shell.run("run", str(PROJECTS / "setup_fails"), "text=x")

    id = warm_shell.prediction()["id"]
    first, *trace, last = told.stderr.splitlines()
    assert (told, told.exit_code) == ("", 3)
    assert first == "looking for the weights"
    assert [line for line in trace if line.startswith("Traceback")] == trace[:1]
    assert trace[-1] == "FileNotFoundError: weights.bin is missing"
    assert last == f"error: prediction {id} failed: the model's setup failed: weights.bin is missing"


def test_the_engines_advice_is_the_hint(warm_shell: Shell) -> None:
    told = warm_shell.run("run", str(PROJECTS / "import_fails"), "text=x")

    assert told.stderr.splitlines()[-2:] == [
        f"error: prediction {warm_shell.prediction()['id']} failed: "
        "the model's setup failed: No module named 'a_package_that_nobody_has'",
        "hint: name the package in cog.yaml under build: python_requirements",
    ]


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("ctypes.string_at(0)", "the model's process crashed (signal SIGSEGV)"),
        ("os.kill(os.getpid(), 9)", "the model's process crashed (signal SIGKILL: killed, or out of memory)"),
        ("os._exit(7)", "the model's process crashed (exit status 7)"),
        ("sys.exit('enough')", "the model called sys.exit('enough')"),
        ("raise MemoryError", "MemoryError"),
    ],
)
def test_the_engine_goes_on_when_a_model_falls(
    warm_shell: Shell, project: Project, statement: str, reason: str
) -> None:
    engine = warm_shell.engine()["pid"]
    code = "import ctypes, os, sys\n" + RUNNER.replace(
        "        return", f"        if text == 'fall':\n            {statement}\n        return"
    )
    folder = project(code)

    fallen = warm_shell.run("run", folder, "text=fall")
    standing = warm_shell.run("run", folder, "text=stand")

    id = warm_shell.run("predictions", "list", "--jq", ".[1].id").strip()
    assert fallen.stderr.splitlines()[-1] == f"error: prediction {id} failed: {reason}"
    assert (fallen, fallen.exit_code) == ("", 3)
    assert (standing, standing.stderr, standing.exit_code) == ("stand", "", 0)
    assert warm_shell.engine()["pid"] == engine


@pytest.mark.parametrize(
    "network", [{"UV_OFFLINE": "1"}, {"UV_INDEX_URL": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0"}]
)
def test_without_a_network_the_packages_of_a_model_are_named_as_the_reason(
    shell: Shell, project: Project, network: dict[str, str]
) -> None:
    folder = project(yaml='run: "run.py:Runner"\nbuild:\n  python_packages: ["six==1.16.0"]\n')
    (shell.home / "rcli" / "cache").unlink()  # the shared environments: this one is to be built anew

    told = shell.run("run", folder, "text=x", env={"UV_CACHE_DIR": str(shell.home / "uv"), **network})

    *_, error, hint = told.stderr.splitlines()
    assert (told, told.exit_code) == ("", 3)
    assert error == (
        f"error: prediction {shell.prediction()['id']} failed: "
        "the packages cannot be downloaded: no network, or the index does not answer"
    )
    assert hint.startswith("hint: connect to the network")


# disks


def small_files(*argv: str) -> list[str]:
    """A command whose files cannot grow beyond a megabyte, as if the disk were full then."""
    limit = f"resource.setrlimit({resource.RLIMIT_FSIZE}, (1 << 20, 1 << 20))"
    script = f"import os, resource, sys; {limit}; os.execv(sys.argv[1], sys.argv[1:])"
    return [sys.executable, "-c", script, *command(*argv)]


@pytest.mark.parametrize("target", [["-o", "out.bin"], ["--output-dir", "out"], []])
def test_a_full_disk_leaves_no_half_file_and_says_which(warm_shell: Shell, target: list[str]) -> None:
    argv = small_files("run", str(PROJECTS / "large"), *target)
    process = Process(argv, environment(warm_shell.home), warm_shell.cwd)
    try:
        exit_code = process.end()
    finally:
        process.kill()

    assert (exit_code, process.stdout) == (1, b"")
    assert process.stderr.startswith("error: cannot save ")
    assert "File too large" in process.stderr.splitlines()[0]
    assert unfinished(warm_shell.cwd) == []
    assert unfinished(warm_shell.home) == []
    assert not list(warm_shell.cwd.rglob("*.bin"))


def test_a_full_disk_behind_the_answer_is_an_error(warm_shell: Shell) -> None:
    with open("/dev/full", "wb") as full:
        session = warm_shell.terminal("run", "rcli/hello", "text=x", "--plain", stdout=full.fileno())

    assert session.end() == 1
    assert session.lines[-1] == "error: cannot write the output: No space left on device"


def test_a_configuration_that_cannot_be_written_says_so(shell: Shell) -> None:
    (shell.home / "rcli" / "config").write_text("a file, where a folder is wanted")

    told = shell.run("config", "set", "engine.idle", "5m")

    file = Paths.from_environ(environment(shell.home)).config_file
    assert (told, told.exit_code) == ("", 1)
    assert told.stderr == (
        f"error: cannot write {file}: {file.parent} is no folder\nhint: RCLI_HOME moves all of rcli's files\n"
    )


def test_what_cannot_be_remembered_is_run_all_the_same(shell: Shell) -> None:
    (shell.home / "rcli" / "config").write_text("a file, where a folder is wanted")

    told = shell.run("run", "rcli/hello", "text=x")

    assert (told, told.exit_code) == ("hello x", 0)
    assert told.stderr.count("is not remembered") == 1


def test_a_home_that_cannot_be_used_says_so(shell: Shell) -> None:
    file = shell.cwd / "file"
    file.touch()

    told = shell.run("run", "rcli/hello", "text=x", env={"RCLI_HOME": f"{file}/home"})

    assert told.exit_code == 1
    assert told.stderr.startswith(f"error: cannot use {file}/home/data")
    assert told.stderr.endswith("hint: RCLI_HOME moves all of rcli's files\n")


# ports


def test_a_busy_port_is_named_and_the_running_engine_goes_on(warm_shell: Shell) -> None:
    warm_shell.run("run", "rcli/hello", "text=x")
    engine = warm_shell.engine()["pid"]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        told = warm_shell.run("serve", "--port", str(port))

    assert told.exit_code == 2
    assert told.stderr == (
        f"error: port {port} cannot be used: Address already in use\n"
        "hint: rcli serve --port N takes another\n"
    )
    assert warm_shell.engine()["pid"] == engine
