"""The Python files of a project, read and parsed on demand. Nothing is ever imported or run."""

from __future__ import annotations

import ast
import os
import posixpath
import stat
import warnings
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rcli.engine.schema.scopes import Assigned, Scope, bind_all
from rcli.errors import UsageError

FILE_LIMIT = 192 * 1024  # bytes; parsing this much can take half a second
STEP_LIMIT = 50_000  # nodes that one schema may visit; names that multiply each other would go on for ever

# Modules whose names have a meaning of their own here: a local file cannot stand in for them.
_FOREIGN = frozenset({"builtins", "cog", "collections", "pathlib", "pydantic", "typing", "typing_extensions"})


class SchemaError(UsageError):
    """A project that cannot be described; the message begins with ``file.py:LINE: ``."""


@dataclass(frozen=True)
class Known:
    """The value of a constant, and the steps that it took to read it."""

    value: object
    steps: int


class Module:
    """One parsed file: ``path`` is relative to the project, ``parts`` is what imports call it."""

    def __init__(self, project: Project, parts: tuple[str, ...], tree: ast.Module) -> None:
        self.project = project
        self.parts = parts
        self.path = path_of(parts)
        self.tree = tree

    @cached_property
    def scope(self) -> Scope:
        """The names that the module binds."""
        scope = Scope(self)
        bind_all(self.tree.body, scope)
        return scope

    def error(self, node: ast.AST, message: str, hint: str | None = None) -> SchemaError:
        """An error that points at a node of this file."""
        return SchemaError(f"{self.path}:{getattr(node, 'lineno', 1)}: {message}", hint=hint)


class Project:
    """One reading of a project folder: its parsed files, and a bound on the work it may cause."""

    def __init__(self, folder: Path) -> None:
        self._root = os.path.realpath(folder)
        self._modules: dict[tuple[str, ...], Module | None] = {}
        self._steps_left = STEP_LIMIT
        self.values: dict[Assigned, Known | None] = {}  # of constants; None while it is being computed

    def module(self, parts: tuple[str, ...]) -> Module | None:
        """The local file that ``import a.b`` would read, or None; ``__init__.py`` is never looked into.

        Raises SchemaError if the file is there and does not parse.
        """
        if parts not in self._modules:
            self._modules[parts] = None if not parts or parts[0] in _FOREIGN else self._load(parts)
        return self._modules[parts]

    def target_module(self, path: str) -> Module:
        """The file that cog.yaml names, such as ``src/run.py``; raises SchemaError if it cannot be read."""
        *folders, name = posixpath.normpath(path).split("/")
        parts = (*folders, name.removesuffix(".py"))
        if not name.endswith(".py"):
            raise SchemaError(f"{path}:1: this is not a Python file", hint="name it as in run: run.py:Runner")
        module = self._load(parts)
        if module is None:
            raise SchemaError(
                f"{path}:1: there is no file of this name in the project folder, or it cannot be read"
            )
        self._modules[parts] = module
        return module

    def spend(self, steps: int, module: Module, node: ast.AST) -> None:
        """Count work; raises SchemaError when a small source asks for too much of it."""
        self._steps_left -= steps
        if self._steps_left < 0:
            raise module.error(node, "what is defined here becomes too large when written out")

    @property
    def steps(self) -> int:
        """The steps spent so far."""
        return STEP_LIMIT - self._steps_left

    def _load(self, parts: tuple[str, ...]) -> Module | None:
        source = self._read(parts)
        return None if source is None else Module(self, parts, _parse_file(source, path_of(parts)))

    def _read(self, parts: tuple[str, ...]) -> bytes | None:
        try:
            path = os.path.realpath(os.path.join(self._root, path_of(parts)))
            if os.path.commonpath([path, self._root]) != self._root:
                return None
            if not stat.S_ISREG(os.stat(path).st_mode):  # reading a pipe could wait for ever
                return None
            with open(path, "rb") as file:
                return file.read(FILE_LIMIT + 1)
        except (OSError, ValueError):  # ValueError: a null byte or a lone surrogate in the path
            return None


def path_of(parts: tuple[str, ...]) -> str:
    """``("src", "run")`` is the file ``src/run.py``."""
    return "/".join(parts) + ".py"


def parse_expression(text: str) -> ast.expr:
    """Parse a quoted annotation; raises SyntaxError, or RecursionError for one that is nested too deeply."""
    try:
        with warnings.catch_warnings(action="ignore"):
            return ast.parse(text.strip(), mode="eval").body
    except (ValueError, MemoryError) as exc:
        raise SyntaxError(str(exc) or "nested too deeply") from exc


def _parse_file(source: bytes, path: str) -> ast.Module:
    if len(source) > FILE_LIMIT:
        raise SchemaError(f"{path}:1: the file is larger than {FILE_LIMIT // 1024} kB")
    try:
        with warnings.catch_warnings(action="ignore"):  # its invalid escapes are the model's own affair
            return ast.parse(source)
    except SyntaxError as exc:
        raise SchemaError(f"{path}:{exc.lineno or 1}: {exc.msg}") from exc
    except (MemoryError, RecursionError) as exc:
        raise SchemaError(f"{path}:1: the code is nested too deeply") from exc
    except ValueError as exc:
        raise SchemaError(f"{path}:1: {exc}") from exc
