"""The schema of a model's inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rcli.engine.schema.annotations import (
    Anything,
    DictOf,
    ListOf,
    Nothing,
    Record,
    Scalar,
    Stream,
    Type,
    Union,
    Unsupported,
    read_type,
)
from rcli.engine.schema.components import RESERVED, reference, title
from rcli.engine.schema.declarations import ARGUMENTS, Declaration, declaration
from rcli.engine.schema.models import kind
from rcli.engine.schema.target import Parameter, Target, parameters

_FILES = (Scalar("cog.Path"), Scalar("cog.File"))
_SECRET = Scalar("cog.Secret")
_ANNOTATIONS = {"description", "deprecated"}  # keywords that any input may have


@dataclass(frozen=True)
class Input:
    """One input: its property of the Input component, and the component of its choices, if it has any."""

    name: str
    schema: dict[str, Any]
    required: bool
    choices: dict[str, Any] | None


def read_inputs(target: Target) -> list[Input]:
    """The inputs as declared; raises SchemaError."""
    return [_read(parameter, order, target) for order, parameter in enumerate(parameters(target))]


def _read(parameter: Parameter, order: int, target: Target) -> Input:
    declared = declaration(parameter.name, parameter.default, target.scope)
    try:
        return _describe(parameter.name, order, read_type(parameter.annotation, target.scope), declared)
    except Unsupported as exc:
        raise target.module.error(parameter.node, f"{parameter.name}: {exc.message}", hint=exc.hint) from exc


def _describe(name: str, order: int, type_: Type, declared: Declaration) -> Input:
    """Raises Unsupported, also where the type does not go with what Input() says."""
    alternatives, nullable = _alternatives(type_)
    _check_combination(name, alternatives, declared)
    if alternatives == (_SECRET,) and declared.has_default and declared.default is None:
        nullable = True  # the usual way to write an optional credential
    has_default = declared.has_default and (nullable or declared.default is not None)
    schema = _schema(alternatives, nullable)
    choices = _enumeration(name, schema, declared.choices) if declared.choices else None
    _check_default(_inline(schema, choices) | declared.keywords, declared.default)
    default = {"default": declared.default} if has_default else {}
    return Input(
        name=name,
        schema={"x-order": order, **_property(name, schema, choices), **declared.keywords, **default},
        required=not has_default and not (nullable and len(alternatives) == 1),
        choices=choices,
    )


def _alternatives(type_: Type) -> tuple[tuple[Type, ...], bool]:
    """The types that an input can have, and whether it can be null."""
    return (type_.members, type_.nullable) if isinstance(type_, Union) else ((type_,), False)


def _check_combination(name: str, alternatives: tuple[Type, ...], declared: Declaration) -> None:
    limits = declared.keywords.keys() - _ANNOTATIONS
    if len(alternatives) > 1 and (limits or declared.choices):
        raise Unsupported("a union cannot have limits or choices", hint="decide for one type")
    item = alternatives[0].item if isinstance(alternatives[0], ListOf) else alternatives[0]
    if "x-cog-accept" in declared.keywords and item not in _FILES:
        raise Unsupported("accept is only for files", hint=f"{name}: cog.Path = Input(accept=…)")
    if declared.choices and name in RESERVED:
        raise Unsupported(f"an input called {name} cannot have choices", hint="call it something else")


def _schema(alternatives: tuple[Type, ...], nullable: bool) -> dict[str, Any]:
    null = {"nullable": True} if nullable else {}
    if len(alternatives) == 1:
        return {**_single(alternatives[0]), **null}
    for type_ in alternatives:
        item = type_.item if isinstance(type_, ListOf) else type_
        if isinstance(item, Scalar) and item in (*_FILES, _SECRET):
            raise Unsupported(f"{item.name} cannot be in a union", hint=f"use {item.name} alone")
    return {"anyOf": [{**_single(type_), **null} for type_ in alternatives], **null}


def _single(type_: Type) -> dict[str, Any]:
    match type_:
        case Scalar():
            return type_.schema
        case Anything() | DictOf():
            return {"type": "object"}
        case Record(definition=cls) if kind(cls) == "TypedDict":
            return {"type": "object"}
        case ListOf(item=Scalar() | Anything() | DictOf() | Record() as item):
            return {"type": "array", "items": _single(item)}
        case ListOf(item=None):
            raise Unsupported("a list must say what is in it", hint="list[str]")
        case ListOf():
            raise Unsupported("a list of lists, unions or optional values is not supported", "use list[dict]")
        case Record():
            raise Unsupported(
                f"the class {type_.name} cannot be an input", "use dict, a TypedDict, or str with choices"
            )
        case Nothing():
            raise Unsupported("None alone is not a type of input")
        case Stream() | Union():
            raise Unsupported("an iterator cannot be an input", hint="use list[…]")


def _enumeration(name: str, schema: dict[str, Any], choices: list[Any]) -> dict[str, Any]:
    """The component that lists the choices, of a list's items if the input is a list."""
    json_type = schema.get("items", schema)["type"]
    return {"title": name, "description": "An enumeration.", "enum": choices, "type": json_type}


def _property(name: str, schema: dict[str, Any], choices: dict[str, Any] | None) -> dict[str, Any]:
    if choices is None:
        return {"title": title(name), **schema}
    if "items" in schema:
        return {"title": title(name), **schema, "items": reference(name)}
    null = {"nullable": True} if "nullable" in schema else {}
    return {"allOf": [reference(name)], **null}


def _check_default(schema: dict[str, Any], default: Any) -> None:
    """The default must satisfy its schema, and that the rules for limits and regular expressions.

    None is none: it stands for null where the input can be null, and else for no default at all.
    """
    import jsonschema_rs

    try:
        validator = jsonschema_rs.validator_for(schema, mask="the default")
    except jsonschema_rs.ValidationError as exc:
        raise _inexpressible(str(exc.instance_path[-1]), schema) from exc
    if default is not None and (error := next(validator.iter_errors(default), None)):
        place = "".join(f"[{key!r}]" for key in error.instance_path)
        raise Unsupported(f"{error.message}, at {place}" if place else error.message)


def _inexpressible(keyword: str, schema: dict[str, Any]) -> Unsupported:
    hint = r"$ for \Z, {0,3} for {,3}, \1 for (?P=name)" if keyword == "pattern" else None
    said = f"{ARGUMENTS.get(keyword, keyword)}={schema[keyword]!r}"
    return Unsupported(f"Input() says what JSON Schema cannot: {said}", hint)


def _inline(schema: dict[str, Any], choices: dict[str, Any] | None) -> dict[str, Any]:
    """The same with the choices in place of a reference to them."""
    if choices is None:
        return schema
    return {**schema, "items": choices} if "items" in schema else {**schema, **choices}
