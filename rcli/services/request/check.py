"""Whether a finished value suits its input, by JSON Schema and before anything is spent."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from rcli.records import Json
from rcli.services.models.schema import Field, property_node, referred
from rcli.services.request.words import json_types, shown, wanted

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError

_KEPT = (
    *("type", "enum", "const", "required"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    *("minLength", "maxLength", "pattern", "minItems", "maxItems", "uniqueItems"),
    *("minProperties", "maxProperties"),
)
"""Keywords that are taken as they are; others are left to the server, and nothing is ever fetched for one."""

_DEEPEST = 60


def problems(document: Any, component: str, field: Field, value: Any) -> Iterator[str]:
    """What is wrong with a value, a line each, without the input's name. A secret value is never repeated."""
    if value is None:
        if not field.nullable and field.types:
            yield f"null is not {wanted(field)}"
        return
    schema = json_schema(document, component, field.name)
    if not _is_plain(schema, value):
        yield from dict.fromkeys(_phrase(field, violation) for violation in _violations(schema, value))


def json_schema(document: Any, component: str, name: str) -> Json:
    """One input's schema as JSON Schema 2020-12 that stands alone; ``nullable`` at its top is left out."""
    targets: list[str] = []
    node = _converted(property_node(document, component, name), document, targets, nullable=False)
    definitions = {}
    for number, reference in enumerate(targets):  # grows as references are met
        definitions[str(number)] = _converted(referred(document, reference), document, targets)
    return {**node, "$defs": definitions}


def _is_plain(schema: Json, value: Any) -> bool:
    """Whether nothing but the type is asked for, and it is right: that needs no validator."""
    return schema.keys() <= {"type", "$defs"} and schema.get("type") in (None, *json_types(value))


def _violations(schema: Json, value: Any) -> Iterator[ValidationError]:
    import jsonschema_rs  # costs 35 ms, which most runs of small models can do without

    try:
        validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=False)
    except ValueError:  # the author's schema is itself wrong: the server has to judge
        return
    yield from validator.iter_errors(value)


def _converted(
    node: Any, document: Any, targets: list[str], *, nullable: bool = True, depth: int = 0
) -> Json:
    """A schema of OpenAPI 3.0 in JSON Schema's words, with references into ``$defs`` by their number."""
    if not isinstance(node, dict) or depth > _DEEPEST:
        return {}

    def inner(part: Any) -> Json:
        return _converted(part, document, targets, depth=depth + 1)

    schema = {key: node[key] for key in _KEPT if key in node}
    for key in ("anyOf", "oneOf", "allOf"):
        if isinstance(node.get(key), list) and node[key]:
            schema[key] = [inner(part) for part in node[key]]
    if isinstance(node.get("properties"), dict):
        schema["properties"] = {name: inner(part) for name, part in node["properties"].items()}
    for key in ("items", "additionalProperties"):
        if key in node:
            schema[key] = node[key] if isinstance(node[key], bool) else inner(node[key])
    if isinstance(reference := node.get("$ref"), str) and isinstance(referred(document, reference), dict):
        if reference not in targets:
            targets.append(reference)
        schema["$ref"] = f"#/$defs/{targets.index(reference)}"
    return {"anyOf": [{"type": "null"}, schema]} if nullable and node.get("nullable") is True else schema


def _phrase(field: Field, violation: ValidationError) -> str:
    at = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in violation.instance_path)
    found = "this" if field.is_secret else shown(violation.instance)
    place = f" at {at.removeprefix('.')}" if at else ""
    return f"{found}{place} {_fault(field, violation, inside=bool(at))}"


def _fault(field: Field, violation: ValidationError, *, inside: bool) -> str:
    kind = violation.kind
    match kind.name:
        case "type" | "anyOf" | "oneOf" if not inside:
            return f"is not {wanted(field)}"
        case "type":
            return "is not of the type " + " or ".join(sorted(kind.value))
        case "enum":
            return f"is not one of {', '.join(map(shown, kind.value))}" + _nearest(kind.value, violation)
        case "minimum":
            return f"is less than {kind.value}"
        case "maximum":
            return f"is more than {kind.value}"
        case "minLength":
            return f"is shorter than {kind.value} characters"
        case "maxLength":
            return f"is longer than {kind.value} characters"
        case "pattern":
            return f"does not match the pattern {kind.value}"
        case "required":
            return f"lacks {shown(kind.value)}"
        case "anyOf" | "oneOf":
            return "is of none of the allowed types"
    return f"does not suit the model's schema ({kind.name})"


def _nearest(choices: Any, violation: ValidationError) -> str:
    by_lower = {choice.lower(): choice for choice in choices if isinstance(choice, str)}
    near = get_close_matches(str(violation.instance).lower(), by_lower, n=1)
    return f"; did you mean {by_lower[near[0]]}?" if near else ""
