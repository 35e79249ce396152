"""Folders as models: what registering tells, what it refuses, what of it can be pruned."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rcli.engine.data.catalog import Catalog
from rcli.engine.data.store import Store
from rcli.engine.runtime.environments import Environments
from rcli.engine.runtime.snapshots import Snapshots
from rcli.engine.work.registry import Registry

if TYPE_CHECKING:
    from tests.engine.conftest import RunningEngine, StartEngine

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
    assert (refused.status_code, refused.json()["hint"]) == (
        422,
        "run it on a host: rcli run --host replicate",
    )
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


def test_the_cache_is_listed_and_pruned_but_for_what_is_loaded(
    start_engine: StartEngine, project: Path
) -> None:
    engine = start_engine(config="[engine]\nreplica_idle = 0\n")
    loaded = engine.register(project)
    engine.ended(engine.create(loaded, {"n": 1}))
    (project / "run.py").write_text(SOURCE.replace("return n", "return -n"))
    unused = engine.register(project)
    engine.http.post("/v1/files", files={"content": ("x.bin", b"x" * 1000)})

    entries = engine.http.get("/_rcli/cache").json()["entries"]
    spared = engine.http.post("/_rcli/prune", json={}).json()
    freed = engine.http.post("/_rcli/prune", json={"everything": True}).json()

    left = engine.http.get("/_rcli/cache").json()["entries"]
    snapshots = {entry["id"]: entry for entry in entries if entry["kind"] == "snapshot"}
    assert snapshots[loaded.partition(":")[2]]["in_use"]
    assert not snapshots[unused.partition(":")[2]]["in_use"]
    assert [(entry["name"], entry["size_bytes"]) for entry in entries if entry["kind"] == "file"] == [
        ("x.bin", 1000)
    ]
    assert spared == {"removed": 0, "freed_bytes": 0}
    assert freed["removed"] == 2
    assert all(entry["in_use"] for entry in left if entry["kind"] != "environment")
    assert {entry["name"] for entry in left} >= {"rcli/hello", "rcli/smollm2", "folder/my-model"}
    assert engine.ended(engine.create("rcli/hello", {"text": "x"}))["status"] == "succeeded"
