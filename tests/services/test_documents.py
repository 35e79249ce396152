"""YAML and JSON as inputs: the types of JSON, and no surprises."""

from __future__ import annotations

import io
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rcli.errors import InvalidInput
from rcli.services.models.schema import Field
from rcli.services.request.documents import is_document, read, split
from rcli.services.request.inputs import Pair
from rcli.services.request.sources import Sources

FILE = Field("x", kind="file")


def from_stdin(text: str) -> dict[str, Any]:
    return read(["-"], Sources(Path(), Path(), io.BytesIO(text.encode())))


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("true", True),
        ("null", None),
        ("~", None),
        ("", None),
        ("2024-01-01", "2024-01-01"),
        ("1:30", "1:30"),
        ("012", "012"),
        ("0x1f", "0x1f"),
        ("1_000", "1_000"),
        ("-7", -7),
        ("0", 0),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".5", ".5"),
        (".inf", ".inf"),
        ("'1'", "1"),
        ("<<", "<<"),
        ("|\n  two\n  lines\n", "two\nlines\n"),
        ("[1, {a: b}]", [1, {"a": "b"}]),
        ("{1: a}", {"1": "a"}),
    ],
)
def test_yaml_has_the_types_of_json(written: str, value: object) -> None:
    found = from_stdin(f"x: {written}")

    assert found == {"x": value}
    assert type(found["x"]) is type(value)


def test_a_byte_order_mark_is_no_part_of_the_inputs() -> None:
    assert from_stdin('\ufeff{"x": 1}') == {"x": 1}


@given(st.text())
def test_any_text_gives_inputs_or_an_error_of_ours(text: str) -> None:
    stdin = io.BytesIO(text.encode("utf-8", "replace"))

    found: object = {}
    with suppress(InvalidInput):
        found = read(["-"], Sources(Path(), Path(), stdin))

    assert isinstance(found, dict)


@pytest.mark.parametrize("text", ["-", "@in", "@a=b", "{}", '{"a": "b=c"}', "in.json", "IN.YAML", "a/b.yml"])
def test_these_are_all_inputs_at_once(text: str) -> None:
    assert is_document(text)


@pytest.mark.parametrize("text", ["x", "a=b", "a=@in.json", "file=in.json", "a:={}", "a=-"])
def test_these_are_not(text: str) -> None:
    assert not is_document(text)


@pytest.mark.parametrize(
    ("field", "value", "pairs"),
    [
        (FILE, "@a", [Pair("x", "file", "a")]),
        (FILE, "https://x/y", []),
        (
            Field("x", kind="list", item=FILE),
            ["@a", "https://x/y"],
            [Pair("x", "file", "a"), Pair("x", "json", '"https://x/y"')],
        ),
        (Field("x", variants=(FILE, Field("x", kind="text"))), "@a", []),
        (Field("x", kind="text"), "@a", []),
        (Field("x"), "@a", []),
    ],
)
def test_only_where_nothing_but_files_is_taken_a_text_names_one(
    field: Field, value: object, pairs: list[Pair]
) -> None:
    assert split({"x": value}, [field]) == (pairs, {} if pairs else {"x": value})
