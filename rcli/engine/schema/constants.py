"""The values that can be read off the source: literals, constants, and simple operations on them."""

from __future__ import annotations

import ast
import json
import math
import operator
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

from rcli.engine.schema.names import follow, foreign_path, resolve
from rcli.engine.schema.scopes import Assigned, Branched, Scope, start
from rcli.engine.schema.source import Known

_DEPTH_LIMIT = 64  # of lists and dicts in each other; JSON parsers give up at 128
_BITS_LIMIT = 128  # of an intermediate integer

_NUMERIC: dict[type[ast.operator], Callable[[Any, Any], object]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
}
_UNARY: dict[type[ast.unaryop], Callable[[Any], object]] = {
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Invert: operator.invert,
    ast.Not: operator.not_,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "builtins.len": len,
    "builtins.list": list,
    "builtins.range": range,
    "builtins.sorted": sorted,
    "builtins.tuple": tuple,
}


class NotStatic(Exception):
    """A value that only a run can know."""


def constant(node: ast.expr, scope: Scope) -> Any:
    """The JSON value of an expression; raises NotStatic, and SchemaError for one that grows without bound."""
    return _json(evaluate(node, scope))


def evaluate(node: ast.expr, scope: Scope) -> object:
    """The Python value of an expression; raises like :func:`constant`."""
    _spend(1, scope, node)
    try:
        value = _evaluate(node, scope)
    except (ArithmeticError, LookupError, TypeError, ValueError) as exc:  # as the run itself would raise
        raise NotStatic from exc
    if isinstance(value, int) and value.bit_length() > _BITS_LIMIT:
        raise NotStatic
    return value


def _evaluate(node: ast.expr, scope: Scope) -> object:
    match node:
        case ast.Constant(value=str(text)):
            _spend(_weight(text), scope, node)
            return text
        case ast.Constant(value=None | int() | float() as value):
            return value
        case ast.JoinedStr(values=parts):
            return "".join(_text(part, scope) for part in parts)
        case ast.List(elts=items) | ast.Set(elts=items):
            return list(_items(items, scope))
        case ast.Tuple(elts=items):
            return tuple(_items(items, scope))
        case ast.Dict(keys=keys, values=values):
            return _dict(keys, values, scope)
        case ast.UnaryOp(op=op, operand=operand):
            return _UNARY[type(op)](evaluate(operand, scope))
        case ast.BinOp():
            return _binary(node, scope)
        case ast.Subscript():
            return _element(node, scope)
        case ast.Call():
            return _call(node, scope)
        case ast.Name() | ast.Attribute():
            return _named(node, scope)
    raise NotStatic


