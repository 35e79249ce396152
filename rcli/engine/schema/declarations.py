"""What stands behind a parameter's ``=``: a plain value, or an ``Input(…)``, here or written elsewhere."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from rcli.engine.schema.constants import NotStatic, constant
from rcli.engine.schema.names import Foreign, definition, resolve, spell
from rcli.engine.schema.scopes import Assigned, Defined, Scope, start
from rcli.engine.schema.source import SchemaError
from rcli.engine.schema.target import with_defaults

Arguments: TypeAlias = dict[str, Assigned]  # of a call of Input, by keyword

# Keyword of Input(): key in the schema, accepted types, what to call them.
_KEYWORDS: dict[str, tuple[str, tuple[type, ...], str]] = {
    "description": ("description", (str,), "a string"),
    "ge": ("minimum", (int, float), "a number"),
    "le": ("maximum", (int, float), "a number"),
    "min_length": ("minLength", (int,), "a whole number"),
    "max_length": ("maxLength", (int,), "a whole number"),
    "regex": ("pattern", (str,), "a string"),
    "deprecated": ("deprecated", (bool,), "True or False"),
    "accept": ("x-cog-accept", (str,), "a string"),
}
_ALL_KEYWORDS = frozenset({"default", "choices", *_KEYWORDS})
ARGUMENTS = {key: word for word, (key, *_) in _KEYWORDS.items()}
"""What Input() calls a keyword of the schema."""


@dataclass(frozen=True)
class Declaration:
    """What is said of an input beside its type; ``default`` counts only if ``has_default``."""

    has_default: bool = False
    default: Any = None
    choices: list[Any] = field(default_factory=list)  # empty: any value
    keywords: dict[str, Any] = field(default_factory=dict)  # as in the schema: "minimum", "pattern"


def declaration(name: str, default: ast.expr | None, scope: Scope) -> Declaration:
    """Read the default of the parameter ``name``; raises SchemaError if it cannot be known from the source.

    As in Cog, a description or limit that only a run can know is left out, and such a ``default=`` of Input
    counts as None.
    """
    if default is None:
        return Declaration()
    arguments = _find_input(default, scope)
    if arguments is not None:
        return _of_input(name, arguments)
    try:
        return Declaration(has_default=True, default=constant(default, scope))
    except NotStatic as exc:
        raise scope.module.error(
            default,
            f"{name}: the default must be a JSON value that can be known without running the model",
            hint="write a value or the name of a constant, or None and compute it in run()",
        ) from exc


def _of_input(name: str, arguments: Arguments) -> Declaration:
    for keyword in arguments:
        if keyword not in _ALL_KEYWORDS:
            raise _unknown(name, keyword, arguments[keyword])
    keywords = {
        key: _keyword(name, word, arguments[word])
        for word, (key, *_) in _KEYWORDS.items()
        if word in arguments
    }
    return Declaration(
        has_default="default" in arguments,
        default=_known(arguments["default"]) if "default" in arguments else None,
        choices=_choices(name, arguments["choices"]) if "choices" in arguments else [],
        keywords={key: value for key, value in keywords.items() if value is not None and value is not False},
    )


def _keyword(name: str, keyword: str, argument: Assigned) -> Any:
    """The value of ``ge=`` and the like; None if it is None or unknown."""
    value = _known(argument)
    _, types, wanted = _KEYWORDS[keyword]
    if value is None or (isinstance(value, types) and isinstance(value, bool) == (bool in types)):
        return value
    raise _error(argument, f"{name}: {keyword} must be {wanted}")


def _known(argument: Assigned) -> Any:
    """The value of an argument, None if only a run can know it."""
    try:
        return constant(argument.value, argument.scope)
    except NotStatic:
        return None


def _choices(name: str, argument: Assigned) -> list[Any]:
    try:
        choices = constant(argument.value, argument.scope)
    except NotStatic as exc:
        raise _error(
            argument,
            f"{name}: the choices must be JSON values that can be known without running the model",
            hint="write them as a list, or as the name of a constant list",
        ) from exc
    if not isinstance(choices, list | None):
        raise _error(argument, f"{name}: choices must be a list")
    return choices or []


def _find_input(node: ast.expr, scope: Scope) -> Arguments | None:
    """The arguments of the ``Input(…)`` that an expression comes to; None if it is something else."""
    match node:
        case ast.Call(func=function):
            match definition(function, scope, start(function)):
                case Foreign(path="cog.Input"):
                    return _passed(node, ["default"], scope)
                case Defined(node=ast.FunctionDef() as called, scope=home):
                    return _returned(called, home, node, scope)
        case ast.Name() | ast.Attribute():
            match resolve(node, scope, start(node)):
                case Assigned(value=value, scope=home):
                    return _find_input(value, home)
    return None


def _returned(function: ast.FunctionDef, home: Scope, call: ast.Call, scope: Scope) -> Arguments | None:
    """The Input that a function of the project returns.

    As in Cog, an argument of the call that is named like one of Input's takes its place, even if the function
    ignores it; but a function that does use it is taken at its word.
    """
    positional, keyword_only = with_defaults(function)
    names = [parameter.arg for parameter, _ in positional if parameter.arg not in ("self", "cls")]
    passed = _passed(call, names, scope)
    inside = Scope(home.module, enclosing=home.module.scope, late=True)
    for parameter, default in (*positional, *keyword_only):
        given = passed.get(parameter.arg) or (Assigned(default, home) if default else None)
        inside.bind(parameter.arg, given, (0, 0))
    for statement in function.body:
        if isinstance(statement, ast.Return) and statement.value is not None:
            found = _find_input(statement.value, inside)
            if found is not None:
                return found | {name: passed[name] for name in passed if _takes_over(name, found)}
    return None


def _takes_over(name: str, found: Arguments) -> bool:
    if name not in _ALL_KEYWORDS:
        return False
    used = ast.walk(found[name].value) if name in found else ()
    return not any(isinstance(part, ast.Name) and part.id == name for part in used)


def _passed(call: ast.Call, positional: list[str], scope: Scope) -> Arguments:
    """The arguments of a call by name, the positional ones named in order."""
    if len(call.args) > len(positional) or any(isinstance(value, ast.Starred) for value in call.args):
        raise scope.module.error(call, f"{spell(call)} has positional arguments that have no name")
    passed = dict(zip(positional, call.args, strict=False))
    for keyword in call.keywords:
        if keyword.arg is None:
            raise scope.module.error(call, f"{spell(call)} gets its arguments by **, which cannot be read")
        passed[keyword.arg] = keyword.value
    return {name: Assigned(value, scope) for name, value in passed.items()}


def _unknown(name: str, keyword: str, argument: Assigned) -> SchemaError:
    if keyword == "default_factory":
        return _error(
            argument, f"{name}: default_factory is not supported", "write the value: Input(default=…)"
        )
    return _error(argument, f"{name}: Input() has no argument {keyword!r}")


def _error(argument: Assigned, message: str, hint: str | None = None) -> SchemaError:
    return argument.scope.module.error(argument.value, message, hint)
