"""What a person at the terminal is asked for a model's sake: its inputs, in the words of its schema."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from rcli.app import App
from rcli.errors import InvalidInput, UsageError
from rcli.records import Json
from rcli.services.models.schema import Field, input_fields
from rcli.services.request import inputs, words
from rcli.services.request.inputs import Pair
from rcli.services.request.sources import Sources
from rcli.services.work.launch import Answers

if TYPE_CHECKING:
    from rcli.ui.questions import Form, Question


def answers(app: App, sources: Sources, *, everything: bool) -> Answers | None:
    """How inputs are asked for, None where nobody can be; ``everything``: the optional ones too.

    Raises UsageError when everything is to be asked for and nobody can be.
    """
    if app.may_ask:
        return partial(_asked, app, sources, everything)
    if everything:
        raise UsageError("--interactive needs a person at a terminal", hint="-i key=value gives an input")
    return None


def _asked(app: App, sources: Sources, everything: bool, document: Json, given: Json) -> list[Pair]:
    fields = _open(document, given) if everything else inputs.missing(document, given)
    if not fields:
        return []
    from rcli.ui import questions  # imports a whole terminal toolkit

    return [
        _pair(field, text)
        for field in fields
        for text in questions.answers(_question(document, field, sources), app.stderr)
    ]


def _open(document: Json, given: Json) -> Sequence[Field]:
    """What is not given yet, without what nobody should use any more."""
    fields = input_fields(document)
    return [each for each in fields if each.name not in given and (each.required or not each.deprecated)]


def _question(document: Json, field: Field, sources: Sources) -> Question:
    """One input as a question: an answer will do if the schema takes it."""
    from rcli.ui.questions import Question

    bounds = words.bounds(field)
    return Question(
        name=field.name,
        about=field.description,
        takes=", ".join(filter(None, (words.wanted(field), bounds))) + _ways(field),
        form=_form(field),
        required=field.required and not field.has_default,
        problem=partial(_problem, document, field, sources),
        folder=sources.cwd,
        choices=tuple(_written(choice) for choice in field.choices),
        default=_default(field),
    )


def _form(field: Field) -> Form:
    match field.kind:
        case _ if field.choices:
            return "choice"
        case "boolean" | "secret" | "list":
            return field.kind
        case "file":
            return "path"
    return "text"


def _ways(field: Field) -> str:
    """What else can be typed: a long text is easier to have in a file."""
    match field.kind:
        case "text" if not field.choices:
            return "; @FILE takes it from a file"
        case "list":
            return "; one at a time, nothing to end"
    return ""


def _problem(document: Json, field: Field, sources: Sources, text: str) -> str | None:
    if text == "@-":
        return "standard input is this terminal"
    try:
        inputs.build(document, [_pair(field, text)], {}, sources=sources, partial=True)
    except InvalidInput as exc:
        return exc.message.replace(f"{field.name}: ", "", 1)
    return None


def _pair(field: Field, text: str) -> Pair:
    """An answer as ``-i`` would say it; where a file is wanted it is a path, with or without the @."""
    if field.choices:
        return Pair(field.name, "json", json.dumps(_choice(field, text)))
    if field.kind == "secret":
        return Pair(field.name, "text", text)
    if _takes_paths(field) and not words.is_url(text):
        return Pair(field.name, "file", _path(text.removeprefix("@")))
    return inputs.pair(field.name, text)


def _takes_paths(field: Field) -> bool:
    return field.kind == "file" or (field.item is not None and field.item.kind == "file")


def _path(text: str) -> str:
    """A lone dash would be standard input, which is the terminal."""
    return "./-" if text == "-" else text


def _choice(field: Field, text: str) -> Any:
    return next((choice for choice in field.choices if _written(choice) == text), text)


def _default(field: Field) -> str | None:
    if not field.has_default or field.default is None:
        return None
    return "the model's own" if field.is_secret else _written(field.default)


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
