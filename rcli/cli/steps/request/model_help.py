"""``rcli run MODEL --help``: the model's own inputs, and a command to begin with."""

from __future__ import annotations

import json
import re
import shlex
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from rcli.app import App
from rcli.cli.steps.request.resolving import document
from rcli.errors import Interrupted, RcliError
from rcli.services.models import schema
from rcli.services.models.schema import Field
from rcli.services.request import words
from rcli.ui.clean import one_line

OUTPUTS = {
    "text-stream": "text, piece by piece",
    "iterator": "values, one by one",
    "json": "JSON",
}
"""What a model puts out, for people; of kinds that are not here the name says it."""

_FILES = {
    "image": "image.png",
    "mask": "mask.png",
    "picture": "picture.png",
    "audio": "audio.wav",
    "speech": "speech.wav",
    "song": "song.mp3",
    "video": "video.mp4",
    "data": "data.zip",
}


def show(app: App, command: str, model: str, file: str, general: str) -> None:
    """Prints what ``command`` takes for a model; ``general`` is the command's help without one.

    A model that cannot be asked for its inputs leaves it at that.
    """
    try:
        told = document(app, model, file=file, to_run=True)
    except Interrupted:
        raise
    except RcliError as exc:
        app.screen.line(general)
        app.screen.warning(f"nobody can tell the inputs of {model}: {exc.message}")
        if exc.hint:
            app.screen.say(f"hint: {exc.hint}")
        return
    component = "TrainingInput" if command.endswith(" train") else "Input"
    if not schema.describes_inputs(told, component):
        app.screen.line(general)
        app.screen.say(f"{model} does not tell its inputs")
        return
    wanted = [*command.split(), *(("--host", app.flags.host) if app.flags.host else ()), model]
    app.screen.line("\n".join(_lines(wanted, told, component, app.screen.width)))


def _lines(command: Sequence[str], told: Any, component: str, width: int) -> Iterator[str]:
    fields = schema.input_fields(told, component)
    yield f"Usage: {shlex.join(command)} [OPTIONS] [KEY=VALUE]…"
    yield ""
    yield "Inputs:" if fields else "This model takes no inputs."
    column = min(max((len(field.name) for field in fields), default=0), 24) + 4
    for field in fields:
        yield from _input(field, column, width)
    yield ""
    ending = " --destination me/mine"
    if component == "Input":
        kind, ending = schema.output_kind(told), ""
        yield f"Output: {OUTPUTS.get(kind, kind)}"
        yield ""
    yield "Example:"
    yield f"  {shlex.join(command)}{''.join(f' -i {_quoted(field)}' for field in _shown(fields))}{ending}"
    yield ""
    yield f"{' '.join(command[:2])} --help tells the options."


def _input(field: Field, column: int, width: int) -> Iterator[str]:
    """An input and what it takes, and below that what it is for."""
    name, indent = f"  {one_line(field.name)}", " " * column
    head = name.ljust(column - 1) + " " if len(name) < column else f"{name}\n{indent}"
    yield from textwrap.wrap(
        _takes(field), width, initial_indent=head, subsequent_indent=indent, break_on_hyphens=False
    )
    if about := one_line(field.description):
        yield from textwrap.wrap(about, width, initial_indent=indent, subsequent_indent=indent)


def _takes(field: Field) -> str:
    said = [words.wanted(field), words.bounds(field), f"pattern {field.pattern}" if field.pattern else None]
    if field.required and not field.has_default:
        said.append("required")
    elif field.has_default and field.default is not None:
        hidden = field.is_secret
        said.append("has a default" if hidden else f"default {json.dumps(field.default, ensure_ascii=False)}")
    said.append("deprecated" if field.deprecated else None)
    return one_line(", ".join(filter(None, said)))


def _shown(fields: Sequence[Field]) -> Sequence[Field]:
    """The inputs that an example needs, or the first one where it needs none."""
    required = [field for field in fields if field.required and not field.has_default]
    return required or fields[:1]


def _quoted(field: Field) -> str:
    """An input as it is typed; a secret comes from a variable, so that no shell remembers it."""
    name = shlex.quote(field.name)
    if field.is_secret:
        return f'{name}="${re.sub(r"[^A-Z0-9_]", "_", field.name.upper())}"'
    return f"{name}={shlex.quote(_value(field))}"


def _value(field: Field) -> str:
    if field.choices:
        return _written(field.choices[0])
    if field.has_default and field.default is not None:
        return _written(field.default)
    match field.kind:
        case "file":
            return f"@{_file(field)}"
        case "integer" | "number":
            return f"{field.minimum or 1:g}"
        case "boolean":
            return "true"
        case "list" if field.item:
            return _value(field.item)
        case "object":
            return "{}"
        case "text" if field.name == "prompt":
            return "a cat in space"
    return "hello".ljust(field.min_length or 0, "!")[: field.max_length]


def _file(field: Field) -> str:
    name = next((file for part, file in _FILES.items() if part in field.name), "file")
    is_text = re.search(r"\btext file\b", field.description, re.IGNORECASE)
    return f"{field.name}.txt" if is_text and name in ("file", "data.zip") else name


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
