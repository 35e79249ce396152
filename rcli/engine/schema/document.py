"""The OpenAPI document around the inputs and outputs: paths, requests and responses, as Cog writes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rcli.engine.schema.components import reference, title
from rcli.engine.schema.inputs import Input

COG_VERSION = "0.23.1"  # the release whose documents these are


@dataclass(frozen=True)
class Operation:
    """Something that a model can be asked for, and the names of its components."""

    noun: str
    verb: str
    input: str
    output: str

    @property
    def request(self) -> str:
        return f"{self.noun.title()}Request"

    @property
    def response(self) -> str:
        return f"{self.noun.title()}Response"


PREDICTION = Operation("prediction", "predict", "Input", "Output")
TRAINING = Operation("training", "train", "TrainingInput", "TrainingOutput")


@dataclass(frozen=True)
class Description:
    """What the source says of an operation."""

    operation: Operation
    inputs: Sequence[Input]
    output: dict[str, Any]
    streaming: bool


def build_document(descriptions: Sequence[Description]) -> dict[str, Any]:
    """One document for all operations; of two choices of the same name, the first operation's stay."""
    paths = {
        "/": _page("Root", "root__get"),
        "/health-check": _page("Healthcheck", "healthcheck_health_check_get"),
    }
    schemas = _shared_components()
    for description in descriptions:
        paths |= _paths(description)
        schemas = _components(description) | schemas
    return {
        "openapi": "3.0.2",
        "info": {"title": "Cog", "version": COG_VERSION},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def _components(description: Description) -> dict[str, Any]:
    operation = description.operation
    return {
        operation.input: _input(description),
        operation.output: description.output,
        operation.request: _request(operation),
        operation.response: _response(operation),
        **{entry.name: entry.choices for entry in description.inputs if entry.choices is not None},
    }


def _input(description: Description) -> dict[str, Any]:
    required = [entry.name for entry in description.inputs if entry.required]
    schema = _object(description.operation.input, {entry.name: entry.schema for entry in description.inputs})
    return {**schema, "required": required} if required else schema


def _request(operation: Operation) -> dict[str, Any]:
    return _object(operation.request, {"id": _text("id"), "input": reference(operation.input)})


def _response(operation: Operation) -> dict[str, Any]:
    texts = ("id", "version", "status", "error", "logs")
    times = ("created_at", "started_at", "completed_at")
    return _object(
        operation.response,
        {
            **{name: _text(name) for name in texts},
            **{name: _text(name) | {"format": "date-time"} for name in times},
            "input": reference(operation.input),
            "output": reference(operation.output),
            "metrics": {"title": "Metrics", "type": "object"},
        },
    )


def _shared_components() -> dict[str, Any]:
    return {
        "Status": {
            **_text("status"),
            "description": "An enumeration.",
            "enum": ["starting", "processing", "succeeded", "canceled", "failed"],
        },
        "HTTPValidationError": _object(
            "HTTPValidationError",
            {"detail": {"title": "Detail", "type": "array", "items": reference("ValidationError")}},
        ),
        "ValidationError": {
            **_object(
                "ValidationError",
                {
                    "loc": {
                        "title": "Location",
                        "type": "array",
                        "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]},
                    },
                    "msg": {"title": "Message", "type": "string"},
                    "type": {"title": "Error Type", "type": "string"},
                },
            ),
            "required": ["loc", "msg", "type"],
        },
    }


def _paths(description: Description) -> dict[str, Any]:
    operation = description.operation
    noun, verb = operation.noun, operation.verb
    create: dict[str, Any] = {
        "summary": verb.title(),
        "description": f"Run a single {noun} on the model",
        "operationId": f"{verb}_{noun}s_post",
        "requestBody": {"content": _json(reference(operation.request))},
        "responses": _responses(reference(operation.response)),
    }
    cancel = {
        "summary": "Cancel",
        "operationId": f"cancel_{noun}s__{noun}_id__cancel_post",
        "parameters": [{"in": "path", "name": f"{noun}_id", "required": True, "schema": _text(f"{noun}_id")}],
        "responses": _responses({}),
    }
    if description.streaming:
        create["x-cog-streaming"] = True
    return {f"/{noun}s": {"post": create}, f"/{noun}s/{{{noun}_id}}/cancel": {"post": cancel}}


def _page(summary: str, operation_id: str) -> dict[str, Any]:
    return {"get": {"summary": summary, "operationId": operation_id, "responses": {"200": _success({})}}}


def _responses(schema: dict[str, Any]) -> dict[str, Any]:
    refusal = {"description": "Validation Error", "content": _json(reference("HTTPValidationError"))}
    return {"200": _success(schema), "422": refusal}


def _success(schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": "Successful Response", "content": _json(schema)}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _object(name: str, properties: dict[str, Any]) -> dict[str, Any]:
    return {"title": name, "type": "object", "properties": properties}


def _text(name: str) -> dict[str, Any]:
    return {"title": title(name), "type": "string"}
