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
    """The heavy libraries that a command line imports."""
    program = (
        "import sys, runpy\n"
        f"sys.argv = ['rcli', *{argv!r}]\n"
        "try:\n"
        "    runpy.run_module('rcli', run_name='__main__')\n"
        "except SystemExit:\n"
        "    pass\n"
        f"print('|'.join(name for name in {HEAVY!r} if name in sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return (
        set(filter(None, done.stderr.strip().splitlines()[-1].split("|"))) if done.stderr.strip() else set()
    )


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
