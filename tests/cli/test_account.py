"""``rcli account``: whom a token belongs to."""

from __future__ import annotations

import json

from tests.cloud import Cloud, cloud
from tests.conftest import Run
from tests.recording_server import json_answer

__all__ = ["cloud"]


def test_an_account_is_shown_in_each_form(rcli: Run, cloud: Cloud) -> None:
    found = {"type": "organization", "username": "acme", "name": "Acme Corp, Inc.", "github_url": None}
    cloud.api.answer("GET /v1/account", json_answer(found))

    piped = rcli("account", "show", env=cloud.env)

    assert piped == "host\treplicate\naccount\tacme\ntype\torganization\nname\tAcme Corp, Inc.\n"
    assert rcli("account", "show", "-q", env=cloud.env) == "acme\n"
    assert json.loads(rcli("account", "show", "--json", env=cloud.env)) == found


def test_the_only_verb_may_be_left_out(rcli: Run, cloud: Cloud) -> None:
    cloud.api.answer("GET /v1/account", json_answer({"type": "user", "username": "ada"}))

    assert rcli("account", env=cloud.env) == rcli("account", "show", env=cloud.env)
    assert rcli("account", "-q", env=cloud.env) == "ada\n"
    assert rcli("account", "--help").startswith("Usage: rcli account [OPTIONS] COMMAND")
    assert rcli("account", "shwo", env=cloud.env).exit_code == 2


def test_whoever_is_not_signed_in_is_told_how(rcli: Run) -> None:
    told = rcli("account", "show", "--host", "replicate")

    assert (told.stderr, told.exit_code) == (
        "error: not signed in to replicate\nhint: rcli auth login\n",
        4,
    )
