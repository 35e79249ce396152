"""What a prediction of a model looks like, without making one."""

from __future__ import annotations

from typing import Any

from rcli.api.endpoints import Replicate
from rcli.records import Json, Model
from rcli.references import ModelReference
from rcli.services.models import catalog
from rcli.services.models.schema import Field, OutputKind, input_fields, output_kind

_FILE = "https://replicate.delivery/example/output.png"
_VALUES: dict[str, Any] = {
    "text": "a text",
    "integer": 1,
    "number": 1.0,
    "boolean": True,
    "file": "https://replicate.delivery/example/input.png",
    "secret": "",
    "list": [],
    "object": {},
}
_OUTPUTS: dict[OutputKind, Any] = {
    "text-stream": ["a ", "text"],
    "iterator": ["a", "b"],
    "file": _FILE,
    "files": [_FILE],
    "text": "a text",
    "json": {},
}


def prediction(api: Replicate, reference: ModelReference) -> Json:
    """The model's own example, else the newest of the account's that succeeded, else what its schema says.

    Raises NotFound for a model that the host does not have.
    """
    model = catalog.find(api, reference)
    example = model.raw.get("default_example")
    if isinstance(example, dict) and example.get("status") == "succeeded":
        return example
    for row in api.predictions().results:
        if row.model == model.full_name and row.status == "succeeded" and not row.data_removed:
            return row.raw
    return _described(model)


def _described(model: Model) -> Json:
    """By the schema of its latest version: inputs that it needs, and an output of its kind."""
    latest = model.latest_version
    document = latest.schema if latest else {}
    inputs = {each.name: _value(each) for each in input_fields(document) if each.required or each.has_default}
    return {
        "model": model.full_name,
        "version": latest.id if latest else None,
        "input": inputs,
        "output": _OUTPUTS.get(output_kind(document), "a text"),
    }


def _value(field: Field) -> Any:
    if field.has_default:
        return field.default
    return field.choices[0] if field.choices else _VALUES.get(field.kind)
