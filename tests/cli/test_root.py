"""The help of rcli itself, and what all its commands have in common."""

from __future__ import annotations

import re

from rcli.cli.root import COMMANDS, GROUPS
from tests.conftest import Run


def test_the_help_shows_every_command_once_in_its_group(rcli: Run) -> None:
    told = rcli("--help")

    shown = re.findall(r"^  ([a-z]+)  +\S", told.partition("Run:")[2], re.MULTILINE)
    assert sorted(shown) == sorted(COMMANDS)
    assert [title for title in GROUPS if f"\n{title}:\n" in told] == list(GROUPS)


def test_groups_name_only_what_there_is() -> None:
    assert [name for names in GROUPS.values() for name in names.split() if name not in COMMANDS] == []
