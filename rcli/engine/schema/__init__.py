"""The OpenAPI document of a Cog project, read off its source: nothing of the model is imported or run.

The documents are those of Cog's own generator (`.cog/openapi_schema.json`); where that one is led astray by
how something is written, this one does what Python means.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rcli.engine.schema.document import PREDICTION, TRAINING, Description, Operation, build_document
from rcli.engine.schema.inputs import read_inputs
from rcli.engine.schema.outputs import output_schema
from rcli.engine.schema.source import Project, SchemaError
from rcli.engine.schema.target import Target, concurrency, find_target, is_streaming

__all__ = ["Schema", "SchemaError", "generate", "streams", "with_streaming"]


@dataclass(frozen=True)
class Schema:
    """A project's document, and the number that ``@concurrent`` asks for (None without it)."""

    document: dict[str, Any]
    concurrency: int | None


def generate(folder: Path, run: str | None, train: str | None) -> Schema:
    """Describe the targets of a project's cog.yaml, such as ``run.py:Runner``; at least one of them.

    Raises SchemaError, whose message begins with the file and line, for whatever Cog would refuse.
    """
    try:
        return _generate(Project(folder), run, train)
    except RecursionError as exc:
        path = (run or train or "").partition(":")[0]
        raise SchemaError(f"{path}:1: something is nested too deeply, or defined by itself") from exc


def streams(document: dict[str, Any]) -> bool:
    """Whether the model's output is an iterator."""
    output = document["components"]["schemas"].get("Output", {})
    return bool(output.get("x-cog-array-type") == "iterator")


def with_streaming(document: dict[str, Any]) -> dict[str, Any]:
    """A copy in which coglet finds leave to send events; it looks at this place alone, for trainings too."""
    copied = copy.deepcopy(document)
    copied["paths"].setdefault("/predictions", {}).setdefault("post", {})["x-cog-streaming"] = True
    return copied


def _generate(project: Project, run: str | None, train: str | None) -> Schema:
    descriptions = []
    number = None
    if run:
        target = find_target(project, run, ("run", "predict"))
        number = concurrency(target)
        descriptions.append(_describe(PREDICTION, target))
    if train:
        descriptions.append(_describe(TRAINING, find_target(project, train, ("train",))))
    if not descriptions:
        raise SchemaError("cog.yaml:1: there is neither run nor train", hint="run: run.py:Runner")
    return Schema(build_document(descriptions), number)


def _describe(operation: Operation, target: Target) -> Description:
    streaming = operation is PREDICTION and is_streaming(target)
    return Description(operation, read_inputs(target), output_schema(target), streaming)
