"""From the words of the command line to the JSON that a model takes, checked before it costs anything.

``key=value`` is read by the input's type, ``key:=JSON`` is taken as it is, ``key=@file`` sends a file, or
reads a text from it where the model wants text; ``@-`` is standard input, ``@@`` a literal ``@``.
"""

from __future__ import annotations

import base64
import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

from rcli.errors import InvalidInput, RcliError, UsageError
from rcli.records import Json
from rcli.services.models.schema import Field, describes_inputs, input_fields
from rcli.services.request import check, words
from rcli.services.request.sources import FileInput, Sources

LARGEST_DATA_URI = 256 * 1024
"""Bytes; larger files are uploaded (the service's own limit for data URIs)."""

Upload = Callable[[Path | bytes, str, str], str]
"""Sends a file, given its name and content type, and returns the URL that a model input takes."""


@dataclass(frozen=True)
class Pair:
    """One input as it was written: the text behind ``=``, ``:=`` or ``=@``."""

    name: str
    form: Literal["text", "json", "file"]
    text: str = field(repr=False)


@dataclass(frozen=True)
class Inputs:
    """What to send. At the places that ``files`` names, the values still say ``@file`` as it was written."""

    values: Json = field(repr=False)
    files: tuple[FileInput, ...] = ()


def parse_pairs(texts: Iterable[str]) -> list[Pair]:
    """Raises UsageError for a word that is no input."""
    return [_pair(text) for text in texts]


def build(
    document: Json,
    pairs: Sequence[Pair],
    defaults: Mapping[str, Any],
    *,
    sources: Sources,
    component: str = "Input",
    partial: bool = False,
) -> Inputs:
    """The inputs of one prediction or training: the project's defaults, and over them what was written.

    Defaults are JSON values: an ``@`` in them means nothing, because a cloned repository must not choose
    files. ``partial``: the rest is still to come. Raises InvalidInput, with a line for each problem; the
    values of secrets are in none.
    """
    fields = {each.name: each for each in input_fields(document, component)}
    known = describes_inputs(document, component)
    groups = _grouped(pairs)
    problems = _Problems()
    raw: Json = {}
    for name, value in defaults.items():
        with problems.of(name):
            raw |= {} if name in groups else {name: words.sendable(value)}
    for name, written in groups.items():
        with problems.of(name):
            if name in fields or not known:
                raw[name] = _value(fields.get(name) or Field(name), written, sources)
    inputs = _placed(raw)
    if known:
        problems.lines += _unknown(fields, [*defaults, *groups])
        problems.lines += [] if partial else _lacking(missing(document, [*defaults, *groups], component))
        for each in (fields[name] for name in raw if name in fields):
            problems.add(each.name, check.problems(document, component, each, inputs.values[each.name]))
            with problems.of(each.name):
                _check_urls(each, raw[each.name], sources)
    problems.raise_any()
    return inputs


def missing(document: Json, given: Iterable[str], component: str = "Input") -> tuple[Field, ...]:
    """The required inputs that are not among those given."""
    names = set(given)
    fields = input_fields(document, component)
    return tuple(each for each in fields if each.required and not each.has_default and each.name not in names)


def merged(first: Inputs, second: Inputs) -> Inputs:
    """The inputs of both, which have none in common."""
    return Inputs({**first.values, **second.values}, (*first.files, *second.files))


def placed(inputs: Inputs, stand_in: Callable[[FileInput], str]) -> Json:
    """The values with something for every file in its place."""
    values = copy.deepcopy(inputs.values)
    for file in inputs.files:
        *way, last = file.at
        target: Any = values
        for step in way:
            target = target[step]
        target[last] = stand_in(file)
    return values


def resolve_files(inputs: Inputs, upload: Upload, *, named: bool = False) -> Json:
    """The values with every file in place: small ones as data URIs, larger ones uploaded, each once.

    ``named``: data URIs carry the file's name too, which the engine understands. Raises RcliError when a file
    cannot be read any more, and whatever ``upload`` raises.
    """
    sent: dict[tuple[str, str], str] = {}

    def address(file: FileInput) -> str:
        key = (file.written, file.name)
        if key not in sent:
            sent[key] = send(file, upload, named=named)
        return sent[key]

    return placed(inputs, address)


@dataclass
class _Problems:
    """All that is wrong, so that it can be said at once. Only what is wrong alone has a hint of its own."""

    lines: list[str] = field(default_factory=list)
    hint: str | None = None

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        try:
            yield
        except InvalidInput as exc:
            self.add(name, [exc.message])
            self.hint = self.hint or exc.hint

    def add(self, name: str, messages: Iterable[str]) -> None:
        self.lines += [f"{name}: {message}" for message in messages]

    def raise_any(self) -> None:
        if len(self.lines) == 1:
            raise InvalidInput(self.lines[0], hint=self.hint)
        if self.lines:
            raise InvalidInput("\n  ".join(["the inputs are not accepted:", *self.lines]))


