"""Predictions over HTTP: creation, validation, waiting, cancelling; objects as official clients read them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.conftest import RunningEngine

UNKNOWN = "0" * 64


def body(version: str, **given: Any) -> dict[str, Any]:
    return {"version": version, "input": given}


def test_a_new_prediction_is_starting_and_has_every_key_that_clients_read(engine: RunningEngine) -> None:
    answer = engine.http.post("/v1/predictions", json=body("rcli/hello", text="bob"))

    told = answer.json()
    base = f"{engine.url}/v1/predictions/{told['id']}"
    assert answer.status_code == 201
    assert (told["status"], told["output"], told["error"], told["logs"]) == ("starting", None, None, "")
    assert (told["source"], told["data_removed"], told["model"]) == ("api", False, "rcli/hello")
    assert (told["input"], told["metrics"]) == ({"text": "bob"}, {})
    assert (told["started_at"], told["completed_at"]) == (None, None)
    assert (told["urls"]["get"], told["urls"]["cancel"]) == (base, f"{base}/cancel")
    assert told["urls"]["stream"].startswith(f"{engine.url}/v1/streams/{told['id']}?expiry=")
    assert told["urls"]["web"].endswith(told["id"])
    assert "deadline" not in told
    assert len(told["version"]) == 64


def test_an_ended_prediction_has_its_output_and_times(engine: RunningEngine) -> None:
    told = engine.ended(engine.create("rcli/hello", {"text": "bob"}))

    assert (told["status"], told["output"], told["error"]) == ("succeeded", "hello bob", None)
    assert told["created_at"] <= told["started_at"] <= told["completed_at"]
    assert 0 <= told["metrics"]["predict_time"] <= told["metrics"]["total_time"] < 30


@pytest.mark.parametrize("form", ["{id}", "{model}", "{model}:{id}"])
def test_a_version_is_named_by_id_by_model_or_by_both(engine: RunningEngine, form: str) -> None:
    model, _, version_id = engine.register("echo").partition(":")

    told = engine.create(form.format(model=model, id=version_id), {"text": "x"})

    assert (told["model"], told["version"]) == ("folder/echo", version_id)


def test_a_model_has_a_route_of_its_own(engine: RunningEngine) -> None:
    answer = engine.http.post("/v1/models/rcli/hello/predictions", json={"input": {"text": "x"}})

    assert answer.status_code == 201
    assert engine.ended(answer.json())["output"] == "hello x"


@pytest.mark.parametrize("version", ["nobody/nothing", UNKNOWN, f"rcli/hello:{UNKNOWN}", "x", "", "../x"])
def test_an_unknown_version_is_refused_as_replicate_does(engine: RunningEngine, version: str) -> None:
    answer = engine.http.post("/v1/predictions", json=body(version, text="x"))

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "title": "Invalid version or not permitted",
        "detail": "The specified version does not exist (or perhaps you don't have permission to use it?)",
        "status": 422,
    }


def test_every_input_that_breaks_a_rule_is_named(engine: RunningEngine) -> None:
    answer = engine.http.post("/v1/predictions", json=body("rcli/hello", txt=1))

    assert answer.status_code == 422
    assert answer.json() == {
        "title": "Input validation failed",
        "detail": "- input: Additional property txt is not allowed\n- input: text is required\n",
        "status": 422,
        "invalid_fields": [
            {
                "type": "additional_property_not_allowed",
                "field": "input",
                "description": "Additional property txt is not allowed",
            },
            {"type": "required", "field": "input", "description": "text is required"},
        ],
    }


def test_types_are_never_coerced(engine: RunningEngine) -> None:
    answer = engine.http.post("/v1/predictions", json=body(engine.register("tokens"), n="3"))

    assert answer.status_code == 422
    assert answer.json()["invalid_fields"] == [
        {"type": "invalid_type", "field": "input.n", "description": '"3" is not of type "integer"'}
    ]


def test_bounds_are_kept(engine: RunningEngine) -> None:
    answer = engine.http.post("/v1/predictions", json=body(engine.register("tokens"), n=-1))

    (field,) = answer.json()["invalid_fields"]
    assert (field["type"], field["field"]) == ("number_gte", "input.n")


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"input": {}}, "version"),
        ({"version": "rcli/hello"}, "input"),
        ({"version": "rcli/hello", "input": []}, "input"),
        ({"version": 1, "input": {}}, "version"),
        ({"version": "rcli/hello", "input": {"text": "x"}, "colour": "red"}, "colour"),
        ({"version": "rcli/hello", "input": {"text": "x"}, "stream": "yes"}, "stream"),
    ],
)
def test_a_body_that_is_not_understood_is_refused(
    engine: RunningEngine, sent: dict[str, Any], field: str
) -> None:
    answer = engine.http.post("/v1/predictions", json=sent)

    assert answer.status_code == 422
    assert [invalid["field"] for invalid in answer.json()["invalid_fields"]] == [field]


@pytest.mark.parametrize(
    "sent",
    [
        *(b"{", b"[]", b'"x"', b"\xff", b"[" * 100_000, b'{"input": {"a": NaN}}'),
        b'{"version": "rcli/hello", "input": {"text": 1e999}}',
        b'{"version": "rcli/hello", "input": {"text": -1e999}}',
        b'{"version": "rcli/hello", "input": {"text": %s}}' % (b"[" * 101 + b"]" * 101),
        b'{"version": "rcli/hello", "input": {"text": %s}}' % (b'{"a":' * 500 + b"1" + b"}" * 500),
        '{"version": "rcli/hello", "input": {"text": "x"}}'.encode("utf-16"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused(engine: RunningEngine, sent: bytes) -> None:
    answer = engine.http.post("/v1/predictions", content=sent, headers={"content-type": "application/json"})

    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


@pytest.mark.parametrize("half", [rb"\ud800", rb"\uDFFF", b"\xed\xa0\x80"])
def test_half_a_character_is_refused_because_it_could_not_be_answered(
    engine: RunningEngine, half: bytes
) -> None:
    sent = b'{"version": "rcli/hello", "input": {"text": "%s"}}' % half

    answer = engine.http.post("/v1/predictions", content=sent, headers={"content-type": "application/json"})

    assert answer.status_code == 400


def test_whole_characters_beyond_the_basic_plane_pass(engine: RunningEngine) -> None:
    sent = rb'{"version": "rcli/hello", "input": {"text": "\ud83d\ude00"}}'

    answer = engine.http.post("/v1/predictions", content=sent, headers={"content-type": "application/json"})

    assert engine.ended(answer.json())["output"] == "hello \N{GRINNING FACE}"


def test_a_byte_order_mark_is_passed_over(engine: RunningEngine) -> None:
    sent = b'\xef\xbb\xbf{"version": "rcli/hello", "input": {"text": "x"}}'

    answer = engine.http.post("/v1/predictions", content=sent, headers={"content-type": "application/json"})

    assert answer.status_code == 201


def test_other_media_types_are_refused(engine: RunningEngine) -> None:
    answer = engine.http.post("/v1/predictions", content=b"x", headers={"content-type": "text/plain"})

    assert answer.status_code == 415


def test_a_null_for_an_optional_input_counts_as_absent(engine: RunningEngine) -> None:
    told = engine.run("files", {"one": "data:text/plain,hi", "many": None})

    assert (told["status"], told["output"]) == ("succeeded", ["hi"])


def test_waiting_brings_the_result(engine: RunningEngine) -> None:
    answer = engine.http.post(
        "/v1/predictions", json=body("rcli/hello", text="x"), headers={"prefer": "wait=20"}
    )

    assert (answer.status_code, answer.headers["preference-applied"]) == (201, "wait=20")
    assert (answer.json()["status"], answer.json()["output"]) == ("succeeded", "hello x")


def test_several_lines_of_preferences_count_as_one(engine: RunningEngine) -> None:
    answer = engine.http.post(
        "/v1/predictions",
        json=body("rcli/hello", text="x"),
        headers=[("prefer", "respond-async"), ("prefer", "wait=20")],
    )

    assert (answer.json()["status"], answer.headers["preference-applied"]) == ("succeeded", "wait=20")


def test_a_wait_that_was_too_short_says_starting_though_it_runs(engine: RunningEngine) -> None:
    version = engine.register("tokens")

    answer = engine.http.post(
        "/v1/predictions", json=body(version, n=100, delay=0.05), headers={"prefer": "wait=1"}
    )
    meanwhile = engine.get(answer.json())
    engine.http.post(f"/v1/predictions/{meanwhile['id']}/cancel")

    assert (answer.status_code, answer.headers["preference-applied"]) == (202, "wait=1")
    assert (answer.json()["status"], answer.json()["output"]) == ("starting", None)
    assert meanwhile["status"] == "processing"


def test_the_output_of_an_iterator_grows_while_it_is_polled(engine: RunningEngine) -> None:
    prediction = engine.create(engine.register("tokens"), {"n": 200, "delay": 0.02})
    engine.wait_for(prediction, "token3 ")

    meanwhile = engine.get(prediction)
    engine.http.post(f"/v1/predictions/{prediction['id']}/cancel")

    assert meanwhile["status"] == "processing"
    assert meanwhile["output"][:4] == ["token0 ", "token1 ", "token2 ", "token3 "]
    assert len(meanwhile["output"]) < 200


def test_logs_grow_while_they_are_polled(engine: RunningEngine) -> None:
    prediction = engine.create(engine.register("sleeper"), {"seconds": 60})
    engine.wait_for(prediction, "falling asleep")

    meanwhile = engine.get(prediction)
    engine.http.post(f"/v1/predictions/{prediction['id']}/cancel")

    assert (meanwhile["status"], meanwhile["logs"]) == ("processing", "falling asleep\n")


def test_cancelling_what_runs_ends_it_at_once(engine: RunningEngine) -> None:
    prediction = engine.create(engine.register("sleeper"), {"seconds": 60})
    engine.wait_for(prediction, "falling asleep")

    answer = engine.http.post(f"/v1/predictions/{prediction['id']}/cancel")

    told = answer.json()
    assert (answer.status_code, told["status"], told["error"]) == (200, "canceled", None)
    assert told["metrics"]["predict_time"] < 30
    assert told["completed_at"] is not None


def test_code_that_cannot_be_interrupted_is_reported_as_canceled_all_the_same(engine: RunningEngine) -> None:
    version = engine.register("blocked")
    prediction = engine.create(version, {"seconds": 3600})
    engine.wait_for(prediction, "blocking")
    started = time.monotonic()

    told = engine.http.post(f"/v1/predictions/{prediction['id']}/cancel").json()

    assert told["status"] == "canceled"
    assert time.monotonic() - started < 15
    assert engine.ended(engine.create(version, {"seconds": 0}))["output"] == "woke up"


def test_cancelling_what_waits_leaves_what_runs_alone(engine: RunningEngine, tmp_path: Path) -> None:
    version, gate = engine.register("gate"), tmp_path / "gate"
    running = engine.create(version, {"until": str(gate)})
    waiting = engine.create(version, {"until": "/nowhere"})

    told = engine.http.post(f"/v1/predictions/{waiting['id']}/cancel").json()

    gate.touch()
    assert (told["status"], told["started_at"], told["logs"]) == ("canceled", None, "")
    assert engine.ended(running)["output"] == "through the gate"


def test_cancelling_a_cold_start_stops_it(engine: RunningEngine) -> None:
    prediction = engine.create(engine.register("setup_slow"), {"text": "x"})
    engine.wait_for(prediction, '"setup"')
    before = engine.replica("setup_slow")

    told = engine.http.post(f"/v1/predictions/{prediction['id']}/cancel").json()

    assert before is not None
    assert before["state"] == "starting"
    assert told["status"] == "canceled"
    engine.until_asleep("setup_slow")


def test_cancelling_twice_or_too_late_changes_nothing(engine: RunningEngine) -> None:
    prediction = engine.ended(engine.create("rcli/hello", {"text": "x"}))

    answer = engine.http.post(f"/v1/predictions/{prediction['id']}/cancel")

    assert (answer.status_code, answer.json()["status"]) == (200, "succeeded")


def test_a_deadline_before_the_start_is_aborted_to_rcli_and_canceled_to_others(
    engine: RunningEngine,
) -> None:
    prediction = engine.create(engine.register("setup_slow"), {"text": "x"}, cancel_after="5")
    engine.stream(prediction)

    path = f"/v1/predictions/{prediction['id']}"
    to_rcli = engine.http.get(path, headers={"user-agent": "rcli/0.1.0"}).json()
    to_others = engine.http.get(path, headers={"user-agent": "replicate-python/1.0.7"}).json()

    assert (to_rcli["status"], to_others["status"]) == ("aborted", "canceled")
    assert to_rcli["deadline"] > to_rcli["created_at"]
    assert 5 <= to_rcli["metrics"]["total_time"] < 15


def test_a_deadline_while_it_runs_cancels_it(engine: RunningEngine) -> None:
    prediction = engine.create(engine.register("sleeper"), {"seconds": 60}, cancel_after="5s")

    assert engine.ended(prediction)["status"] == "canceled"


@pytest.mark.parametrize("header", ["4", "soon", "", "1x", "-5", "5s5s"])
def test_a_deadline_that_cannot_be_kept_is_refused(engine: RunningEngine, header: str) -> None:
    answer = engine.http.post(
        "/v1/predictions", json=body("rcli/hello", text="x"), headers={"cancel-after": header}
    )

    assert answer.status_code == 422


def test_an_unknown_prediction_is_not_found(engine: RunningEngine) -> None:
    answers = [
        engine.http.get("/v1/predictions/nobody"),
        engine.http.post("/v1/predictions/nobody/cancel"),
        engine.http.get("/v1/streams/nobody"),
    ]

    for answer in answers:
        assert answer.status_code == 404
        assert answer.json() == {
            "title": "Not found",
            "detail": "This engine has no prediction nobody",
            "status": 404,
        }


def test_secrets_are_shown_nowhere_and_the_model_gets_them(engine: RunningEngine, tmp_path: Any) -> None:
    (tmp_path / "cog.yaml").write_text("run: run.py:Runner\n")
    (tmp_path / "run.py").write_text(
        "from cog import BaseRunner, Secret\n\n\nclass Runner(BaseRunner):\n"
        "    def run(self, key: Secret) -> int:\n        return len(key.get_secret_value())\n"
    )

    told = engine.ended(engine.create(engine.register(tmp_path), {"key": "swordfish"}))

    kept = b"".join(file.read_bytes() for file in engine.folder.glob("engine.db*"))
    assert (told["output"], told["input"]) == (9, {"key": "**********"})
    assert b"swordfish" not in kept
