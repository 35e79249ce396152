"""Records of what servers really send: missing keys, unknown ones, and answers that are no API's."""

from __future__ import annotations

from typing import Any

import pytest

from rcli.errors import NoAnswer
from rcli.records import Model, Page, Prediction, Version


def test_a_create_response_may_leave_keys_out() -> None:
    prediction = Prediction.from_json({"id": "p1", "status": "starting", "logs": None, "surprise": 1})

    assert (prediction.logs, prediction.output, prediction.metrics, prediction.urls) == ("", None, {}, {})
    assert prediction.raw["surprise"] == 1
    assert not prediction.is_done


@pytest.mark.parametrize("status", ["succeeded", "failed", "canceled", "aborted"])
def test_four_states_are_the_end(status: str) -> None:
    assert Prediction.from_json({"id": "p1", "status": status}).is_done


@pytest.mark.parametrize(
    "odd", [{"urls": ["x"]}, {"urls": {"get": None}}, {"metrics": 3}, {"input": "text"}, {"logs": 7}]
)
def test_a_value_of_the_wrong_type_counts_as_missing(odd: dict[str, Any]) -> None:
    prediction = Prediction.from_json({"id": "p1", "status": "starting"} | odd)

    assert (prediction.urls, prediction.metrics, prediction.input) == ({}, {}, {})


@pytest.mark.parametrize("answer", [None, [], "text", {}, {"id": 3}, {"id": ""}])
def test_what_is_no_prediction_says_so(answer: Any) -> None:
    with pytest.raises(NoAnswer, match="this is not Replicate's API"):
        Prediction.from_json(answer)


def test_a_model_without_versions_has_none() -> None:
    model = Model.from_json({"owner": "me", "name": "dinos", "latest_version": {}})

    assert model.full_name == "me/dinos"
    assert model.latest_version is None


def test_a_version_without_a_schema_has_an_empty_one() -> None:
    assert Version.from_json({"id": "v1", "openapi_schema": None}).schema == {}


@pytest.mark.parametrize("following", [None, "", "null"])
def test_the_last_page_has_no_next(following: str | None) -> None:
    assert Page.from_json({"results": [], "next": following}, Version.from_json).next is None


@pytest.mark.parametrize("answer", [None, [], {}, {"results": {}}])
def test_what_is_no_list_says_so(answer: Any) -> None:
    with pytest.raises(NoAnswer, match="no list"):
        Page.from_json(answer, Version.from_json)
