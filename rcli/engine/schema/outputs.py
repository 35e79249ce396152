"""The schema of what a model returns."""

from __future__ import annotations

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
from rcli.engine.schema.components import title
from rcli.engine.schema.models import Field, fields, kind
from rcli.engine.schema.scopes import Defined
from rcli.engine.schema.target import Target, is_streaming

_NESTING_LIMIT = 24  # models in each other; coglet's JSON parser gives up at a depth of 128


def output_schema(target: Target) -> dict[str, Any]:
    """The ``Output`` component; raises SchemaError."""
    function = target.function
    if function.returns is None:
        hint = f"def {function.name}(…) -> str:"
        raise target.module.error(function, f"{function.name}() does not say what it returns", hint)
    try:
        schema = _top(read_type(function.returns, target.scope))
    except Unsupported as exc:
        raise target.module.error(
            function.returns, f"the output of {function.name}(): {exc.message}", hint=exc.hint
        ) from exc
    if is_streaming(target) and "x-cog-array-type" not in schema:
        raise target.module.error(
            function.returns,
            f"@streaming needs an iterator, and {function.name}() returns none",
            hint="-> Iterator[str] or ConcatenateIterator[str]",
        )
    return {"title": "Output", **schema}


def _top(type_: Type) -> dict[str, Any]:
    if not isinstance(type_, Stream):
        return _schema(type_, ())
    schema = {"type": "array", "items": _schema(type_.item, ()), "x-cog-array-type": "iterator"}
    return {**schema, "x-cog-array-display": "concatenate"} if type_.concatenate else schema


def _schema(type_: Type, within: tuple[Defined, ...]) -> dict[str, Any]:
    match type_:
        case Scalar():
            return type_.schema
        case Anything():
            return {"type": "object"}
        case ListOf(item=item):
            return {"type": "array", "items": _schema(item or Anything(), within)}
        case DictOf(value=value):
            values = {"additionalProperties": _schema(value.read(), within)} if value else {}
            return {"type": "object", **values}
        case Record(definition=cls):
            return _record(cls, within)
        case Union(members=[_]):
            raise Unsupported("Optional is not allowed here", hint="return a model with an optional field")
        case Union():
            raise Unsupported("a union cannot be an output", hint="return a model with a field for each case")
        case Nothing():
            raise Unsupported("None is not an output", hint="return something, such as a str")
        case Stream():
            raise Unsupported("an iterator cannot be inside of another type")


def _record(cls: Defined, within: tuple[Defined, ...]) -> dict[str, Any]:
    """A model or TypedDict; inside of itself it is any object."""
    if cls in within:
        return {"type": "object"}
    if kind(cls) is None:
        raise Unsupported(
            f"{cls.node.name} is neither a model nor a TypedDict", "derive it from cog.BaseModel"
        )
    if len(within) == _NESTING_LIMIT:
        raise Unsupported(f"{cls.node.name} is nested too deeply")
    properties: dict[str, Any] = {}
    required = []
    for field in fields(cls):
        properties[field.name], is_required = _field(field, cls, (*within, cls))
        if is_required:
            required.append(field.name)
    schema = {"type": "object", "properties": properties}
    return {**schema, "required": required} if required else schema


def _field(field: Field, cls: Defined, within: tuple[Defined, ...]) -> tuple[dict[str, Any], bool]:
    """The schema of a field, and whether it is required."""
    try:
        match read_type(field.annotation, field.scope):
            case Union(members=[single], nullable=True):
                schema, is_required = {**_schema(single, within), "nullable": True}, False
            case type_:
                schema, is_required = _schema(type_, within), True
    except Unsupported as exc:
        raise field.scope.module.error(
            field.annotation, f"the field {field.name} of {cls.node.name}: {exc.message}", hint=exc.hint
        ) from exc
    if field.required is not None:
        is_required = field.required
    return {**schema, "title": title(field.name)}, is_required
