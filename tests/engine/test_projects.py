"""Folders as models: what registering tells, what it refuses, what of it can be pruned."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rcli.engine.data.catalog import Catalog
from rcli.engine.data.store import Store
from rcli.engine.runtime.environments import Environments
from rcli.engine.runtime.snapshots import Snapshots
from rcli.engine.work.registry import Registry

if TYPE_CHECKING:
    from tests.engine.conftest import RunningEngine, StartEngine

PROJECTS = Path(__file__).parents[1] / "projects"

SOURCE = """from cog import BaseRunner


class Runner(BaseRunner):
    def run(self, n: int) -> int:
        return n
"""


def test_a_bundled_model_that_cannot_be_read_does_not_take_the_others_with_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name, source in (("bad", "def run(: no"), ("good", SOURCE)):
        (tmp_path / "models" / name).mkdir(parents=True)
        (tmp_path / "models" / name / "cog.yaml").write_text("run: run.py:Runner\n")
        (tmp_path / "models" / name / "run.py").write_text(source)
    store = Store.open(tmp_path / "engine.db", lambda call: None)
    catalog = Catalog(store)

    environments = Environments(tmp_path / "environments", {})
    Registry(catalog, Snapshots(tmp_path / "snapshots"), environments).take_bundled(tmp_path / "models")

    found = [catalog.latest("rcli", name) is not None for name in ("bad", "good")]
    store.close()
    assert found == [False, True]
    assert "the bundled model bad cannot be used: run.py:1" in caplog.text


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "My Model"
    folder.mkdir()
    (folder / "cog.yaml").write_text("run: run.py:Runner\n")
    (folder / "run.py").write_text(SOURCE)
    return folder


def test_a_folder_is_a_model_with_a_version(engine: RunningEngine, project: Path) -> None:
    first = engine.http.post("/_rcli/projects", json={"path": str(project)})
    second = engine.http.post("/_rcli/projects", json={"path": str(project)})

    told = first.json()
    assert (first.status_code, told["model"], told["warnings"]) == (201, "folder/my-model", [])
    assert (told["first_seen"], second.json()["first_seen"]) == (True, False)
    assert told["version"] == second.json()["version"]
    assert told["version"].keys() == {"id", "created_at", "cog_version", "openapi_schema"}
    assert told["version"]["openapi_schema"]["components"]["schemas"]["Input"]["required"] == ["n"]
    listed = engine.http.get("/v1/models/folder/my-model/versions").json()["results"]
    assert listed == [told["version"]]


def test_a_folder_that_is_only_looked_at_counts_as_never_run(engine: RunningEngine, project: Path) -> None:
    project = project.rename(project.with_name("looked-at"))
    (project / "cog.yaml").write_text("run: run.py:Runner\nbuild:\n  run: [make install]\n")

    looked = engine.http.post("/_rcli/projects", json={"path": str(project), "to_run": False})
    refused = engine.http.post("/_rcli/projects", json={"path": str(project)})
    (project / "cog.yaml").write_text("run: run.py:Runner\n")
    taken = engine.http.post("/_rcli/projects", json={"path": str(project)})

    assert (looked.status_code, looked.json()["first_seen"]) == (201, False)
    assert (refused.status_code, "make install" in refused.json()["detail"]) == (422, True)
    assert taken.json()["first_seen"]


def test_what_was_current_once_becomes_the_latest_again(engine: RunningEngine, project: Path) -> None:
    model, _, first = engine.register(project).partition(":")
    (project / "run.py").write_text(SOURCE.replace("return n", "return -n"))
    second = engine.register(project).partition(":")[2]
    (project / "run.py").write_text(SOURCE)
    engine.register(project)

    versions = engine.http.get(f"/v1/models/{model}/versions").json()["results"]

    assert [version["id"] for version in versions] == [first, second]
    assert engine.http.get(f"/v1/models/{model}").json()["latest_version"]["id"] == first


def test_two_project_files_in_one_folder_are_two_versions(engine: RunningEngine, project: Path) -> None:
    (project / "other.yaml").write_text("run: other.py:Runner\n")
    (project / "other.py").write_text(SOURCE.replace("return n", "return n * 2"))

    def output(file: str) -> object:
        told = engine.http.post("/_rcli/projects", json={"path": str(project), "file": file}).json()
        return engine.ended(engine.create(told["version"]["id"], {"n": 4}))["output"]

    assert (output("cog.yaml"), output("other.yaml")) == (4, 8)


def test_a_gpu_that_is_not_there_is_a_warning(engine: RunningEngine, project: Path) -> None:
    if shutil.which("nvidia-smi") is not None:
        pytest.fail("this test describes a machine without a GPU")
    (project / "cog.yaml").write_text("run: run.py:Runner\nbuild:\n  gpu: true\n")

    told = engine.http.post("/_rcli/projects", json={"path": str(project)}).json()

    assert told["warnings"] == [
        "the project asks for a GPU and this machine has none: it will run on the CPU, if it can"
    ]


def test_a_cog_yaml_that_does_not_parse_is_named_with_its_line(engine: RunningEngine, project: Path) -> None:
    (project / "cog.yaml").write_text("run: run.py:Runner\nbuild: [\n")

    answer = engine.http.post("/_rcli/projects", json={"path": str(project)})

    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert answer.json()["detail"].startswith("cog.yaml:3: ")
    assert answer.json()["hint"]


def test_a_source_that_cog_would_refuse_is_named_with_its_line(engine: RunningEngine, project: Path) -> None:
    (project / "run.py").write_text(SOURCE.replace("-> int", ""))

    answer = engine.http.post("/_rcli/projects", json={"path": str(project)})

    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("run.py:5: ")


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        ({"path": "/nowhere/at/all"}, 404, "there is no folder /nowhere/at/all"),
        ({"path": "relative"}, 422, "- path: must be an absolute path\n"),
        ({"path": "/tmp", "file": "../x"}, 422, "- file: must be the name of a file in the folder\n"),
        ({}, 422, "- path: path is required\n"),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(
    engine: RunningEngine, body: dict[str, str], status: int, detail: str
) -> None:
    answer = engine.http.post("/_rcli/projects", json=body)

    assert (answer.status_code, answer.json()["detail"]) == (status, detail)


def test_a_link_out_of_the_project_is_an_error_of_the_project(engine: RunningEngine, project: Path) -> None:
    (project / "data").symlink_to("/etc/hostname")

    answer = engine.http.post("/_rcli/projects", json={"path": str(project)})

    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("the link data leads out of the project")
    assert answer.json()["hint"].endswith("echo data >> .dockerignore")


def push(engine: RunningEngine, project: Path, model: str, **keys: object) -> dict[str, Any]:
    answer = engine.http.post("/_rcli/pushes", json={"path": str(project), "model": model, **keys})
    assert answer.status_code in (200, 201), answer.text
    return dict(answer.json())


def versions(engine: RunningEngine, model: str) -> list[str]:
    """The ids of a model's versions, the newest first."""
    listed = engine.http.get(f"/v1/models/{model}/versions").json()["results"]
    return [version["id"] for version in listed]


