"""Versions: listed, and deleted with all that they made unless something needs them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from tests.engine.conftest import RunningEngine

RUN = """
from pathlib import Path as Place

from cog import BaseRunner, Path


class Runner(BaseRunner):
    def run(self, text: str) -> Path:
        Place("said.txt").write_text(text)
        return Path("said.txt")
"""


def project(folder: Path, comment: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "cog.yaml").write_text("run: run.py:Runner\n")
    (folder / "run.py").write_text(RUN + comment)
    return folder


def address(reference: str) -> str:
    model, _, version_id = reference.partition(":")
    return f"/v1/models/{model}/versions/{version_id}"


def test_versions_are_listed_the_newest_first(engine: RunningEngine, tmp_path: Path) -> None:
    first = engine.register(project(tmp_path / "edited"))
    second = engine.register(project(tmp_path / "edited", "# edited"))

    rows = engine.http.get("/v1/models/folder/edited/versions").json()["results"]

    assert [row["id"] for row in rows] == [each.partition(":")[2] for each in (second, first)]


def test_a_version_goes_with_its_predictions_and_their_files(engine: RunningEngine, tmp_path: Path) -> None:
    version = engine.register(project(tmp_path / "forgotten"))
    kept = engine.register(project(tmp_path / "forgotten", "# kept"))
    prediction = engine.ended(engine.create(version, {"text": "a secret of a kind"}))
    other = engine.ended(engine.create(kept, {"text": "another"}))
    before = httpx.get(prediction["output"])

    answer = engine.http.delete(address(version))

    assert (before.status_code, before.text) == (200, "a secret of a kind")
    assert (answer.status_code, answer.content) == (202, b"")
    assert engine.http.get(address(version)).status_code == 404
    assert engine.http.get(f"/v1/predictions/{prediction['id']}").status_code == 404
    assert httpx.get(prediction["urls"]["stream"]).status_code == 404
    assert httpx.get(prediction["output"]).status_code == 404
    assert httpx.get(engine.get(other)["output"]).text == "another"
    contents = [file.read_bytes() for file in (engine.folder / "files").rglob("*") if file.is_file()]
    assert b"another" in contents
    assert b"a secret of a kind" not in contents


def test_a_model_goes_after_its_last_version(engine: RunningEngine, tmp_path: Path) -> None:
    version = engine.register(project(tmp_path / "temporary"))

    first = engine.http.delete("/v1/models/folder/temporary")
    engine.http.delete(address(version))
    second = engine.http.delete("/v1/models/folder/temporary")

    assert (first.status_code, second.status_code) == (409, 204)


def test_a_version_at_work_stays(engine: RunningEngine) -> None:
    version = engine.register("sleeper")
    prediction = engine.create(version, {"seconds": 60})

    answer = engine.http.delete(address(version))
    engine.http.post(f"/v1/predictions/{prediction['id']}/cancel")

    assert (answer.status_code, answer.headers["x-should-retry"]) == (409, "false")
    assert prediction["id"] in answer.json()["detail"]
    assert engine.http.get(address(version)).status_code == 200


def test_a_deployed_version_stays(engine: RunningEngine, tmp_path: Path) -> None:
    version = engine.register(project(tmp_path / "deployed"))
    model, _, version_id = version.partition(":")
    body = {"name": "keeper", "model": model, "version": version_id, "hardware": "cpu"}
    engine.http.post("/v1/deployments", json=body | {"min_instances": 0, "max_instances": 1})

    refused = engine.http.delete(address(version))
    engine.http.delete("/v1/deployments/local/keeper")
    accepted = engine.http.delete(address(version))

    assert (refused.status_code, refused.json()["detail"]) == (409, "The version is deployed as local/keeper")
    assert accepted.status_code == 202


def test_versions_of_bundled_models_stay(engine: RunningEngine) -> None:
    latest = engine.http.get("/v1/models/rcli/hello").json()["latest_version"]["id"]

    answer = engine.http.delete(f"/v1/models/rcli/hello/versions/{latest}")

    assert answer.status_code == 403
    assert engine.http.get(f"/v1/models/rcli/hello/versions/{latest}").status_code == 200


def test_what_a_deleted_version_has_loaded_is_let_go(engine: RunningEngine, tmp_path: Path) -> None:
    version = engine.register(project(tmp_path / "loaded"))
    engine.ended(engine.create(version, {"text": "x"}))
    before = engine.replica("loaded")

    engine.http.delete(address(version))

    assert before is not None
    engine.until_asleep("loaded")


def test_an_unknown_version_cannot_be_deleted(engine: RunningEngine) -> None:
    engine.register("echo")

    assert engine.http.delete("/v1/models/folder/echo/versions/abc").status_code == 404
