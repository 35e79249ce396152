"""``rcli deployments``: made, changed with a release number, scaled, run and deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cli.conftest import PROJECTS, Shell
from tests.cloud import VERSION, Cloud, cloud, told
from tests.conftest import Run
from tests.recording_server import json_answer, problem

__all__ = ["cloud"]

MODEL = "local:depot/echo"


@pytest.fixture
def deployed(warm_shell: Shell) -> Iterator[Shell]:
    """A model of this machine under the name ``local/depot``."""
    warm_shell.run("push", str(PROJECTS / "echo"), MODEL)
    made = warm_shell.run("deployments", "create", "depot", MODEL, "--max", "2")
    assert made.exit_code == 0, made.stderr
    yield warm_shell
    warm_shell.run("deployments", "delete", "local:depot", "--yes")


def fields(text: str) -> dict[str, str]:
    return dict(line.split("\t", 1) for line in text.splitlines())


def shop(least: int = 0, most: int = 0, number: int = 7) -> dict[str, Any]:
    release = {
        "number": number,
        "model": "stability-ai/sdxl",
        "version": VERSION,
        "created_at": "2026-01-02T03:04:05Z",
        "configuration": {"hardware": "gpu-t4", "min_instances": least, "max_instances": most},
    }
    return {"owner": "acme", "name": "shop", "current_release": release}


def test_a_deployment_is_shown_in_each_form(deployed: Shell) -> None:
    run = deployed.run
    version = run("versions", "show", MODEL, "-q").strip()

    shown = fields(run("deployments", "show", "local:depot"))
    (row,) = [
        line for line in run("deployments", "list", "--host", "local").splitlines() if "local/depot" in line
    ]

    assert (shown["deployment"], shown["release"], shown["version"]) == ("local/depot", "1", version)
    assert row == f"local/depot\t1\tdepot/echo\t{version}\tcpu\t0\t2"
    assert run("deployments", "show", "local:local/depot", "-q") == "local/depot\n"
    raw = json.loads(run("deployments", "show", "local:deployments/local/depot", "--json"))
    assert raw["current_release"]["configuration"]["max_instances"] == 2


def test_each_change_is_a_release_with_the_next_number(deployed: Shell) -> None:
    run = deployed.run

    scaled = fields(run("deployments", "scale", "local:depot", "--min", "0", "--max", "5"))
    updated = fields(run("deployments", "update", "local:depot", "--version", "latest"))
    nothing = run("deployments", "scale", "local:depot")
    wrong = run("deployments", "update", "local:depot", "--version", "newest")
    too_many = run("deployments", "scale", "local:depot", "--max", "21")

    assert (scaled["release"], scaled["instances"]) == ("2", "0–5")
    assert (updated["release"], updated["instances"]) == ("3", "0–5")
    assert told(nothing) == (
        "error: say how many\nhint: rcli deployments scale local:depot --min 0 --max 5\n",
        2,
    )
    assert told(wrong) == ("error: 'newest' is not a version's id\nhint: --version latest\n", 2)
    assert too_many.exit_code == 2


def test_a_deployment_runs_as_a_model_does(deployed: Shell) -> None:
    ran = deployed.run("deployments", "run", "local:depot", "text=you")
    wrong = deployed.run("deployments", "run", "local:depot", "txt=you")
    rehearsed = deployed.run("deployments", "run", "local:depot", "text=you", "--dry-run")

    assert (ran, ran.exit_code) == ("hello you", 0)
    assert wrong.exit_code == 2
    assert "/v1/deployments/local/depot/predictions" in rehearsed


def test_an_unknown_deployment_leads_to_the_list(warm_rcli: Run) -> None:
    for verb in (["show"], ["scale", "--min", "0"], ["update", "--max", "2"], ["delete", "--yes"]):
        asked = warm_rcli("deployments", verb[0], "local:nothing", *verb[1:])

        assert told(asked) == (
            "error: there is no deployment local/nothing on local\n"
            "hint: rcli deployments list --host local\n",
            1,
        )


def test_a_deployment_that_was_meant_is_suggested(deployed: Shell) -> None:
    asked = deployed.run("deployments", "show", "local:depott")

    assert asked.stderr.endswith("hint: did you mean local/depot?\n")


@pytest.mark.parametrize("name", ["a/b/c", "local:", "a b", "../x"])
def test_what_is_no_name_is_refused(warm_rcli: Run, name: str) -> None:
    asked = warm_rcli("deployments", "show", name)

    assert asked.stderr == f"error: {name!r} is not a deployment's name\nhint: write owner/name\n"


def test_the_cloud_wants_hardware_to_be_named(rcli: Run, cloud: Cloud) -> None:
    cloud.has_model()
    cloud.api.answer("POST /v1/deployments", json_answer(shop(0, 3, number=1)))

    without = rcli("deployments", "create", "shop", "stability-ai/sdxl", env=cloud.env)
    made = rcli(
        *("deployments", "create", "shop", "stability-ai/sdxl", "--hardware", "gpu-t4", "--max", "3"),
        env=cloud.env,
    )

    assert told(without) == (
        "error: no hardware is named\nhint: --hardware SKU; rcli hardware list tells what there is\n",
        2,
    )
    assert fields(made)["release"] == "1"
    assert cloud.created == {
        "name": "shop",
        "model": "stability-ai/sdxl",
        "version": VERSION,
        "hardware": "gpu-t4",
        "min_instances": 0,
        "max_instances": 3,
    }


def test_a_name_without_an_owner_is_the_account_s(rcli: Run, cloud: Cloud) -> None:
    cloud.api.answer("GET /v1/account", json_answer({"username": "acme", "type": "organization"}))
    cloud.api.answer("GET /v1/deployments/acme/shop", json_answer(shop()))

    shown = rcli("deployments", "show", "shop", "-q", env=cloud.env)

    assert shown == "acme/shop\n"


@pytest.mark.parametrize(
    ("most", "status", "hint"),
    [
        (3, 400, "rcli deployments scale replicate:acme/shop --min 0 --max 0, then wait 15 minutes"),
        (0, 409, "wait 15 minutes after its last prediction: rcli deployments delete replicate:acme/shop"),
    ],
)
def test_the_service_s_rule_for_deleting_is_explained(
    rcli: Run, cloud: Cloud, most: int, status: int, hint: str
) -> None:
    cloud.api.answer("GET /v1/deployments/acme/shop", json_answer(shop(0, most)))
    cloud.api.answer("DELETE /v1/deployments/acme/shop", problem(status, detail="Deployment is in use"))

    refused = rcli("deployments", "delete", "acme/shop", "--yes", env=cloud.env)

    assert refused.stderr == (
        "error: Deployment is in use\n"
        "the service deletes a deployment when it has been offline and unused for 15 minutes\n"
        f"hint: {hint}\n"
    )
    assert refused.exit_code in (1, 2)


def test_a_refused_token_is_not_mistaken_for_the_rule(rcli: Run, cloud: Cloud) -> None:
    cloud.api.answer("GET /v1/deployments/acme/shop", json_answer(shop()))
    cloud.api.answer("DELETE /v1/deployments/acme/shop", problem(401, detail="No such token"))

    refused = rcli("deployments", "delete", "acme/shop", "--yes", env=cloud.env)

    assert told(refused) == (
        "error: No such token\nhint: REPLICATE_API_TOKEN is what is wrong, and wins over rcli auth login: "
        "unset REPLICATE_API_TOKEN\n",
        4,
    )


def test_deleting_wants_to_be_confirmed(deployed: Shell) -> None:
    asked = deployed.run("deployments", "delete", "local:depot")
    deleted = deployed.run("deployments", "delete", "local:depot", "--yes")

    assert told(asked) == ("error: this wants to be confirmed\nhint: --yes confirms it\n", 2)
    assert told(deleted) == ("deployment local/depot is deleted\n", 0)