def edit(project: Path, answer: str) -> None:
    (project / "run.py").write_text(SOURCE.replace("return n", f"return {answer}"))


def test_a_pushed_folder_is_a_model_that_needs_the_folder_no_more(
    engine: RunningEngine, project: Path
) -> None:
    (project / "README.md").write_text("# A title\n\nWhat it does.\n")

    told = push(engine, project, "me/pushed")
    shutil.rmtree(project)

    shown = engine.http.get("/v1/models/me/pushed").json()
    assert (told["model"], told["change"], told["warnings"]) == ("me/pushed", "new", [])
    assert (shown["description"], shown["latest_version"]) == ("What it does.", told["version"])
    assert "me/pushed" in [
        f"{model['owner']}/{model['name']}" for model in engine.http.get("/v1/models").json()["results"]
    ]
    created = engine.http.post("/v1/models/me/pushed/predictions", json={"input": {"n": 4}}).json()
    assert engine.ended(created)["output"] == 4


def test_the_same_content_is_pushed_once(engine: RunningEngine, project: Path) -> None:
    edit(project, "n + 1")
    first = push(engine, project, "me/once")
    again = push(engine, project, "me/once")
    edit(project, "n + 2")
    other = push(engine, project, "me/once")
    edit(project, "n + 1")
    back = push(engine, project, "me/once")

    told = [each["change"] for each in (first, again, other, back)]
    assert told == ["new", "unchanged", "new", "restored"]
    assert again["version"] == back["version"] == first["version"]
    assert versions(engine, "me/once") == [first["version"]["id"], other["version"]["id"]]


def test_a_version_is_as_old_as_its_push_not_as_the_folder_s_first_run(
    engine: RunningEngine, project: Path
) -> None:
    edit(project, "n + 30")
    ran = engine.http.post("/_rcli/projects", json={"path": str(project)}).json()["version"]

    pushed = push(engine, project, "me/aged")["version"]

    assert pushed["id"] == ran["id"]
    assert pushed["created_at"] > ran["created_at"]


