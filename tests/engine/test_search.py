"""One search over models, collections and pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.engine.conftest import RunningEngine


def test_a_search_finds_models_collections_and_pages(engine: RunningEngine) -> None:
    told = engine.http.get("/v1/search", params={"query": "upscale"}).json()

    assert told["query"] == "upscale"
    assert [each["model"]["name"] for each in told["models"]] == ["upscale"]
    assert told["models"][0]["metadata"] == {
        "generated_description": None,
        "tags": ["super-resolution"],
        "score": 1.0,
    }
    assert told["models"][0]["model"] == engine.http.get("/v1/models/rcli/upscale").json()
    assert told["pages"] == [
        {"name": "README of rcli/upscale", "href": f"{engine.url}/v1/models/rcli/upscale/readme"}
    ]
    assert engine.http.get(told["pages"][0]["href"]).text.startswith("# upscale")


def test_a_collection_names_its_models(engine: RunningEngine) -> None:
    told = engine.http.get("/v1/search", params={"query": "LANGUAGE models"}).json()

    found = {row["slug"]: row["models"] for row in told["collections"]}
    assert found["language-models"] == ["rcli/smollm2", "rcli/names"]


def test_models_with_the_words_in_their_names_come_first(engine: RunningEngine) -> None:
    told = engine.http.get("/v1/search", params={"query": "names"}).json()

    scores = [each["metadata"]["score"] for each in told["models"]]
    assert told["models"][0]["model"]["name"] == "names"
    assert scores == sorted(scores, reverse=True)


def test_nothing_found_is_an_answer(engine: RunningEngine) -> None:
    told = engine.http.get("/v1/search", params={"query": "xyzzy plugh"}).json()

    assert told == {"query": "xyzzy plugh", "models": [], "collections": [], "pages": []}


def test_the_limit_bounds_what_is_found(engine: RunningEngine) -> None:
    told = engine.http.get("/v1/search", params={"query": "rcli", "limit": 2}).json()

    assert len(told["models"]) == 2


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        ("", 'Query parameter "query" is required'),
        ("query=", 'Query parameter "query" is required'),
        ("query=%20", 'Query parameter "query" is required'),
        ("query=x&limit=0", 'Query parameter "limit" must be a whole number from 1 to 50'),
        ("query=x&limit=51", 'Query parameter "limit" must be a whole number from 1 to 50'),
        ("query=x&limit=ten", 'Query parameter "limit" must be a whole number from 1 to 50'),
        ("query=x&limit=", 'Query parameter "limit" must be a whole number from 1 to 50'),
    ],
)
def test_a_search_that_cannot_be_made_is_refused_as_the_document_says(
    engine: RunningEngine, query: str, detail: str
) -> None:
    answer = engine.http.get(f"/v1/search?{query}")

    assert (answer.status_code, answer.json()) == (400, {"detail": detail})
    assert answer.headers["content-type"] == "application/json"
