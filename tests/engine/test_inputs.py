"""Input schemas as Cog writes them, against what clients send."""

from __future__ import annotations

from typing import Any

import pytest

from rcli.engine.problems import Problem
from rcli.engine.work.inputs import InputSchema


def schema(properties: dict[str, Any], required: tuple[str, ...] = (), **others: Any) -> InputSchema:
    return InputSchema(
        {
            "components": {
                "schemas": {
                    "Input": {"type": "object", "properties": properties, "required": list(required)},
                    **others,
                }
            }
        }
    )


def refused(checked: InputSchema, given: dict[str, Any]) -> list[tuple[str, str]]:
    """(type, field) of what is refused."""
    try:
        checked.check(given)
    except Problem as problem:
        return [(field.type, field.field) for field in problem.invalid]
    return []


def test_null_fits_only_what_is_nullable() -> None:
    checked = schema({"a": {"type": "integer"}, "b": {"type": "integer", "nullable": True}})

    assert refused(checked, {"b": None}) == []
    assert refused(checked, {"a": None}) == [("invalid_type", "input.a")]


def test_choices_stand_behind_a_reference() -> None:
    checked = schema(
        {
            "size": {"allOf": [{"$ref": "#/components/schemas/size"}], "default": 1},
            "none": {"allOf": [{"$ref": "#/components/schemas/size"}], "nullable": True},
        },
        size={"enum": [1, 2], "type": "integer"},
    )

    assert refused(checked, {"size": 2, "none": None}) == []
    assert refused(checked, {"size": 3}) == [("enum", "input.size")]
    assert refused(checked, {"none": 3}) == [("number_any_of", "input.none")]


@pytest.mark.parametrize("name", ["nullable", "default", "title", "format", "properties", "items", "pattern"])
def test_an_input_may_have_the_name_of_a_rule(name: str) -> None:
    checked = schema({name: {"type": "string", "nullable": True}}, (name,))

    assert refused(checked, {name: "x"}) == []
    assert refused(checked, {name: None}) == []
    assert refused(checked, {name: 1}) == [("invalid_type", f"input.{name}")]
    assert refused(checked, {}) == [("required", "input")]


def test_items_are_named_by_their_place() -> None:
    checked = schema({"list": {"type": "array", "items": {"type": "number"}}})

    assert refused(checked, {"list": [1, 2.5, "x"]}) == [("invalid_type", "input.list.2")]


def test_bounds_lengths_and_patterns_are_kept() -> None:
    checked = schema(
        {
            "n": {"type": "number", "minimum": 0, "maximum": 1},
            "t": {"type": "string", "minLength": 2, "maxLength": 3, "pattern": "^[a-z]+$"},
        }
    )

    assert refused(checked, {"n": 0, "t": "abc"}) == []
    assert refused(checked, {"n": -1}) == [("number_gte", "input.n")]
    assert refused(checked, {"n": 1.1}) == [("number_lte", "input.n")]
    assert refused(checked, {"t": "a"}) == [("string_gte", "input.t")]
    assert refused(checked, {"t": "abcd"}) == [("string_lte", "input.t")]
    assert refused(checked, {"t": "AB"}) == [("pattern", "input.t")]


def test_a_pattern_that_only_python_knows_is_left_to_the_model() -> None:
    checked = schema({"t": {"type": "string", "pattern": "(?P<year>\\d{4})\\Z"}})

    assert refused(checked, {"t": "anything"}) == []


def test_a_secret_that_does_not_fit_is_not_repeated() -> None:
    secret = {"type": "string", "format": "password", "x-cog-secret": True, "minLength": 20}
    checked = schema({"key": secret, "keys": {"type": "array", "items": {**secret}}})

    with pytest.raises(Problem) as one:
        checked.check({"key": "swordfish"})
    with pytest.raises(Problem) as many:
        checked.check({"keys": ["swordfish"]})

    assert "swordfish" not in one.value.detail + many.value.detail
    assert checked.secrets == {"key", "keys"}


def test_a_large_value_that_does_not_fit_is_not_repeated_whole() -> None:
    with pytest.raises(Problem) as refused:
        schema({"count": {"type": "integer"}}).check({"count": "x" * 100_000})

    (field,) = refused.value.invalid
    assert len(field.description) < 400
    assert field.description.endswith('" is not of type "integer"')


def test_files_are_found_in_fields_and_lists() -> None:
    file = {"type": "string", "format": "uri"}
    checked = schema({"a": file, "b": {"type": "array", "items": file}, "c": {"type": "string"}})

    assert checked.files == ["a", "b"]
