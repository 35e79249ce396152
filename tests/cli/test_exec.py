"""``rcli exec``: a command where the model would run, and nothing of rcli between it and its user."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.conftest import Run, environment
from tests.processes import PATIENCE, ROOT, command

BARE = 'run: "run.py:Runner"\nenvironment:\n  - GREETING=hello\n  - PLACE=$GREETING world\n'
SIX = BARE + 'build:\n  python_packages: ["six==1.17.0"]\n'
WHERE = "import os, six, sys; print(six.__version__, sys.prefix, os.environ['VIRTUAL_ENV'], os.getcwd())"
SHOWN = "import os, sys; print(*(os.environ.get(name) for name in sys.argv[1:]), sep='|')"


def project(folder: Path, yaml: str = BARE) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "cog.yaml").write_text(yaml)
    (folder / "run.py").write_text("this is no Python yet\n")
    return folder


def execute(
    shell: Shell,
    *words: str,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
    stdin: bytes = b"",
) -> subprocess.CompletedProcess[bytes]:
    """The command in a process of its own, which becomes another program."""
    return subprocess.run(
        command("exec", *words),
        cwd=cwd or shell.cwd,
        env=environment(shell.home) | {"PYTHONPATH": str(ROOT)} | (env or {}),
        input=stdin,
        capture_output=True,
        timeout=4 * PATIENCE,
        check=False,
    )


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    return project(tmp_path / "bare")


@pytest.fixture
def six(tmp_path: Path) -> Path:
    return project(tmp_path / "six", SIX)


# where it runs


def test_a_command_runs_in_the_environment_and_in_the_project_s_own_folder(
    warm_shell: Shell, six: Path
) -> None:
    ran = execute(warm_shell, "./six", "--", "python", "-c", WHERE)

    version, prefix, virtual, folder = ran.stdout.decode().split()
    assert (version, folder) == ("1.17.0", str(six))
    assert prefix == virtual
    assert (ran.stderr, ran.returncode) == (b"", 0)


def test_in_a_project_no_folder_is_named_and_files_are_the_user_s_own(warm_shell: Shell, bare: Path) -> None:
    ran = execute(warm_shell, "sh", "-c", "echo made > here; pwd", cwd=bare)

    assert ran.stdout.decode() == f"{bare}\n"
    assert (bare / "here").read_text() == "made\n"


def test_without_packages_it_is_the_python_that_models_run_with(warm_shell: Shell, bare: Path) -> None:
    ran = execute(
        warm_shell, "python", "-c", "import cog, os; print(os.environ.get('VIRTUAL_ENV'))", cwd=bare
    )

    assert (ran.stdout, ran.stderr, ran.returncode) == (b"None\n", b"", 0)


@pytest.mark.parametrize(
    "words",
    [
        ("--", "echo", "-f", "x", "--", "y"),
        ("echo", "-f", "x", "--", "y"),
        ("./bare", "echo", "-f", "x", "--", "y"),
        ("./bare", "--", "echo", "-f", "x", "--", "y"),
    ],
)
def test_what_stands_behind_the_command_is_its_own(
    warm_shell: Shell, bare: Path, words: tuple[str, ...]
) -> None:
    ran = execute(warm_shell, *words, cwd=warm_shell.cwd if words[0] == "./bare" else bare)

    assert (ran.stdout, ran.returncode) == (b"-f x -- y\n", 0)


def test_another_project_file_and_other_packages(warm_shell: Shell, bare: Path) -> None:
    (bare / "other.yaml").write_text("environment: [PLACE=elsewhere]\n")

    ran = execute(
        warm_shell,
        *("-f", "other.yaml", "--with", "six==1.16.0", "./bare"),
        *("python", "-c", "import os, six; print(six.__version__, os.environ['PLACE'])"),
    )

    assert (ran.stdout, ran.returncode) == (b"1.16.0 elsewhere\n", 0)


# variables


def test_the_project_s_variables_and_those_of_e_are_set(warm_shell: Shell, bare: Path) -> None:
    options = ("-e", "MORE=$GREETING", "-e", "GREETING=mine", "-e", "OWN", "-e", "PORT=1")

    ran = execute(
        warm_shell,
        *(*options, "python", "-c", SHOWN, "GREETING", "PLACE", "MORE", "OWN", "PORT", "OMP_NUM_THREADS"),
        cwd=bare,
        env={"OWN": "yes", "OMP_NUM_THREADS": "7"},
    )

    assert ran.stdout.decode() == "mine|hello world|$GREETING|yes|1|7\n"


def test_the_user_s_variables_stay_but_for_replicate_s_token_and_other_packages(
    warm_shell: Shell, bare: Path
) -> None:
    names = ("EDITOR", "TERM", "REPLICATE_API_TOKEN", "PYTHONPATH")
    env = {"EDITOR": "vi", "REPLICATE_API_TOKEN": "r8_" + "x" * 37}

    ran = execute(warm_shell, "python", "-c", SHOWN, *names, cwd=bare, env=env)
    asked = execute(warm_shell, "-e", "REPLICATE_API_TOKEN", "python", "-c", SHOWN, *names, cwd=bare, env=env)

    assert ran.stdout.decode() == "vi|xterm-256color|None|None\n"
    assert asked.stdout.decode() == f"vi|xterm-256color|{env['REPLICATE_API_TOKEN']}|None\n"


@pytest.mark.parametrize("name", ["PATH", "VIRTUAL_ENV", "PYTHONHOME"])
def test_what_makes_the_environment_cannot_be_given(warm_shell: Shell, bare: Path, name: str) -> None:
    ran = execute(warm_shell, "-e", f"{name}=/", "echo", cwd=bare)

    assert ran.stderr.decode() == (
        f"error: the variable {name} is what makes the environment, and cannot be given with -e\n"
    )
    assert (ran.stdout, ran.returncode) == (b"", 2)


# streams, signals, exit codes


def test_streams_and_the_exit_code_are_the_command_s_own(warm_shell: Shell, bare: Path) -> None:
    ran = execute(warm_shell, "sh", "-c", "cat; echo told >&2; exit 7", cwd=bare, stdin=b"\x00\xff in")

    assert (ran.stdout, ran.stderr, ran.returncode) == (b"\x00\xff in", b"told\n", 7)


def test_a_closed_pipe_ends_the_command_as_it_would_without_rcli(warm_shell: Shell, bare: Path) -> None:
    ran = execute(warm_shell, "sh", "-c", "yes | head -n 1; kill -s PIPE $$", cwd=bare)

    assert (ran.stdout, ran.stderr, ran.returncode) == (b"y\n", b"", -signal.SIGPIPE)


def test_a_signal_reaches_the_command(warm_shell: Shell, bare: Path) -> None:
    script = "trap 'echo caught; exit 3' TERM; echo ready >&2; while :; do sleep 0.05; done"
    process = warm_shell.start("exec", str(bare), "sh", "-c", script)
    process.says("ready")
    process.signal(signal.SIGTERM)

    assert process.end() == 3
    assert process.stdout == b"caught\n"


def test_what_the_caller_ignores_the_command_ignores(warm_shell: Shell, bare: Path) -> None:
    ran = subprocess.run(
        ["nohup", *command("exec", str(bare), "sh", "-c", "kill -s HUP $$; echo still here")],
        cwd=warm_shell.cwd,
        env=environment(warm_shell.home) | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )

    assert (ran.stdout, ran.returncode) == (b"still here\n", 0)


def test_ctrl_c_reaches_the_command_once(warm_shell: Shell, bare: Path) -> None:
    program = (
        "import signal\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])\n"
        "print('ready', flush=True)\n"
        "signal.sigwait([signal.SIGINT])\n"
        "print('heard')\n"
        "print('one', signal.sigtimedwait([signal.SIGINT], 0.3))\n"
    )
    session = warm_shell.terminal("exec", str(bare), "python", "-c", program)
    session.shows("ready")
    session.press("\x03")

    assert session.end() == 0
    assert session.lines == ["ready", "^Cheard", "one None"]


@pytest.mark.parametrize("columns", [40, 100])
def test_a_terminal_stays_one(warm_shell: Shell, six: Path, columns: int) -> None:
    session = warm_shell.terminal("exec", str(six), "python", "-q", columns=columns)
    session.shows(">>>")
    session.press("import os; print(os.isatty(0), os.get_terminal_size().columns)\n")
    session.shows(f"True {columns}")
    session.press("exit(5)\n")

    assert session.end() == 5
    assert session.lines[0].startswith(">>> import os")


# what is refused


def test_without_a_command_it_is_a_usage_error(warm_shell: Shell, bare: Path) -> None:
    for words in ([], [str(bare)], [str(bare), "--"], ["--"]):
        told = warm_shell.run("exec", *words)

        assert told.stderr == "error: there is no command to run\nhint: rcli exec python\n"
        assert (told, told.exit_code) == ("", 2)


def test_a_program_that_is_not_there_is_127_and_one_that_cannot_run_126(
    warm_shell: Shell, bare: Path
) -> None:
    missing = execute(warm_shell, "no-such-program", cwd=bare)
    unfit = execute(warm_shell, "./run.py", cwd=bare)

    assert (missing.stderr, missing.returncode) == (b"error: there is no program no-such-program\n", 127)
    assert (unfit.stderr, unfit.returncode) == (b"error: ./run.py cannot be run: Permission denied\n", 126)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("./nothing", "--", "pwd"), "there is no folder {cwd}/nothing\n"),
        (("pwd",), "there is no cog.yaml in {cwd}\n"),
        (("--host", "replicate", "pwd"), "a folder runs on this machine, not on 'replicate'\n"),
        (("-e", "A-B", "pwd"), "-e takes NAME=value, or NAME for a variable of yours\n"),
    ],
)
def test_what_cannot_be_done_is_said(warm_shell: Shell, words: tuple[str, ...], said: str) -> None:
    told = warm_shell.run("exec", *words)

    assert told.stderr.startswith("error: " + said.format(cwd=warm_shell.cwd))
    assert told.exit_code in (1, 2)


def test_what_is_wrong_in_cog_yaml_is_told_with_its_line(warm_shell: Shell, tmp_path: Path) -> None:
    folder = project(tmp_path / "wrong", "run: run.py:Runner\nbuilt: {}\n")

    told = warm_shell.run("exec", str(folder), "pwd")

    assert told.stderr.startswith("error: cog.yaml:2: unknown key built")
    assert (told, told.exit_code) == ("", 2)


def test_packages_that_cannot_be_had_are_an_error_and_nothing_runs(warm_shell: Shell, tmp_path: Path) -> None:
    folder = project(tmp_path / "never", 'build: {python_packages: ["no-such-package-of-anybody==1"]}\n')

    told = warm_shell.run("exec", str(folder), "touch", "made")

    assert "no-such-package-of-anybody" in told.stderr
    assert (told, told.exit_code) == ("", 1)
    assert not (folder / "made").exists()


# the environment's life


def test_making_the_environment_is_shown(shell: Shell, six: Path) -> None:
    (shell.home / "rcli" / "cache").unlink()  # the shared environments: this one is to be made anew

    process = shell.start("exec", "--progress", "plain", str(six), "echo", "done")

    assert process.end() == 0
    assert "cold start: environment" in process.stderr
    assert process.stdout == b"done\n"


def test_what_is_there_needs_no_network(shell: Shell, six: Path) -> None:
    execute(shell, "./six", "true")
    shell.run("serve", "stop")
    nowhere = {"UV_CACHE_DIR": str(shell.home / "empty"), "HTTPS_PROXY": "http://127.0.0.1:9"}

    ran = execute(shell, "./six", "python", "-c", WHERE, env={**nowhere, "UV_HTTP_RETRIES": "0"})

    assert ran.stdout.startswith(b"1.17.0 ")


def test_an_environment_stays_while_a_command_uses_it(shell: Shell, six: Path) -> None:
    (shell.home / "rcli" / "cache").unlink()
    wait = "import sys; print(sys.prefix, flush=True); sys.stdin.read()"
    numbers = os.pipe()
    process = subprocess.Popen(
        command("exec", str(six), "python", "-c", wait),
        env=environment(shell.home) | {"PYTHONPATH": str(ROOT)},
        cwd=shell.cwd,
        stdin=numbers[0],
        stdout=subprocess.PIPE,
    )
    assert process.stdout
    prefix = Path(process.stdout.readline().decode().strip())
    used = shell.run("cache", "list", "--jq", '.[] | select(.kind == "environment") | .in_use')
    shell.run("cache", "prune", "--all")
    kept = prefix.exists()
    os.close(numbers[1])
    process.communicate(timeout=PATIENCE)
    os.close(numbers[0])
    unused = shell.run("cache", "list", "--jq", '.[] | select(.kind == "environment") | .in_use')
    shell.run("cache", "prune", "--all")

    assert (used, kept) == ("true\n", True)
    assert (unused, prefix.exists()) == ("false\n", False)


def test_an_environment_that_was_pruned_is_made_again(shell: Shell, six: Path) -> None:
    (shell.home / "rcli" / "cache").unlink()
    execute(shell, "./six", "true")
    shell.run("cache", "prune", "--all")

    ran = execute(shell, "./six", "python", "-c", WHERE)

    assert ran.stdout.startswith(b"1.17.0 ")


def test_ctrl_c_while_the_environment_is_made_ends_that_too(shell: Shell, tmp_path: Path) -> None:
    (shell.home / "rcli" / "cache").unlink()
    folder = project(tmp_path / "large", 'build: {python_packages: ["numpy==2.4.6", "pillow", "six"]}\n')
    process = shell.start("exec", "--progress", "plain", str(folder), "touch", "made")
    process.says("cold start: environment")
    process.signal(signal.SIGINT)

    assert process.end() == 130
    assert not (folder / "made").exists()
    assert shell.run("run", "rcli/hello", "text=x") == "hello x"


def test_nothing_is_printed_by_the_help_but_the_help(rcli: Run) -> None:
    told = rcli("exec", "--help")

    assert told.startswith("Usage: rcli exec [OPTIONS] [PATH] [--] CMD…\n")
    assert told.exit_code == 0
