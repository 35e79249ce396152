"""Lists: predictions page by page, models and versions, the account, the hardware."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.engine.conftest import RunningEngine, StartEngine


@pytest.fixture
def busy(start_engine: StartEngine) -> RunningEngine:
    """An engine with 205 predictions, the newest saying 204."""
    engine = start_engine("--idle", "0")
    for number in range(205):
        engine.create("rcli/hello", {"text": str(number)})
    return engine


def texts(page: dict[str, Any]) -> list[int]:
    return [int(row["input"]["text"]) for row in page["results"]]


def test_predictions_come_in_pages_of_100_the_newest_first(busy: RunningEngine) -> None:
    pages = [busy.http.get("/v1/predictions").json()]
    while pages[-1]["next"]:
        assert pages[-1]["next"].startswith(f"{busy.url}/v1/predictions?cursor=")
        pages.append(busy.http.get(pages[-1]["next"]).json())

    assert [len(page["results"]) for page in pages] == [100, 100, 5]
    assert [number for page in pages for number in texts(page)] == list(range(204, -1, -1))


def test_what_is_created_meanwhile_does_not_shift_the_pages(busy: RunningEngine) -> None:
    first = busy.http.get("/v1/predictions").json()
    busy.create("rcli/hello", {"text": "999"})

    second = busy.http.get(first["next"]).json()

    assert texts(second) == list(range(104, 4, -1))


def test_predictions_are_filtered_by_time_and_source(busy: RunningEngine) -> None:
    rows = busy.http.get("/v1/predictions").json()["results"]
    moment = rows[10]["created_at"]

    after = busy.http.get("/v1/predictions", params={"created_after": moment}).json()
    before = busy.http.get("/v1/predictions", params={"created_before": moment}).json()
    web = busy.http.get("/v1/predictions", params={"source": "web"}).json()

    assert texts(after) == list(range(204, 193, -1))
    assert texts(before)[0] == 193
    assert before["next"].count("created_before") == 1
    assert web == {"next": None, "previous": None, "results": []}


def test_a_time_in_another_zone_means_the_same_moment(engine: RunningEngine) -> None:
    engine.create("rcli/hello", {"text": "x"})
    past = datetime.now(UTC) - timedelta(hours=1)
    shifted = past.replace(tzinfo=None) + timedelta(hours=5, minutes=30)

    rows = engine.http.get(
        "/v1/predictions", params={"created_after": f"{shifted.isoformat()}+05:30"}
    ).json()["results"]

    assert rows


@pytest.mark.parametrize(
    "query",
    ["cursor=x", "cursor=WzFd", "cursor=bnVsbA==", "created_after=yesterday", "source=moon"],
)
def test_a_filter_that_cannot_be_read_is_refused(engine: RunningEngine, query: str) -> None:
    answer = engine.http.get(f"/v1/predictions?{query}")

    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_the_bundled_models_are_there(engine: RunningEngine) -> None:
    rows = engine.http.get("/v1/models").json()["results"]

    bundled = {row["name"]: row for row in rows if row["owner"] == "rcli"}
    assert {"hello", "smollm2"} <= bundled.keys()
    for row in bundled.values():
        assert row["latest_version"]["openapi_schema"]["components"]["schemas"]["Input"]["properties"]
        assert row["description"]


def test_a_model_has_every_key_that_clients_read(engine: RunningEngine) -> None:
    told = engine.http.get("/v1/models/rcli/hello").json()

    version = told.pop("latest_version")
    count = told.pop("run_count")
    told.pop("default_example")
    description = told.pop("description")
    assert told == {
        "url": f"{engine.url}/v1/models/rcli/hello",
        "owner": "rcli",
        "name": "hello",
        "visibility": "public",
        "is_official": False,
        "github_url": None,
        "paper_url": None,
        "weights_url": None,
        "license_url": None,
        "cover_image_url": None,
    }
    assert isinstance(count, int)
    assert isinstance(description, str)
    assert version == engine.http.get(f"/v1/models/rcli/hello/versions/{version['id']}").json()
    assert version.keys() == {"id", "created_at", "cog_version", "openapi_schema"}


def test_runs_are_counted(engine: RunningEngine) -> None:
    before = engine.http.get("/v1/models/rcli/hello").json()["run_count"]
    engine.create("rcli/hello", {"text": "x"})

    assert engine.http.get("/v1/models/rcli/hello").json()["run_count"] == before + 1


def test_models_are_sorted_as_asked(engine: RunningEngine) -> None:
    engine.register("echo")
    engine.register("function")

    def names(**query: str) -> list[str]:
        rows = engine.http.get("/v1/models", params=query).json()["results"]
        return [row["name"] for row in rows if row["name"] in ("echo", "function", "hello")]

    assert names(sort_by="model_created_at", sort_direction="asc")[0] == "hello"
    assert names(sort_by="model_created_at", sort_direction="desc")[-1] == "hello"
    assert names()[-1] == "hello"
    assert engine.http.get("/v1/models?sort_by=beauty").status_code == 422
    assert engine.http.get("/v1/models?sort_direction=up").status_code == 422


@pytest.mark.parametrize(
    ("path", "detail"),
    [
        ("/v1/models/rcli/nothing", "This engine has no model rcli/nothing"),
        ("/v1/models/rcli/nothing/versions", "This engine has no model rcli/nothing"),
        ("/v1/models/rcli/hello/versions/abc", "The model rcli/hello has no version abc"),
        ("/v1/models/rcli/nothing/examples", "This engine has no model rcli/nothing"),
        ("/v1/models/rcli/nothing/readme", "This engine has no model rcli/nothing"),
        ("/v1/collections/nothing", "This engine has no collection nothing"),
        ("/v1/deployments/local/nothing", "This engine has no deployment local/nothing"),
        ("/v1/deployment", "There is nothing at /deployment"),
    ],
)
def test_what_is_not_there_is_named(engine: RunningEngine, path: str, detail: str) -> None:
    answer = engine.http.get(path)

    assert answer.status_code == 404
    assert answer.json() == {"title": "Not found", "detail": detail, "status": 404}


def test_a_page_of_large_predictions_is_a_short_one(start_engine: StartEngine) -> None:
    engine = start_engine("--idle", "0")
    hello = engine.http.get("/v1/models/rcli/hello").json()["latest_version"]["id"]
    made = [engine.create(hello, {"text": "x" * (9 << 20)}, wait=True)["id"] for _ in range(2)]

    first = engine.http.get("/v1/predictions").json()
    second = engine.http.get(first["next"]).json()

    assert [each["id"] for each in first["results"] + second["results"]] == made[::-1]
    assert (len(first["results"]), second["next"]) == (1, None)
