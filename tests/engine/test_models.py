"""Models: created, changed, deleted, searched; their READMEs and examples."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from tests.engine.conftest import RunningEngine, StartEngine

NUMBERS = itertools.count()


def create(engine: RunningEngine, **given: Any) -> httpx.Response:
    """A private model of a new name, with what is given instead of the usual."""
    usual = {"owner": "me", "name": f"model-{next(NUMBERS)}", "visibility": "private", "hardware": "cpu"}
    return engine.http.post("/v1/models", json=usual | given)


def created(engine: RunningEngine, **given: Any) -> str:
    """The path of such a model."""
    answer = create(engine, **given)
    assert answer.status_code == 201, answer.text
    return f"/v1/models/{answer.json()['owner']}/{answer.json()['name']}"


def test_a_model_is_created_with_all_that_was_said(engine: RunningEngine) -> None:
    given = {
        "owner": "me",
        "name": "dinos",
        "description": "Names of dinosaurs",
        "visibility": "public",
        "hardware": "gpu-t4",
        "github_url": "https://github.com/me/dinos",
        "paper_url": "https://arxiv.org/abs/2504.17639",
        "license_url": "https://choosealicense.com/licenses/mit/",
        "cover_image_url": "https://example.com/a%20dino.png?size=1#top",
    }

    answer = engine.http.post("/v1/models", json=given)

    assert answer.status_code == 201
    told = answer.json()
    assert told == {key: value for key, value in given.items() if key != "hardware"} | {
        "url": f"{engine.url}/v1/models/me/dinos",
        "is_official": False,
        "weights_url": None,
        "run_count": 0,
        "default_example": None,
        "latest_version": None,
    }
    assert engine.http.get("/v1/models/me/dinos").json() == told
    assert "dinos" in [row["name"] for row in engine.http.get("/v1/models").json()["results"]]


def test_what_is_empty_counts_as_not_said(engine: RunningEngine) -> None:
    told = create(engine, description="", github_url="").json()

    assert (told["description"], told["github_url"]) == (None, None)


def test_a_model_outlives_the_engine(start_engine: StartEngine) -> None:
    first = start_engine()
    path = created(first, description="still here")
    first.kill()

    assert start_engine().http.get(path).json()["description"] == "still here"


def test_a_name_can_be_taken_once(engine: RunningEngine) -> None:
    created(engine, name="taken")

    answer = create(engine, name="taken", description="another")

    assert (answer.status_code, answer.headers["x-should-retry"]) == (409, "false")
    assert answer.json()["detail"] == "A model with the name me/taken exists already"


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_bundled_models_stay_as_they_are(engine: RunningEngine, method: str) -> None:
    body = {"owner": "rcli", "name": "mine", "visibility": "private", "hardware": "cpu"}
    path = "/v1/models" if method == "POST" else "/v1/models/rcli/hello"

    answer = engine.http.request(method, path, json=body if method == "POST" else {"description": "x"})

    assert answer.status_code == 403
    assert answer.json()["detail"] == "The models of rcli come with rcli and cannot be changed"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": "Upper"}, "name"),
        ({"name": ""}, "name"),
        ({"name": "a/b"}, "name"),
        ({"name": "-a"}, "name"),
        ({"name": "x" * 200}, "name"),
        ({"name": 1}, "name"),
        ({"name": None}, "name"),
        ({"owner": "../me"}, "owner"),
        ({"owner": "me\n"}, "owner"),
        ({"visibility": "secret"}, "visibility"),
        ({"hardware": ""}, "hardware"),
        ({"hardware": "A big one"}, "hardware"),
        ({"github_url": "javascript:alert(1)"}, "github_url"),
        ({"paper_url": "https://"}, "paper_url"),
        ({"license_url": "https://a b"}, "license_url"),
        ({"cover_image_url": 5}, "cover_image_url"),
        ({"description": None}, "description"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_a_model_cannot_be_is_refused(engine: RunningEngine, given: dict[str, Any], field: str) -> None:
    answer = create(engine, **given)

    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["invalid_fields"]] == [field]


@pytest.mark.parametrize("missing", ["owner", "name", "visibility", "hardware"])
def test_what_a_model_needs_is_asked_for(engine: RunningEngine, missing: str) -> None:
    body = {"owner": "me", "name": "half", "visibility": "private", "hardware": "cpu"}
    del body[missing]

    answer = engine.http.post("/v1/models", json=body)

    assert (answer.status_code, answer.json()["detail"]) == (422, f"- {missing}: {missing} is required\n")


def test_an_update_changes_what_it_names_alone(engine: RunningEngine) -> None:
    path = created(engine, description="old", github_url="https://github.com/me/x")
    changes = {
        "description": "new",
        "paper_url": "https://example.com/p",
        "weights_url": "https://example.com/w",
        "license_url": "https://example.com/l",
    }

    answer = engine.http.patch(path, json=changes)

    assert answer.status_code == 200
    assert answer.json().items() >= (changes | {"github_url": "https://github.com/me/x"}).items()
    assert engine.http.get(path).json() == answer.json()
    assert engine.http.patch(path, json={"description": ""}).json()["description"] is None
    assert engine.http.patch(path, json={}).status_code == 200


@pytest.mark.parametrize(
    "changes", [{"visibility": "public"}, {"name": "x"}, {"readme": 1}, {"github_url": "x"}]
)
def test_an_update_of_anything_else_is_refused(engine: RunningEngine, changes: dict[str, Any]) -> None:
    assert engine.http.patch(created(engine), json=changes).status_code == 422


def test_a_private_model_without_versions_is_deleted(engine: RunningEngine) -> None:
    path = created(engine)

    answer = engine.http.delete(path)

    assert (answer.status_code, answer.content) == (204, b"")
    assert engine.http.get(path).status_code == 404
    assert engine.http.delete(path).status_code == 404


def test_a_public_model_is_not_deleted(engine: RunningEngine) -> None:
    path = created(engine, visibility="public")

    assert engine.http.delete(path).status_code == 403
    assert engine.http.get(path).status_code == 200


def test_a_model_with_versions_is_not_deleted(engine: RunningEngine) -> None:
    engine.register("echo")

    answer = engine.http.delete("/v1/models/folder/echo")

    assert (answer.status_code, answer.headers["x-should-retry"]) == (409, "false")
    assert answer.json()["detail"] == "The model folder/echo has versions: delete them first"


def test_a_created_model_without_versions_survives_a_pruned_cache(engine: RunningEngine) -> None:
    path = created(engine)
    engine.http.post("/_rcli/prune", json={})

    assert engine.http.get(path).status_code == 200


def query(engine: RunningEngine, body: bytes, content_type: str) -> httpx.Response:
    return engine.http.request("QUERY", "/v1/models", content=body, headers={"content-type": content_type})


def found(answer: httpx.Response) -> list[str]:
    return [f"{row['owner']}/{row['name']}" for row in answer.json()["results"]]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"smollm2", "text/plain"),
        (b" SmolLM2\n", "text/plain; charset=utf-8"),
        (b'"smollm2"', "text/plain"),
        (b'"smollm2"', "application/json"),
        (b"smollm2", "application/x-www-form-urlencoded"),
    ],
)
def test_models_are_searched_in_the_shape_of_each_client(
    engine: RunningEngine, body: bytes, content_type: str
) -> None:
    answer = query(engine, body, content_type)

    assert (answer.status_code, found(answer)) == (200, ["rcli/smollm2"])
    assert answer.json()["results"][0] == engine.http.get("/v1/models/rcli/smollm2").json()


def test_the_better_a_name_fits_the_earlier_it_comes(engine: RunningEngine) -> None:
    created(engine, name="a-model", description="knows a zebra")
    created(engine, owner="zebra", name="stripes")
    created(engine, name="zebra-2")
    created(engine, name="zebra")

    answer = query(engine, b"zebra", "text/plain")

    assert found(answer) == ["me/zebra", "me/zebra-2", "zebra/stripes", "me/a-model"]


def test_every_word_of_a_search_has_to_be_there(engine: RunningEngine) -> None:
    created(engine, name="gnu-1", description="A large GNU of the plains")
    created(engine, name="gnu-2", description="A small one")

    assert found(query(engine, b"plains gnu", "text/plain")) == ["me/gnu-1"]
    assert found(query(engine, b"gnu mountains", "text/plain")) == []


@pytest.mark.parametrize("body", [b"%", b"_____", b"\\", b"'; DROP TABLE models", b"%%%", "é".encode()])
def test_signs_of_sql_are_words_like_others(engine: RunningEngine, body: bytes) -> None:
    answer = query(engine, body, "text/plain")

    assert (answer.status_code, found(answer)) == (200, [])


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"\xff\xfe", "text/plain", 400),
        (b'{"query": "x"}', "application/json", 400),
        (b"smollm2", "application/json", 400),
        (b'"\\ud800"', "application/json", 400),
        (b"x" * 70_000, "text/plain", 413),
    ],
)
def test_what_is_no_search_is_refused(
    engine: RunningEngine, body: bytes, content_type: str, status: int
) -> None:
    assert query(engine, body, content_type).status_code == status


@pytest.mark.parametrize("body", [b"", b" \n", b'""', b"\0"])
def test_a_search_without_words_finds_all(engine: RunningEngine, body: bytes) -> None:
    assert {"rcli/hello", "rcli/smollm2"} <= set(found(query(engine, body, "text/plain")))


def test_a_long_search_comes_in_pages(start_engine: StartEngine) -> None:
    engine = start_engine()
    for number in range(105):
        created(engine, name=f"quagga-{number}")

    first = query(engine, b"quagga", "text/plain")
    second = engine.http.request("QUERY", first.json()["next"], content=b"quagga")

    assert first.json()["next"].startswith(f"{engine.url}/v1/models?cursor=")
    assert (len(found(first)), len(found(second)), second.json()["next"]) == (100, 5, None)
    assert len({*found(first), *found(second)}) == 105


def project(folder: Path, readme: str | None) -> Path:
    folder.mkdir()
    (folder / "cog.yaml").write_text("run: run.py:Runner\n")
    (folder / "run.py").write_text(
        "from cog import BaseRunner\n\n\nclass Runner(BaseRunner):\n"
        "    def run(self, text: str) -> str:\n        return text\n"
    )
    if readme is not None:
        (folder / "README.md").write_text(readme, encoding="utf-8")
    return folder


def test_the_readme_is_the_projects_own(engine: RunningEngine, tmp_path: Path) -> None:
    engine.register(project(tmp_path / "readable", "# Überschrift\n\n🦕\n"))

    answer = engine.http.get("/v1/models/folder/readable/readme")

    assert (answer.status_code, answer.text) == (200, "# Überschrift\n\n🦕\n")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert engine.http.get("/v1/models/rcli/hello/readme").text.startswith("# hello\n")


def test_a_readme_that_was_written_for_the_model_comes_first(engine: RunningEngine, tmp_path: Path) -> None:
    engine.register(project(tmp_path / "rewritten", "of the project"))
    path = "/v1/models/folder/rewritten"

    engine.http.patch(path, json={"readme": "# By hand"})

    assert engine.http.get(f"{path}/readme").text == "# By hand"
    engine.http.patch(path, json={"readme": ""})
    assert engine.http.get(f"{path}/readme").text == "of the project"


def test_a_model_without_a_readme_says_so(engine: RunningEngine, tmp_path: Path) -> None:
    engine.register(project(tmp_path / "silent", None))

    answers = [engine.http.get(f"{path}/readme") for path in ("/v1/models/folder/silent", created(engine))]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json()["detail"] == "The model folder/silent has no README"


def test_examples_are_predictions_that_really_succeeded(engine: RunningEngine, tmp_path: Path) -> None:
    version = engine.register(project(tmp_path / "exemplary", None))
    path = "/v1/models/folder/exemplary"
    before = (engine.http.get(path).json()["default_example"], engine.http.get(f"{path}/examples").json())
    first = engine.ended(engine.create(version, {"text": "one"}))
    second = engine.ended(engine.create(version, {"text": "two"}))

    examples = engine.http.get(f"{path}/examples").json()

    assert before == (None, {"next": None, "previous": None, "results": []})
    assert [row["id"] for row in examples["results"]] == [second["id"], first["id"]]
    assert [row["output"] for row in examples["results"]] == ["two", "one"]
    assert engine.http.get(path).json()["default_example"]["id"] == second["id"]


def test_failures_and_long_answers_are_no_examples(engine: RunningEngine, tmp_path: Path) -> None:
    version = engine.register(project(tmp_path / "longwinded", None))
    engine.ended(engine.create(version, {"text": "x" * 70_000}))
    engine.run("fails")

    assert engine.http.get("/v1/models/folder/longwinded").json()["default_example"] is None
    assert engine.http.get("/v1/models/folder/fails/examples").json()["results"] == []
