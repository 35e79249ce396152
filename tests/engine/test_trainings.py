"""Trainings through HTTP: what they make, who may ask for them, and how they end."""

from __future__ import annotations

import hashlib
import sqlite3
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from rcli.engine.data.catalog import Catalog, Version
from rcli.engine.data.store import Store

if TYPE_CHECKING:
    from tests.engine.conftest import RunningEngine, StartEngine
    from tests.receiver import Receiver

WORDS = "data:text/plain;base64," + b64encode(b"dino").decode()
DINOSAURS = [
    f"{first}{last}"
    for first in ("tyranno", "bronto", "stego", "allo", "ptero", "mega", "micro", "ankylo")
    for last in ("saurus", "don", "raptor", "ceratops", "dactyl", "lophus", "nychus")
]


def trainings_of(version: str) -> str:
    model, _, id = version.partition(":")
    return f"/v1/models/{model}/versions/{id}/trainings"


def has_model(engine: RunningEngine, model: str) -> bool:
    return engine.http.get(f"/v1/models/{model}").status_code == 200


def begun(engine: RunningEngine, destination: str, **given: Any) -> tuple[dict[str, Any], int]:
    """A training of the coach that is at work, and the id of its process."""
    training = engine.train(engine.register("coach"), destination, given)
    engine.wait_for(training, "warming up")
    (pid,) = [row["pid"] for row in replicas(engine, "coach")]
    return training, pid


def replicas(engine: RunningEngine, project: str) -> list[dict[str, Any]]:
    rows = engine.http.get("/_rcli/status").json()["replicas"]
    return [row for row in rows if row["model"] == f"folder/{project}"]