def _text(node: ast.expr, scope: Scope) -> str:
    """A part of an f-string."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.FormattedValue(value=inner, conversion=-1, format_spec=None):
            value = evaluate(inner, scope)
            if value is None or isinstance(value, str | int | float):
                text = str(value)
                _spend(_weight(text), scope, node)
                return text
    raise NotStatic


def _items(nodes: Iterable[ast.expr], scope: Scope) -> Iterator[object]:
    for node in nodes:
        if isinstance(node, ast.Starred):
            yield from _iterable(evaluate(node.value, scope), scope, node)
        else:
            yield evaluate(node, scope)


def _iterable(value: object, scope: Scope, node: ast.expr) -> Iterable[object]:
    if not isinstance(value, Collection):
        raise NotStatic
    _spend(_weight(value), scope, node)
    return value


def _dict(keys: list[ast.expr | None], values: list[ast.expr], scope: Scope) -> dict[object, object]:
    result: dict[object, object] = {}
    for key, node in zip(keys, values, strict=True):
        value = evaluate(node, scope)
        if key is not None:
            result[evaluate(key, scope)] = value
        elif isinstance(value, dict):
            result |= value
        else:
            raise NotStatic
    return result


def _binary(node: ast.BinOp, scope: Scope) -> object:
    left, right = evaluate(node.left, scope), evaluate(node.right, scope)
    match node.op, left, right:
        case op, int() | float(), int() | float():
            if isinstance(op, ast.Pow | ast.LShift) and abs(right) > _BITS_LIMIT:
                raise NotStatic
            return _NUMERIC[type(op)](left, right)
        case ast.Add(), (str() | list() | tuple()) as first, (str() | list() | tuple()) as second:
            _spend(_weight(first) + _weight(second), scope, node)
            return operator.add(first, second)
        case ast.Mult(), (str() | list() | tuple()) as sequence, int(times):
            return _repeated(sequence, times, scope, node)
        case ast.Mult(), int(times), (str() | list() | tuple()) as sequence:
            return _repeated(sequence, times, scope, node)
    raise NotStatic


def _repeated(sequence: Sequence[object], times: int, scope: Scope, node: ast.expr) -> object:
    _spend(_weight(sequence) * max(times, 0), scope, node)
    return operator.mul(sequence, times)


def _element(node: ast.Subscript, scope: Scope) -> object:
    container, index = evaluate(node.value, scope), evaluate(node.slice, scope)
    if isinstance(container, dict):
        return container[index]
    if isinstance(container, list | tuple | str | range) and isinstance(index, int):
        return container[index]
    raise NotStatic


def _call(node: ast.Call, scope: Scope) -> object:
    match node:
        case ast.Call(func=ast.Attribute(value=owner, attr="keys" | "values" as view), args=[], keywords=[]):
            mapping = evaluate(owner, scope)
            if isinstance(mapping, dict):
                return list(mapping if view == "keys" else mapping.values())
        case ast.Call(func=ast.Name() as function, args=arguments, keywords=[]):
            path = foreign_path(function, scope, start(function))
            if path == "builtins.range":
                return _FUNCTIONS[path](*(evaluate(argument, scope) for argument in arguments))
            if path in _FUNCTIONS and len(arguments) == 1:
                return _FUNCTIONS[path](_iterable(evaluate(arguments[0], scope), scope, node))
    raise NotStatic


def _named(node: ast.Name | ast.Attribute, scope: Scope) -> object:
    symbol = resolve(node, scope, start(node))
    match symbol:
        case Assigned():
            return _assigned(symbol)
        case Branched():
            return _agreed(symbol)
    raise NotStatic


def _assigned(binding: Assigned) -> object:
    """The value of a constant, computed once; every use costs as if it were written out there."""
    project = binding.scope.module.project
    if binding in project.values:
        known = project.values[binding]
        if known is None:
            raise NotStatic  # it is defined by itself
        _spend(known.steps, binding.scope, binding.value)
        return known.value
    before = project.steps
    project.values[binding] = None
    value = evaluate(binding.value, binding.scope)
    project.values[binding] = Known(value, project.steps - before)
    return value


def _agreed(branched: Branched) -> object:
    """The value of a name that two branches bind, if both bind it to the same."""
    values = []
    for branch in (branched.then, branched.otherwise):
        match follow(branch):
            case Assigned() as binding:
                values.append(_assigned(binding))
            case Branched() as inner:
                values.append(_agreed(inner))
            case _:
                raise NotStatic
    if repr(values[0]) != repr(values[1]):
        raise NotStatic
    return values[0]


def _weight(value: Collection[object]) -> int:
    """The steps that a copy costs: characters are cheaper than items."""
    return 1 + len(value) // 16 if isinstance(value, str) else len(value)


def _spend(steps: int, scope: Scope, node: ast.AST) -> None:
    scope.module.project.spend(steps, scope.module, node)


def _json(value: object, depth: int = 0) -> Any:
    """Tuples become lists, keys become strings; raises NotStatic for what JSON cannot say."""
    match value:
        case _ if depth > _DEPTH_LIMIT:
            raise NotStatic
        case None | bool():
            return value
        case int() if value.bit_length() < 64:
            return value
        case float() if math.isfinite(value):
            return value
        case str() if _is_text(value):
            return value
        case list() | tuple() | range():
            return [_json(item, depth + 1) for item in value]
        case dict():
            return {_key(key): _json(item, depth + 1) for key, item in value.items()}
    raise NotStatic


def _key(key: object) -> str:
    match _json(key):
        case str(text):
            return text
        case None | bool() | int() | float() as scalar:
            return json.dumps(scalar)
    raise NotStatic


def _is_text(value: str) -> bool:
    """Whether it can be written as UTF-8: half of a surrogate pair cannot."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
