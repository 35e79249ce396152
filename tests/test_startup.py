"""What a command pays for at its start: heavy libraries are imported where they are used."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "typer",
    "rich",
    "httpx",
    "PIL",
    "questionary",
    "keyring",
    "tomlkit",
    "jsonschema_rs",
    "starlette",
    "jq",
)


def loaded(*argv: str) -> set[str]:
    """The heavy libraries that a command line imports, as Python itself reports it."""
    command = [sys.executable, "-X", "importtime", "-m", "rcli", *argv]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    return imported & set(HEAVY)


def test_the_version_is_answered_before_anything_is_imported() -> None:
    assert loaded("--version") == set()


@pytest.mark.parametrize("argv", [("--help",), ("config", "--help"), ("config", "path")])
def test_a_command_that_needs_no_network_loads_no_http(argv: tuple[str, ...]) -> None:
    assert loaded(*argv) <= {"typer"}


def test_help_of_run_loads_neither_rich_nor_the_schema_checker() -> None:
    assert not loaded("run", "--help") & {
        "rich",
        "jsonschema_rs",
        "questionary",
        "keyring",
        "PIL",
        "starlette",
    }


def test_a_shell_that_completes_waits_for_neither_the_commands_nor_the_services() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "rcli", "__complete", "words", "/run", "=", "run"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}

    assert not imported & {*HEAVY, "rcli.app", "rcli.cli.root", "rcli.records", "rcli.services.library"}
    assert "rcli/hello" in done.stdout
