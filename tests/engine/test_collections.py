"""Collections of the bundled models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import rcli
from rcli.engine.data.collections import read_collections

if TYPE_CHECKING:
    from tests.engine.conftest import RunningEngine

BUNDLED = {file.parent.name for file in (Path(rcli.__file__).parent / "models").glob("*/cog.yaml")}


def test_every_bundled_model_is_in_a_collection_and_no_other() -> None:
    grouped = {name for row in read_collections() for name in row.models}

    assert grouped == BUNDLED


def test_collections_are_listed_with_what_clients_read(engine: RunningEngine) -> None:
    told = engine.http.get("/v1/collections").json()

    assert (told["next"], told["previous"]) == (None, None)
    assert [row["slug"] for row in told["results"]] == [row.slug for row in read_collections()]
    assert "super-resolution" in [row["slug"] for row in told["results"]]
    for row in told["results"]:
        assert row.keys() == {"name", "slug", "description"}
        assert all(row.values())


def test_a_collection_has_its_models_whole(engine: RunningEngine) -> None:
    told = engine.http.get("/v1/collections/language-models").json()

    assert told.keys() == {"name", "slug", "description", "full_description", "models"}
    assert [row["name"] for row in told["models"]] == ["smollm2", "names"]
    assert told["models"][0] == engine.http.get("/v1/models/rcli/smollm2").json()
    assert told["full_description"].lstrip().startswith("## Overview")
