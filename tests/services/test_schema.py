"""Reading the documents that describe models: Cog's own, the cloud's, and ones that make no sense."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rcli.services.models.schema import (
    Field,
    describes_inputs,
    input_fields,
    output_kind,
    output_schema,
    resolve,
)

Document = dict[str, Any]
Vector = Callable[[str], Document]
Describe = Callable[..., Document]

KEYS = st.sampled_from(
    [
        *("components", "schemas", "Input", "Output", "properties", "required", "items", "anyOf", "allOf"),
        *("$ref", "type", "enum", "default", "nullable", "format", "minimum", "x-order", "x-cog-array-type"),
    ]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(
        ["string", "array", "#/components/schemas/Input", "#/components/schemas/Output", "uri"]
    ),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=30,
)


def named(document: Document, name: str) -> Field:
    return {field.name: field for field in input_fields(document)}[name]


def test_fields_come_in_the_authors_order(vector: Vector) -> None:
    fields = input_fields(vector("44-order-of-many-inputs"))

    assert [field.name for field in fields][:5] == ["zulu_time", "altitude", "yaw", "pitch", "roll"]
    assert len(fields) == 24


def test_a_field_tells_its_bounds_and_default(vector: Vector) -> None:
    hours = named(vector("02-input-numbers"), "hours_ahead")

    assert hours == Field(
        name="hours_ahead",
        title="Hours Ahead",
        description="How far to look ahead",
        types=("integer",),
        kind="integer",
        default=6,
        has_default=True,
        minimum=1,
        maximum=72,
    )


def test_a_text_tells_its_lengths_and_pattern(vector: Vector) -> None:
    floor = named(vector("03-input-strings"), "floor")

    assert (floor.kind, floor.min_length, floor.max_length, floor.pattern) == ("text", None, 2, "^[0-9]*$")


def test_choices_are_found_behind_a_reference(sdxl: Document) -> None:
    scheduler = named(sdxl, "scheduler")

    assert scheduler.kind == "text"
    assert scheduler.choices == ("DDIM", "K_EULER", "PNDM")
    assert scheduler.description == "scheduler"


def test_cogs_own_words_for_an_enum_are_no_description(vector: Vector) -> None:
    minutes = named(vector("04-choices-literal"), "minutes")

    assert (minutes.description, minutes.choices, minutes.required) == ("", (5, 3, 8), True)


def test_optional_inputs_are_nullable_and_not_required(vector: Vector) -> None:
    fields = input_fields(vector("08-optional-inputs"))

    assert all(field.nullable and not field.required for field in fields)
    assert [field.has_default for field in fields] == [
        *(False, True, False, True, True, True, True, True, False)
    ]


def test_files_and_secrets_are_told_from_texts(vector: Vector) -> None:
    fields = input_fields(vector("15-file-and-secret-inputs"))

    assert [(field.kind, field.item and field.item.kind) for field in fields] == [
        ("file", None),
        ("list", "file"),
        ("file", None),
        ("secret", None),
        ("file", None),
        ("file", None),
        ("secret", None),
        ("list", "file"),
        ("list", "secret"),
        ("file", None),
    ]
    assert [field.name for field in fields if field.is_secret] == ["token", "lab_key", "keys"]


def test_a_union_tells_its_members(vector: Vector) -> None:
    stamps = named(vector("11-union-inputs"), "stamps")

    assert (stamps.kind, stamps.types) == ("any", ("string", "array"))
    assert [variant.kind for variant in stamps.variants] == ["text", "list"]
    assert stamps.variants[1].item == Field("stamps", title="stamps", types=("string",), kind="text")


@pytest.mark.parametrize(
    "node",
    [
        {"type": "integer", "nullable": True},
        {"type": ["integer", "null"]},
        {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        {"anyOf": [{"$ref": "#/components/schemas/count"}, {"type": "null"}], "nullable": False},
        {"allOf": [{"$ref": "#/components/schemas/count"}], "nullable": True},
    ],
)
def test_every_spelling_of_an_optional_number_reads_alike(describe: Describe, node: Any) -> None:
    document = describe({"count": node}, count={"type": "integer"})

    count = named(document, "count")

    assert (count.kind, count.types, count.nullable, count.variants) == ("integer", ("integer",), True, ())


def test_training_inputs_are_another_component(vector: Vector) -> None:
    fields = input_fields(vector("45-train-function"), "TrainingInput")

    assert [field.name for field in fields] == ["songs", "steps", "rate", "schedule"]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("21-concatenate-iterator", "text-stream"),
        ("23-streaming-decorator", "iterator"),
        ("20-iterator-output", "iterator"),
        ("05-deprecated-and-accept", "file"),
        ("15-file-and-secret-inputs", "files"),
        ("01-primitives-required", "text"),
        ("06-constant-defaults", "json"),
        ("30-output-model-nested", "json"),
        ("29-output-bare-list", "json"),
        ("45-train-function", "unknown"),
    ],
)
def test_the_kind_of_output(vector: Vector, name: str, kind: str) -> None:
    assert output_kind(vector(name)) == kind


def test_only_an_iterator_that_is_concatenated_is_a_text_stream(describe: Describe) -> None:
    texts = {"type": "array", "items": {"type": "string"}}

    assert output_kind(describe(output=texts | {"x-cog-array-display": "concatenate"})) == "json"
    assert output_kind(describe(output=texts | {"x-cog-array-type": "iterator"})) == "iterator"


def test_an_output_behind_a_reference_is_read(describe: Describe) -> None:
    document = describe(
        output={"$ref": "#/components/schemas/Picture"}, Picture={"type": "string", "format": "uri"}
    )

    assert output_kind(document) == "file"


def test_a_model_without_inputs_is_not_one_that_tells_nothing(vector: Vector, describe: Describe) -> None:
    assert input_fields(vector("29-output-bare-list")) == ()
    assert describes_inputs(vector("29-output-bare-list"))
    assert not describes_inputs({})
    assert not describes_inputs(None)


def test_circles_of_references_end(describe: Describe) -> None:
    node = {"allOf": [{"$ref": "#/components/schemas/node"}, {"title": "Node"}], "items": {}}
    tree = {"anyOf": [{"$ref": "#/components/schemas/tree"}, {"$ref": "#/components/schemas/tree"}]}
    document = describe({"tree": {"$ref": "#/components/schemas/tree"}, "node": node}, node=node, tree=tree)

    assert [field.name for field in input_fields(document)] == ["tree", "node"]


def test_a_reference_abroad_is_not_followed(describe: Describe) -> None:
    node = {"$ref": "file:///etc/passwd", "title": "Text"}

    assert resolve(describe(), node) == {"title": "Text"}


@given(document=VALUES)
def test_no_document_is_too_strange(document: Any) -> None:
    fields = input_fields(document)

    assert all(isinstance(field, Field) for field in fields)
    assert isinstance(output_kind(document), str)
    assert isinstance(output_schema(document), dict)


@given(node=VALUES, other=VALUES)
def test_no_field_is_too_strange(node: Any, other: Any) -> None:
    document = {"components": {"schemas": {"Input": {"properties": {"x": node}}, "Output": other}}}

    assert [field.name for field in input_fields(document)] == ["x"]
    assert isinstance(output_kind(document), str)
