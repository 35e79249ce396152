"""The completion scripts are those of today's commands, and real shells complete with them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from completions.generate import FOLDER, scripts
from rcli.paths import Paths
from rcli.records import Json, Prediction
from rcli.services import seen, shells
from rcli.services.library import Library
from rcli.settings import write
from tests.cloud import ID, VERSION, document, prediction
from tests.conftest import Run, end_engine, make_home
from tests.processes import PATIENCE, ROOT
from tests.terminal import TerminalSession

Complete = Callable[[str], set[str]]
BRACKETED = re.compile(r"^> \[(.*)\]", re.M)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the completing happens; the program is beside it."""
    folder = tmp_path / "here"
    (folder / "models").mkdir(parents=True)
    (folder / "models" / "cog.yaml").write_text("")
    (folder / "my cat.png").write_text("")
    (folder / "cat.png").write_text("")
    program = tmp_path / "bin" / "rcli"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m rcli "$@"\n')
    program.chmod(0o755)
    return folder


def variables(folder: Path) -> dict[str, str]:
    path = f"{folder.parent / 'bin'}:{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(folder), "RCLI_HOME": str(folder.parent / "rcli"), "LANG": "C.UTF-8"}


@pytest.fixture
def known(folder: Path) -> Paths:
    """A machine on which two models were seen, and one prediction ran."""
    paths = Paths.from_environ(variables(folder))
    inputs: dict[str, Json] = {
        "prompt": {"type": "string", "x-order": 0},
        "size": {"type": "string", "enum": ["small", "large one"], "default": "small", "x-order": 1},
        "image": {"type": "string", "format": "uri", "x-order": 2},
        "upscale": {"type": "boolean", "default": False, "x-order": 3},
    }
    seen.keep(paths, "replicate", "stability-ai/sdxl", document({}, inputs), VERSION)
    seen.keep(paths, "work", "me/dinos", document({}, {"n": {"type": "integer"}}))
    created = (datetime.now(UTC) - timedelta(minutes=5, seconds=1)).isoformat()
    Library(paths.library).remember(
        Prediction.from_json(prediction("succeeded", created_at=created)), "replicate"
    )
    write(paths, ("hosts", "work", "url"), "https://models.example.com/v1")
    return paths


@pytest.mark.parametrize("name", ["rcli.bash", "_rcli", "rcli.fish", "rcli.ps1"])
def test_the_scripts_are_up_to_date(name: str) -> None:
    assert (FOLDER / name).read_text() == scripts()[name], "python completions/generate.py writes them"


def shell(name: str) -> str:
    return shutil.which(name) or pytest.skip(f"there is no {name} here")


def output(*argv: str, cwd: Path) -> set[str]:
    environ = variables(cwd)
    done = subprocess.run(
        argv, cwd=cwd, env=environ, capture_output=True, text=True, check=True, timeout=PATIENCE
    )
    assert done.stderr == ""
    return set(done.stdout.splitlines())