def is_gone(pid: int) -> bool:
    """Without an init that reaps, what has ended stays as a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_training_makes_the_destination_and_a_version_that_runs_at_once(engine: RunningEngine) -> None:
    version = engine.register("trainer")

    training = engine.ended(engine.train(version, "school/dinos", {"words": WORDS, "steps": 2}))
    weights = httpx.get(training["output"]["weights"])
    spoken = engine.create(training["output"]["version"], wait=True)
    by_name = engine.http.post(
        "/v1/models/school/dinos/predictions", json={"input": {}}, headers={"prefer": "wait"}
    )

    assert (training["status"], training["error"]) == ("succeeded", None)
    assert training["output"].keys() == {"version", "weights"}
    assert training["logs"] == "step 1/2 loss=1.00\nstep 2/2 loss=0.50\n"
    assert training["metrics"].keys() == {"predict_time", "total_time"}
    assert weights.text == "DINO"
    base, made = (each.partition(":")[2] for each in (version, training["output"]["version"]))
    sha256 = hashlib.sha256(b"DINO").hexdigest()
    assert made == hashlib.sha256(f"{base} {sha256}".encode()).hexdigest()
    assert [spoken["output"], by_name.json()["output"]] == ["DINO", "DINO"]
    latest = engine.http.get("/v1/models/school/dinos").json()["latest_version"]
    former = engine.http.get(f"/v1/models/folder/trainer/versions/{base}").json()
    assert (latest["id"], latest["openapi_schema"]) == (made, former["openapi_schema"])


def test_a_training_is_shown_as_the_document_says(engine: RunningEngine) -> None:
    version = engine.register("trainer")

    training = engine.train(version, "school/shown", {"words": WORDS})

    urls = training["urls"]
    assert urls.keys() == {"web", "get", "cancel"}
    assert (urls["cancel"], urls["get"].startswith(engine.url)) == (f"{urls['get']}/cancel", True)
    assert httpx.get(training["input"]["words"]).text == "dino"
    assert {
        name: training[name]
        for name in ("model", "version", "destination", "status", "source", "output", "error", "logs")
    } == {
        "model": "folder/trainer",
        "version": version.partition(":")[2],
        "destination": "school/shown",
        "status": "starting",
        "source": "api",
        "output": None,
        "error": None,
        "logs": "",
    }
    assert training["data_removed"] is False
    assert engine.ended(training)["status"] == "succeeded"


def test_trainings_and_predictions_have_lists_of_their_own(engine: RunningEngine) -> None:
    version = engine.register("trainer")
    training = engine.ended(engine.train(version, "school/apart", {"words": WORDS}))
    prediction = engine.create(version, wait=True)

    trainings, predictions = (
        [row["id"] for row in engine.http.get(f"/v1/{noun}").json()["results"]]
        for noun in ("trainings", "predictions")
    )

    assert (trainings[0], training["id"] in predictions) == (training["id"], False)
    assert (predictions[0], prediction["id"] in trainings) == (prediction["id"], False)
    assert engine.http.get(f"/v1/trainings/{prediction['id']}").status_code == 404
    assert engine.http.post(f"/v1/trainings/{prediction['id']}/cancel").status_code == 404


def test_a_training_is_found_among_predictions_too_where_the_node_client_waits_for_it(
    engine: RunningEngine,
) -> None:
    training = engine.train(engine.register("trainer"), "school/waited", {"words": WORDS})

    ended = engine.ended(training)

    assert engine.http.get(f"/v1/predictions/{training['id']}").json() == ended
    assert engine.http.post(f"/v1/predictions/{training['id']}/cancel").json() == ended


def test_trainings_come_in_pages_and_one_after_another(engine: RunningEngine, tmp_path: Path) -> None:
    running, _ = begun(engine, "school/paged", until=str(tmp_path / "gate"))
    waiting = [engine.train(engine.register("coach"), "school/paged") for _ in range(101)]

    first = engine.http.get("/v1/trainings").json()
    second = engine.http.get(first["next"]).json()
    states = {engine.get(training)["status"] for training in waiting}
    at_once = len(replicas(engine, "coach"))
    for training in [*waiting, running]:
        engine.http.post(training["urls"]["cancel"])

    rows = [row["id"] for row in [*first["results"], *second["results"]]]
    assert (len(first["results"]), rows[:102]) == (
        100,
        [row["id"] for row in reversed([running, *waiting])],
    )
    assert (states, at_once) == ({"starting"}, 1)
    assert not has_model(engine, "school/paged")


def test_a_training_s_stream_tells_its_logs_and_its_end(engine: RunningEngine, tmp_path: Path) -> None:
    training, _ = begun(engine, "school/streamed", until=str(tmp_path / "gate"))
    (tmp_path / "gate").touch()

    said = engine.stream(training)

    made = engine.get(training)["output"]["version"]
    assert "event: logs" in said
    assert "data: warming up" in said
    assert made in said
    assert said.endswith("data: {}\n\n")


def test_a_canceled_training_tidies_up_and_its_process_is_gone(engine: RunningEngine, tmp_path: Path) -> None:
    training, pid = begun(engine, "school/canceled", until=str(tmp_path / "gate"))

    canceled = engine.http.post(training["urls"]["cancel"])

    engine.until(lambda: is_gone(pid))
    ended = engine.get(training)
    assert (canceled.status_code, canceled.json()["status"]) == (200, "canceled")
    assert (ended["status"], ended["output"]) == ("canceled", None)
    assert ended["logs"] == "warming up\ntidying up\n"
    assert replicas(engine, "coach") == []
    assert not has_model(engine, "school/canceled")


def test_a_training_that_hears_nothing_is_killed(engine: RunningEngine) -> None:
    training, pid = begun(engine, "school/deaf", manner="deaf")

    canceled = engine.http.post(training["urls"]["cancel"]).json()

    assert canceled["status"] == "canceled"
    engine.until(lambda: is_gone(pid))
    assert not has_model(engine, "school/deaf")


def test_a_canceled_training_makes_no_version_even_if_it_goes_on_to_its_end(
    engine: RunningEngine, tmp_path: Path
) -> None:
    training, pid = begun(engine, "school/stubborn", manner="stubborn", until=str(tmp_path / "gate"))

    canceled = engine.http.post(training["urls"]["cancel"]).json()

    engine.until(lambda: is_gone(pid))
    assert [canceled["status"], engine.get(training)["status"]] == ["canceled", "canceled"]
    assert not has_model(engine, "school/stubborn")


def test_the_process_goes_with_the_end_of_its_training(engine: RunningEngine, tmp_path: Path) -> None:
    training, pid = begun(engine, "school/done", until=str(tmp_path / "gate"))
    (tmp_path / "gate").touch()

    ended = engine.ended(training)

    assert ended["status"] == "succeeded"
    engine.until(lambda: is_gone(pid))
    assert replicas(engine, "coach") == []


def test_a_loaded_model_stays_while_another_process_trains_it(engine: RunningEngine, tmp_path: Path) -> None:
    version = engine.register("coach")
    assert engine.create(version, wait=True)["output"] == "untrained"
    (loaded,) = replicas(engine, "coach")

    training = engine.train(version, "school/beside", {"until": str(tmp_path / "gate")})
    engine.wait_for(training, "warming up")
    again = engine.create(version, wait=True)

    assert again["output"] == "untrained"
    assert loaded["pid"] in [row["pid"] for row in replicas(engine, "coach")]
    (tmp_path / "gate").touch()
    assert engine.ended(training)["status"] == "succeeded"


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"destination": "school/x", "input": {}}, 422, "input"),
        ({"destination": "school/x", "input": {"words": WORDS, "colour": "red"}}, 422, "input"),
        ({"destination": "school/x", "input": {"words": WORDS, "steps": 0}}, 422, "input.steps"),
        ({"destination": "school/x", "input": {"words": "/etc/passwd"}}, 422, "input.words"),
        ({"destination": "school/x"}, 422, "input"),
        ({"input": {"words": WORDS}}, 422, "destination"),
        ({"destination": 1, "input": {"words": WORDS}}, 422, "destination"),
        ({"destination": "me", "input": {"words": WORDS}}, 422, "destination"),
        ({"destination": "school/X Y", "input": {"words": WORDS}}, 422, "destination"),
        ({"destination": "school/x:1", "input": {"words": WORDS}}, 422, "destination"),
        ({"destination": "school/x", "input": {"words": WORDS}, "webhook": "http://a.test"}, 422, "webhook"),
        ({"destination": "school/x", "input": {"words": WORDS}, "wait": 1}, 422, "wait"),
        ({"destination": "rcli/x", "input": {"words": WORDS}}, 403, None),
        ({"destination": "folder/x", "input": {"words": WORDS}}, 403, None),
    ],
)
def test_what_cannot_be_trained_is_refused_before_anything_begins(
    engine: RunningEngine, body: dict[str, Any], status: int, field: str | None
) -> None:
    before = engine.http.get("/v1/trainings").json()["results"][:1]

    answer = engine.http.post(trainings_of(engine.register("trainer")), json=body)

    assert answer.status_code == status, answer.text
    assert [each["field"] for each in answer.json().get("invalid_fields", [])] == ([field] if field else [])
    assert engine.http.get("/v1/trainings").json()["results"][:1] == before
    assert not has_model(engine, "school/x")


def test_a_version_without_train_says_so(engine: RunningEngine) -> None:
    body = {"destination": "school/x", "input": {"text": "x"}}

    answer = engine.http.post(trainings_of(engine.register("echo")), json=body)

    assert answer.status_code == 422
    assert (
        answer.json()["detail"] == "This version of folder/echo cannot be trained: its cog.yaml has no train"
    )


def test_what_is_not_there_cannot_be_trained(engine: RunningEngine) -> None:
    model, _, id = engine.register("trainer").partition(":")
    body = {"destination": "school/x", "input": {"words": WORDS}}

    addresses = [f"/v1/models/{model}/versions/{'0' * 64}", f"/v1/models/school/nobody/versions/{id}"]

    for address in addresses:
        assert engine.http.post(f"{address}/trainings", json=body).status_code == 404
    assert engine.http.get("/v1/trainings/x").status_code == 404
    assert engine.http.post("/v1/trainings/x/cancel").status_code == 404


def test_training_to_the_same_weights_again_makes_no_second_version(engine: RunningEngine) -> None:
    version = engine.register("trainer")
    given = [{"words": WORDS}, {"words": "data:,raptor"}, {"words": WORDS}]

    first, other, again = (engine.ended(engine.train(version, "school/again", each)) for each in given)

    versions = engine.http.get("/v1/models/school/again/versions").json()["results"]
    assert first["output"]["version"] == again["output"]["version"]
    assert first["output"]["weights"] == again["output"]["weights"]
    made = [each["output"]["version"].partition(":")[2] for each in (again, other)]
    assert [row["id"] for row in versions] == made
    assert engine.http.get("/v1/models/school/again").json()["latest_version"]["id"] == made[0]


def test_a_trained_version_can_be_trained_on(engine: RunningEngine) -> None:
    first = engine.ended(engine.train(engine.register("trainer"), "school/on", {"words": WORDS}))

    second = engine.ended(engine.train(first["output"]["version"], "school/on", {"words": "data:,raptor"}))

    assert (second["model"], second["status"]) == ("school/on", "succeeded")
    assert engine.create(second["output"]["version"], wait=True)["output"] == "RAPTOR"
    assert engine.create(first["output"]["version"], wait=True)["output"] == "DINO"


def test_weights_stay_when_everything_is_pruned_and_go_with_their_version(
    start_engine: StartEngine,
    own_cache: None,
) -> None:
    engine = start_engine()
    version = engine.register("trainer")
    one, two = (
        engine.ended(engine.train(version, "school/kept", {"words": f"data:,{word}"})) for word in ("a", "b")
    )
    engine.until(lambda: replicas(engine, "trainer") == [])

    engine.http.post("/_rcli/prune", json={"everything": True})
    spoken = [engine.create(each["output"]["version"], wait=True)["output"] for each in (one, two)]
    deleted = engine.http.delete(
        f"/v1/models/school/kept/versions/{one['output']['version'].partition(':')[2]}"
    )

    assert spoken == ["A", "B"]
    assert deleted.status_code == 202
    assert httpx.get(one["output"]["weights"]).status_code == 404
    assert httpx.get(two["output"]["weights"]).text == "B"


def test_the_files_of_all_trained_versions_stay_and_of_others_only_the_newest_s(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "engine.db", lambda call: call())
    catalog = Catalog(store)
    for number, weights in enumerate((None, "weights", None, None)):
        snapshot = f"snapshot-{number}"
        catalog.add_version(
            Version("me", "x", str(number), 0.0, "0.23.1", snapshot, "cog.yaml", {}, 1, weights=weights)
        )

    kept = catalog.latest_snapshots()

    assert kept == {"snapshot-1", "snapshot-3"}
    store.close()


def test_webhooks_tell_of_a_training_as_it_is_got(engine: RunningEngine, receiver: Receiver) -> None:
    key = engine.http.get("/v1/webhooks/default/secret").json()["key"]
    body = {
        "destination": "school/told",
        "input": {"words": WORDS},
        "webhook": receiver.url,
        "webhook_events_filter": ["start", "logs", "completed"],
    }

    training = engine.http.post(trainings_of(engine.register("trainer")), json=body).json()
    messages = receiver.all(key)

    assert messages[0].status == "processing"
    assert messages[-1].prediction == engine.get(training)
    assert messages[-1].prediction["urls"]["get"].endswith(f"/trainings/{training['id']}")


def test_a_killed_engine_s_training_has_failed_and_what_waited_is_trained(
    start_engine: StartEngine, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    first = start_engine()
    running, pid = begun(first, "school/lost", until=str(gate))
    waiting = first.train(first.register("coach"), "school/found", {"until": str(gate)})
    first.kill()
    gate.touch()

    second = start_engine()
    trained = second.ended(second.get(waiting))

    assert second.get(running)["status"] == "failed"
    assert second.get(running)["error"] == "the engine was killed while this training ran"
    assert is_gone(pid)
    assert (trained["status"], trained["destination"]) == ("succeeded", "school/found")
    assert second.create(trained["output"]["version"], wait=True)["output"] == "trained"
    assert not has_model(second, "school/lost")


def test_a_trained_version_finds_its_weights_at_the_next_engine_s_port(start_engine: StartEngine) -> None:
    first = start_engine()
    training = first.ended(first.train(first.register("trainer"), "school/moved", {"words": WORDS}))
    port = first.state["port"]
    first.close()

    second = start_engine()

    assert second.state["port"] != port
    assert second.create(training["output"]["version"], wait=True)["output"] == "DINO"
    assert httpx.get(second.get(training)["output"]["weights"]).text == "DINO"


def test_weights_are_fetched_past_a_proxy(start_engine: StartEngine) -> None:
    nobody = "http://127.0.0.1:9"
    engine = start_engine(http_proxy=nobody, HTTP_PROXY=nobody, NO_PROXY="intranet.test")

    training = engine.ended(engine.train(engine.register("trainer"), "school/direct", {"words": WORDS}))

    assert engine.create(training["output"]["version"], wait=True)["output"] == "DINO"


def test_an_engine_that_is_told_to_go_ends_its_trainings_and_drains_only_without_them(
    start_engine: StartEngine, tmp_path: Path
) -> None:
    engine = start_engine("--idle", "1")
    training, pid = begun(engine, "school/stopped", until=str(tmp_path / "gate"))

    status = engine.http.get("/_rcli/status").json()
    left = engine.http.post("/_rcli/drain", json={"timeout": 1.5}).json()
    engine.http.post("/_rcli/stop", json={})
    engine.process.wait(20)

    assert (status["running"], status["idle_seconds_left"]) == (1, 1)
    assert left == {"running": [training["id"]]}
    assert is_gone(pid)
    with sqlite3.connect(engine.folder / "engine.db") as database:
        (row,) = database.execute("SELECT status FROM predictions WHERE id = ?", (training["id"],))
    assert row == ("canceled",)


def test_a_terminated_engine_says_so_of_its_training(start_engine: StartEngine, tmp_path: Path) -> None:
    first = start_engine()
    training, _ = begun(first, "school/terminated", until=str(tmp_path / "gate"))
    first.close()

    second = start_engine()

    ended = second.get(training)
    assert (ended["status"], ended["error"]) == ("failed", "the engine was stopped while this training ran")


def test_trainings_respect_what_the_machine_can_bear(start_engine: StartEngine, tmp_path: Path) -> None:
    engine = start_engine(config="[engine]\nmax_replicas = 1\n")
    training, _ = begun(engine, "school/large", until=str(tmp_path / "gate"))

    prediction = engine.create(engine.register("echo"), {"text": "x"})
    engine.wait_for(prediction, "waiting for its turn: 1 model is loaded")
    (tmp_path / "gate").touch()

    assert engine.ended(prediction)["output"] == "hello x"
    assert engine.get(training)["status"] == "succeeded"


def test_rcli_names_learns_other_names_from_a_text_file(engine: RunningEngine, tmp_path: Path) -> None:
    (tmp_path / "dinosaurs.txt").write_text("\n".join(DINOSAURS))
    with (tmp_path / "dinosaurs.txt").open("rb") as content:
        upload = engine.http.post("/v1/files", files={"content": ("dinosaurs.txt", content)}).json()
    names = engine.http.get("/v1/models/rcli/names").json()["latest_version"]["id"]
    given = {"train_data": upload["urls"]["get"], "steps": 50, "learning_rate": 0.01}

    training = engine.ended(engine.train(f"rcli/names:{names}", "school/names", given))
    spoken, before = (
        engine.create(version, {"n": 20, "temperature": 0.5}, wait=True)["output"]
        for version in (training["output"]["version"], f"rcli/names:{names}")
    )

    assert "step 50/50" in training["logs"]
    heard = ["".join(each).split() for each in (spoken, before)]
    assert [len(each) for each in heard] == [20, 20]
    tails = ("saurus", "don", "raptor", "ceratops", "dactyl", "lophus", "nychus")
    assert [sum(name.endswith(tails) for name in each) > 5 for each in heard] == [True, False]


def test_rcli_names_is_canceled_in_the_middle_and_its_process_is_gone(engine: RunningEngine) -> None:
    names = engine.http.get("/v1/models/rcli/names").json()["latest_version"]["id"]
    given = {"train_data": "data:text/plain," + "%0A".join(DINOSAURS), "steps": 5000}
    training = engine.train(f"rcli/names:{names}", "school/half", given)
    engine.wait_for(training, "step 20/5000")
    rows = engine.http.get("/_rcli/status").json()["replicas"]
    pids = [row["pid"] for row in rows if row["model"] == "rcli/names" and row["state"] == "busy"]

    canceled = engine.http.post(training["urls"]["cancel"]).json()

    assert canceled["status"] == "canceled"
    engine.until(lambda: all(is_gone(pid) for pid in pids))
    assert len(pids) == 1
    assert not has_model(engine, "school/half")
