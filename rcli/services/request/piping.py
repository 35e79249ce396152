"""``{{…}}`` in an input: what a jq expression makes of the JSON that comes by standard input.

``\\{{`` is a literal ``{{``, and so is one that nothing closes. What an expression gives is never looked
through again: a text of another model's that begins with ``@`` names no file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from rcli.errors import InvalidInput, UsageError
from rcli.services.request.inputs import Pair
from rcli.services.request.sources import Sources

_OPEN, _CLOSE = "{{", "}}"
_ESCAPED = "\\{{"
_MOST_ENDS = 20
_MOST_RESULTS = 10_000
_MOST_NAMES = 12
_LANGUAGE = "https://jqlang.org/manual; a literal {{ is written \\{{"


@dataclass(frozen=True)
class Expression:
    """A jq expression; ``program`` is what was made of it."""

    text: str
    program: Any

    def __str__(self) -> str:
        return f"{_OPEN}{self.text}{_CLOSE}"


Part = str | Expression


class Piped:
    """The JSON on standard input, read when the first expression asks for it."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._values: list[Any] = []

    def pairs(self, pairs: Iterable[Pair]) -> list[Pair]:
        """The inputs with every expression replaced; one that is a whole value may give several.

        Raises UsageError for what is no expression, InvalidInput for what gives nothing, and for no JSON.
        """
        return [filled for pair in pairs for filled in self._filled(pair)]

    def document(self, text: str) -> str:
        """All inputs at once: the JSON that the one expression gives, any other text as it is."""
        found = parts(text, "-i") if text.startswith(_OPEN) else []
        match found:
            case [Expression() as expression]:
                return json.dumps(self._one("-i", expression))
        return text

    def _filled(self, pair: Pair) -> Iterator[Pair]:
        found = parts(pair.text, pair.name)
        match found:
            case [Expression() as expression] if pair.form != "json":
                for result in self._results(pair.name, expression):
                    yield _whole(pair, result)
            case _:
                yield replace(pair, text="".join(self._text(pair, part) for part in found))

    def _text(self, pair: Pair, part: Part) -> str:
        if isinstance(part, str):
            return part
        result = self._one(pair.name, part)
        return result if isinstance(result, str) and pair.form != "json" else _compact(result)

    def _one(self, name: str, expression: Expression) -> Any:
        results = self._results(name, expression)
        if len(results) > 1:
            raise InvalidInput(
                f"{name}: {expression} gives {len(results)} values, and there is room for one",
                hint=f"{_OPEN}[{expression.text}]{_CLOSE} makes a list of them",
            )
        return results[0]

    def _results(self, name: str, expression: Expression) -> list[Any]:
        value = self._value(expression)
        try:
            results = list(islice(iter(expression.program.input_value(value)), _MOST_RESULTS + 1))
        except ValueError as exc:
            raise InvalidInput(f"{name}: {expression}: {_first(exc)}", hint=_has(value)) from exc
        if len(results) > _MOST_RESULTS:
            raise InvalidInput(f"{name}: {expression} gives more than {_MOST_RESULTS} values")
        if not results or None in results:
            gives = "gives null" if results else "gives nothing"
            raise InvalidInput(f"{name}: {expression} {gives}{_unfinished(value)}", hint=_has(value))
        return results

    def _value(self, expression: Expression) -> Any:
        if not self._values:
            if self._sources.stdin.isatty():
                raise UsageError(
                    f"{expression} takes JSON from standard input, which is a terminal",
                    hint=f"rcli run A … --json | rcli run B -i image='{expression}'",
                )
            self._values.append(_json(self._sources.text("-")))
        return self._values[0]


def parts(text: str, name: str) -> list[Part]:
    """The text cut into what is literal and what is an expression.

    jq has ``}}`` of its own, so an expression ends where what has been read is one. Raises UsageError.
    """
    found: list[Part] = []
    literal, at = "", 0
    while (start := text.find(_OPEN, at)) >= 0 and _CLOSE in text[start:]:
        if text[:start].endswith("\\"):
            literal += text[at : start - 1] + _OPEN
            at = start + len(_OPEN)
            continue
        expression, end = _expression(text, start + len(_OPEN), name)
        found += [literal + text[at:start], expression]
        literal, at = "", end
    rest = literal + text[at:].replace(_ESCAPED, _OPEN)
    return [part for part in (*found, rest) if part] or [""]


def _expression(text: str, start: int, name: str) -> tuple[Expression, int]:
    """The shortest expression that begins here, and where the text goes on."""
    import jq

    end = text.find(_CLOSE, start)
    problem: ValueError | None = None
    for _ in range(_MOST_ENDS):
        if end < 0:
            break
        try:
            return Expression(text[start:end], jq.compile(text[start:end])), end + len(_CLOSE)
        except ValueError as exc:
            problem = problem or exc
        end = text.find(_CLOSE, end + 1)
    shortest = text[start : text.find(_CLOSE, start)]
    raise UsageError(
        f"{name}: {_OPEN}{shortest}{_CLOSE}: {_first(problem)}", hint=f"the language: {_LANGUAGE}"
    ) from problem


def _whole(pair: Pair, result: Any) -> Pair:
    """A value of its own: a text is typed by the input's schema as if it were written, a list is one."""
    if isinstance(result, str):
        return replace(pair, text=result)
    form = "json" if isinstance(result, list | dict) and pair.form == "text" else pair.form
    return replace(pair, form=form, text=_compact(result))


def _json(text: str) -> Any:
    """Raises InvalidInput, without repeating the text, for what is not one JSON value."""
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise InvalidInput(
            "standard input is empty: the command before the pipe has printed no JSON",
            hint="--json makes rcli print it",
        )
    try:
        return json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as exc:
        if exc.msg == "Extra data":
            raise InvalidInput(
                "standard input is more than one JSON value", hint="jq -s . makes one list of them"
            ) from exc
        where = f"line {exc.lineno}, character {exc.colno}: {exc.msg}"
        raise InvalidInput(
            f"standard input is not JSON ({where})", hint="--json makes rcli print it"
        ) from exc
    except (RecursionError, ValueError) as exc:  # ValueError: more digits than Python converts
        raise InvalidInput("standard input is JSON that nothing here can take in") from exc


def _refuse(constant: str) -> Any:
    raise InvalidInput(f"standard input is not JSON ({constant} is no JSON number)")


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _first(problem: object) -> str:
    """The line of jq's complaint that says what is wrong."""
    return str(problem).partition("\n")[0].removeprefix("jq: error: ")


def _has(value: Any) -> str | None:
    """What there would have been."""
    if not isinstance(value, dict) or not value:
        return None
    more = ", …" if len(value) > _MOST_NAMES else ""
    return f"standard input has: {', '.join(list(value)[:_MOST_NAMES])}{more}"


def _unfinished(value: Any) -> str:
    """A prediction that has no output tells why."""
    match value:
        case {"id": str(id), "status": str(status), "output": None} if status != "succeeded":
            return f" (prediction {id} is {status})"
    return ""
