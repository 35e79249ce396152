"""What a version's OpenAPI document says of its inputs and its output. Pure: no files, no network.

The documents are Cog's, of every age, as `GET …/versions/{id}` returns them in `openapi_schema`: OpenAPI
3.0 with `nullable`, enums as `allOf: [{$ref}]`, files as `format: uri`, secrets as `x-cog-secret`. A document
that is missing or strange says nothing: no fields, output ``unknown``, and never an exception.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from rcli.records import Json

Kind = Literal["text", "integer", "number", "boolean", "file", "secret", "list", "object", "any"]
OutputKind = Literal["text-stream", "iterator", "file", "files", "text", "json", "unknown"]

_DEEPEST = 4
"""How far lists and unions are followed: Cog nests inputs twice, a circle of references has no end."""


@dataclass(frozen=True)
class Field:
    """One input. ``types`` are JSON's own, without null; lengths count characters.

    ``item`` describes a list's items, ``variants`` a union's members; no ``choices``: anything goes.
    """

    name: str
    title: str = ""
    description: str = ""
    types: tuple[str, ...] = ()
    kind: Kind = "any"
    item: Field | None = None
    variants: tuple[Field, ...] = ()
    choices: tuple[Any, ...] = ()
    default: Any = field(default=None, repr=False)
    has_default: bool = False
    required: bool = False
    nullable: bool = False
    minimum: float | None = None
    maximum: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    deprecated: bool = False

    @property
    def is_secret(self) -> bool:
        """Whether any part of a value of this field is to be stored and shown nowhere."""
        parts = (*self.variants, *((self.item,) if self.item else ()))
        return self.kind == "secret" or any(part.is_secret for part in parts)


def input_fields(document: Any, component: str = "Input") -> tuple[Field, ...]:
    """The inputs in the author's order; ``TrainingInput`` is the other component that has them."""
    whole = resolve(document, _component(document, component))
    required = whole.get("required")
    names = required if isinstance(required, list) else []
    nodes = [(name, resolve(document, node)) for name, node in _dict(whole.get("properties")).items()]
    nodes.sort(key=lambda named: _order(named[1]))
    return tuple(_field(document, name, node, required=name in names) for name, node in nodes)


def property_node(document: Any, component: str, name: str) -> Any:
    """One input's schema as the document writes it."""
    return _dict(resolve(document, _component(document, component)).get("properties")).get(name)


def describes_inputs(document: Any, component: str = "Input") -> bool:
    """Whether the document knows its inputs: one without any is not one that says nothing."""
    whole = resolve(document, _component(document, component))
    return isinstance(whole.get("properties"), dict) or whole.get("type") == "object"


def output_kind(document: Any) -> OutputKind:
    """What a prediction gives. Only an iterator that is also to be concatenated is a stream of text."""
    node = output_schema(document)
    output = _field(document, "output", node, required=False)
    if output.kind == "list" and node.get("x-cog-array-type") == "iterator":
        return "text-stream" if node.get("x-cog-array-display") == "concatenate" else "iterator"
    match output.kind:
        case "file" | "text":
            return output.kind
        case "list" if output.item and output.item.kind == "file":
            return "files"
        case "any" if not output.types:
            return "unknown"
    return "json"


def output_schema(document: Any) -> Json:
    """The schema of the whole output; ``{}`` when the document has none."""
    return resolve(document, _component(document, "Output"))


def resolve(document: Any, node: Any) -> Json:
    """A schema with its ``$ref`` and ``allOf`` folded in; the outer word wins. ``{}`` for what is no schema.

    Every reference is followed once, so that circles end and nothing grows beyond the document.
    """
    folded: Json = {}
    pending = [node]
    followed: set[str] = set()
    while pending:
        part = pending.pop(0)
        if not isinstance(part, dict):
            continue
        reference = part.get("$ref")
        if isinstance(reference, str) and reference not in followed:
            followed.add(reference)
            pending.append(referred(document, reference))
        pending.extend(_list(part.get("allOf")))
        for key, value in part.items():
            if key not in ("$ref", "allOf"):
                folded.setdefault(key, value)
    return folded


