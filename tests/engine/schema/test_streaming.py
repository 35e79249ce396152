"""What the engine asks of a document to let a model stream."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rcli.engine.schema import generate, streams, with_streaming


@pytest.mark.parametrize(
    ("output", "expected"),
    [("ConcatenateIterator[str]", True), ("Iterator[Path]", True), ("list[Path]", False), ("str", False)],
)
def test_a_model_streams_if_its_output_is_an_iterator(
    write: Callable[[str], Path], output: str, expected: bool
) -> None:
    folder = write(f"from typing import Iterator\nfrom cog import *\ndef run() -> {output}: ...\n")

    document = generate(folder, "run.py:run", None).document

    assert streams(document) is expected


def test_a_training_alone_does_not_stream(write: Callable[[str], Path]) -> None:
    folder = write("def train() -> str: ...\n")

    document = generate(folder, None, "run.py:train").document

    assert streams(document) is False


@pytest.mark.parametrize(
    ("run", "train"), [("run.py:run", None), ("run.py:run", "run.py:run"), (None, "run.py:run")]
)
def test_events_are_allowed_in_a_copy(
    write: Callable[[str], Path], run: str | None, train: str | None
) -> None:
    document = generate(write("def run() -> str: ...\n"), run, train).document
    before = repr(document)

    copy = with_streaming(document)

    assert copy["paths"]["/predictions"]["post"]["x-cog-streaming"] is True
    assert copy["components"] == document["components"]
    assert repr(document) == before
