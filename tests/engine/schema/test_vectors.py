"""Every project of the vectors gets the document that Cog's own generator makes of it, or is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from rcli.engine.schema import Schema, SchemaError, generate

VECTORS = Path(__file__).parents[2] / "schema_vectors"
PROJECTS = sorted(path for path in VECTORS.iterdir() if path.is_dir())
# Refused there, accepted here: the fields of a parent model come first.
INHERITED_MODEL = VECTORS / "60-error-inherited-model"

DESCRIBED = [
    path for path in PROJECTS if (path / "expected.json").exists() and not (path / "cli-refuses.txt").exists()
]
REFUSED = [path for path in PROJECTS if path not in DESCRIBED and path != INHERITED_MODEL]


def schema_of(project: Path) -> Schema:
    config = yaml.safe_load((project / "cog.yaml").read_text())
    return generate(project, config.get("run") or config.get("predict"), config.get("train"))


def comparable(value: Any) -> Any:
    """JSON in which 1 and 1.0 are equal, and True and 1 are not."""
    match value:
        case dict():
            return {key: comparable(item) for key, item in value.items()}
        case list():
            return [comparable(item) for item in value]
        case bool():
            return ("bool", value)
    return value


def words_of_the_refusal(project: Path) -> list[str]:
    if (project / "cli-refuses.txt").exists():
        return [(project / "cli-refuses.txt").read_text().partition(":")[0]]
    return (project / "error-names.txt").read_text().split()


def test_all_projects_are_here() -> None:
    assert (len(PROJECTS), len(DESCRIBED), len(REFUSED)) == (69, 47, 21)


@pytest.mark.parametrize("project", DESCRIBED, ids=lambda path: path.name)
def test_the_document_is_the_official_one(project: Path) -> None:
    expected = json.loads((project / "expected.json").read_text())

    document = schema_of(project).document
    document["info"]["version"] = expected["info"]["version"]

    assert comparable(document) == comparable(expected)


@pytest.mark.parametrize("project", DESCRIBED, ids=lambda path: path.name)
def test_the_concurrency_is_the_one_that_the_decorator_asks_for(project: Path) -> None:
    asked = project / "expected-concurrency.txt"

    concurrency = schema_of(project).concurrency

    assert concurrency == (int(asked.read_text()) if asked.exists() else None)


@pytest.mark.parametrize("project", REFUSED, ids=lambda path: path.name)
def test_a_refusal_names_the_place_and_what_is_wrong(project: Path) -> None:
    with pytest.raises(SchemaError) as refusal:
        schema_of(project)

    message = str(refusal.value).lower()
    assert [word for word in words_of_the_refusal(project) if word.lower() not in message] == []
    assert message.startswith("run.py:")


def test_a_model_that_inherits_from_a_model_has_the_fields_of_both() -> None:
    output = schema_of(INHERITED_MODEL).document["components"]["schemas"]["Output"]

    assert output == {
        "title": "Output",
        "type": "object",
        "properties": {
            "wood": {"title": "Wood", "type": "string"},
            "legs": {"title": "Legs", "type": "integer"},
        },
        "required": ["wood"],
    }
