"""The fields of the project's own classes: Cog and pydantic models, and TypedDicts."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from rcli.engine.schema.constants import NotStatic, evaluate
from rcli.engine.schema.names import Foreign, ancestry, foreign_path
from rcli.engine.schema.scopes import Defined, Scope

_KINDS: dict[str, Literal["model", "TypedDict"]] = {
    "cog.BaseModel": "model",
    "pydantic.BaseModel": "model",
    "typing.TypedDict": "TypedDict",
}


@dataclass(frozen=True)
class Field:
    """A field as annotated; ``required`` is None where the type decides (an Optional is not)."""

    name: str
    annotation: ast.expr
    scope: Scope
    required: bool | None


def kind(cls: Defined) -> Literal["model", "TypedDict"] | None:
    """Which of the describable classes this is, by its nearest foreign base."""
    paths = (ancestor.path for ancestor in ancestry(cls) if isinstance(ancestor, Foreign))
    return next((_KINDS[path] for path in paths if path in _KINDS), None)


def fields(cls: Defined) -> list[Field]:
    """All fields, those of the bases first."""
    read = _typed_dict_fields if kind(cls) == "TypedDict" else _model_fields
    collected: dict[str, Field] = {}
    for ancestor in reversed(list(ancestry(cls))):
        if isinstance(ancestor, Defined):
            collected |= {field.name: field for field in read(ancestor)}
    return list(collected.values())


def _model_fields(cls: Defined) -> Iterator[Field]:
    for name, annotation, value in _annotated(cls):
        yield Field(name, annotation, cls.body, False if _is_constant(value, cls.body) else None)


def _typed_dict_fields(cls: Defined) -> Iterator[Field]:
    for name, annotation, _ in _annotated(cls):
        match annotation:
            case ast.Subscript(value=qualifier, slice=inner) if (
                path := foreign_path(qualifier, cls.body)
            ) in ("typing.Required", "typing.NotRequired"):
                yield Field(name, inner, cls.body, path == "typing.Required")
            case _:
                yield Field(name, annotation, cls.body, _is_total(cls))


def _annotated(cls: Defined) -> Iterator[tuple[str, ast.expr, ast.expr | None]]:
    for statement in cls.node.body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value):
                generic = annotation.value if isinstance(annotation, ast.Subscript) else annotation
                if foreign_path(generic, cls.body) != "typing.ClassVar":
                    yield name, annotation, value


def _is_constant(value: ast.expr | None, scope: Scope) -> bool:
    """Whether there is a value that can be read; a call such as ``Field(…)`` keeps the field required."""
    if value is None:
        return False
    try:
        evaluate(value, scope)
    except NotStatic:
        return False
    return True


def _is_total(cls: Defined) -> bool:
    return isinstance(cls.node, ast.ClassDef) and not any(
        keyword.arg == "total" and isinstance(keyword.value, ast.Constant) and keyword.value.value is False
        for keyword in cls.node.keywords
    )