def referred(document: Any, reference: str) -> Any:
    """What a reference within the document points to, None for any other: nothing is fetched."""
    prefix = "#/components/schemas/"
    return _component(document, reference.removeprefix(prefix)) if reference.startswith(prefix) else None


def _component(document: Any, name: str) -> Any:
    return _dict(_dict(_dict(document).get("components")).get("schemas")).get(name)


def _field(document: Any, name: str, node: Json, *, required: bool, depth: int = 0) -> Field:
    """A field of a resolved schema."""
    variants, has_null = _variants(document, node) if depth < _DEEPEST else ([], False)
    if len(variants) == 1:
        outer = {key: value for key, value in node.items() if key not in ("anyOf", "oneOf", "type")}
        node = variants[0] | outer | {"nullable": has_null}
        return _field(document, name, node, required=required, depth=depth + 1)
    parts = [_field(document, name, part, required=False, depth=depth + 1) for part in variants]
    kind, types = _union(parts) if parts else _plain_kind(node)
    enum = _list(node.get("enum"))
    return Field(
        name=name,
        title=_text(node.get("title")) or name,
        description=_description(node),
        types=types,
        kind=kind,
        item=_item(document, name, node, depth) if kind == "list" else None,
        variants=tuple(parts) if kind == "any" else (),
        choices=tuple(choice for choice in enum if choice is not None),
        default=node.get("default"),
        has_default="default" in node,
        required=required,
        nullable=has_null or None in enum or any(part.nullable for part in parts),
        minimum=_number(node.get("minimum")),
        maximum=_number(node.get("maximum")),
        min_length=_whole(node.get("minLength")),
        max_length=_whole(node.get("maxLength")),
        pattern=_text(node.get("pattern")) or None,
        deprecated=node.get("deprecated") is True,
    )


def _variants(document: Any, node: Json) -> tuple[list[Json], bool]:
    """The members of a union without null, empty for a plain schema, and whether null is allowed."""
    has_null = node.get("nullable") is True
    members = [resolve(document, part) for part in (*_list(node.get("anyOf")), *_list(node.get("oneOf")))]
    if not members and isinstance(node.get("type"), list):
        members = [{**node, "type": name} for name in node["type"]]
    variants = [part for part in members if part.get("type") != "null"]
    return variants, has_null or len(variants) < len(members)


def _union(parts: list[Field]) -> tuple[Kind, tuple[str, ...]]:
    types = tuple(dict.fromkeys(name for part in parts for name in part.types))
    return ("number" if set(types) == {"integer", "number"} else "any"), types


def _plain_kind(node: Json) -> tuple[Kind, tuple[str, ...]]:
    kind = node.get("type") or _implied_type(node)
    match kind:
        case "string" if node.get("x-cog-secret") is True or node.get("format") == "password":
            return "secret", ("string",)
        case "string":
            return ("file" if node.get("format") == "uri" else "text"), ("string",)
        case "array":
            return "list", ("array",)
        case "integer" | "number" | "boolean" | "object":
            return kind, (kind,)
    return "any", ()


def _implied_type(node: Json) -> str | None:
    """Old documents leave the type away where the rest tells it."""
    if "properties" in node or "additionalProperties" in node:
        return "object"
    if "items" in node:
        return "array"
    return "string" if (enum := _list(node.get("enum"))) and all(isinstance(v, str) for v in enum) else None


def _item(document: Any, name: str, node: Json, depth: int) -> Field:
    if depth >= _DEEPEST:
        return Field(name)
    return _field(document, name, resolve(document, node.get("items")), required=False, depth=depth + 1)


def _description(node: Json) -> str:
    text = _text(node.get("description"))
    return "" if text == "An enumeration." else text  # Cog's own words for every enum


def _order(node: Json) -> float:
    order = _number(node.get("x-order"))
    return float("inf") if order is None else order


def _dict(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
