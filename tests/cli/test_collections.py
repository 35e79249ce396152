"""``rcli collections`` and ``rcli search``: finding what one does not know the name of."""

from __future__ import annotations

import json

from tests.cloud import Cloud, cloud
from tests.conftest import Run
from tests.recording_server import json_answer

__all__ = ["cloud"]

HERE = ("--host", "local")


def test_collections_are_listed_and_lead_to_models(warm_rcli: Run) -> None:
    slugs = warm_rcli("collections", "list", "-q", *HERE).split()
    models = warm_rcli("collections", "show", "language-models", "-q", *HERE)
    raw = json.loads(warm_rcli("collections", "show", "language-models", "--json", *HERE))

    assert "language-models" in slugs
    assert "rcli/smollm2" in models.split()
    assert raw["slug"] == "language-models"
    assert len(warm_rcli("collections", "list", "-n", "2", *HERE).splitlines()) == 2


def test_all_pages_are_read_when_all_is_wanted(rcli: Run, cloud: Cloud) -> None:
    rows = [{"slug": f"c{number}", "name": "C", "description": ""} for number in range(30)]
    first = {"next": f"{cloud.api.url}/v1/collections?cursor=2", "results": rows[:25]}
    second = {"next": "null", "results": rows[25:]}
    cloud.api.answer("GET /v1/collections", json_answer(first), json_answer(first), json_answer(second))

    usual = rcli("collections", "list", "-q", env=cloud.env)
    everything = rcli("collections", "list", "-q", "--all", env=cloud.env)

    assert len(usual.split()) == 20
    assert everything.split() == [row["slug"] for row in rows]


def test_an_unknown_collection_leads_to_the_list(warm_rcli: Run) -> None:
    told = warm_rcli("collections", "show", "nothing", *HERE)

    assert (told.stderr, told.exit_code) == (
        "error: there is no collection 'nothing' on local\nhint: rcli collections list --host local\n",
        1,
    )


def test_a_collection_that_was_meant_is_suggested(warm_rcli: Run) -> None:
    told = warm_rcli("collections", "show", "language-model", *HERE)

    assert told.stderr.endswith("hint: did you mean language-models?\n")


def test_a_search_finds_models_collections_and_pages(warm_rcli: Run) -> None:
    rows = [line.split("\t") for line in warm_rcli("search", "picture", *HERE).splitlines()]

    found = {(kind, name) for kind, name, _ in rows if kind != "page"}
    assert ("model", "rcli/upscale") in found
    assert ("collection", "super-resolution") in found
    assert any(kind == "page" and name.endswith("/rcli/upscale/readme") for kind, name, _ in rows)
    assert "rcli/upscale" in warm_rcli("search", "picture", "-q", *HERE).split()
    assert json.loads(warm_rcli("search", "picture", "--json", *HERE))["query"] == "picture"


def test_a_search_of_the_cloud_asks_for_so_many(rcli: Run, cloud: Cloud) -> None:
    model = {"owner": "ada", "name": "painter", "description": "Paints.\x1b[31m", "run_count": 1}
    found = {"query": "x", "models": [model], "collections": [], "pages": []}
    cloud.api.answer("GET /v1/search", json_answer(found))

    told = rcli("search", "a", "cat & dog", "-n", "3", env=cloud.env)
    too_many = rcli("search", "a", "-n", "51", env=cloud.env)

    assert told == "model\tada/painter\tPaints.\n"
    assert cloud.api.requests[0].query == "query=a+cat+%26+dog&limit=3"
    assert (too_many.exit_code, len(cloud.api.requests)) == (2, 1)
