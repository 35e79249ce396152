"""The function that cog.yaml names, with its parameters and the decorators of Cog."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from rcli.engine.schema.names import definition, foreign_path, inherited, unalias
from rcli.engine.schema.scopes import Defined, Function, Scope, start
from rcli.engine.schema.source import Module, Project, SchemaError

Argument: TypeAlias = tuple[ast.arg, ast.expr | None]  # and its default


@dataclass(frozen=True)
class Parameter:
    """A parameter that is an input."""

    name: str
    annotation: ast.expr
    default: ast.expr | None
    node: ast.arg


@dataclass(frozen=True)
class Target:
    """A function to describe; ``scope`` is where its annotations and defaults are read."""

    function: Function
    scope: Scope
    is_method: bool

    @property
    def module(self) -> Module:
        return self.scope.module


def find_target(project: Project, reference: str, methods: tuple[str, ...]) -> Target:
    """The function ``file.py:name``, or the first of the methods that the class of that name has.

    Raises SchemaError if there is none.
    """
    path, colon, name = reference.rpartition(":")
    if not colon or not path or not name.isidentifier():
        raise SchemaError(f"cog.yaml:1: {reference!r} names no class or function", hint="run: run.py:Runner")
    module = project.target_module(path)
    found = definition(ast.Name(name), module.scope)
    match found:
        case Defined(node=ast.ClassDef()):
            return _method(found, methods)
        case Defined(node=ast.FunctionDef() | ast.AsyncFunctionDef() as function, scope=scope):
            return Target(function, scope, is_method=False)
    raise SchemaError(f"{module.path}:1: there is no class or function {name!r} in this file")


def parameters(target: Target) -> Iterator[Parameter]:
    """The parameters that are inputs, as declared; raises SchemaError for one that cannot be an input.

    One with neither annotation nor default is left out.
    """
    arguments = target.function.args
    for extra in (arguments.vararg, arguments.kwarg):
        if extra is not None and extra.annotation is not None:
            raise target.module.error(
                extra, f"{extra.arg}: *args and **kwargs cannot be inputs", "name each input"
            )
    positional, keyword_only = with_defaults(target.function)
    for argument, default in (*positional[target.is_method :], *keyword_only):
        if argument.annotation is not None:
            yield Parameter(argument.arg, argument.annotation, default, argument)
        elif default is not None:
            raise target.module.error(
                argument,
                f"{argument.arg}: the parameter of {target.function.name}() has no type annotation",
                hint=f"write its type, as in {argument.arg}: int = …",
            )


def with_defaults(function: Function) -> tuple[list[Argument], list[Argument]]:
    """The positional and the keyword-only parameters, each with its default."""
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(positional) - len(arguments.defaults)) + arguments.defaults
    return (
        list(zip(positional, defaults, strict=True)),
        list(zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)),
    )


def is_streaming(target: Target) -> bool:
    """Whether it has Cog's ``@streaming``."""
    return any(True for _ in _decorators(target, "cog.streaming"))


def concurrency(target: Target) -> int | None:
    """The number that ``@concurrent(max=…)`` asks for, None without it; raises SchemaError."""
    for decorator in _decorators(target, "cog.concurrent"):
        number = _maximum(decorator, target)
        if number > 1 and not isinstance(target.function, ast.AsyncFunctionDef):
            raise target.module.error(
                decorator,
                f"@concurrent(max={number}) needs an async function, and {target.function.name}() is not",
                hint=f"write async def {target.function.name}(…), or drop the decorator",
            )
        return number
    return None


def _method(cls: Defined, names: tuple[str, ...]) -> Target:
    for name in names:
        match unalias(inherited(cls, name)):
            case Defined(node=ast.FunctionDef() | ast.AsyncFunctionDef() as function, scope=scope):
                marks = [foreign_path(mark, scope) for mark in function.decorator_list]
                return Target(function, scope, is_method="builtins.staticmethod" not in marks)
    wanted = " or ".join(f"{name}()" for name in names)
    raise cls.scope.module.error(cls.node, f"the class {cls.node.name} must define {wanted}")


def _decorators(target: Target, path: str) -> Iterator[ast.expr]:
    """The decorators of that name, called or not."""
    for decorator in target.function.decorator_list:
        function = decorator.func if isinstance(decorator, ast.Call) else decorator
        if foreign_path(function, target.scope, start(decorator)) == path:
            yield decorator


def _maximum(decorator: ast.expr, target: Target) -> int:
    match decorator:
        case ast.Call(args=[], keywords=[ast.keyword(arg="max", value=ast.Constant(value=int(number)))]) if (
            number >= 1 and not isinstance(number, bool)
        ):
            return number
        case ast.Call(args=[], keywords=[]) | ast.Name() | ast.Attribute():
            return 1
    message = "the max of @concurrent must be a whole number, 1 or more, written in place"
    raise target.module.error(decorator, message, hint="@concurrent(max=4)")
