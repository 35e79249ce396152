"""Deployments: created, changed by releases that count up, deleted."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from rcli.engine.data.catalog import Catalog, Version
from rcli.engine.data.deployments import Deployments, Release
from rcli.engine.data.store import Store

if TYPE_CHECKING:
    from tests.engine.conftest import RunningEngine, StartEngine

NUMBERS = itertools.count()


def create(engine: RunningEngine, **given: Any) -> httpx.Response:
    """A deployment of ``rcli/hello`` under a new name, with what is given instead of the usual."""
    usual = {
        "name": f"app-{next(NUMBERS)}",
        "model": "rcli/hello",
        "version": latest(engine),
        "hardware": "cpu",
        "min_instances": 0,
        "max_instances": 1,
    }
    return engine.http.post("/v1/deployments", json=usual | given)


def created(engine: RunningEngine, **given: Any) -> str:
    """The path of such a deployment."""
    answer = create(engine, **given)
    assert answer.status_code == 200, answer.text
    return f"/v1/deployments/{answer.json()['owner']}/{answer.json()['name']}"


def latest(engine: RunningEngine, model: str = "rcli/hello") -> str:
    return str(engine.http.get(f"/v1/models/{model}").json()["latest_version"]["id"])


def test_a_deployment_begins_with_release_1(engine: RunningEngine) -> None:
    told = create(engine, name="greeter", max_instances=3).json()

    created_at = told["current_release"].pop("created_at")
    assert told == {
        "owner": "local",
        "name": "greeter",
        "current_release": {
            "number": 1,
            "model": "rcli/hello",
            "version": latest(engine),
            "created_by": engine.http.get("/v1/account").json(),
            "configuration": {"hardware": "cpu", "min_instances": 0, "max_instances": 3},
        },
    }
    again = engine.http.get("/v1/deployments/local/greeter").json()
    assert again["current_release"].pop("created_at") == created_at
    assert again == told


def test_hardware_that_is_not_here_is_shown_as_what_is_used(engine: RunningEngine) -> None:
    skus = [row["sku"] for row in engine.http.get("/v1/hardware").json()]

    told = create(engine, hardware="gpu-h100").json()

    assert told["current_release"]["configuration"]["hardware"] == (skus[1] if len(skus) > 1 else "cpu")


def test_every_change_makes_a_release(engine: RunningEngine) -> None:
    path = created(engine)

    first = engine.http.patch(path, json={"max_instances": 4}).json()["current_release"]
    second = engine.http.patch(path, json={"max_instances": 4}).json()["current_release"]
    third = engine.http.patch(path, json={"version": latest(engine), "hardware": "cpu"}).json()[
        "current_release"
    ]

    assert [each["number"] for each in (first, second, third)] == [2, 3, 4]
    assert third["configuration"] == {"hardware": "cpu", "min_instances": 0, "max_instances": 4}
    assert first["created_at"] < second["created_at"] < third["created_at"]
    assert engine.http.get(path).json()["current_release"] == third


def test_a_change_of_nothing_makes_none(engine: RunningEngine) -> None:
    path = created(engine)

    assert engine.http.patch(path, json={}).json()["current_release"]["number"] == 1


def test_another_version_of_the_same_model_can_be_released(engine: RunningEngine) -> None:
    first = engine.register("echo").partition(":")[2]
    path = created(engine, model="folder/echo", version=first)

    answer = engine.http.patch(path, json={"version": latest(engine)})

    assert answer.status_code == 422
    assert answer.json()["title"] == "Invalid version or not permitted"
    assert engine.http.get(path).json()["current_release"]["number"] == 1
    assert engine.http.patch(path, json={"version": first}).json()["current_release"]["version"] == first


def test_deployments_outlive_the_engine(start_engine: StartEngine) -> None:
    first = start_engine()
    path = created(first)
    first.http.patch(path, json={"max_instances": 2})
    told = first.http.get(path).json()
    first.kill()

    assert start_engine().http.get(path).json() == told


def test_a_name_can_be_taken_once(engine: RunningEngine) -> None:
    created(engine, name="only-one")

    answer = create(engine, name="only-one")

    assert (answer.status_code, answer.headers["x-should-retry"]) == (409, "false")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": "No Name"}, "name"),
        ({"name": ""}, "name"),
        ({"hardware": "?"}, "hardware"),
        ({"min_instances": -1}, "min_instances"),
        ({"min_instances": 6, "max_instances": 6}, "min_instances"),
        ({"max_instances": 21}, "max_instances"),
        ({"min_instances": 2, "max_instances": 1}, "min_instances"),
        ({"min_instances": True}, "min_instances"),
        ({"max_instances": "3"}, "max_instances"),
        ({"region": "moon"}, "region"),
    ],
)
def test_what_a_deployment_cannot_be_is_refused(
    engine: RunningEngine, given: dict[str, Any], field: str
) -> None:
    answer = create(engine, **given)

    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["invalid_fields"]] == [field]


@pytest.mark.parametrize(
    "given", [{"min_instances": 2}, {"max_instances": 21}, {"name": "x"}, {"min_instances": None}]
)
def test_a_change_that_cannot_be_is_refused_and_changes_nothing(
    engine: RunningEngine, given: dict[str, Any]
) -> None:
    path = created(engine)

    assert engine.http.patch(path, json=given).status_code == 422
    assert engine.http.get(path).json()["current_release"]["number"] == 1


@pytest.mark.parametrize(
    "given", [{"model": "rcli/nothing"}, {"model": "hello"}, {"version": "abc"}, {"model": "rcli/smollm2"}]
)
def test_a_version_that_the_model_does_not_have_is_refused(
    engine: RunningEngine, given: dict[str, Any]
) -> None:
    answer = create(engine, **given)

    assert (answer.status_code, answer.json()["title"]) == (422, "Invalid version or not permitted")


def test_deployments_are_listed_the_newest_first_in_pages(start_engine: StartEngine) -> None:
    engine = start_engine()
    for number in range(103):
        created(engine, name=f"many-{number}")

    first = engine.http.get("/v1/deployments").json()
    second = engine.http.get(first["next"]).json()

    names = [row["name"] for page in (first, second) for row in page["results"]]
    assert first["next"].startswith(f"{engine.url}/v1/deployments?cursor=")
    assert (names, second["next"]) == ([f"many-{number}" for number in range(102, -1, -1)], None)


def test_a_deployment_is_deleted(engine: RunningEngine) -> None:
    path = created(engine)

    answer = engine.http.delete(path)

    assert (answer.status_code, answer.content) == (204, b"")
    assert engine.http.get(path).status_code == 404
    assert engine.http.patch(path, json={"max_instances": 2}).status_code == 404
    assert engine.http.delete(path).status_code == 404


def instances(engine: RunningEngine, model: str) -> list[dict[str, Any]]:
    """What the status says of the loaded replicas of a model."""
    rows = engine.http.get("/_rcli/status").json()["replicas"]
    return [row for row in rows if row["model"] == model]


def predict(engine: RunningEngine, path: str, given: dict[str, Any], **headers: str) -> dict[str, Any]:
    answer = engine.http.post(f"{path}/predictions", json={"input": given}, headers=headers)
    assert answer.status_code in (201, 202), answer.text
    return dict(answer.json())


def test_a_deployment_makes_predictions_with_its_release(engine: RunningEngine) -> None:
    path = created(engine)

    told = predict(engine, path, {"text": "you"}, prefer="wait")

    assert (told["status"], told["output"], told["version"]) == ("succeeded", "hello you", latest(engine))
    assert (told["model"], told["deployment"]) == ("rcli/hello", path.removeprefix("/v1/deployments/"))
    assert engine.get(told) == told


def test_inputs_of_a_deployment_are_checked_as_all_are(engine: RunningEngine) -> None:
    path = created(engine)

    assert engine.http.post(f"{path}/predictions", json={"input": {}}).status_code == 422
    assert (
        engine.http.post(f"{path}/predictions", json={"input": {"text": "x"}, "version": "x"}).status_code
        == 422
    )
    assert engine.http.post("/v1/deployments/local/none/predictions", json={"input": {}}).status_code == 404


def test_instances_are_warm_before_anybody_asks_and_go_with_the_deployment(engine: RunningEngine) -> None:
    version = engine.register("echo").partition(":")[2]

    path = created(engine, model="folder/echo", version=version, min_instances=1)

    engine.until(lambda: [row["state"] for row in instances(engine, "folder/echo")] == ["ready"])
    engine.http.patch(path, json={"min_instances": 2, "max_instances": 2})
    engine.until(lambda: [row["state"] for row in instances(engine, "folder/echo")] == ["ready"] * 2)
    assert engine.http.delete(path).status_code == 204


def test_instances_are_warm_again_after_a_kill(start_engine: StartEngine) -> None:
    first = start_engine()
    version = first.register("echo").partition(":")[2]
    created(first, model="folder/echo", version=version, min_instances=1)
    first.until(lambda: len(instances(first, "folder/echo")) == 1)
    first.kill()

    second = start_engine()

    second.until(lambda: [row["state"] for row in instances(second, "folder/echo")] == ["ready"])


def test_a_new_release_leaves_what_the_former_one_accepted_in_peace(
    engine: RunningEngine, tmp_path: Path
) -> None:
    def project(word: str) -> str:
        folder = tmp_path / "spoken"
        folder.mkdir(exist_ok=True)
        (folder / "cog.yaml").write_text("run: run.py:Runner\n")
        (folder / "run.py").write_text(
            "import time\n\nfrom cog import BaseRunner\n\n\nclass Runner(BaseRunner):\n"
            "    def run(self, seconds: float) -> str:\n"
            f"        print('speaking')\n        time.sleep(seconds)\n        return {word!r}\n"
        )
        return engine.register(folder).partition(":")[2]

    path = created(engine, model="folder/spoken", version=project("old"))
    former = predict(engine, path, {"seconds": 1.5})
    engine.wait_for(former, "speaking")

    engine.http.patch(path, json={"version": project("new")})
    later = predict(engine, path, {"seconds": 0})

    assert [engine.ended(each)["output"] for each in (former, later)] == ["old", "new"]


def test_what_the_current_release_is_made_of_counts_as_used(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "engine.db", lambda call: None)
    catalog, deployments = Catalog(store), Deployments(store)
    first, second = (
        Version("me", "x", word, 0.0, "0.23", f"made of {word}", "cog.yaml", {}, concurrency=1)
        for word in ("old", "new")
    )
    catalog.add_version(first)
    catalog.add_version(second)
    release = Release(1, "me/x", "old", "cpu", 0, 1, 0.0)
    deployment = deployments.create("local", "app", release)
    before = catalog.deployed_snapshots()

    deployments.release(replace(deployment, release=replace(release, number=2, version="new")))
    after = catalog.deployed_snapshots()
    deployments.delete(deployment)

    assert (before, after) == ({"made of old"}, {"made of new"})
    assert catalog.deployed_snapshots() == set()
    store.close()


def test_a_deployment_at_work_stays(engine: RunningEngine) -> None:
    version = engine.register("sleeper").partition(":")[2]
    path = created(engine, model="folder/sleeper", version=version)
    prediction = predict(engine, path, {"seconds": 60})

    refused = engine.http.delete(path)
    engine.http.post(f"/v1/predictions/{prediction['id']}/cancel")

    assert (refused.status_code, prediction["id"] in refused.json()["detail"]) == (409, True)
    assert engine.http.delete(path).status_code == 204
