"""Annotations as types: what ``Optional[list[Path]]``, ``"int | None"`` or an alias of them says."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from rcli.engine.schema.names import Foreign, Symbol, definition, foreign_path, spell
from rcli.engine.schema.scopes import Assigned, Defined, Scope
from rcli.engine.schema.source import parse_expression

_FILE = {"type": "string", "format": "uri"}
_SCALARS: dict[str, dict[str, Any]] = {
    "builtins.bool": {"type": "boolean"},
    "builtins.float": {"type": "number"},
    "builtins.int": {"type": "integer"},
    "builtins.str": {"type": "string"},
    "cog.File": _FILE,
    "cog.Path": _FILE,
    "cog.Secret": {"type": "string", "format": "password", "writeOnly": True, "x-cog-secret": True},
}

# What to write instead of types that JSON does not have, or that Cog does not take.
_INSTEAD = {
    "builtins.bytes": "cog.Path",
    "builtins.set": "list[…]",
    "builtins.tuple": "list[…]",
    "cog.AsyncConcatenateIterator": "AsyncConcatenateIterator[str]",
    "cog.ConcatenateIterator": "ConcatenateIterator[str]",
    "typing.AsyncGenerator": "AsyncIterator[…]",
    "typing.AsyncIterator": "AsyncIterator[str]",
    "typing.Generator": "Iterator[…]",
    "typing.Iterable": "list[…] or Iterator[…]",
    "typing.Iterator": "Iterator[str]",
    "typing.Literal": "str = Input(choices=[…])",
    "typing.Mapping": "dict[…]",
    "typing.Sequence": "list[…]",
    "typing.Tuple": "list[…]",
}


@dataclass(frozen=True)
class Scalar:
    """A plain value: str, int, float, bool, Path, File or Secret."""

    path: str  # as "builtins.str"

    @property
    def name(self) -> str:
        return self.path.rpartition(".")[2]

    @property
    def schema(self) -> dict[str, Any]:
        return dict(_SCALARS[self.path])


@dataclass(frozen=True)
class Anything:
    """``Any``, and whatever is marked as Opaque: a JSON object."""


@dataclass(frozen=True)
class Nothing:
    """``None``."""


@dataclass(frozen=True)
class ListOf:
    """A list; without item type if it is bare."""

    item: Type | None


@dataclass(frozen=True)
class Unread:
    """An annotation that has not been looked at yet."""

    node: ast.expr
    scope: Scope

    def read(self) -> Type:
        return read_type(self.node, self.scope)


@dataclass(frozen=True)
class DictOf:
    """A dict. Inputs take any, so the type of its values is read only for outputs; None if it is bare."""

    value: Unread | None


@dataclass(frozen=True)
class Union:
    """One of several types, none of them None; with a single one it is an Optional."""

    members: tuple[Type, ...]
    nullable: bool


@dataclass(frozen=True)
class Stream:
    """An iterator, whose items are to be shown as one text if ``concatenate``."""

    item: Type
    concatenate: bool


@dataclass(frozen=True)
class Record:
    """A class of the project."""

    definition: Defined

    @property
    def name(self) -> str:
        return self.definition.node.name


Type: TypeAlias = Scalar | Anything | Nothing | ListOf | DictOf | Union | Stream | Record


class Unsupported(Exception):
    """Something that no schema can be made of; the caller adds the place and the name."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def read_type(node: ast.expr, scope: Scope) -> Type:
    """The type that an annotation means; raises Unsupported."""
    scope.module.project.spend(1, scope.module, node)
    match node:
        case ast.Constant(value=None):
            return Nothing()
        case ast.Constant(value=str(text)):
            return read_type(_quoted(text, node, scope), scope)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _union([read_type(left, scope), read_type(right, scope)])
        case ast.Subscript():
            return _generic(*_subscript(node), scope)
        case ast.Name() | ast.Attribute():
            return _named(node, definition(node, scope))
    raise Unsupported(f"{spell(node)} is not a type that can be read from the source")