def _pair(text: str) -> Pair:
    name, equals, value = text.partition("=")
    if not equals or not name.removesuffix(":"):
        raise UsageError(f"{words.shown(text)} is no input", hint="write key=value, key:=JSON or key=@file")
    if name.endswith(":"):
        return Pair(name[:-1], "json", value)
    return pair(name, value)


def pair(name: str, value: str) -> Pair:
    """One input by what stands behind its ``=``."""
    if value.startswith("@") and not value.startswith("@@"):
        return Pair(name, "file", value[1:])
    return Pair(name, "text", value[1:] if value.startswith("@@") else value)


def _grouped(pairs: Sequence[Pair]) -> dict[str, list[Pair]]:
    groups: dict[str, list[Pair]] = {}
    for pair in pairs:
        groups.setdefault(pair.name, []).append(pair)
    return groups


def _value(shape: Field, pairs: list[Pair], sources: Sources) -> Any:
    """The value of one input, however often it was written: a list grows by every word."""
    words.sendable(shape.name)
    if len(pairs) == 1:
        return _single(shape, pairs[0], sources)
    listed = _list_shape(shape)
    if not listed and all(pair.form == "file" for pair in pairs):
        packed = words.from_files(shape, [pair.text for pair in pairs], sources)
        if packed is not None:
            return packed
    if not listed:
        raise InvalidInput(f"was given {len(pairs)} times, and takes {words.wanted(shape)}")
    values = [_single(listed, pair, sources) for pair in pairs]
    return [item for value in values for item in (value if isinstance(value, list) else [value])]


def _single(shape: Field, pair: Pair, sources: Sources) -> Any:
    match pair.form:
        case "json":
            value = words.from_json(pair.text)
        case "file":
            value = words.from_file(shape, pair.text, sources)
        case "text":
            value = words.sendable(words.typed(shape, pair.text))
    return [value] if shape.kind == "list" and value is not None and not isinstance(value, list) else value


def _list_shape(shape: Field) -> Field | None:
    """The list that an input can be; one of which nothing is known can be one too."""
    if shape.kind == "any" and not shape.variants:
        return Field(shape.name, kind="list", item=Field(shape.name))
    return next((each for each in (shape, *shape.variants) if each.kind == "list"), None)


def _placed(raw: Json) -> Inputs:
    """Takes the files out of the values and notes where each belongs."""
    files: list[FileInput] = []

    def settled(value: Any, at: tuple[str | int, ...]) -> Any:
        match value:
            case FileInput():
                files.append(replace(value, at=at))
                return value.written
            case list():
                return [settled(item, (*at, index)) for index, item in enumerate(value)]
        return value

    values = {name: settled(value, (name,)) for name, value in raw.items()}
    return Inputs(values, tuple(files))


def _unknown(fields: Mapping[str, Field], given: Iterable[str]) -> Iterator[str]:
    """A line for each input that does not exist."""
    for name in dict.fromkeys(given):
        if name not in fields:
            near = get_close_matches(name, fields, n=1)
            advice = f"did you mean {near[0]}?" if near else f"inputs are: {', '.join(fields) or 'none'}"
            yield f"{name}: unknown input; {advice}"


def _lacking(fields: Iterable[Field]) -> Iterator[str]:
    for each in fields:
        yield f"{each.name}: required, and takes {words.wanted(each)}"


def _check_urls(shape: Field, value: Any, sources: Sources) -> None:
    """Raises InvalidInput for a text that is no URL where a file is wanted."""
    if isinstance(value, list) and shape.item:
        for item in value:
            _check_urls(shape.item, item, sources)
    if shape.kind == "file" and isinstance(value, str) and not words.is_url(value):
        hint = f"{shape.name}=@{value if sources.exists(value) else 'file'} sends a file of yours"
        raise InvalidInput(f"{words.shown(value)} is not a URL (http, https or data)", hint=hint)


def send(file: FileInput, upload: Upload, *, named: bool = False) -> str:
    """The address that stands for a file: a data URI for a small one. Raises like ``resolve_files``."""
    if file.size > LARGEST_DATA_URI:
        return upload(file.content, file.name, file.content_type)
    encoded = base64.b64encode(_bytes(file.content)).decode()
    name = f";name={quote(file.name, safe='')}" if named else ""
    return f"data:{file.content_type}{name};base64,{encoded}"


def _bytes(content: Path | bytes) -> bytes:
    if isinstance(content, bytes):
        return content
    try:
        return content.read_bytes()
    except OSError as exc:
        raise RcliError(f"cannot read {content}: {exc.strerror}") from exc
