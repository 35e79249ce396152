"""The inputs of a program for a model that was not run yet: what the schema and the model's example say."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from rcli.api.endpoints import Replicate
from rcli.errors import NotFound
from rcli.records import Json
from rcli.services.models.catalog import Target
from rcli.services.models.schema import input_fields


def values(api: Replicate, target: Target, given: Collection[str]) -> Json:
    """The schema's defaults; what has none and must be there is the example's, if the model shows one.

    ``given`` are the inputs that the user names.
    """
    fields = [each for each in input_fields(target.document) if not (each.is_secret or each.deprecated)]
    found: dict[str, Any] = {
        each.name: each.default for each in fields if each.has_default and each.default is not None
    }
    missing = [each.name for each in fields if each.required and each.name not in {*given, *found}]
    if missing:
        example = _example(api, target)
        found |= {name: example[name] for name in missing if example.get(name) is not None}
    return found


def _example(api: Replicate, target: Target) -> Json:
    """The input of the model's example, ``{}`` without one."""
    if not target.name or target.kind == "deployment":
        return {}
    try:
        example = api.model(target.owner, target.name).raw.get("default_example")
    except NotFound:
        return {}
    shown = example.get("input") if isinstance(example, dict) else None
    return shown if isinstance(shown, dict) else {}
