"""Small projects for the schema generator."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any, TypeAlias

import pytest

from rcli.engine.schema import generate

Describe: TypeAlias = Callable[..., dict[str, Any]]


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write sources into a project folder: ``write(source)`` or ``write({"run.py": …, "lib.py": …})``."""

    def write_files(files: str | dict[str, str]) -> Path:
        for name, text in ({"run.py": files} if isinstance(files, str) else files).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text))
        return tmp_path

    return write_files


@pytest.fixture
def schemas(write: Callable[..., Path]) -> Describe:
    """The components of a project whose ``run.py`` has a function ``run``."""

    def describe(files: str | dict[str, str], target: str = "run.py:run") -> dict[str, Any]:
        components: dict[str, Any] = generate(write(files), target, None).document["components"]["schemas"]
        return components

    return describe


@pytest.fixture
def inputs(schemas: Describe) -> Describe:
    """The inputs by name, as in the document but for title and order."""

    def describe(files: str | dict[str, str], target: str = "run.py:run") -> dict[str, Any]:
        properties = schemas(files, target)["Input"]["properties"]
        for schema in properties.values():
            del schema["x-order"]
            schema.pop("title", None)
        return dict(properties)

    return describe


@pytest.fixture
def one_input(inputs: Describe) -> Describe:
    """The schema of an input ``x``, given as written: ``one_input("int = Input(ge=LOW)", "LOW = 2")``."""

    def describe(parameter: str, before: str = "") -> dict[str, Any]:
        source = f"from cog import *\n{dedent(before)}\ndef run(x: {parameter}) -> str:\n    return ''\n"
        found: dict[str, Any] = inputs(source)["x"]
        return found

    return describe
