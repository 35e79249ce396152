"""What another version of a model changed for those who call it: inputs, and the kind of output. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rcli.records import Json
from rcli.services.models.schema import Field, describes_inputs, input_fields, output_kind
from rcli.services.request import words

_UNKNOWN = "unknown"


@dataclass(frozen=True)
class Change:
    """One change of one input; ``breaks``: what was right before may be refused now."""

    name: str
    text: str
    breaks: bool

    def __str__(self) -> str:
        return f"{'!' if self.breaks else ' '} {self.name}: {self.text}"


def between(before: Json, after: Json) -> list[Change]:
    """The changes in the order of the new version's inputs, those that are gone first.

    None where one of the documents does not tell its inputs.
    """
    if not (describes_inputs(before) and describes_inputs(after)):
        return []
    old = {field.name: field for field in input_fields(before)}
    new = {field.name: field for field in input_fields(after)}
    gone = [Change(name, "is gone", breaks=True) for name in old if name not in new]
    changed = [change for name, field in new.items() for change in _changed(old.get(name), field)]
    return [*gone, *changed, *_output(before, after)]


def _changed(old: Field | None, new: Field) -> Iterator[Change]:
    if old is None:
        needed = new.required and not new.has_default
        yield Change(new.name, f"is new{', and required' if needed else ''}", breaks=needed)
        return
    for text, breaks in (*_type(old, new), *_need(old, new), *_bounds(old, new), *_meaning(old, new)):
        yield Change(new.name, text, breaks)


def _type(old: Field, new: Field) -> Iterator[tuple[str, bool]]:
    if old.choices and new.choices:
        lost = [words.shown(each) for each in old.choices if each not in new.choices]
        added = [words.shown(each) for each in new.choices if each not in old.choices]
        if lost:
            yield f"is never {', '.join(lost)} any more", True
        if added:
            yield f"may be {', '.join(added)} too", False
    elif words.wanted(old) != words.wanted(new):
        yield f"takes {words.wanted(new)}, not {words.wanted(old)}", not _is_wider(old, new)
    if old.nullable and not new.nullable:
        yield "is never null any more", True


def _is_wider(old: Field, new: Field) -> bool:
    """Whether what the old input took is taken by the new one."""
    if new.choices:
        return False
    kinds = {new.kind, *(variant.kind for variant in new.variants)}
    plain = new.kind == "any" and not new.variants
    return plain or old.kind in kinds or (old.kind == "integer" and "number" in kinds)


def _need(old: Field, new: Field) -> Iterator[tuple[str, bool]]:
    was, needed = (each.required and not each.has_default for each in (old, new))
    if needed and not was:
        yield "is required now", True
    elif was and not needed:
        yield "is not required any more", False


def _bounds(old: Field, new: Field) -> Iterator[tuple[str, bool]]:
    for name, before, after, sign in (
        ("minimum", old.minimum, new.minimum, 1),
        ("maximum", old.maximum, new.maximum, -1),
        ("shortest", old.min_length, new.min_length, 1),
        ("longest", old.max_length, new.max_length, -1),
    ):
        if before != after:
            narrower = after is not None and (before is None or (after - before) * sign > 0)
            was = "" if before is None else f", not {before}"
            yield (f"{name} is {after}{was}" if after is not None else f"has no {name} any more"), narrower
    if old.pattern != new.pattern:
        told = (
            f"has to match {words.shown(new.pattern)}" if new.pattern else "has to match no pattern any more"
        )
        yield told, new.pattern is not None


def _meaning(old: Field, new: Field) -> Iterator[tuple[str, bool]]:
    if new.deprecated and not old.deprecated:
        yield "is deprecated", False
    is_same = old.default == new.default and old.has_default == new.has_default
    if is_same or new.is_secret:
        return
    if old.has_default and new.has_default:
        yield f"default is {words.shown(new.default)}, not {words.shown(old.default)}", False
    elif new.has_default:
        yield f"default is {words.shown(new.default)}", False


def _output(before: Json, after: Json) -> Iterator[Change]:
    old, new = output_kind(before), output_kind(after)
    if old != new and _UNKNOWN not in (old, new):
        yield Change("output", f"is {new}, not {old}", breaks=True)