@pytest.fixture
def bash(folder: Path) -> Complete:
    """What bash would put in the place of the last word, behind the last character that splits words."""
    program = f"""
        source {FOLDER}/rcli.bash
        COMP_LINE=$1 COMP_POINT=${{#1}} COMP_WORDS=($1) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        _rcli 2>/dev/null
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    return lambda line: output(shell("bash"), "-c", program, "bash", line, cwd=folder) - {""}


@pytest.fixture
def fish(folder: Path) -> Complete:
    def complete(line: str) -> set[str]:
        program = f"source {FOLDER}/rcli.fish; complete -C $argv[1]"
        found = output(shell("fish"), "--no-config", "-c", program, line, cwd=folder)
        return {each.partition("\t")[0] for each in found}

    return complete


def test_bash_completes_commands(bash: Complete) -> None:
    assert bash("rcli pre") == {"predictions"}
    assert bash("rcli predictions ") >= {"list", "show", "watch", "cancel", "rerun"}
    assert bash("rcli predictions show l") == {"last"}
    assert bash("rcli config get engine.i") == {"engine.idle"}


def test_bash_completes_options_and_their_values(bash: Complete) -> None:
    assert bash("rcli run --out") == {"--output", "--output-dir"}
    assert bash("rcli predictions list --host ") == {"replicate", "local"}
    assert bash("rcli run x --progress p") == {"plain"}
    assert bash("rcli predictions list --limit ") == set()


def test_bash_completes_files(bash: Complete) -> None:
    assert bash("rcli run ./mo") == {"./models"}
    assert bash("rcli run x image=@") == {"cat.png", "my cat.png", "models"}
    assert bash("rcli run x -i image=@ca") == {"cat.png"}
    assert bash("rcli run x image=@models/") == {"models/cog.yaml"}
    assert bash("rcli run x -o c") == {"cat.png"}
    assert bash("rcli run --output-dir m") == {"models"}


def test_fish_completes_commands(fish: Complete) -> None:
    assert fish("rcli pre") == {"predictions"}
    assert fish("rcli predictions ") >= {"list", "show", "watch", "cancel", "rerun"}
    assert fish("rcli predictions show l") == {"last"}


def test_fish_completes_options_and_their_values(fish: Complete) -> None:
    assert fish("rcli run --out") == {"--output", "--output-dir"}
    assert fish("rcli predictions list --host ") == {"replicate", "local"}
    assert fish("rcli run x --progress p") == {"plain"}


def test_fish_completes_files(fish: Complete) -> None:
    assert fish("rcli run ./mo") == {"./models/"}
    assert fish("rcli run x image=@") == {"image=@cat.png", "image=@my cat.png", "image=@models/"}
    assert fish("rcli run x -i image=@ca") == {"image=@cat.png"}
    assert "cat.png" in fish("rcli run x -o c")


@pytest.fixture
def zsh(folder: Path) -> Iterator[Complete]:
    """What the line looks like after the Tab key on a terminal."""
    sessions: list[TerminalSession] = []

    def complete(line: str) -> set[str]:
        environ = variables(folder) | {"TERM": "xterm"}
        session = TerminalSession([shell("zsh"), "-f", "-i"], environ, folder, columns=200)
        sessions.append(session)
        session.press("PS1='> '; autoload -U compinit; compinit -u -D\r")
        session.press(f"source {FOLDER}/_rcli; clear; echo ready\r")
        session.until(lambda screen: screen.splitlines()[:1] == ["ready"])
        session.press(f"{line}\t\x01[\x05] \r")  # Ctrl-A, Ctrl-E: brackets around the whole line
        # While zsh completes, the terminal itself echoes the keys that wait, as ^A[^E].
        found = BRACKETED.search(session.until(lambda screen: BRACKETED.search(screen) is not None))
        assert found
        return {found[1].strip()}

    yield complete
    for session in sessions:
        session.kill()


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("rcli pre", "rcli predictions"),
        ("rcli predictions sh", "rcli predictions show"),
        ("rcli predictions show l", "rcli predictions show last"),
        ("rcli run --output-", "rcli run --output-dir"),
        ("rcli run x --progress p", "rcli run x --progress plain"),
        ("rcli run ./mo", "rcli run ./models"),
        ("rcli run x -i image=@ca", "rcli run x -i image=@cat.png"),
        ("rcli run x image=@mo", "rcli run x image=@models"),
    ],
)
def test_zsh_completes(zsh: Complete, typed: str, completed: str) -> None:
    assert zsh(typed) == {completed}


# what only rcli knows

SDXL = "stability-ai/sdxl"


def asked(folder: Path, *argv: str) -> list[str]:
    """What the scripts are told, as they ask: the word to complete has a sign before it."""
    kind, node, token, *words = argv
    done = subprocess.run(
        ["rcli", "__complete", kind, node, f"={token}", *words],
        cwd=folder,
        env=variables(folder),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_ids_come_with_model_age_and_state(folder: Path, known: Paths) -> None:
    assert asked(folder, "id", "/predictions/show", "", "predictions", "show") == [
        f"{ID}\tstability-ai/sdxl, 5 min ago, succeeded"
    ]


def test_ids_are_those_of_what_the_command_takes(folder: Path, known: Paths) -> None:
    trained = Prediction.from_json(prediction("succeeded", id="zz4training", created_at=None))
    Library(known.library, kind="training").remember(trained, "local")

    def ids(node: str) -> list[str]:
        return [line.partition("\t")[0] for line in asked(folder, "id", node, "", *node.split("/")[1:])]

    assert ids("/trainings/show") == ["zz4training"]
    assert ids("/predictions/show") == [ID]
    assert ids("/library/show") == ["zz4training", ID]


def test_models_are_those_that_ran_were_seen_and_come_along(folder: Path, known: Paths) -> None:
    told = asked(folder, "words", "/run", "", "run")

    names = [line.partition("\t")[0] for line in told]
    assert names[:2] == [SDXL, "me/dinos"]
    assert "rcli/hello" in names
    assert asked(folder, "words", "/run", "work:", "run") == ["work:me/dinos\twork"]


def test_versions_follow_the_models_name(folder: Path, known: Paths) -> None:
    assert asked(folder, "words", "/run", f"{SDXL}:", "run") == [f"{SDXL}:{VERSION}\tran 5 min ago"]
    assert asked(folder, "model", "/versions/show", "", "versions", "show", SDXL) == [
        f"{VERSION}\tran 5 min ago"
    ]


def test_inputs_and_their_values_are_the_models_own(folder: Path, known: Paths) -> None:
    words = ("run", SDXL, "-i", "prompt=x", "-i")

    assert asked(folder, "input", "/run", "", *words) == [
        "size=\tone of 'small', 'large one', default \"small\"",
        "image=\ta file or a URL",
        "upscale=\ttrue or false, default false",
    ]
    assert asked(folder, "input", "/run", "size=s", *words) == ["size=small\t"]
    assert asked(folder, "input", "/run", "upscale=", *words) == ["upscale=true\t", "upscale=false\t"]
    assert asked(folder, "input", "/predictions/rerun", "si", "predictions", "rerun", "last", "-i") == [
        "size=\tone of 'small', 'large one', default \"small\""
    ]


def test_hosts_and_accounts_come_from_the_config(folder: Path, known: Paths) -> None:
    write(known, ("tokens", "https://models.example.com/v1", "ada"), "hush")

    assert asked(folder, "host", "/run", "") == ["work\thttps://models.example.com/v1"]
    assert asked(folder, "account", "/auth/switch", "") == ["ada\thttps://models.example.com/v1"]


@pytest.mark.parametrize("broken", ["config/config.toml", "config/library.db", "cache/completion"])
def test_what_is_broken_is_not_told_at_a_tab(folder: Path, broken: str) -> None:
    file = folder.parent / "rcli" / broken
    file.parent.mkdir(parents=True)
    file.write_text("{{ neither TOML nor SQLite")

    assert asked(folder, "host", "/run", "") == []
    assert asked(folder, "id", "/predictions/show", "") == []
    assert "rcli/hello\tcomes with rcli" in asked(folder, "words", "/run", "")


@pytest.mark.parametrize("config", ["hosts = 3\ntokens = [1]\n", "[hosts]\nwork = 3\n[tokens]\nx = 3\n"])
def test_settings_of_the_wrong_form_complete_nothing(folder: Path, config: str) -> None:
    file = folder.parent / "rcli" / "config" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(config)

    assert asked(folder, "host", "/run", "x") == []
    assert asked(folder, "account", "/auth/switch", "") == []


def test_what_a_server_calls_its_models_cannot_harm_the_terminal(folder: Path) -> None:
    hostile = {"a\x1b[31m": {"type": "string", "description": "x"}}
    seen.keep(Paths.from_environ(variables(folder)), "replicate", SDXL, document({}, hostile))

    (line,) = asked(folder, "input", "/run", "", "run", SDXL, "-i")

    assert "\x1b" not in line


def test_running_a_model_makes_its_inputs_known(warm_rcli: Run, warm_home: Path, tmp_path: Path) -> None:
    warm_rcli("models", "schema", "rcli/upscale")

    environ = variables(tmp_path) | {"RCLI_HOME": str(warm_home / "rcli"), "PYTHONPATH": str(ROOT)}
    argv = [sys.executable, "-m", "rcli", "__complete", "input", "/run", "=im", "run", "rcli/upscale", "-i"]
    told = subprocess.run(argv, env=environ, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert told.stdout == "image=\ta file or a URL, required\n"


def test_an_unknown_model_is_asked_about_for_the_next_time(folder: Path, environments: Path) -> None:
    home = make_home(folder / "home", environments)
    (home / "rcli" / "cache").unlink()  # the shared one, in which the model may be known
    environ = variables(folder) | {"HOME": str(home), "RCLI_HOME": str(home / "rcli")}
    argv = [
        str(folder.parent / "bin" / "rcli"),
        "__complete",
        "input",
        "/run",
        "=te",
        "run",
        "rcli/hello",
        "-i",
    ]

    def tab() -> str:
        return subprocess.run(
            argv, env=environ, capture_output=True, text=True, check=True, cwd=folder
        ).stdout

    try:
        first = tab()
        deadline = time.monotonic() + PATIENCE
        while not (later := tab()) and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        end_engine(home)

    assert first == ""
    assert later == "text=\ta text, required\n"


def test_a_file_of_the_user_s_is_not_asked_about(folder: Path) -> None:
    paths = Paths.from_environ(variables(folder))

    told = asked(folder, "words", "/run", "pr", "run", "-o", "private/cat.png")

    assert told == []
    assert not (paths.cache / "completion").exists()


def test_bash_completes_what_rcli_knows(bash: Complete, known: Paths) -> None:
    assert bash("rcli run stab") == {SDXL}
    assert bash(f"rcli run {SDXL} -i s") == {"size="}
    assert bash(f"rcli run {SDXL} size=l") == {"large\\ one"}
    assert bash("rcli predictions show q8") == {ID}
    assert bash("rcli run --host w") == {"work"}
    assert bash(f"rcli run {SDXL}:77") == {VERSION}


def test_fish_completes_what_rcli_knows(fish: Complete, known: Paths) -> None:
    assert fish("rcli run stab") == {SDXL}
    assert fish(f"rcli run {SDXL} -i s") == {"size="}
    assert fish(f"rcli run {SDXL} size=l") == {"size=large one"}
    assert fish("rcli predictions show q8") == {ID}
    assert fish("rcli run --host w") == {"work"}
    assert fish(f"rcli run {SDXL}:77") == {f"{SDXL}:{VERSION}"}


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("rcli run stab", f"rcli run {SDXL}"),
        (f"rcli run {SDXL} -i s", f"rcli run {SDXL} -i size="),
        (f"rcli run {SDXL} size=l", f"rcli run {SDXL} size=large\\ one"),
        ("rcli predictions show q8", f"rcli predictions show {ID}"),
        ("rcli run --host w", "rcli run --host work"),
    ],
)
def test_zsh_completes_what_rcli_knows(zsh: Complete, known: Paths, typed: str, completed: str) -> None:
    assert zsh(typed) == {completed}


@pytest.mark.parametrize("name", ["rcli.bash", "_rcli", "rcli.fish", "rcli.ps1"])
def test_every_script_asks_in_words_that_no_shell_leaves_out(name: str) -> None:
    """PowerShell before 7.3 hands over no empty words: the one to complete has a sign before it."""
    (asking,) = [line for line in (FOLDER / name).read_text().splitlines() if " __complete " in line]

    assert re.search(r' __complete \S+ \S+ "=\$\w+" ', asking), asking


# putting the scripts in their places


@pytest.mark.parametrize(
    ("name", "script", "startup"),
    [
        ("bash", ".local/share/rcli/rcli.bash", ".bashrc"),
        ("zsh", ".local/share/rcli/_rcli", ".zshrc"),
        ("fish", ".config/fish/completions/rcli.fish", None),
        ("powershell", ".local/share/rcli/rcli.ps1", None),
    ],
)
def test_a_script_is_put_where_its_shell_finds_it(
    rcli: Run, home: Path, name: str, script: str, startup: str | None
) -> None:
    if startup:
        (home / startup).write_text("alias ll='ls -l'")

    first = rcli("completion", "install", "--shell", name)
    again = rcli("completion", "install", env={"SHELL": f"/usr/bin/{name}"} if name != "powershell" else {})

    assert (first.exit_code, again.exit_code) == (0, 2 if name == "powershell" else 0)
    if startup:
        lines = (home / startup).read_text().splitlines()
        assert (lines[0], len(lines)) == ("alias ll='ls -l'", 2)
    assert (home / script).is_file()
    assert rcli("completion", name) == shells.script(name)


def test_it_is_told_what_the_installation_has_changed(rcli: Run, home: Path) -> None:
    def told(name: str) -> str:
        return rcli("completion", "install", "--shell", name).stderr

    new, again = told("fish"), told("fish")
    (home / ".config/fish/completions/rcli.fish").write_text("# of an older rcli\n")
    newer = told("fish")
    line = told("bash")

    assert new == "fish reads it from now on: open a new terminal\n"
    assert again == "it was there already, and is up to date\n"
    assert newer == "it has taken the place of another version: open a new terminal\n"
    assert line == f"{home}/.bashrc reads it from now on: open a new terminal\n"


def test_a_place_with_an_apostrophe_is_written_as_powershell_reads_it(rcli: Run, home: Path) -> None:
    data = home / "it's"

    rcli("completion", "install", "--shell", "powershell", env={"XDG_DATA_HOME": str(data)})

    line = (home / ".config" / "powershell" / "profile.ps1").read_text()
    assert line == f". '{home}/it''s/rcli/rcli.ps1'\n"


def test_the_shell_must_be_known(rcli: Run) -> None:
    refused = rcli("completion", "install", env={"SHELL": "/bin/csh"})

    said = "error: which shell is yours is not known\nhint: rcli completion install --shell zsh\n"
    assert (refused.stderr, refused.exit_code) == (said, 2)


@pytest.mark.parametrize("name", ["bash", "zsh"])
def test_a_new_terminal_completes_after_the_installation(
    rcli: Run, home: Path, folder: Path, name: str
) -> None:
    rcli("completion", "install", "--shell", name)
    environ = variables(folder) | {"HOME": str(home), "TERM": "xterm", "PS1": "> "}
    if name == "zsh":
        with (home / ".zshrc").open("a") as startup:
            startup.write("PS1='> '\n")
    flags = ["-i"] if name == "bash" else ["-i", "-d"]
    session = TerminalSession([shell(name), *flags], environ, folder, columns=100)
    try:
        session.press("echo ready\r")
        session.until(lambda screen: "\nready" in f"\n{screen}")
        session.press("rcli predictions can\t")
        session.shows("rcli predictions cancel")
    finally:
        session.kill()