@pytest.mark.parametrize(
    ("model", "status", "detail"),
    [
        ("rcli/hello", 403, "The models of rcli/… come with rcli and cannot be changed"),
        ("folder/hello", 403, "folder/… are the folders that were run here: choose another owner"),
        ("me", 400, "'me' cannot be a model's name: owner/name, of letters"),
        ("me/Upper", 400, "'me/Upper' cannot be a model's name: owner/name, of letters"),
        ("me/../x", 400, "'me/../x' cannot be a model's name: owner/name, of letters"),
        ("-/-", 400, "'-/-' cannot be a model's name: owner/name, of letters"),
    ],
)
def test_not_every_name_can_be_pushed_to(
    engine: RunningEngine, project: Path, model: str, status: int, detail: str
) -> None:
    answer = engine.http.post("/_rcli/pushes", json={"path": str(project), "model": model})

    assert answer.status_code == status
    assert answer.json()["detail"].startswith(detail)


def test_what_is_wrong_with_a_project_registers_nothing(engine: RunningEngine, project: Path) -> None:
    (project / "run.py").write_text(SOURCE.replace("-> int", ""))

    answer = engine.http.post("/_rcli/pushes", json={"path": str(project), "model": "me/wrong"})

    assert (answer.status_code, answer.json()["detail"].partition(": ")[0]) == (422, "run.py:5")
    assert engine.http.get("/v1/models/me/wrong").status_code == 404


def test_a_project_is_checked_where_it_lies(engine: RunningEngine, project: Path) -> None:
    project = project.rename(project.with_name("only checked"))
    (project / "cog.yaml").write_text("run: run.py:Runner\nimage: r8.im/me/model\n")
    (project / ".dockerignore").write_text("*.log\n")
    (project / "x.log").write_text("x" * 1000)

    told = engine.http.post("/_rcli/checks", json={"path": str(project)}).json()

    sizes = [(project / name).stat().st_size for name in ("cog.yaml", ".dockerignore", "run.py")]
    assert (told["files"], told["size_bytes"], told["image"]) == (3, sum(sizes), "r8.im/me/model")
    assert told["openapi_schema"]["components"]["schemas"]["Input"]["required"] == ["n"]
    assert engine.http.get("/v1/models/folder/only-checked").status_code == 404


def test_a_watch_keeps_one_version(engine: RunningEngine, project: Path) -> None:
    made: list[str] = []
    for answer in ("n + 10", "n + 11", "n + 12"):
        edit(project, answer)
        made.append(push(engine, project, "me/watched", former=made)["version"]["id"])

    assert versions(engine, "me/watched") == made[-1:]
    kept = (engine.folder / "snapshots").iterdir()
    assert not {each.name for each in kept} & set(made[:-1])


def test_a_watch_leaves_what_was_pushed_by_hand(engine: RunningEngine, project: Path) -> None:
    edit(project, "n + 20")
    by_hand = push(engine, project, "me/both")["version"]["id"]
    first = push(engine, project, "me/both", former=[])["version"]["id"]
    edit(project, "n + 21")
    second = push(engine, project, "me/both", former=[first])["version"]["id"]
    push(engine, project, "me/both")
    edit(project, "n + 22")
    third = push(engine, project, "me/both", former=[first, second])["version"]["id"]

    assert first == by_hand
    assert versions(engine, "me/both") == [third, second, by_hand]


def test_a_version_stays_while_a_prediction_uses_it(engine: RunningEngine, tmp_path: Path) -> None:
    folder = tmp_path / "gate"
    shutil.copytree(PROJECTS / "gate", folder)
    go = tmp_path / "go"
    first = push(engine, folder, "me/gate", former=[])["version"]["id"]
    waiting = engine.create(f"me/gate:{first}", {"until": str(go)})
    (folder / "more.txt").write_text("more")

    second = push(engine, folder, "me/gate", former=[first])
    go.touch()
    status = engine.ended(waiting)["status"]
    (folder / "more.txt").write_text("still more")
    third = push(engine, folder, "me/gate", former=[*second["former"], second["version"]["id"]])

    assert second["former"] == [first]
    assert (status, third["former"]) == ("succeeded", [])
    assert versions(engine, "me/gate") == [third["version"]["id"]]
    assert engine.get(waiting)["version"] == first


