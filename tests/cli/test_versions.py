"""``rcli versions``: a model's versions, and what of a new one breaks its callers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.conftest import Shell
from tests.cloud import Cloud, cloud, document
from tests.conftest import Run
from tests.recording_server import json_answer

__all__ = ["cloud"]

OLD = "11" + "a" * 62
NEWER = "11" + "b" * 62
NEWEST = "22" + "c" * 62
WHOLE = {"type": "integer", "minimum": 1, "maximum": 10, "default": 1}


def version(id: str, **inputs: Any) -> dict[str, Any]:
    return {
        "id": id,
        "created_at": "2026-01-02T03:04:05Z",
        "cog_version": "0.23.1",
        "openapi_schema": document({"type": "string"}, inputs),
    }


@pytest.fixture
def model(cloud: Cloud) -> Cloud:
    """ada/painter with three versions."""
    rows = [
        version(NEWEST, prompt={"type": "string"}, n=WHOLE | {"maximum": 5}),
        version(NEWER, prompt={"type": "string"}, n=WHOLE),
        version(OLD, prompt={"type": "string"}, seed={"type": "integer"}),
    ]
    found = {"owner": "ada", "name": "painter", "latest_version": rows[0]}
    cloud.api.answer("GET /v1/models/ada/painter", json_answer(found))
    cloud.api.answer("GET /v1/models/ada/painter/versions", json_answer({"next": None, "results": rows}))
    for row in rows:
        cloud.api.answer(f"GET /v1/models/ada/painter/versions/{row['id']}", json_answer(row))
    return cloud


def test_the_list_has_the_newest_first_in_each_form(rcli: Run, model: Cloud) -> None:
    piped = rcli("versions", "list", "ada/painter", env=model.env)
    names = rcli("versions", "list", "ada/painter", "-q", "-n", "2", env=model.env)
    raw = json.loads(rcli("versions", "list", "ada/painter", "--json", env=model.env))

    assert piped.splitlines()[0] == f"{NEWEST}\t2026-01-02T03:04:05Z\t0.23.1"
    assert names == f"{NEWEST}\n{NEWER}\n"
    assert [row["id"] for row in raw] == [NEWEST, NEWER, OLD]


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["ada/painter"], NEWEST),
        (["ada/painter", "11a"], OLD),
        (["ada/painter:11b"], NEWER),
        ([f"ada/painter:{OLD}"], OLD),
        (["replicate:ada/painter", NEWER], NEWER),
    ],
)
def test_a_version_goes_by_the_beginning_of_its_id(
    rcli: Run, model: Cloud, words: list[str], shown: str
) -> None:
    assert rcli("versions", "show", *words, "-q", env=model.env) == f"{shown}\n"


@pytest.mark.parametrize(
    ("words", "message", "code"),
    [
        (["ada/painter", "11"], "several versions of ada/painter begin with 11:", 2),
        (["ada/painter", "33"], "ada/painter has no version 33 on replicate", 1),
        (["ada/painter", "f" * 64], f"ada/painter has no version {'f' * 64} on replicate", 1),
        (["ada/painter:11a", "11b"], "the version is named twice", 2),
        (["ada/nobody", "11"], "there is no model ada/nobody on replicate", 1),
        (["deployments/ada/shop"], "'deployments/ada/shop' is not a model's name", 2),
    ],
)
def test_what_is_no_version_says_so(
    rcli: Run, model: Cloud, words: list[str], message: str, code: int
) -> None:
    told = rcli("versions", "show", *words, env=model.env)

    assert told.stderr.startswith(f"error: {message}\n")
    assert told.exit_code == code


def test_a_diff_marks_what_breaks_callers(rcli: Run, model: Cloud) -> None:
    told = rcli("versions", "diff", "ada/painter", "11a", "11b", env=model.env)
    last = rcli("versions", "diff", "ada/painter", env=model.env)
    raw = json.loads(rcli("versions", "diff", "ada/painter:11a", "--json", env=model.env))

    assert told == "!\tseed\tis gone\n\tn\tis new\n"
    assert last == "!\tn\tmaximum is 5, not 10\n"
    assert raw == [
        {"input": "seed", "change": "is gone", "breaks": True},
        {"input": "n", "change": "is new", "breaks": False},
    ]


def test_a_diff_of_the_same_says_that_nothing_changed(rcli: Run, model: Cloud) -> None:
    told = rcli("versions", "diff", "ada/painter", OLD, OLD, env=model.env, terminal=True)

    assert told == ""
    assert "the same inputs and output" in told.stderr


def test_a_diff_wants_two_versions_that_tell_their_inputs(rcli: Run, model: Cloud) -> None:
    silent = version(NEWER) | {"openapi_schema": {}}
    model.api.answer(f"GET /v1/models/ada/painter/versions/{NEWER}", json_answer(silent))
    unknown = rcli("versions", "diff", "ada/painter", NEWER, OLD, env=model.env)
    one = {"next": None, "results": [version(NEWEST)]}
    model.api.answer("GET /v1/models/ada/painter/versions", json_answer(one))
    alone = rcli("versions", "diff", "ada/painter", env=model.env)
    model.api.answer("GET /v1/models/ada/painter/versions", json_answer({"next": None, "results": []}))
    none = rcli("versions", "diff", "ada/painter", env=model.env)

    assert unknown.stderr == (
        "error: version 11bbbbbbbbbb does not tell what it takes: nothing can be compared\n"
    )
    assert alone.stderr == (
        f"error: ada/painter has one version, {NEWEST[:12]}: there is none to compare it with\n"
        "hint: rcli models schema replicate:ada/painter\n"
    )
    assert none.stderr == (
        "error: ada/painter has no version yet: nothing was pushed to it\n"
        "hint: rcli push FOLDER replicate:ada/painter\n"
    )
    assert (unknown.exit_code, alone.exit_code, none.exit_code) == (1, 1, 1)


def test_a_version_of_this_machine_is_deleted_with_its_predictions(warm_shell: Shell) -> None:
    folder = warm_shell.cwd / "brief"
    folder.mkdir()
    (folder / "cog.yaml").write_text("run: run.py:Runner\n")
    (folder / "run.py").write_text(
        "from cog import BaseRunner\n\n\nclass Runner(BaseRunner):\n"
        "    def run(self, n: int) -> int:\n        return n\n"
    )
    warm_shell.run("push", str(folder), "local:shelf/brief")
    id = warm_shell.run("versions", "list", "local:shelf/brief", "-q").strip()

    unnamed = warm_shell.run("versions", "delete", "local:shelf/brief", "--yes")
    asked = warm_shell.run("versions", "delete", "local:shelf/brief", id[:9])
    deleted = warm_shell.run("versions", "delete", "local:shelf/brief", id[:9], "--yes", "-q")
    left = warm_shell.run("versions", "list", "local:shelf/brief", terminal=True)
    warm_shell.run("models", "delete", "local:shelf/brief", "--yes")

    assert (unnamed.exit_code, asked.exit_code) == (2, 2)
    assert unnamed.stderr == "error: no version is named\nhint: rcli versions list local:shelf/brief\n"
    assert deleted == f"shelf/brief:{id}\n"
    assert left.stderr == "shelf/brief has no versions\n"
