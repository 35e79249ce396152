"""``rcli cache``: the disk that local models use."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from tests.cli.conftest import PROJECTS, Shell

PICTURE = PROJECTS.parent / "data" / "house.png"


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
    assert for_a_person.splitlines()[0].split() == ["KIND", "NAME", "SIZE", "LAST", "USED"]
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


def test_a_dry_run_shows_what_would_go_and_touches_nothing(lonely: Shell) -> None:
    lonely.run("run", str(PROJECTS / "picture"), f"image=@{PICTURE}")
    before = lonely.run("cache", "list", "-q")

    told = json.loads(lonely.run("cache", "prune", "--all", "--dry-run", "--json"))
    shown = lonely.run("cache", "prune", "--all", "--dry-run")

    kinds = {entry["kind"] for entry in told["entries"]}
    assert kinds >= {"output"}
    assert (told["removed"], told["predictions"]) == (len(told["entries"]), 1)
    assert told["freed_bytes"] >= PICTURE.stat().st_size
    assert [line.split("\t")[1] for line in shown.splitlines()] == [row["id"] for row in told["entries"]]
    assert shown.stderr.startswith("would free ")
    assert sorted(lonely.run("cache", "list", "-q").split()) == sorted(before.split())
    assert lonely.prediction()["data_removed"] is False


def test_pruning_what_is_older_spares_what_is_younger(lonely: Shell) -> None:
    lonely.run("run", str(PROJECTS / "picture"), f"image=@{PICTURE}")

    told = json.loads(lonely.run("cache", "prune", "--older-than", "1h", "--json"))

    assert told["predictions"] == 0
    assert lonely.prediction()["data_removed"] is False


def test_pruning_all_takes_the_data_of_predictions_and_says_so(lonely: Shell) -> None:
    lonely.run("run", str(PROJECTS / "picture"), f"image=@{PICTURE}")
    outputs = [row for row in json.loads(lonely.run("cache", "list", "--json")) if row["kind"] == "output"]

    told = lonely.run("cache", "prune", "--all", "-q")

    prediction = lonely.prediction()
    assert outputs[0]["id"] in told.split()
    assert (prediction["data_removed"], prediction["input"], prediction["output"]) == (True, {}, None)
    assert "removed" in lonely.run("predictions", "show", "last")


def test_uvs_cache_is_shown_and_pruned_only_when_asked(lonely: Shell, tmp_path: Path) -> None:
    cache = tmp_path / "uv"
    env = {"UV_CACHE_DIR": str(cache)}
    (cache / "archive-v0" / "dangling").mkdir(parents=True)
    (cache / "archive-v0" / "dangling" / "module.py").write_text("x" * 1000)

    listed = json.loads(lonely.run("cache", "list", "--json", env=env))
    without = lonely.run("cache", "prune", "--all", env=env)
    kept = (cache / "archive-v0" / "dangling").exists()
    told = lonely.run("cache", "prune", "--uv", env=env)

    (row,) = [row for row in listed if row["kind"] == "uv"]
    assert (row["name"], row["in_use"]) == (str(cache), False)
    assert row["size_bytes"] >= 1000
    assert (without.exit_code, kept) == (0, True)
    assert "uv: Removed" in told.stderr
    assert not (cache / "archive-v0" / "dangling").exists()


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--all", "--older-than", "3d"], "exclude each other"),
        (["--uv", "--dry-run"], "uv cannot tell"),
        (["--older-than", "long"], "--older-than takes seconds (90, 15m, 2h, 30d), not 'long'"),
    ],
)
def test_options_that_do_not_fit_are_refused(lonely: Shell, argv: list[str], message: str) -> None:
    refused = lonely.run("cache", "prune", *argv)

    assert refused.exit_code == 2
    assert message in refused.stderr


def test_a_person_hears_that_uvs_cache_is_shared(lonely: Shell) -> None:
    told = lonely.run("cache", "prune", "--plain", terminal=True)

    assert told.stderr.splitlines()[-1] == (
        "uv's cache is shared with other programs: rcli cache prune --uv lets uv prune it"
    )


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
