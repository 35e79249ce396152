"""Trainings in the library: what rcli trained is known when its host has forgotten it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rcli.records import Json
from tests.cli.conftest import PROJECTS, Shell
from tests.cloud import VERSION, Cloud, cloud, prediction, told
from tests.conftest import Run, environment
from tests.processes import command
from tests.recording_server import json_answer, problem
from tests.terminal import TerminalSession

__all__ = ["cloud"]

ID = "zz4ibbonubfz7carwiefibzgga"
TRAININGS = f"/v1/models/stability-ai/sdxl/versions/{VERSION}/trainings"
NEW = f"ada/sdxl-ada:{VERSION}"
MADE = {"version": NEW, "weights": "https://replicate.delivery/x/trained.tar"}
TRAIN = ("train", "stability-ai/sdxl", "--destination", "ada/sdxl-ada", "-i", "steps=7", "-i", "key=hunter2")
FORGOTTEN = problem(404, detail="not found", status=404)
LOG = "step 1/2 loss=1.00\nstep 2/2 loss=0.50\n"


def training(status: str, **keys: object) -> Json:
    """A training as the service writes it: it does not tell the destination."""
    urls = {"web": f"https://replicate.com/p/{ID}"}
    return prediction(status, id=ID, input={"steps": 7}, urls=urls, **keys)


def ended(status: str = "succeeded", **keys: object) -> Json:
    told: Json = {"output": MADE, "logs": LOG, "metrics": {"predict_time": 60.0}}
    return training(status, completed_at="2026-01-02T03:06:00Z", **told | keys)


@pytest.fixture
def service(cloud: Cloud) -> Cloud:
    """A base that can be trained, with a secret among its inputs, and a training that succeeds."""
    secret = {"type": "string", "format": "password", "x-cog-secret": True}
    inputs = {"type": "object", "properties": {"steps": {"type": "integer"}, "key": secret}}
    document = {"components": {"schemas": {"Input": {"type": "object"}, "TrainingInput": inputs}}}
    cloud.has_model(latest_version={"id": VERSION, "openapi_schema": document})
    cloud.api.answer("GET /v1/account", json_answer({"username": "ada", "type": "user"}))
    cloud.api.answer("GET /v1/models/ada/sdxl-ada", json_answer({"owner": "ada", "name": "sdxl-ada"}))
    cloud.api.answer(f"POST {TRAININGS}", json_answer(training("starting"), 201))
    cloud.api.answer(f"GET /v1/trainings/{ID}", json_answer(ended()))
    cloud.api.answer("GET /v1/trainings", json_answer({"results": [ended()]}))
    return cloud


def forgets(cloud: Cloud) -> None:
    """From now on the service knows nothing of it."""
    cloud.api.answer(f"GET /v1/trainings/{ID}", FORGOTTEN)
    cloud.api.answer("GET /v1/trainings", json_answer({"results": []}))


@pytest.fixture
def forgotten(rcli: Run, service: Cloud) -> Cloud:
    """A service that has forgotten a training which rcli made and followed to its end."""
    assert rcli(*TRAIN, env=service.env).exit_code == 0
    forgets(service)
    return service


def kept(rcli: Run, id: str = ID) -> Json:
    shown: Json = json.loads(rcli("library", "show", id, "--json"))
    return shown


# what is kept


def test_a_training_is_kept_from_its_creation_to_its_end(rcli: Run, service: Cloud) -> None:
    rcli(*TRAIN, "--detach", env=service.env)
    begun = kept(rcli)
    rcli("trainings", "watch", ID, env=service.env)
    done = kept(rcli)

    assert (begun["kind"], begun["host"], begun["status"]) == ("training", "replicate", "starting")
    assert (begun["model"], begun["version"], begun["destination"]) == (
        "stability-ai/sdxl",
        VERSION,
        "ada/sdxl-ada",
    )
    assert (begun["input"], begun["secrets"], begun["output"]) == ({"steps": 7}, ["key"], None)
    assert begun["reference"] == f"stability-ai/sdxl:{VERSION}"
    assert (done["status"], done["output"], done["logs"]) == ("succeeded", MADE, LOG)
    assert (done["input"], done["metrics"]) == ({"steps": 7}, {"predict_time": 60.0})


def test_the_values_of_secret_inputs_are_not_kept(rcli: Run, home: Path, service: Cloud) -> None:
    rcli(*TRAIN, env=service.env)

    folder = home / "rcli" / "config"
    assert b"steps" in b"".join(path.read_bytes() for path in folder.glob("library.db*"))
    assert b"hunter2" not in b"".join(path.read_bytes() for path in folder.glob("library.db*"))


@pytest.mark.parametrize(
    "words", [("show", ID), ("watch", ID), ("logs", ID), ("logs", "-f", ID), ("wait", ID), ("show", "last")]
)
def test_whatever_looks_at_it_brings_it_up_to_date(rcli: Run, service: Cloud, words: tuple[str, ...]) -> None:
    rcli(*TRAIN, "--detach", env=service.env)

    rcli("trainings", *words, env=service.env)

    assert kept(rcli)["status"] == "succeeded"


def test_a_canceled_one_is_known_as_such(rcli: Run, service: Cloud) -> None:
    service.api.answer(f"GET /v1/trainings/{ID}", json_answer(training("processing")))
    service.api.answer(f"POST /v1/trainings/{ID}/cancel", json_answer(training("canceled")))
    rcli(*TRAIN, "--detach", env=service.env)

    rcli("trainings", "cancel", ID, env=service.env)

    assert kept(rcli)["status"] == "canceled"


def test_what_it_has_cost_is_told_by_the_prices_that_are_set(rcli: Run, service: Cloud) -> None:
    rcli(*TRAIN, env=service.env)
    unknown = kept(rcli)["cost"]
    rcli("config", "set", "price.stability-ai/sdxl", "gpu-t4")
    rcli("config", "set", "prices.gpu-t4", "0.5")

    fields = dict(line.split("\t", 1) for line in rcli("library", "show", ID).splitlines() if "\t" in line)

    assert (unknown, kept(rcli)["cost"]) == (None, 30.0)
    assert (fields["kind"], fields["destination"]) == ("training", "ada/sdxl-ada")
    assert fields["cost"].startswith("at least $30.00 (predict_time 60 s × gpu-t4 $0.5/s")


def test_the_destination_is_shown_though_the_service_does_not_tell_it(rcli: Run, service: Cloud) -> None:
    rcli(*TRAIN, env=service.env)

    assert "destination\tada/sdxl-ada\n" in rcli("trainings", "show", ID, env=service.env)


def test_switched_off_nothing_but_its_id_is_kept(rcli: Run, service: Cloud) -> None:
    rcli("library", "off")
    rcli(*TRAIN, env=service.env)
    forgets(service)

    shown = rcli("trainings", "show", ID[:6], env=service.env)

    assert (kept(rcli)["kind"], kept(rcli)["input"], kept(rcli)["logs"]) == ("training", None, None)
    assert told(shown) == (
        f"error: there is no training {ID} on replicate\nhint: rcli trainings list --host replicate\n",
        1,
    )


def test_a_training_goes_on_where_nothing_can_be_remembered(rcli: Run, home: Path, service: Cloud) -> None:
    (home / "rcli" / "config" / "library.db").mkdir(parents=True)

    trained = rcli(*TRAIN, env=service.env)

    assert (trained, trained.exit_code) == (f"{NEW}\n", 0)
    assert f"library.db cannot be written: {ID} is not remembered\n" in trained.stderr


# what the service has forgotten


@pytest.mark.parametrize("id", [ID, ID[:5], "last"])
def test_it_is_shown_though_the_service_has_forgotten_it(rcli: Run, forgotten: Cloud, id: str) -> None:
    shown = rcli("trainings", "show", id, env=forgotten.env)
    raw = json.loads(rcli("trainings", "show", id, "--json", env=forgotten.env))

    fields = dict(line.split("\t", 1) for line in shown.splitlines() if "\t" in line)
    assert (shown.exit_code, shown.stderr) == (0, "")
    assert (fields["id"], fields["destination"], fields["status"]) == (ID, "ada/sdxl-ada", "succeeded")
    assert (raw["output"], raw["input"], raw["logs"]) == (MADE, {"steps": 7}, LOG)
    assert kept(rcli)["data_removed"]


def test_its_log_and_its_version_are_there_too(rcli: Run, forgotten: Cloud) -> None:
    log = rcli("trainings", "logs", "last", env=forgotten.env)
    followed = rcli("trainings", "logs", "-f", "last", env=forgotten.env)
    watched = rcli("trainings", "watch", "last", env=forgotten.env)
    waited = rcli("trainings", "wait", ID, env=forgotten.env)

    assert (log, followed) == (LOG, LOG)
    assert (watched, watched.stderr) == (f"{NEW}\n", LOG)
    assert (waited, waited.exit_code) == (f"{NEW}\n", 0)


def test_it_is_the_same_where_the_service_has_removed_its_data(rcli: Run, service: Cloud) -> None:
    rcli(*TRAIN, env=service.env)
    emptied = training("succeeded", output=None, data_removed=True)
    service.api.answer(f"GET /v1/trainings/{ID}", json_answer(emptied))

    log = rcli("trainings", "logs", ID, env=service.env)
    watched = rcli("trainings", "watch", "last", env=service.env)

    assert (log, watched) == (LOG, f"{NEW}\n")
    assert kept(rcli)["data_removed"]


def test_one_that_failed_is_still_one_that_failed(rcli: Run, service: Cloud) -> None:
    service.api.answer(f"GET /v1/trainings/{ID}", json_answer(ended("failed", output=None, error="no room")))
    rcli(*TRAIN, env=service.env)
    forgets(service)

    watched = rcli("trainings", "watch", "last", env=service.env)

    assert told(watched) == (f"{LOG}error: training {ID} failed: no room\n", 3)


@pytest.mark.parametrize("verb", ["watch", "wait"])
def test_of_one_that_was_left_running_nobody_knows_the_end(rcli: Run, service: Cloud, verb: str) -> None:
    rcli(*TRAIN, "--detach", env=service.env)
    forgets(service)

    watched = rcli("trainings", verb, ID, env=service.env)

    said = f"error: replicate has forgotten training {ID}, and it was starting when rcli saw it last\n"
    assert told(watched) == (f"{said}hint: rcli library show {ID}\n", 1)


def test_a_person_is_told_who_remembers(rcli: Run, home: Path, forgotten: Cloud, tmp_path: Path) -> None:
    argv = command("trainings", "watch", "last")
    session = TerminalSession(argv, environment(home) | forgotten.env, tmp_path, columns=40)

    assert session.end() == 0
    assert "".join(session.lines[:2]) == "replicate has forgotten it; this is thelibrary's"
    assert "⠒⠒ loss 0.5" in session.text
    assert NEW in "".join(session.lines)


def test_what_nobody_knows_is_an_error(rcli: Run, forgotten: Cloud) -> None:
    shown = rcli("trainings", "show", "nothing", env=forgotten.env)

    assert told(shown) == (
        "error: there is no training nothing on replicate\nhint: rcli trainings list --host replicate\n",
        1,
    )


def test_where_there_was_none_yet_the_hint_is_how_to_begin(rcli: Run, service: Cloud) -> None:
    forgets(service)

    watched, shown = (rcli("trainings", *words, env=service.env) for words in (("watch",), ("show", "last")))

    assert told(watched) == ("error: no training runs on replicate\nhint: rcli train --help\n", 1)
    assert told(shown) == ("error: there is no training yet on replicate\nhint: rcli train --help\n", 1)


# beside predictions


def test_last_is_a_prediction_to_whatever_takes_predictions(warm_shell: Shell) -> None:
    warm_shell.run("run", "rcli/hello", "text=one")
    (ran,) = warm_shell.run("predictions", "show", "last", "-q").splitlines()
    (warm_shell.cwd / "words.txt").write_text("dino")
    words = ("words=@words.txt", "--destination", "local:school/kept", "--download")
    trained = warm_shell.run("train", str(PROJECTS / "trainer"), *words)
    (made,) = warm_shell.run("library", "list", "-q", "-n", "1").splitlines()

    assert warm_shell.run("predictions", "show", "last", "-q") == f"{ran}\n"
    assert warm_shell.run("predictions", "rerun", "last") == "hello one"
    assert warm_shell.run("trainings", "show", "last", "-q") == f"{made}\n"
    assert warm_shell.run("library", "show", made, "-q") == f"{made}\n"
    assert warm_shell.run("library", "open", made) == trained.splitlines()[-1] + "\n"


def test_whoever_takes_it_for_a_prediction_is_led_to_the_trainings(rcli: Run, forgotten: Cloud) -> None:
    shown = rcli("predictions", "show", ID[:5], env=forgotten.env)

    assert told(shown) == (
        f"error: there is no prediction {ID[:5]} on replicate\n"
        f"hint: it is a training: rcli trainings show {ID}\n",
        1,
    )


def test_a_filter_tells_trainings_from_predictions(rcli: Run, service: Cloud) -> None:
    rcli(*TRAIN, env=service.env)
    service.api.answer("GET /v1/models/a/b", json_answer({"owner": "a", "name": "b", "is_official": True}))
    service.creates(prediction("succeeded", model="a/b"), route="POST /v1/models/a/b/predictions")
    rcli("run", "a/b", env=service.env)

    rows = [line.split("\t") for line in rcli("library", "list").splitlines()]

    assert [(row[1], row[6]) for row in rows] == [("a/b", "prediction"), ("ada/sdxl-ada", "training")]
    assert rcli("library", "list", "--kind", "training", "-q") == f"{ID}\n"
    assert ID not in rcli("library", "list", "--kind", "prediction")
    assert rcli("library", "search", "sdxl-ada", "loss", "-q") == f"{ID}\n"
    assert rcli("library", "list", "--model", "SDXL-ada", "-q") == f"{ID}\n"
    assert [json.loads(line)["kind"] for line in rcli("library", "export").splitlines()] == [
        "prediction",
        "training",
    ]
    refused = rcli("library", "list", "--kind", "dinosaur")
    assert told(refused) == ("error: --kind takes prediction or training, not 'dinosaur'\n", 2)


def test_a_person_sees_the_kind_where_there_are_trainings(rcli: Run, service: Cloud) -> None:
    rcli(*TRAIN, env=service.env)

    listed = rcli("library", "list", "--plain", terminal=True)

    head, row = (line.split() for line in listed.splitlines())
    assert head == ["ID", "MODEL", "STATUS", "CREATED", "KIND"]
    assert (row[:3], row[-1]) == ([ID, "ada/sdxl-ada", "succeeded"], "training")


def test_new_weights_neither_expire_nor_are_they_rescued(rcli: Run, service: Cloud) -> None:
    rcli(*TRAIN, env=service.env)
    service.api.requests.clear()

    rescued = rcli("library", "rescue", env=service.env)

    assert told(rescued) == ("0 files were saved\n", 0)
    assert service.api.requests == []
    assert rcli("library", "list").split("\t")[5] == ""


def test_the_webhook_of_a_forgotten_training_is_sent_again(rcli: Run, forgotten: Cloud) -> None:
    secret = json_answer({"key": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"})
    forgotten.api.answer("GET /v1/webhooks/default/secret", secret)
    forgotten.delivery.answer("POST /hook", json_answer({}))
    to = f"{forgotten.delivery.url}/hook"

    sent = rcli("webhook", "replay", ID, "--from", "library", "--forward-to", to, env=forgotten.env)

    assert sent.exit_code == 0
    (request,) = forgotten.delivery.requests
    assert (request.json["id"], request.json["destination"]) == (ID, "ada/sdxl-ada")
