"""What the statements of a module or class bind each name to, and from which place of the text on."""

from __future__ import annotations

import ast
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from rcli.engine.schema.source import Module

Position: TypeAlias = tuple[int, int]  # line, from 1, and column in bytes, from 0
Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
Bound: TypeAlias = "tuple[str, Binding | None]"

# The methods that change a list, dict or set in place: after them, its literal no longer tells the value.
_MUTATORS = {
    *("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"),
    *("add", "discard", "popitem", "setdefault", "update"),
}


@dataclass(frozen=True, eq=False)
class Assigned:
    """The value of an expression, to be read in the scope where it stands."""

    value: ast.expr
    scope: Scope


@dataclass(frozen=True, eq=False)
class Defined:
    """A class or a function."""

    node: ast.ClassDef | Function
    scope: Scope

    @cached_property
    def body(self) -> Scope:
        """The names that a class binds in its body."""
        scope = Scope(self.scope.module, enclosing=self.scope.module.scope)
        bind_all(self.node.body, scope)
        return scope


@dataclass(frozen=True)
class Imported:
    """``import a.b`` (no name) or ``from a.b import name``, relative dots already resolved."""

    parts: tuple[str, ...]
    name: str | None
    module: Module


@dataclass(frozen=True, eq=False)
class Branched:
    """Either of two values, by a condition that only a run can know."""

    then: Binding
    otherwise: Binding


@dataclass(frozen=True)
class Computed:
    """Something that only a run can know, as the variable of a loop."""


Binding: TypeAlias = Assigned | Defined | Imported | Branched | Computed


class Scope:
    """The names of a module, of a class body, or of a function's parameters.

    A function runs later (``late``), when all that encloses it is bound.
    """

    def __init__(self, module: Module, enclosing: Scope | None = None, *, late: bool = False) -> None:
        self.module = module
        self.enclosing = enclosing
        self.late = late
        self.stars: list[Imported] = []
        self._history: dict[str, list[tuple[Position, Binding | None]]] = {}

    def bind(self, name: str, binding: Binding | None, since: Position) -> None:
        """Let ``name`` mean this from a position on; positions must not decrease. None unbinds it."""
        self._history.setdefault(name, []).append((since, binding))

    def own(self, name: str, at: Position | None = None) -> Binding | None:
        """What this scope itself binds the name to at a position, or (None) once all of it has run."""
        history = self._history.get(name, [])
        count = len(history) if at is None else bisect_right(history, at, key=itemgetter(0))
        return history[count - 1][1] if count else None

    def find(self, name: str, at: Position | None = None) -> Binding | None:
        """The same, looking into the enclosing scope too."""
        found = self.own(name, at)
        if found or self.enclosing is None:
            return found
        return self.enclosing.find(name, None if self.late else at)


def start(node: ast.expr | ast.stmt) -> Position:
    """Where the node begins."""
    return node.lineno, node.col_offset


def bind_all(statements: Iterable[ast.stmt], scope: Scope) -> dict[str, Binding | None]:
    """Record what the statements bind, in order; return the last binding of each name."""
    last: dict[str, Binding | None] = {}
    for statement in statements:
        for name, binding in _bindings(statement, scope):
            scope.bind(name, binding, (statement.end_lineno or 0, statement.end_col_offset or 0))
            last[name] = binding
    return last


def _bindings(statement: ast.stmt, scope: Scope) -> Iterator[Bound]:
    match statement:
        case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
            yield statement.name, Defined(statement, scope)
        case ast.Import() | ast.ImportFrom():
            yield from _imports(statement, scope)
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield from _assignments(target, value, scope)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            yield from _assignments(target, value, scope)
        case ast.AugAssign(target=ast.Name(id=name) as target, op=op, value=value):
            sum_ = ast.copy_location(ast.BinOp(target, op, value), statement)
            yield name, Assigned(sum_, scope)
        case ast.Delete(targets=targets):
            for target in targets:
                yield from _deletions(target)
        case ast.If():
            yield from _either(statement, scope)
        case ast.Try() | ast.TryStar():
            yield from _tried(statement, scope)
        case ast.With(body=body):
            yield from bind_all(body, scope).items()
        case ast.For() | ast.While() | ast.Match():
            yield from _computed(statement)
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method))):
            if method in _MUTATORS and isinstance(scope.own(name), Assigned | Branched):
                yield name, Computed()


def _imports(statement: ast.Import | ast.ImportFrom, scope: Scope) -> Iterator[Bound]:
    if isinstance(statement, ast.Import):
        for alias in statement.names:
            parts = tuple(alias.name.split("."))
            yield alias.asname or parts[0], Imported(parts if alias.asname else parts[:1], None, scope.module)
        return
    here = scope.module.parts
    package = here[: max(0, len(here) - statement.level)] if statement.level else ()
    parts = (*package, *statement.module.split(".")) if statement.module else package
    for alias in statement.names:
        if alias.name == "*":
            scope.stars.append(Imported(parts, None, scope.module))
        else:
            yield alias.asname or alias.name, Imported(parts, alias.name, scope.module)


def _assignments(target: ast.expr, value: ast.expr, scope: Scope) -> Iterator[Bound]:
    match target, value:
        case ast.Name(id=name), _:
            yield name, Assigned(value, scope)
        case ast.Tuple(elts=names) | ast.List(elts=names), ast.Tuple(elts=values) | ast.List(elts=values) if (
            len(names) == len(values) and not any(isinstance(part, ast.Starred) for part in (*names, *values))
        ):
            for part, part_value in zip(names, values, strict=True):
                yield from _assignments(part, part_value, scope)
        case ast.Subscript(value=ast.Name(id=name)), _:
            yield name, Computed()
        case _:
            yield from _computed(target)


def _deletions(target: ast.expr) -> Iterator[Bound]:
    match target:
        case ast.Name(id=name):
            yield name, None
        case ast.Subscript(value=ast.Name(id=name)):
            yield name, Computed()


def _either(statement: ast.If, scope: Scope) -> Iterator[Bound]:
    then = bind_all(statement.body, scope)
    before = {name: scope.own(name, start(statement)) for name in then}
    if statement.orelse:
        for name, binding in before.items():  # the other branch does not see what this one did
            scope.bind(name, binding, start(statement.orelse[0]))
    otherwise = bind_all(statement.orelse, scope)
    for name in {**then, **otherwise}:
        prior = before[name] if name in before else scope.own(name, start(statement))
        yield name, _one_of(then.get(name, prior), otherwise.get(name, prior))


def _one_of(then: Binding | None, otherwise: Binding | None) -> Binding | None:
    """Both, if they are values; of two imports or definitions, the first is as good as the other."""
    if isinstance(then, Assigned | Branched) and otherwise:
        return Branched(then, otherwise)
    return then or otherwise


def _tried(statement: ast.Try | ast.TryStar, scope: Scope) -> Iterator[Bound]:
    """As if nothing were raised: a handler only helps out with names that nothing else binds."""
    body = bind_all([*statement.body, *statement.orelse], scope)
    for handler in statement.handlers:
        for name, binding in bind_all(handler.body, scope).items():
            body.setdefault(name, scope.own(name, start(statement)) or binding)
    yield from (body | bind_all(statement.finalbody, scope)).items()


def _computed(node: ast.AST) -> Iterator[Bound]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            yield part.id, Computed()
