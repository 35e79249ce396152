"""A recording server that plays Replicate's cloud, and another one that plays the host of its files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from rcli.records import Json
from tests.conftest import Result
from tests.recording_server import Answer, RecordingServer, Script, event_stream, json_answer

TOKEN = "r8_" + "S3cret" * 6
ID = "q8x2v1jd9rma0cqxyz1234abcd"
VERSION = "7762fd07cf82c948538e41f63f77d685e02b063e37e496e96eefd46c929f9bdc"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8

RUN = ("run", "stability-ai/sdxl", "-i", "prompt=a cat")

FILES: Json = {"type": "array", "items": {"type": "string", "format": "uri"}}
TEXT_STREAM: Json = {
    "type": "array",
    "items": {"type": "string"},
    "x-cog-array-type": "iterator",
    "x-cog-array-display": "concatenate",
}
TEXT: Json = {"type": "string"}


def document(output: Json, inputs: Mapping[str, Json] | None) -> Json:
    """An OpenAPI document; without inputs of its own the model takes an optional ``prompt``."""
    properties = inputs or {"prompt": {"type": "string", "x-order": 0}}
    schemas = {"Input": {"type": "object", "properties": properties}, "Output": output}
    return {"openapi": "3.0.2", "components": {"schemas": schemas}}


def prediction(status: str, **keys: Any) -> Json:
    """A prediction as the service writes it; ``keys`` replace and add."""
    return {
        "id": ID,
        "model": "stability-ai/sdxl",
        "version": VERSION,
        "input": {"prompt": "a cat"},
        "logs": "",
        "error": None,
        "status": status,
        "created_at": "2026-01-02T03:04:05.678Z",
        "urls": {"web": f"https://replicate.com/p/{ID}"},
    } | keys


class Cloud:
    """``api`` takes the token, ``delivery`` serves files and must never see it."""

    def __init__(self, api: RecordingServer, delivery: RecordingServer) -> None:
        self.api = api
        self.delivery = delivery
        self.env = {"REPLICATE_BASE_URL": api.url, "REPLICATE_API_TOKEN": TOKEN}

    def has_model(
        self,
        output: Json = TEXT,
        name: str = "stability-ai/sdxl",
        inputs: Mapping[str, Json] | None = None,
        **keys: Any,
    ) -> None:
        """A model with one version; ``keys`` replace and add, such as ``is_official``."""
        owner, _, short = name.partition("/")
        version = {
            "id": VERSION,
            "created_at": "2024-01-01T00:00:00Z",
            "openapi_schema": document(output, inputs),
        }
        model = {"owner": owner, "name": short, "run_count": 7, "latest_version": version}
        self.api.answer(f"GET /v1/models/{name}", json_answer(model | keys))
        self.api.answer(f"GET /v1/models/{name}/versions/{VERSION}", json_answer(version))

    def creates(self, created: Json, *later: Json | Script, route: str = "POST /v1/predictions") -> None:
        """What the creation answers, and after it each question for the prediction; the last one stays."""
        self.api.answer(route, json_answer(created, 201))
        answers = [json_answer(each) if isinstance(each, dict) else each for each in later or (created,)]
        self.api.answer(f"GET /v1/predictions/{ID}", *answers)

    def streams(self, *connections: Answer | bytes) -> dict[str, str]:
        """The URLs of a prediction whose stream gives these answers, one a connection."""
        answers = [event_stream(each) if isinstance(each, bytes) else each for each in connections]
        self.api.answer("GET /stream/one", *answers)
        return {"stream": f"{self.api.url}/stream/one"}

    def offers(self, name: str, content: bytes = PNG, content_type: str = "image/png") -> str:
        """Serves a file on the delivery host, and returns its address."""
        return self.delivery.serves(f"/pbxt/{name}", content, content_type)

    @property
    def created(self) -> Json:
        """The body of the one creation that there was."""
        (request,) = [each for each in self.api.requests if each.method == "POST"]
        body: Json = request.json
        return body


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    with RecordingServer() as api, RecordingServer() as delivery:
        yield Cloud(api, delivery)


def events(*data: str, start: int = 1) -> bytes:
    """Output events with ids, as the service writes them."""
    return b"".join(
        b"event: output\nid: 1700000000:%d\n" % number
        + b"".join(b"data: %s\n" % line.encode() for line in text.split("\n"))
        + b"\n"
        for number, text in enumerate(data, start)
    )


DONE = b"event: done\nid: 1700000000:999\ndata: {}\n\n"


def managed(home: Path) -> Path:
    """Where the prediction's files are saved when nothing else is said."""
    return home / "rcli" / "config" / "outputs" / ID


def told(result: Result) -> tuple[str, int]:
    return result.stderr, result.exit_code
