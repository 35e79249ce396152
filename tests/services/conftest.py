"""Documents of models, and a server that records what it is asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from rcli.api.client import Client
from rcli.settings import Host
from tests.recording_server import RecordingServer

VECTORS = Path(__file__).parents[1] / "schema_vectors"

Document = dict[str, Any]
Describe = Callable[..., Document]


@pytest.fixture(scope="session")
def vector() -> Callable[[str], Document]:
    """The document that Cog wrote for one of the example projects, by the project's number and name."""

    def read(name: str) -> Document:
        document: Document = json.loads((VECTORS / name / "expected.json").read_text())
        return document

    return read


@pytest.fixture(scope="session")
def describe() -> Describe:
    """Writes a document: ``describe(properties, required, output, **other components)``."""

    def write(
        properties: Document | None = None, required: tuple[str, ...] = (), output: Any = None, **others: Any
    ) -> Document:
        inputs = {
            "type": "object",
            "title": "Input",
            "properties": properties or {},
            "required": list(required),
        }
        schemas = {"Input": inputs, **others} | ({"Output": output} if output is not None else {})
        return {"openapi": "3.0.2", "components": {"schemas": schemas}}

    return write


@pytest.fixture(scope="session")
def sdxl(describe: Describe) -> Document:
    """A picture model as the cloud describes it: enums through allOf, a file in, a list of files out."""
    return describe(
        {
            "prompt": {"type": "string", "title": "Prompt", "x-order": 0, "default": "An astronaut"},
            "image": {"type": "string", "title": "Image", "format": "uri", "x-order": 2},
            "width": {"type": "integer", "title": "Width", "x-order": 3, "default": 1024},
            "num_outputs": {"type": "integer", "x-order": 5, "default": 1, "minimum": 1, "maximum": 4},
            "scheduler": {
                "allOf": [{"$ref": "#/components/schemas/scheduler"}],
                "description": "scheduler",
                "default": "K_EULER",
                "x-order": 6,
            },
            "guidance_scale": {
                "type": "number",
                "title": "Guidance Scale",
                "x-order": 8,
                "default": 7.5,
                "minimum": 1,
                "maximum": 50,
            },
        },
        output={"type": "array", "items": {"type": "string", "format": "uri"}, "title": "Output"},
        scheduler={
            "title": "scheduler",
            "description": "An enumeration.",
            "enum": ["DDIM", "K_EULER", "PNDM"],
            "type": "string",
        },
    )


@pytest.fixture(scope="session")
def llama(describe: Describe) -> Document:
    """A language model as the cloud describes it."""
    return describe(
        {
            "prompt": {"type": "string", "title": "Prompt", "x-order": 0},
            "max_tokens": {"type": "integer", "minimum": 1, "default": 512, "x-order": 1},
            "top_p": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.9, "x-order": 2},
        },
        required=("prompt",),
        output={
            "type": "array",
            "items": {"type": "string"},
            "title": "Output",
            "x-cog-array-type": "iterator",
            "x-cog-array-display": "concatenate",
        },
    )


@pytest.fixture
def service() -> Iterator[RecordingServer]:
    with RecordingServer() as server:
        yield server


@pytest.fixture
def client(service: RecordingServer) -> Iterator[Client]:
    with Client(Host("replicate", f"{service.url}/v1", "test"), "r8_test") as client:
        yield client
