"""Names by a template: what it says, and nothing that a server could make of it."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rcli.errors import UsageError
from rcli.records import Prediction
from rcli.services.results.naming import FIELDS, Template


def prediction(**keys: Any) -> Prediction:
    raw = {
        "id": "p1",
        "status": "succeeded",
        "model": "stability-ai/sdxl",
        "created_at": "2026-01-31T23:59:00Z",
    }
    return Prediction.from_json(raw | keys)


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{model}-{id}-{n}{ext}", "stability-ai-sdxl-p1-2.png"),
        ("{owner}_{name}{ext}", "stability-ai_sdxl-2.png"),
        ("{n:03}{ext}", "002.png"),
        ("{date} {stem}{ext}", "2026-01-31 out-0.png"),
        ("{{{n}}}{ext}", "{2}.png"),
        ("cat.gif", "cat-2.gif"),
        ("data:x", "data_x-2"),
        ("{n}", "2"),
    ],
)
def test_fields_are_filled_in(template: str, name: str) -> None:
    names = Template.parse(template).of(prediction(), 3)

    assert names.name(2, "out-0", ".png") == name


def test_a_single_file_needs_no_number() -> None:
    names = Template.parse("cat{ext}").of(prediction(), 1)

    assert names.name(0, "out", ".png") == "cat.png"


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{modle}{ext}", "--name '{modle}{ext}' has an unknown field 'modle'"),
        ("{}", "--name '{}' has an unknown field ''"),
        ("{id.__class__}", "--name '{id.__class__}' has an unknown field 'id.__class__'"),
        ("{n[0]}", "--name '{n[0]}' has an unknown field 'n[0]'"),
        ("{id", "--name '{id': expected '}' before end of string"),
        ("{id:9999999}", "--name '{id:9999999}': only n takes a width, such as {n:03}"),
        ("{n:99999999}", "--name '{n:99999999}': only n takes a width, such as {n:03}"),
        ("{n!r}", "--name '{n!r}': only n takes a width, such as {n:03}"),
        ("a/{n}", "--name takes the name of a file, not 'a/{n}'"),
        ("", "--name takes the name of a file, not ''"),
        (" ", "--name takes the name of a file, not ' '"),
    ],
)
def test_what_is_no_template_is_refused(template: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        Template.parse(template)

    assert caught.value.message == message
    assert caught.value.hint


@given(model=st.text(), id=st.text(min_size=1), created=st.text(), stem=st.text(), extension=st.text())
def test_what_a_server_says_leads_nowhere(
    model: str, id: str, created: str, stem: str, extension: str
) -> None:
    every = Template.parse("".join(f"{{{field}}}" for field in FIELDS))
    names = every.of(prediction(model=model, id=id, created_at=created), 2)

    name = names.name(1, stem, extension)

    assert name == os.path.basename(name)
    assert name not in ("", ".", "..")
    assert not name.startswith((".", "-"))
    assert name.isprintable()
    assert len(name.encode()) <= 200
