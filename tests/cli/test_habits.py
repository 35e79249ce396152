"""What people bring along from other programs works: each row of the README's table is tried as it stands."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from rcli import __version__, errors
from rcli.cli import habits
from rcli.cli.help import text
from rcli.cli.root import COMMANDS, TOPICS
from rcli.settings import KEYS
from tests.conftest import Result, Run, environment
from tests.processes import PATIENCE, ROOT
from tests.terminal import TerminalSession

README = (ROOT / "README.md").read_text(encoding="utf-8")
ROWS = re.findall(
    r"^\| `([^`]+)` \|", README.partition("## What you are used to\n")[2].partition("\n## ")[0], re.M
)


def row(part: str) -> list[str]:
    """The words behind ``rcli`` in the one row that has this in it."""
    (found,) = [each for each in ROWS if part in each]
    return shlex.split(found.partition("rcli ")[2])


def told(result: Result) -> tuple[str, int]:
    return str(result), result.exit_code


@pytest.mark.parametrize("part", ["-i text=you", "hello text=you", "--jq"])
def test_inputs_are_written_with_and_without_an_option(warm_rcli: Run, part: str) -> None:
    words = next(shlex.split(each)[1:] for each in ROWS if part in each)

    assert told(warm_rcli(*words)) == ("hello you" + ("\n" if part == "--jq" else ""), 0)


def test_a_file_stands_behind_an_at(warm_rcli: Run, tmp_path: Path) -> None:
    (tmp_path / "name.txt").write_text("you")

    assert told(warm_rcli(*row("@name.txt"))) == ("hello you", 0)


def test_json_is_the_api_s_own(warm_rcli: Run) -> None:
    done = warm_rcli(*row("--json"))

    assert json.loads(done)["output"] == "hello you"


def test_quiet_prints_names_alone(warm_rcli: Run) -> None:
    done = warm_rcli(*row("-q"))

    assert done.splitlines()
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+", line) for line in done.splitlines())


def test_no_color_means_none(warm_home: Path, warm_rcli: Run, tmp_path: Path) -> None:
    words = row("NO_COLOR")
    warm_rcli(*words)
    shown = []
    for more in ({}, {"NO_COLOR": "1"}):
        argv = [sys.executable, "-m", "rcli", *words]
        session = TerminalSession(argv, environment(warm_home) | more, tmp_path, columns=120)
        assert session.end() == 0
        session.kill()
        shown.append(session.raw)

    coloured = re.compile(rb"\x1b\[[0-9;]*[1-9][0-9;]*m")
    assert b"MODEL" in shown[1]
    assert not re.search(rb"\x1b\[(3[0-7]|9[0-7]|38)", shown[1])
    assert coloured.search(shown[0])


def test_the_version_is_told(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "rcli", *row("--version")]

    told = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=PATIENCE, cwd=ROOT).stdout

    assert told == f"rcli {__version__}\n"


def test_help_comes_before_or_after_the_command(warm_rcli: Run) -> None:
    assert warm_rcli(*row("help run")) == warm_rcli("run", "--help")
    assert warm_rcli("help", "predictions", "list") == warm_rcli("predictions", "list", "--help")


def test_tab_completes(warm_home: Path, tmp_path: Path) -> None:
    token = row("⇥")[-1].rstrip("⇥")
    argv = [sys.executable, "-m", "rcli", "__complete", "words", "/run", f"={token}", "run"]
    environ = environment(warm_home) | {"PYTHONPATH": str(ROOT)}

    told = subprocess.run(argv, env=environ, capture_output=True, text=True, check=True, cwd=tmp_path).stdout

    assert told.partition("\t")[0] == "rcli/hello"


# topics


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_is_told(warm_rcli: Run, topic: str) -> None:
    done = warm_rcli("help", topic)

    assert (done.exit_code, done.stderr) == (0, "")
    assert done == text(topic) + "\n"
    assert max(map(len, done.splitlines())) <= 110


def test_every_topic_has_a_text_of_its_own() -> None:
    assert len({text(topic) for topic in TOPICS}) == len(TOPICS)


def test_the_topic_of_exit_codes_has_all_that_errors_have(warm_rcli: Run) -> None:
    codes = {kind.exit_code for kind in vars(errors).values() if hasattr(kind, "exit_code")}

    told = {int(code) for code in re.findall(r"^    (\d+) ", warm_rcli("help", "exit-codes"), re.M)}

    assert told == codes | {0, 129, 130, 141, 143}


def test_the_topic_of_settings_has_every_setting(warm_rcli: Run) -> None:
    told = warm_rcli("help", "settings")

    assert [key.name for key in KEYS if key.kind != "dollars" and f"\n    {key.name}\n" not in told] == []


def test_the_topic_of_the_environment_has_what_is_read(warm_rcli: Run) -> None:
    sources = (
        file.read_text()
        for file in (ROOT / "rcli").rglob("*.py")
        if not {"engine", "models", "templates"} & set(file.parts)
    )
    read = {
        name
        for source in sources
        for name in re.findall(
            r"environ(?:\.get\(|\[)\"((?:RCLI|REPLICATE|NO|FORCE)_\w+|VISUAL|EDITOR|TERM)\"", source
        )
    }

    told = warm_rcli("help", "environment")

    assert {name for name in read if name not in told} == set()


def test_a_misspelt_topic_finds_its_way(warm_rcli: Run) -> None:
    done = warm_rcli("help", "exit-code")

    said = "error: there is no command 'exit-code'\nhint: did you mean rcli help exit-codes?\n"
    assert (done.stderr, done.exit_code) == (said, 2)


# what the same things are called elsewhere


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("ls", "did you mean rcli models list?"),
        ("list", "did you mean rcli models list?"),
        ("login", "did you mean rcli auth login?"),
        ("logout", "did you mean rcli auth logout?"),
        ("whoami", "did you mean rcli account show?"),
        ("pull rcli/hello", "nothing is fetched beforehand: rcli run MODEL brings what the model needs"),
        ("chat rcli/smollm2", "did you mean rcli stream MODEL -i prompt=TEXT?"),
        ("cancel", "did you mean rcli predictions cancel last?"),
        ("version", "did you mean rcli --version, or rcli versions?"),
        ("help login", "did you mean rcli auth login?"),
        ("rcli/hello text=you", "did you mean rcli run rcli/hello?"),
        ("./echo text=you", "did you mean rcli run ./echo?"),
        ("nothing-like-it", "rcli --help"),
    ],
)
def test_a_command_of_another_program_leads_to_ours(warm_rcli: Run, words: str, hint: str) -> None:
    unknown = words.removeprefix("help ").split()[0]

    done = warm_rcli(*words.split())

    said = f"error: there is no command {unknown!r}\nhint: {hint}\n"
    assert (done, done.stderr, done.exit_code) == ("", said, 2)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("models ls", "did you mean rcli models list?"),
        ("models get rcli/hello", "did you mean rcli models show?"),
        ("models rcli/hello", "did you mean rcli models show rcli/hello?"),
        ("models serach", "did you mean rcli models search?"),
        ("predictions last", "did you mean rcli predictions show last?"),
        ("predictions kill last", "did you mean rcli predictions cancel?"),
        ("auth whoami", "did you mean rcli auth status?"),
        ("config unset host", "did you mean rcli config set KEY ''?"),
        ("config host rm work", "did you mean rcli config host remove?"),
        ("cache clear", "did you mean rcli cache prune?"),
        ("serve start", "did you mean rcli serve --background?"),
        ("files nothing-like-it", "rcli files --help"),
    ],
)
def test_a_verb_of_another_program_leads_to_ours(warm_rcli: Run, words: str, hint: str) -> None:
    noun, _, verb = words.replace("config host", "config+host").partition(" ")

    done = warm_rcli(*words.split())

    said = f"error: rcli {noun.replace('+', ' ')} has no command {verb.split()[0]!r}\nhint: {hint}\n"
    assert (done, done.stderr, done.exit_code) == ("", said, 2)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("run --version", "did you mean rcli --version?"),
        ("run rcli/hello --text", "an input is written -i text=VALUE; rcli run --help tells the options"),
        ("models list --text", "rcli models list --help"),
        ("--host local models list", "options stand behind the command: rcli COMMAND --host"),
    ],
)
def test_an_option_of_another_program_leads_to_ours(warm_rcli: Run, words: str, hint: str) -> None:
    done = warm_rcli(*words.split())

    assert (done.stderr.splitlines()[-1], done.exit_code) == (f"hint: {hint}", 2)


def test_what_others_call_a_command_is_no_command_of_ours_and_leads_to_one() -> None:
    nouns = {target.split()[0] for target in habits.COMMANDS.values()}

    assert nouns <= set(COMMANDS)
    assert not set(habits.COMMANDS) & set(COMMANDS)


def test_the_options_of_all_commands_are_known_to_stand_behind(warm_rcli: Run) -> None:
    everywhere = warm_rcli("ps", "--help").partition("Everywhere:\n")[2].partition("\n\n")[0]
    rows = [line.strip().partition("  ")[0] for line in everywhere.splitlines() if line.startswith("  -")]

    told = re.findall(r"--?[a-z-]+", " ".join(rows))

    assert sorted(told) == sorted(habits.BEHIND)
