"""``rcli cache``: the disk that local models use."""

from __future__ import annotations

import json
import os
import time

import pytest

from tests.cli.conftest import PROJECTS, Shell


@pytest.fixture
def lonely(shell: Shell) -> Shell:
    """A home that shares no environments: nothing of the other tests' can be removed here."""
    (shell.home / "rcli" / "cache").unlink()
    return shell


def age(shell: Shell) -> None:
    """As if every folder had been taken two minutes ago."""
    before = time.time() - 120
    for snapshot in (shell.home / "rcli" / "data" / "engine" / "snapshots").iterdir():
        os.utime(snapshot, (before, before))


def test_a_project_that_was_run_lies_in_the_cache(lonely: Shell) -> None:
    lonely.run("run", str(PROJECTS / "echo"), "text=x")

    entries = json.loads(lonely.run("cache", "list", "--json"))

    (entry,) = [entry for entry in entries if entry["name"] == "folder/echo"]
    assert (entry["kind"], entry["in_use"]) == ("snapshot", True)
    assert entry["id"] == lonely.prediction()["version"]
    assert entry["size_bytes"] > 100


def test_the_cache_is_a_table_for_people_and_tabs_for_scripts(lonely: Shell) -> None:
    lonely.run("run", str(PROJECTS / "echo"), "text=x")

    for_a_person = lonely.run("cache", "list", "--plain", terminal=True)
    for_a_script = lonely.run("cache", "list")

    entries = json.loads(lonely.run("cache", "list", "--json"))
    assert for_a_person.splitlines()[0].split() == ["KIND", "ID", "NAME", "SIZE", "LAST", "USED"]
    assert [line.split("\t")[1] for line in for_a_script.splitlines()] == [row["id"] for row in entries]
    assert lonely.run("cache", "list", "-q").split() == [row["id"] for row in entries]


def test_pruning_keeps_what_was_used_lately(lonely: Shell) -> None:
    lonely.run("run", str(PROJECTS / "fails"))
    before = lonely.run("cache", "list", "-q")

    told = lonely.run("cache", "prune")

    assert (told, told.exit_code) == ("", 0)
    assert lonely.run("cache", "list", "-q") == before


def test_pruning_all_keeps_what_is_loaded(lonely: Shell) -> None:
    lonely.run("run", str(PROJECTS / "setup_fails"), "text=x")
    failed = lonely.prediction()["version"]
    lonely.run("run", str(PROJECTS / "echo"), "text=x")
    loaded = lonely.prediction()["version"]
    age(lonely)

    told = json.loads(lonely.run("cache", "prune", "--all", "--json"))

    left = lonely.run("cache", "list", "-q").split()
    assert told["removed"] >= 1
    assert told["freed_bytes"] > 0
    assert loaded in left
    assert failed not in left


def test_what_was_pruned_can_be_run_again(lonely: Shell) -> None:
    lonely.run("run", str(PROJECTS / "setup_fails"), "text=x")
    lonely.run("run", str(PROJECTS / "echo"), "text=x")
    lonely.run("serve", "stop")
    age(lonely)
    told = lonely.run("cache", "prune", "--all")

    answer = lonely.run("run", str(PROJECTS / "echo"), "text=again")

    assert told.stderr.startswith("freed ")
    assert answer == "hello again"


def test_what_was_taken_a_moment_ago_is_kept_even_from_pruning_all(lonely: Shell) -> None:
    lonely.run("run", str(PROJECTS / "setup_fails"), "text=x")
    failed = lonely.prediction()["version"]

    lonely.run("cache", "prune", "--all")

    assert failed in lonely.run("cache", "list", "-q").split()


def test_pruning_all_leaves_pushed_models_alone(lonely: Shell) -> None:
    lonely.run("push", str(PROJECTS / "echo"), "local:me/echo")
    lonely.run("serve", "stop")
    age(lonely)

    lonely.run("cache", "prune", "--all")

    assert lonely.run("run", "local:me/echo", "text=still here") == "hello still here"
