"""The numbers in a training's log, line by line, and the curves that they make.

Trainers write them in many ways: ``loss=0.5``, ``val_loss: 0.4``, ``| ppl 9.1 |``, JSON, Python dictionaries
(Hugging Face), or behind a bar (tqdm). A line counts only if it measures something, such as a loss: learning
rates, settings and prose alone are no metrics.
"""

from __future__ import annotations

import ast
import csv
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TextIO

_LONGEST = 2000
"""Characters of a line that are read."""

_MOST_POINTS = 20_000
"""Points of one curve; then every second one goes."""

_MOST_ROWS = 200_000
"""Lines with metrics; then every second one goes."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MEASURES = _words(
    "loss losses nll ppl perplexity bpb bpc acc accuracy f1 auc recall precision rouge bleu wer cer reward kl"
    " elbo mse mae rmse logloss psnr ssim fid lpips iou miou dice map"
)
_BESIDES = _words("lr rate norm gnorm")
"""Told along with a measure, but none by themselves."""

_SETTINGS = _words(
    "weight weights scale type fn func function coef coefficient lambda threshold target patience max"
    " min smoothing ratio factor alpha beta interval every steps window delta mixed best lowest initial fp bf"
    " mode name"
)
_APART = re.compile(r"[\W\d_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_STEPS = (
    "global_step",
    "global step",
    "step",
    "steps",
    "iteration",
    "iter",
    "it",
    "update",
    "num_updates",
    "batch",
)

_NUMBER = r"[+-]?(?:\d[\d,]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_ENDS = r"%?(?![\w%])(?!\.\d)(?![:/]\d)"
_SPLITS = (
    r"(?:(?:train(?:ing)?|val(?:id(?:ation)?)?|eval(?:uation)?|test|lm|learning|grad|avg|mean|total)\s)?"
)
_PAIR = re.compile(
    rf"(?<![\w./@-])(?P<name>{_SPLITS}[A-Za-z][\w./@-]{{0,60}})['\"]?"
    rf"(?:\s?[:=]\s{{0,8}}|\s(?=[+-]?\d*\.\d|\d+(?:\.\d+)?[eE][+-]?\d))"
    rf"(?P<number>{_NUMBER}){_ENDS}",
    re.IGNORECASE,
)
_AT = re.compile(
    r"\b(?P<what>global[_ ]step|num_updates|steps?|iteration|iter|update|batch)\s{0,3}[:=#]?"
    r"\s{0,12}[\[(]?\s{0,6}"
    r"(?P<at>\d[\d,]*)(?![\w.]|\s?%)",
    re.IGNORECASE,
)
_BAR = re.compile(r"(?<![\w./])(?P<at>\d+)/\d+\s(?:\[|-)")
_ROUND = re.compile(r"^\[(?P<at>\d+)\]\s")
_EPOCH = re.compile(r"\bepochs?\s{0,3}[:=#]?\s{0,3}[\[(]?\s{0,3}(?P<at>\d+(?:\.\d+)?)", re.IGNORECASE)


@dataclass(frozen=True)
class Reading:
    """What one line tells: ``step`` is None where it does not say; ``epoch`` counts where no step is."""

    values: Mapping[str, float]
    step: float | None = None
    epoch: float | None = None


NOTHING = Reading({})


def read(line: str) -> Reading:
    """The metrics in one line of a log, without those that are no finite numbers."""
    line = line[:_LONGEST].strip()
    table = _table(line)
    values = dict(_entries(table)) if table else dict(_pairs(line))
    measures = {name: value for name, value in values.items() if _is_measure(name)}
    if not measures:
        return Reading({}, *_place(line, table))
    told = {name: value for name, value in values.items() if name in measures or _goes_along(name)}
    return Reading(told, *_place(line, table))


@dataclass
class Curves:
    """The curves of one training, which grow with its log: names to points ``(step, value)``.

    Where nobody tells a step, points are counted. Counters that begin anew in each epoch go on.
    """

    points: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    rows: list[tuple[float, Mapping[str, float]]] = field(default_factory=list)
    _rest: str = ""
    _step: float | None = None
    _last: float = 0.0
    _before: float = 0.0

    def feed(self, text: str) -> bool:
        """Takes a piece of the log. Whether there is anything new."""
        *lines, self._rest = re.split(r"[\r\n]", self._rest + text)
        self._rest = self._rest[-_LONGEST:]
        news = [self._line(line) for line in lines if line]
        return any(news)

    def end(self) -> bool:
        """After the last piece: a line without an end counts too. Whether there is anything new."""
        rest, self._rest = self._rest, ""
        return bool(rest) and self._line(rest)

    @property
    def drawn(self) -> dict[str, list[tuple[float, float]]]:
        """The curves to look at: all losses, else the first measure; nothing with less than two points."""
        found = {
            name: points for name, points in self.points.items() if _is_measure(name) and len(points) > 1
        }
        losses = {name: points for name, points in found.items() if _is_loss(name)}
        return losses or dict(list(found.items())[:1])

    @property
    def others(self) -> dict[str, float]:
        """The last values of what is not drawn."""
        return {name: points[-1][1] for name, points in self.points.items() if name not in self.drawn}

    def write(self, file: TextIO) -> None:
        """All metrics as CSV: a line for each line of the log, a column for each name. Raises OSError."""
        names = list(self.points)
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["step", *names])
        for step, values in self.rows:
            table.writerow([f"{step:g}", *(repr(values[name]) if name in values else "" for name in names)])

    def _line(self, line: str) -> bool:
        reading = read(line)
        step = reading.step if reading.step is not None else reading.epoch
        if reading.step is not None or (self._step is None and reading.epoch is not None):
            self._advance(step or 0.0)
        if not reading.values:
            return False
        at = self._at(reading)
        for name, value in reading.values.items():
            _put(self.points.setdefault(name, []), at, value)
        self.rows.append((at, reading.values))
        if len(self.rows) > _MOST_ROWS:
            del self.rows[1:-1:2]
        return True

    def _advance(self, step: float) -> None:
        if step < self._last:
            self._before += self._last
        self._last = step
        self._step = self._before + step

    def _at(self, reading: Reading) -> float:
        """Where the line's points lie: at its step, else beside what was told last, else one further."""
        if self._step is None:
            return float(len(self.rows))
        taken = any(
            (points := self.points.get(name)) and points[-1][0] >= self._step for name in reading.values
        )
        is_told = reading.step is not None or reading.epoch is not None
        return self.rows[-1][0] + 1 if taken and not is_told else self._step