def age(engine: RunningEngine, version: str) -> None:
    """As if a folder had been taken two minutes ago."""
    before = time.time() - 120
    os.utime(engine.folder / "snapshots" / version.rpartition(":")[2], (before, before))


def test_what_was_just_taken_is_not_pruned(start_engine: StartEngine, own_cache: None, project: Path) -> None:
    engine = start_engine()
    taken = engine.register(project)

    engine.http.post("/_rcli/prune", json={"everything": True})
    still = versions(engine, "folder/my-model")
    age(engine, taken)
    engine.http.post("/_rcli/prune", json={"everything": True})

    assert still == [taken.rpartition(":")[2]]
    assert engine.http.get("/v1/models/folder/my-model").status_code == 404


def test_pruning_leaves_a_pushed_model_its_latest_version(
    start_engine: StartEngine, own_cache: None, project: Path
) -> None:
    engine = start_engine()
    former = push(engine, project, "me/model")["version"]["id"]
    edit(project, "-n")
    latest = push(engine, project, "me/model")["version"]["id"]
    for version in (former, latest):
        age(engine, version)

    engine.http.post("/_rcli/prune", json={"everything": True})

    assert versions(engine, "me/model") == [latest]
    assert engine.ended(engine.create("me/model", {"n": 4}))["output"] == -4


def test_a_pushed_model_outlives_the_engine(start_engine: StartEngine, project: Path) -> None:
    first = start_engine()
    version = push(first, project, "me/model")["version"]["id"]
    first.kill()
    shutil.rmtree(project)

    second = start_engine()

    assert versions(second, "me/model") == [version]
    assert second.ended(second.create("me/model", {"n": 4}))["output"] == 4


def test_what_another_rcli_read_off_a_source_is_read_anew(start_engine: StartEngine, project: Path) -> None:
    engine = start_engine()
    kept, lost = engine.register("echo"), engine.register(project)
    documents = [document_of(engine, reference) for reference in (kept, lost)]
    engine.close()
    with closing(sqlite3.connect(engine.folder / "engine.db", isolation_level=None)) as connection:
        connection.execute("UPDATE versions SET read_by = '0.0.1', document = '{\"of\": 1}', concurrency = 9")
        (snapshot,) = connection.execute("SELECT snapshot FROM versions WHERE id = ?", (lost[-64:],))
    shutil.rmtree(engine.folder / "snapshots" / snapshot[0])

    later = start_engine()

    assert document_of(later, kept) == documents[0]
    assert document_of(later, lost) == {"of": 1} != documents[1]
    assert later.ended(later.create(kept, {"text": "x"}))["status"] == "succeeded"


def document_of(engine: RunningEngine, reference: str) -> Any:
    model, _, id = reference.partition(":")
    return engine.http.get(f"/v1/models/{model}/versions/{id}").json()["openapi_schema"]


def test_the_cache_is_listed_and_pruned_but_for_what_is_loaded(
    start_engine: StartEngine, own_cache: None, project: Path
) -> None:
    engine = start_engine(config="[engine]\nreplica_idle = 0\n")
    loaded = engine.register(project)
    engine.ended(engine.create(loaded, {"n": 1}))
    (project / "run.py").write_text(SOURCE.replace("return n", "return -n"))
    unused = engine.register(project)
    age(engine, loaded)
    age(engine, unused)
    engine.http.post("/v1/files", files={"content": ("x.bin", b"x" * 1000)})

    entries = engine.http.get("/_rcli/cache").json()["entries"]
    spared = engine.http.post("/_rcli/prune", json={}).json()
    freed = engine.http.post("/_rcli/prune", json={"everything": True}).json()

    left = engine.http.get("/_rcli/cache").json()["entries"]
    snapshots = {entry["id"]: entry for entry in entries if entry["kind"] == "snapshot"}
    assert snapshots[loaded.partition(":")[2]]["in_use"]
    assert not snapshots[unused.partition(":")[2]]["in_use"]
    assert [(entry["name"], entry["size_bytes"]) for entry in entries if entry["kind"] == "upload"] == [
        ("x.bin", 1000)
    ]
    assert (spared["removed"], spared["freed_bytes"]) == (0, 0)
    assert freed["removed"] == 2
    assert all(entry["in_use"] for entry in left if entry["kind"] != "environment")
    assert {entry["name"] for entry in left} >= {"rcli/hello", "rcli/smollm2", "folder/my-model"}
    assert engine.ended(engine.create("rcli/hello", {"text": "x"}))["status"] == "succeeded"
