"""What a model's source takes for granted: the container's folder ``/src``, and a GPU."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

MOST_FILES = 1_000
LARGEST_FILE = 1 << 20
SIGNS = re.compile(rb"/src|cuda|device")
CUDA = re.compile(r"cuda(:\d+)?")
NOT_THE_MODELS = frozenset({"tests", "test", "node_modules", "site-packages"})


@dataclass(frozen=True)
class Found:
    """``what`` is the piece of source: a path below ``/src``, or what asks for the GPU."""

    kind: Literal["path", "gpu"]
    file: str
    line: int
    what: str


def search(folder: Path) -> list[Found]:
    """All findings in a project's Python files, in the order of names and lines."""
    return [found for file in _sources(folder) for found in _search_file(folder, file)]


def search_source(source: str, file: str) -> list[Found]:
    """The findings in one text; none where it is not Python."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the schema's reader tells about that
        return []
    found = [Found(kind, file, line, what) for kind, line, what in _walk(tree)]
    return sorted(set(found), key=lambda each: (each.line, each.what))


def _sources(folder: Path) -> Iterator[Path]:
    count = 0
    for place, folders, names in os.walk(folder):
        if "pyvenv.cfg" in names:
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if name not in NOT_THE_MODELS)
        for name in sorted(names):
            if name.endswith(".py") and not name.startswith("test_") and count < MOST_FILES:
                count += 1
                yield Path(place) / name


def _search_file(folder: Path, file: Path) -> list[Found]:
    try:
        if file.stat().st_size > LARGEST_FILE or not SIGNS.search(data := file.read_bytes()):
            return []
    except OSError:  # a link that leads nowhere
        return []
    return search_source(data.decode("utf-8", "replace"), str(file.relative_to(folder)))


Sighting = tuple[Literal["path", "gpu"], int, str]


def _walk(node: ast.AST) -> Iterator[Sighting]:
    match node:
        case ast.If(test=test) | ast.IfExp(test=test) if "is_available" in ast.unparse(test):
            yield from (seen for child in ast.walk(node) for seen in _paths(child))
            return
        case ast.Expr(value=ast.Constant()):  # a docstring
            return
    yield from _paths(node)
    yield from _devices(node)
    for child in ast.iter_child_nodes(node):
        yield from _walk(child)


def _paths(node: ast.AST) -> Iterator[Sighting]:
    match node:
        case ast.Constant(value=str(text), lineno=line) if text == "/src" or text.startswith("/src/"):
            if "\n" not in text:
                yield "path", line, text


def _devices(node: ast.AST) -> Iterator[Sighting]:
    match node:
        case ast.Call(func=ast.Attribute(attr="cuda"), args=[], keywords=[], lineno=line):
            yield "gpu", line, ".cuda()"
        case ast.Call(func=function, args=arguments, lineno=line):
            name = f".{function.attr}" if isinstance(function, ast.Attribute) else ast.unparse(function)
            asking = [ast.unparse(argument) for argument in arguments if _is_cuda(argument)]
            yield from (("gpu", line, f"{name}({argument})") for argument in asking)
        case ast.keyword(arg=str(name), value=value) if _is_gpu_number(name, value) or _is_cuda(value):
            yield "gpu", value.lineno, f"{name}={ast.unparse(value)}"
        case ast.Assign(targets=[target], value=value, lineno=line) if _is_cuda(value):
            yield "gpu", line, f"{ast.unparse(target)} = {ast.unparse(value)}"


def _is_cuda(node: ast.AST) -> bool:
    text = node.value if isinstance(node, ast.Constant) else None
    return isinstance(text, str) and CUDA.fullmatch(text) is not None


def _is_gpu_number(name: str, node: ast.AST) -> bool:
    return name == "device" and isinstance(node, ast.Constant) and type(node.value) is int
