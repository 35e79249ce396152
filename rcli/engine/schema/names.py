"""What a name in the source refers to: a class, function or value of the project, or something foreign."""

from __future__ import annotations

import ast
import builtins
import collections.abc
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from rcli.engine.schema.scopes import Assigned, Branched, Computed, Defined, Imported, Position, Scope, start
from rcli.engine.schema.source import Module, Project

# What ``from … import *`` brings, of the modules whose names have a meaning here.
_STARS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("cog",): (
        *("AsyncConcatenateIterator", "BaseModel", "BasePredictor", "BaseRunner", "ConcatenateIterator"),
        *("File", "Input", "Opaque", "Path", "Secret", "concurrent", "streaming"),
    ),
    ("collections", "abc"): tuple(collections.abc.__all__),
    ("pydantic",): ("BaseModel", "Field"),
    ("typing",): tuple(typing.__all__),
    ("typing_extensions",): (*typing.__all__, "NotRequired", "Required"),
}


@dataclass(frozen=True)
class Foreign:
    """A name from outside the project, as ``("typing", "Optional")``; it may also be a package's folder."""

    parts: tuple[str, ...]

    @property
    def path(self) -> str:
        """One spelling for the names that several modules export, as ``typing.Iterator`` or ``cog.Path``."""
        match self.parts:
            case ("typing_extensions", *rest):
                return ".".join(["typing", *rest])
            case ("collections", "abc", name):
                return f"typing.{name}"
            case ("cog" | "pydantic" as package, *_, name):
                return f"{package}.{name}"
            case ("pathlib", "Path"):
                return "cog.Path"
        return ".".join(self.parts)

    @property
    def name(self) -> str:
        return self.parts[-1]

    @property
    def origin(self) -> str:
        """The module that it was imported from."""
        return ".".join(self.parts[:-1])


Symbol: TypeAlias = Foreign | Module | Defined | Assigned | Branched | Computed


def resolve(node: ast.expr, scope: Scope, at: Position | None = None) -> Symbol | None:
    """What a (dotted) name means at a position of its file, or once all of it has run; None if unknown."""
    scope.module.project.spend(1, scope.module, node)
    match node:
        case ast.Name(id=name):
            return follow(scope.find(name, at)) or _starred(scope.module, name) or _builtin(name)
        case ast.Attribute(value=owner, attr=name):
            return _member(definition(owner, scope, at), name, scope.module.project)
    return None


def definition(node: ast.expr, scope: Scope, at: Position | None = None) -> Symbol | None:
    """The same, with aliases such as ``Number = float`` followed to what they stand for."""
    return unalias(resolve(node, scope, at))


def unalias(symbol: Symbol | None) -> Symbol | None:
    """What an alias stands for in the end; None for one that stands for itself."""
    seen: set[Symbol] = set()
    while isinstance(symbol, Assigned) and isinstance(symbol.value, ast.Name | ast.Attribute):
        if symbol in seen:
            return None
        seen.add(symbol)
        symbol = resolve(symbol.value, symbol.scope, start(symbol.value))
    return symbol


def foreign_path(node: ast.expr, scope: Scope, at: Position | None = None) -> str | None:
    """``cog.Input``, ``typing.List``, ``builtins.int``: the canonical path of a foreign name, else None."""
    symbol = definition(node, scope, at)
    return symbol.path if isinstance(symbol, Foreign) else None


def spell(node: ast.expr) -> str:
    """A name as it is written, for messages."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=owner, attr=name):
            return f"{spell(owner)}.{name}"
        case ast.Call(func=function):
            return f"{spell(function)}(…)"
        case ast.Subscript(value=value):
            return f"{spell(value)}[…]"
    return "this expression"


def bases(cls: Defined) -> list[Symbol]:
    """The classes that a class names as its bases; those that cannot be resolved are left out."""
    if not isinstance(cls.node, ast.ClassDef):
        return []
    found = (definition(base, cls.scope, start(base)) for base in cls.node.bases)
    return [symbol for symbol in found if symbol is not None]


def ancestry(cls: Defined) -> Iterator[Symbol]:
    """The class, then its bases, depth first, each once."""
    waiting: list[Symbol] = [cls]
    seen: set[Symbol] = set()
    while waiting:
        symbol = waiting.pop()
        if symbol in seen:
            continue
        seen.add(symbol)
        cls.scope.module.project.spend(1, cls.scope.module, cls.node)
        yield symbol
        if isinstance(symbol, Defined):
            waiting.extend(reversed(bases(symbol)))


def inherited(cls: Defined, name: str) -> Symbol | None:
    """An attribute of a class: its own, or that of the first base of the project that has one."""
    for ancestor in ancestry(cls):
        if isinstance(ancestor, Defined) and (found := ancestor.body.own(name)):
            return follow(found)
    return None


def _member(owner: Symbol | None, name: str, project: Project) -> Symbol | None:
    match owner:
        case Foreign(parts=parts) | Module(parts=parts):
            return follow(_exported(parts, name, project))
        case Defined(node=ast.ClassDef()):
            return inherited(owner, name)
    return None


def _exported(parts: tuple[str, ...], name: str, project: Project) -> Symbol | Imported | None:
    """What ``from a.b import name`` finds: in the file, else a file of the folder, else something foreign."""
    module = project.module(parts)
    if module and (found := module.scope.own(name) or _starred(module, name)):
        return found
    submodule = project.module((*parts, name))
    return submodule if module or submodule else Foreign((*parts, name))


def follow(binding: Symbol | Imported | None) -> Symbol | None:
    """Go through imports, from file to file; those that lead in a circle lead nowhere."""
    seen: set[Imported] = set()
    while isinstance(binding, Imported):
        if binding in seen:
            return None
        seen.add(binding)
        project = binding.module.project
        if binding.name is not None:
            binding = _exported(binding.parts, binding.name, project)
        else:
            binding = project.module(binding.parts) or Foreign(binding.parts)
    return binding


def _starred(module: Module, name: str, seen: frozenset[Module] = frozenset()) -> Symbol | None:
    for star in reversed(module.scope.stars):
        source = module.project.module(star.parts)
        if source is None and name in _STARS.get(star.parts, ()):
            return Foreign((*star.parts, name))
        if source is not None and source not in seen:
            found = follow(source.scope.own(name)) or _starred(source, name, seen | {module})
            if found:
                return found
    return None


def _builtin(name: str) -> Foreign | None:
    return Foreign(("builtins", name)) if hasattr(builtins, name) else None