def _put(points: list[tuple[float, float]], at: float, value: float) -> None:
    """A bar that is drawn again at the same step brings the newer value."""
    if points and points[-1][0] == at:
        points.pop()
    points.append((at, value))
    if len(points) > _MOST_POINTS:
        del points[1:-1:2]


def _table(line: str) -> dict[str, Any]:
    """A line that is, or ends with, a JSON object or a Python dictionary; ``{}`` for any other."""
    start = line.find("{")
    if start < 0 or not line.endswith("}") or ":" not in line:
        return {}
    for parse in (json.loads, ast.literal_eval):
        try:
            found = parse(line[start:])
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            continue
        if isinstance(found, dict):
            return {str(key): value for key, value in found.items()}
    return {}


def _entries(table: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """The numbers of a table and of the tables right in it; some trainers write them as texts."""
    for key, value in table.items():
        if isinstance(value, dict):
            yield from (
                (f"{key}/{name}", number) for name, inner in value.items() for number in _number(inner)
            )
        else:
            yield from ((key, number) for number in _number(value))


def _number(value: Any) -> Iterator[float]:
    if isinstance(value, str) and re.fullmatch(_NUMBER, value):
        value = float(value.replace(",", ""))
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        yield float(value)


def _pairs(line: str) -> Iterator[tuple[str, float]]:
    for found in _PAIR.finditer(line):
        name = "_".join(found["name"].rstrip(".").split())
        if _is_known(name) and (_is_loss(name) or re.search(r"[.eE]", found["number"])):
            yield from ((name, number) for number in _number(found["number"]))


def _parts(name: str) -> set[str]:
    return {part for part in _APART.split(_CAMEL.sub("_", name).lower()) if part}


def _is_known(name: str) -> bool:
    return _is_measure(name) or _goes_along(name)


@lru_cache(1024)
def _is_measure(name: str) -> bool:
    parts = _parts(name)
    return not parts & _SETTINGS and (bool(parts & _MEASURES) or _is_loss(name) or "mAP" in name)


@lru_cache(1024)
def _is_loss(name: str) -> bool:
    return any(part.endswith("loss") for part in _parts(name)) or "reward" in name.lower()


def _goes_along(name: str) -> bool:
    parts = _parts(name)
    return bool(parts & _BESIDES) and not parts & _SETTINGS


def _place(line: str, table: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Step and epoch, as far as the line tells them."""
    if table:
        lower = {key.lower().replace("-", "_"): value for key, value in table.items()}
        step = next((number for key in _STEPS for number in _number(lower.get(key))), None)
        return step, next(_number(lower.get("epoch")), None)
    named = {
        found["what"].lower().replace(" ", "_"): found["at"] for found in reversed([*_AT.finditer(line)])
    }
    at = next((named[key] for key in _STEPS if key in named), None)
    if at is None and (found := _BAR.search(line) or _ROUND.search(line)):
        at = found["at"]
    epoch = _EPOCH.search(line)
    return float(at.replace(",", "")) if at else None, float(epoch["at"]) if epoch else None