def _quoted(text: str, node: ast.expr, scope: Scope) -> ast.expr:
    scope.module.project.spend(len(text) // 8, scope.module, node)
    try:
        return parse_expression(text)
    except SyntaxError as exc:
        raise Unsupported(f"the quoted annotation is not a type: {exc.msg}") from exc


def _union(types: Iterable[Type]) -> Type:
    """As Python does: unions in unions are one, and nobody is in it twice."""
    members: dict[Type, None] = {}
    nullable = False
    for type_ in types:
        match type_:
            case Nothing():
                nullable = True
            case Union(members=inner):
                members |= dict.fromkeys(inner)
                nullable = nullable or type_.nullable
            case _:
                members[type_] = None
    if not members:
        return Nothing()
    if len(members) == 1 and not nullable:
        return next(iter(members))
    return Union(tuple(members), nullable)


def _named(node: ast.expr, symbol: Symbol | None) -> Type:
    match symbol:
        case Foreign():
            return _foreign(symbol)
        case Defined(node=ast.ClassDef()):
            return Record(symbol)
        case Assigned(value=value, scope=scope):
            return read_type(value, scope)
    raise Unsupported(
        f"{spell(node)} is not defined in the project's files", hint="import it, or define it in this file"
    )


def _foreign(symbol: Foreign) -> Type:
    match symbol.path:
        case path if path in _SCALARS:
            return Scalar(path)
        case "typing.Any":
            return Anything()
        case "builtins.list" | "typing.List":
            return ListOf(None)
        case "builtins.dict" | "typing.Dict":
            return DictOf(None)
    if not symbol.origin:
        raise Unsupported(f"{symbol.name} is a module, not a type")
    if symbol.origin in ("builtins", "cog", "collections.abc", "typing"):
        raise _unsupported(symbol)
    raise Unsupported(
        f"{symbol.name} comes from {symbol.origin}, which is not among the project's files",
        hint=f"define a cog.BaseModel for it, or mark it as plain JSON: Annotated[{symbol.name}, cog.Opaque]",
    )


def _unsupported(symbol: Foreign) -> Unsupported:
    return Unsupported(f"the type {symbol.name} is not supported here", hint=_INSTEAD.get(symbol.path))


def _generic(generic: ast.expr, arguments: list[ast.expr], scope: Scope) -> Type:
    match foreign_path(generic, scope), arguments:
        case "typing.Optional", [inner]:
            return _union([read_type(inner, scope), Nothing()])
        case "typing.Union", _:
            return _union(read_type(argument, scope) for argument in arguments)
        case "typing.Annotated", [inner, *metadata]:
            opaque = any(foreign_path(mark, scope) == "cog.Opaque" for mark in metadata)
            return _opaque(inner, scope) if opaque else read_type(inner, scope)
        case "builtins.list" | "typing.List", [item]:
            return ListOf(read_type(item, scope))
        case "builtins.dict" | "typing.Dict", [_, value]:
            return DictOf(Unread(value, scope))
        case "typing.Iterator" | "typing.AsyncIterator", [item]:
            return Stream(read_type(item, scope), concatenate=False)
        case "cog.ConcatenateIterator" | "cog.AsyncConcatenateIterator", [item]:
            return _concatenated(read_type(item, scope), spell(generic))
    match definition(generic, scope):
        case Foreign() as symbol:
            raise _unsupported(symbol)
    raise Unsupported(f"{spell(generic)}[…] is not a type that can be read from the source")


def _concatenated(item: Type, iterator: str) -> Stream:
    if item != Scalar("builtins.str"):
        found = item.name if isinstance(item, Scalar | Record) else "something else"
        raise Unsupported(f"{iterator} yields str, not {found}", hint="use Iterator for other items")
    return Stream(item, concatenate=True)


def _opaque(node: ast.expr, scope: Scope) -> Type:
    """The outline of a type whose names need not be known: a list, something optional, or plain JSON."""
    match node:
        case ast.Constant(value=None):
            return Nothing()
        case ast.Constant(value=str(text)):
            return _opaque(_quoted(text, node, scope), scope)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return _union([_opaque(left, scope), _opaque(right, scope)])
    generic, arguments = _subscript(node)
    match foreign_path(generic, scope), arguments:
        case "builtins.list" | "typing.List", _:
            return ListOf(Anything())
        case "typing.Optional", [inner]:
            return _union([_opaque(inner, scope), Nothing()])
        case "typing.Union", _:
            return _union(_opaque(argument, scope) for argument in arguments)
        case "typing.Annotated", [inner, *_]:
            return _opaque(inner, scope)
    return Anything()


def _subscript(node: ast.expr) -> tuple[ast.expr, list[ast.expr]]:
    """A generic and its arguments; a plain name has none."""
    match node:
        case ast.Subscript(value=generic, slice=ast.Tuple(elts=arguments)):
            return generic, arguments
        case ast.Subscript(value=generic, slice=argument):
            return generic, [argument]
    return node, []
