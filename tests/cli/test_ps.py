"""``rcli ps``: what runs on every host, and which hosts do not answer."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rcli.api.client import Client
from rcli.api.endpoints import Replicate
from rcli.records import Json
from rcli.services.work import underway
from rcli.services.work.underway import Silent
from rcli.settings import Host
from tests.cli.conftest import PROJECTS, Shell
from tests.cloud import ID, TOKEN, Cloud, cloud, prediction
from tests.conftest import Run
from tests.recording_server import Answer, json_answer, page

__all__ = ["cloud"]

NOW = datetime.now(UTC).isoformat()
TRAINING: Json = {
    "id": "t1trainingtrainingtraining",
    "model": "ostris/flux",
    "destination": "me/mine",
    "status": "processing",
    "created_at": NOW,
}


def listed(*rows: Json) -> Answer:
    return json_answer({"results": list(rows), "next": None, "previous": None})


@pytest.fixture
def busy(cloud: Cloud) -> Cloud:
    """A cloud where one prediction and one training run, among others that have ended."""
    rows = [prediction("succeeded", id="ended", created_at=NOW), prediction("starting", created_at=NOW)]
    cloud.api.answer("GET /v1/predictions", listed(*rows))
    cloud.api.answer("GET /v1/trainings", listed(TRAINING, TRAINING | {"id": "over", "status": "failed"}))
    return cloud


@pytest.fixture
def sleeping(warm_shell: Shell) -> str:
    """A prediction of the engine that would take an hour; the test has to cancel it."""
    sleeper = str(PROJECTS / "sleeper")
    return warm_shell.run("predictions", "create", sleeper, "seconds=3600", "-q").strip()


def test_what_runs_on_the_engine_and_in_the_cloud_is_one_list(
    warm_shell: Shell, sleeping: str, busy: Cloud
) -> None:
    told = warm_shell.run("ps", env=busy.env)
    names = warm_shell.run("ps", "-q", env=busy.env)
    raw = json.loads(warm_shell.run("ps", "--json", env=busy.env))
    warm_shell.run("predictions", "cancel", sleeping, "--host", "local")

    rows = {tuple(line.split("\t")[:4]) for line in told.splitlines()}
    assert rows >= {
        (sleeping, "local", "prediction", "folder/sleeper"),
        (ID, "replicate", "prediction", "stability-ai/sdxl"),
        (TRAINING["id"], "replicate", "training", "me/mine"),
    }
    assert told.exit_code == 0
    assert set(names.splitlines()) == {row[0] for row in rows}
    assert not {"ended", "over"} & {row[0] for row in rows}
    assert {"host": "replicate", "kind": "training", **TRAINING} in raw


def test_a_person_sees_a_table_with_ages(rcli: Run, busy: Cloud) -> None:
    told = rcli("ps", "--plain", env=busy.env | {"COLUMNS": "140"}, terminal=True)

    head, *rows = told.splitlines()
    assert head.split() == ["ID", "HOST", "KIND", "MODEL", "STATUS", "CREATED"]
    assert len(rows) == 2
    assert all(row.rstrip().endswith("ago") for row in rows)


def test_jq_filters_the_list(rcli: Run, busy: Cloud) -> None:
    told = rcli("ps", "--jq", '.[] | select(.kind == "training") | .destination', env=busy.env)

    assert told == "me/mine\n"


def test_a_host_that_does_not_answer_is_named_and_the_others_are_shown(
    rcli: Run, busy: Cloud, home: Path
) -> None:
    rcli("config", "set", "hosts.dead.url", "http://127.0.0.1:9/v1")
    rcli("config", "set", "hosts.portal.url", busy.delivery.url)
    file = home / "rcli" / "config" / "config.toml"
    tokens = f'\n[tokens]\n"http://127.0.0.1:9/v1" = "{TOKEN}"\n"{busy.delivery.url}/v1" = "{TOKEN}"\n'
    file.write_text(file.read_text() + tokens)
    busy.delivery.answer("GET /v1/predictions", page())

    told = rcli("ps", "-q", env=busy.env)

    assert set(told.splitlines()) == {ID, TRAINING["id"]}
    assert "warning: dead: nothing answers at 127.0.0.1:9: connection refused" in told.stderr
    assert "warning: portal: " in told.stderr
    assert "a web page" in told.stderr
    assert told.exit_code == 5


def test_a_host_that_says_nothing_is_not_waited_for() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as mute,
        Client(Host("mute", f"http://127.0.0.1:{mute.getsockname()[1]}/v1", "test"), TOKEN) as client,
    ):
        ((host, told),) = underway.on([Replicate(client)], patience=1.0)

    assert host == "mute"
    assert isinstance(told, Silent)
    assert told.error.message == "no answer within 1 s"


def test_one_host_alone_can_be_asked(rcli: Run, busy: Cloud) -> None:
    told = rcli("ps", "--host", "local", env=busy.env)

    assert (told, told.exit_code) == ("", 0)
    assert busy.api.requests == []


def test_nothing_is_started_where_nothing_runs(rcli: Run, home: Path) -> None:
    told = rcli("ps")

    assert (told, told.stderr, told.exit_code) == ("", "", 0)
    assert not (home / "rcli" / "data" / "engine" / "engine.json").exists()


def test_a_refused_token_is_an_exit_code_of_its_own(rcli: Run, cloud: Cloud) -> None:
    refusal = json_answer({"title": "Unauthenticated", "detail": "no valid token", "status": 401}, 401)
    cloud.api.answer("GET /v1/predictions", refusal)

    told = rcli("ps", env=cloud.env)

    assert (told, told.exit_code) == ("", 4)
    assert told.stderr == "warning: replicate: no valid token\n"
