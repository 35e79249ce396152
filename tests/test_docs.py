"""What the documents say is so: their commands parse and run, the table is whole, links lead somewhere."""

from __future__ import annotations

import io
import re
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from rcli.app import App
from rcli.cli.root import COMMANDS, build
from rcli.cli.steps.request.resolving import split
from rcli.services.request.documents import is_document
from rcli.services.request.inputs import parse_pairs
from tests.conftest import environment

ROOT = Path(__file__).parents[1]
HOUSE = ROOT / "tests" / "data" / "house.png"
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = tuple(f"docs/{page.name}" for page in sorted((ROOT / "docs").glob("*.md")))
DOCUMENTS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", *PAGES)
TOUR = "A tour on your own machine"
PROJECTS = "docs/projects.md"


def commands() -> Iterator[tuple[str, Any]]:
    """Every command that can be run, by its whole name."""
    root: Any = build()
    for noun in COMMANDS:
        command = root.get_command(None, noun)
        if not getattr(command, "commands", {}) or command.invoke_without_command:
            yield f"rcli {noun}", command
        yield from below(f"rcli {noun}", command)


def below(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    for verb, found in getattr(command, "commands", {}).items():
        if getattr(found, "commands", {}):
            yield from below(f"{name} {verb}", found)
        else:
            yield f"{name} {verb}", found


ALL = dict(commands())


def section(title: str) -> str:
    return README.partition(f"## {title}\n")[2].partition("\n## ")[0]


def read(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def code(text: str) -> list[str]:
    """The lines that are set as code."""
    return [line[4:] for line in text.splitlines() if line.startswith("    ")]


def invocations(line: str) -> list[list[str]]:
    """The command lines of ours in a line of shell, as lists of words."""
    plain = re.sub(r'"?\$\(|\)"', " ; ", line)
    lexer = shlex.shlex(plain, posix=True, punctuation_chars="();<>|&")
    lexer.whitespace_split = True
    found: list[list[str]] = []
    following: list[str] | None = None
    for word in lexer:
        if re.fullmatch("[();<>|&]+", word):
            following = None
        elif word.endswith("rcli") and following is None:
            following = []
            found.append(following)
        elif following is not None:
            following.append(word)
    return found


def parse(argv: list[str], cwd: Path) -> None:
    """Raises what the parser or the reader of inputs has against a command line."""
    app = App({}, cwd, io.StringIO(), io.StringIO(), io.StringIO())
    names = [name for name in ALL if name.split()[1:] == argv[: len(name.split()) - 1]]
    name = max(names, key=len)
    command = ALL[name]
    words = [word for word in argv[len(name.split()) - 1 :] if word != "--help"]  # it asks the model
    context = command.make_context(name, words, obj=app)
    if name in ("rcli run", "rcli stream"):
        _, words = split(context.params["words"], cwd)
        parse_pairs([*words, *(text for text in context.params["input"] or [] if not is_document(text))])


def test_the_readme_lists_every_command() -> None:
    listed = []
    for row in re.findall(r"^\| (`rcli .*?) \|", section("Commands"), re.MULTILINE):
        first, *others = re.findall(r"`([^`]*)`", row)
        listed.append(first)
        noun = first.rpartition(" ")[0] if first.count(" ") > 1 else first
        listed += [f"{noun} {verb}" for verb in others]

    assert sorted(listed) == sorted(ALL)


@pytest.mark.parametrize("name", ALL)
def test_the_help_ends_with_an_example_that_parses(name: str, tmp_path: Path) -> None:
    text = ALL[name].help.replace("\b", "")
    *_, examples = re.split(r"Examples?:", text)

    lines = [line.strip() for line in examples.strip().splitlines()]

    assert re.search(r"Examples?:", text)
    assert "\\b" not in text, "the mark that keeps lines apart would be read as text"
    assert lines
    for line in lines:
        (argv,) = invocations(line)
        assert line.startswith(name)
        parse(argv, tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        line
        for document in ("README.md", *PAGES)
        for line in code(read(document))
        if re.search(r"\brcli ", line) and "source" not in line
    ],
)
def test_every_command_line_of_the_readme_and_its_pages_parses(line: str, tmp_path: Path) -> None:
    found = invocations(line)

    assert found
    for argv in found:
        parse(argv, tmp_path)


def test_the_tour_and_the_page_of_projects_run_as_written(home: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    lines = [line.replace("7878", str(port)) for line in code(section(TOUR))]
    of_page = [line.replace("7878", str(port)) for line in code(read(PROJECTS)) if "r8.im" not in line]
    elsewhere = ["mkdir page && ln -s ../tests page/tests && cd page", *of_page, "rcli serve stop", "cd .."]
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    (tmp_path / "rcli").write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m rcli "$@"\n')
    (tmp_path / "rcli").chmod(0o755)
    environ = environment(home)
    environ["PATH"] = f"{tmp_path}:{environ['PATH']}"
    script = "\n".join(["set -eu", *elsewhere, *lines])

    ran = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=280
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "hello world" + "hello you\n" in ran.stdout
    assert f"http://127.0.0.1:{port}/v1/models/rcli/hello" in ran.stdout
    assert (tmp_path / "page" / "out.png").read_bytes() == HOUSE.read_bytes()
    with Image.open(tmp_path / "large.png") as large:
        assert large.size == (4 * 128, 4 * 96)


def test_continuous_integration_runs_what_the_readme_says() -> None:
    two = code(section("Two commands"))
    extract = re.search(r"^command=\$\((.*)\)$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE)
    assert extract

    extracted = subprocess.run(
        ["bash", "-c", extract[1]], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert len(two) == 2
    assert extracted.stdout.rstrip("\n") == two[1]
    assert "rcli stream rcli/smollm2" in two[0]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    text = read(document)
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    named = re.findall(r"`(\w[\w./-]*(?:\.(?:md|py)|/))`", text)

    missing = [name for name in named if not any((ROOT / base / name).exists() for base in PLACES)]
    missing += [link for link in links if not (ROOT / document).parent.joinpath(link).exists()]

    assert missing == []


def test_the_readme_leads_to_every_page() -> None:
    assert sorted(re.findall(r"^\| \[[a-z]+\]\((docs/[^)]+)\)", section("Read on"), re.M)) == list(PAGES)


PLACES = (".", "rcli", "rcli/engine", "rcli/cli")
"""Where a name in a document may be meant to start."""
