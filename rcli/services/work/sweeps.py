"""``--sweep`` and ``--repeat``: one command's inputs, and what of them differs from prediction to prediction.

``seed=1..8`` is a range, ``1..9..2`` one with a step, ``low,high`` a list; ``name:=[…]`` takes the values
from JSON. Several sweeps make their product, the last one turning fastest.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product

from rcli.errors import InvalidInput, UsageError
from rcli.records import Json
from rcli.services.models.catalog import Target
from rcli.services.models.schema import input_fields
from rcli.services.request import inputs, words
from rcli.services.request.inputs import Inputs, Pair
from rcli.services.work import launch
from rcli.services.work.launch import Answers, Job, Written

MOST = 10_000
"""Values in one sweep, and predictions in all."""

_NUMBER = r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?"
_RANGE = re.compile(rf"({_NUMBER})\.\.({_NUMBER})(?:\.\.({_NUMBER}))?")
_HINT = "write a range, --sweep seed=1..8, or a list, --sweep size=small,large"
_LONGEST_LABEL = 60


@dataclass(frozen=True)
class Sweep:
    """The values of one input, in order."""

    name: str
    values: tuple[Pair, ...]


@dataclass(frozen=True)
class Variation:
    """What one prediction has of its own: ``number`` counts from 1."""

    number: int
    pairs: tuple[Pair, ...]

    def label(self, secrets: Iterable[str]) -> str:
        """``3: seed=3``; secrets are only named."""
        hidden = set(secrets)
        told = [each.name if each.name in hidden else f"{each.name}={each.text}" for each in self.pairs]
        return ": ".join(filter(None, [str(self.number), ", ".join(told)[:_LONGEST_LABEL]]))


def parse(texts: Iterable[str]) -> tuple[Sweep, ...]:
    """Raises UsageError for what is no sweep, and for a name that is there twice."""
    sweeps = tuple(_sweep(text) for text in texts)
    names = [each.name for each in sweeps]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"--sweep: {name} is there twice", hint=f"--sweep {name}=1,2,3")
    return sweeps


def variations(sweeps: Sequence[Sweep], repeat: int) -> list[Variation]:
    """Every combination, each ``repeat`` times. Raises UsageError when there are too many."""
    count = repeat
    for sweep in sweeps:
        count *= len(sweep.values)
    if count > MOST:
        raise UsageError(f"these are {count} predictions; {MOST} at once are the most")
    combined = [pairs for pairs in product(*(each.values for each in sweeps)) for _ in range(repeat)]
    return [Variation(number, pairs) for number, pairs in enumerate(combined, 1)]


def build(
    target: Target, written: Written, wanted: Sequence[Variation], answers: Answers | None
) -> list[Inputs]:
    """The inputs of each, all of them checked: a file or standard input that they share is read once.

    Raises InvalidInput with all that is wrong, UsageError for an input that is both swept and given.
    """
    swept = {pair.name for pair in wanted[0].pairs}
    for pair in written.pairs:
        if pair.name in swept:
            raise UsageError(f"{pair.name} is swept, and given as well", hint="leave one of them away")
    shared = replace(written, given={name: each for name, each in written.given.items() if name not in swept})
    first = launch.build(target, replace(shared, pairs=[*written.pairs, *wanted[0].pairs]), answers)
    own = list(_own(target, written, wanted[1:]))
    files = tuple(file for file in first.files if file.at[0] not in swept)
    others = [Inputs({**first.values, **each.values}, (*files, *each.files)) for each in own]
    return [first, *others]


def varied(first: Job, target: Target, shared: Inputs, own: Inputs, swept: Iterable[str]) -> Job | None:
    """The job of another variation without sending files again; None where it has files of its own.

    ``shared`` are the inputs that ``first`` was made of, ``own`` those of the other.
    """
    names = set(swept)
    values = {name: own.values[name] for name in names}
    if any(file.at[0] in names for file in (*shared.files, *own.files)):
        return None
    if any(isinstance(value, str) and words.is_url(value) for value in values.values()):
        return None  # which another host may have to be given another way
    secrets = {each.name for each in input_fields(target.document) if each.is_secret}
    kept: Json | None = None
    if first.origin.input is not None:
        kept = first.origin.input | {name: value for name, value in values.items() if name not in secrets}
    return replace(first, input=first.input | values, origin=replace(first.origin, input=kept))


def _own(target: Target, written: Written, wanted: Sequence[Variation]) -> Iterator[Inputs]:
    """What each has of its own. Raises InvalidInput after all were looked at, with each problem once."""
    problems: dict[str, str | None] = {}
    for each in wanted:
        try:
            yield inputs.build(target.document, each.pairs, {}, sources=written.sources, partial=True)
        except InvalidInput as exc:
            problems.setdefault(exc.message, exc.hint)
    if problems:
        lead = ["the inputs are not accepted:"] if len(problems) > 1 else []
        raise InvalidInput("\n  ".join([*lead, *problems]), hint=next(iter(problems.values())))


def _sweep(text: str) -> Sweep:
    name, equals, value = text.partition("=")
    if not equals or not name.removesuffix(":"):
        raise UsageError(f"--sweep: {words.shown(text)} names no input", hint=_HINT)
    if name.endswith(":"):
        return Sweep(name[:-1], tuple(_from_json(name[:-1], value)))
    values = [each for part in value.split(",") for each in _expanded(name, part.strip())]
    if not all(values):
        raise UsageError(f"--sweep {name}: a value is empty", hint=_HINT)
    return Sweep(name, tuple(inputs.parse_pairs(f"{name}={each}" for each in values)))


def _from_json(name: str, text: str) -> Iterator[Pair]:
    try:
        values = words.from_json(text)
    except InvalidInput as exc:
        raise UsageError(f"--sweep {name}: {exc.message}", hint=exc.hint) from exc
    if not isinstance(values, list) or not values or len(values) > MOST:
        raise UsageError(f"--sweep {name}:= takes a JSON list of values", hint=f"--sweep '{name}:=[1, 2]'")
    return (Pair(name, "json", json.dumps(each, ensure_ascii=False)) for each in values)


def _expanded(name: str, text: str) -> list[str]:
    """The values that a part of a list stands for: one, or a range's."""
    found = _RANGE.fullmatch(text)
    if not found:
        return [text]
    first, last = Decimal(found[1]), Decimal(found[2])
    step = Decimal(found[3]) if found[3] else _step(name, first, last)
    if not step or (last - first) * step < 0:
        raise UsageError(
            f"--sweep {name}: {text} leads nowhere", hint=f"{name}={first}..{last} needs no step"
        )
    count = int((last - first) / step) + 1
    if count > MOST:
        raise UsageError(f"--sweep {name}: {text} are {count} values; {MOST} are the most")
    return [_plain(first + step * index) for index in range(count)]


def _step(name: str, first: Decimal, last: Decimal) -> Decimal:
    if first % 1 or last % 1:
        raise UsageError(
            f"--sweep {name}: a range of fractions needs a step", hint=f"--sweep {name}={first}..{last}..0.1"
        )
    return Decimal(1 if first <= last else -1)


def _plain(number: Decimal) -> str:
    """Without an exponent, and without zeros that say nothing."""
    text = f"{number:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"
