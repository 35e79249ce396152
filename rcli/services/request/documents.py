"""All inputs at once: an object in JSON or YAML, from a file, from standard input, or as it is written.

Values are taken as they are. Only where an input takes nothing but files, a text ``@file`` is that file, as
with ``-i``; elsewhere it is a text. YAML has the types of JSON here, as YAML 1.2 writes them: ``no`` and
``2024-01-01`` are texts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Any

from rcli.errors import InvalidInput
from rcli.records import Json
from rcli.services.models.schema import Field
from rcli.services.request.inputs import Pair
from rcli.services.request.sources import Sources

_ENDINGS = (".json", ".yaml", ".yml")
_HINT = 'write an object of names and values, such as {"prompt": "a cat"}'
_SCALARS = {
    "null": (r"~|null|", "~n"),
    "bool": (r"true|false", "tf"),
    "int": (r"-?(0|[1-9][0-9]*)", "-0123456789"),
    "float": (r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?", "-0123456789"),
}
"""What a plain YAML scalar has to look like, and begin with, to be no text."""


def is_document(text: str) -> bool:
    """Whether a word behind ``-i`` is all inputs at once: no input has a name that begins with @ or {."""
    if text == "-" or text.startswith(("@", "{")):
        return True
    return "=" not in text and text.lower().endswith(_ENDINGS)


def read(texts: Iterable[str], sources: Sources) -> Json:
    """The inputs of all documents, the later over the earlier. Raises InvalidInput with file and line."""
    inputs: Json = {}
    for text in texts:
        inputs |= _read(text, sources)
    return inputs


def split(inputs: Mapping[str, Any], fields: Iterable[Field]) -> tuple[list[Pair], Json]:
    """The inputs that name files, as ``-i`` would say them, and the others."""
    named = {each.name for each in fields if _takes_only_files(each)}
    pairs: list[Pair] = []
    values: Json = {}
    for name, value in inputs.items():
        items = value if isinstance(value, list) else [value]
        if name in named and any(map(_names_file, items)):
            pairs += (_pair(name, item) for item in items)
        else:
            values[name] = value
    return pairs, values


def _read(text: str, sources: Sources) -> Json:
    if text.startswith("{"):
        return _object(_json(text, "the inputs"), "the inputs")
    place = text if text == "-" else text.removeprefix("@")
    content, where = sources.text(place).removeprefix("\ufeff"), "standard input" if place == "-" else place
    suffix = PurePath(place).suffix.lower()
    is_json = suffix == ".json" or (suffix not in _ENDINGS and content.lstrip().startswith("{"))
    return _object((_json if is_json else _yaml)(content, where), where)


def _object(value: Any, where: str) -> Json:
    if not isinstance(value, dict):
        raise InvalidInput(f"{where}: these are no inputs", hint=_HINT)
    return value


def _json(text: str, where: str) -> Any:
    def unique(pairs: list[tuple[str, Any]]) -> Json:
        for name in _repeated([name for name, _ in pairs]):
            raise InvalidInput(f"{where}: {name!r} is there twice")
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as exc:
        raise InvalidInput(f"{where}:{exc.lineno}: not JSON (character {exc.colno}: {exc.msg})") from exc
    except RecursionError as exc:
        raise InvalidInput(f"{where}: nested too deeply") from exc
    except ValueError as exc:  # more digits than Python converts
        raise InvalidInput(f"{where}: a number with too many digits") from exc


def _yaml(text: str, where: str) -> Any:
    import yaml  # costs 20 ms

    class Loader(yaml.SafeLoader):
        """Knows JSON's types only, and no aliases: a few lines of them can stand for millions of values."""

        yaml_implicit_resolvers = {}  # noqa: RUF012 -- how the library is told

        def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
            if self.check_event(yaml.AliasEvent):
                mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # the stubs leave it out
                raise yaml.MarkedYAMLError(
                    problem="write the value out: aliases are not taken", problem_mark=mark
                )
            return super().compose_node(parent, index)

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
            marks = {str(key.value): key.start_mark for key, _ in node.value}
            for name in _repeated(key.value for key, _ in node.value):
                raise yaml.MarkedYAMLError(problem=f"{name!r} is there twice", problem_mark=marks[name])
            return {str(name): value for name, value in super().construct_mapping(node, deep).items()}

    for name, (pattern, begins) in _SCALARS.items():
        tag = f"tag:yaml.org,2002:{name}"
        Loader.add_implicit_resolver(tag, re.compile(rf"(?:{pattern})\Z"), [*begins, ""])
    try:
        return yaml.load(text, Loader)
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else 1
        raise InvalidInput(f"{where}:{line}: {exc.problem or 'not YAML'}") from exc
    except yaml.YAMLError as exc:
        raise InvalidInput(f"{where}: {str(exc).splitlines()[0]}") from exc
    except RecursionError as exc:
        raise InvalidInput(f"{where}: nested too deeply") from exc


def _repeated(names: Iterable[Any]) -> Iterator[str]:
    seen: set[str] = set()
    for name in map(str, names):
        if name in seen:
            yield name
        seen.add(name)


def _takes_only_files(field: Field) -> bool:
    inner = field.variants or ((field.item,) if field.item else ())
    return field.kind == "file" or (bool(inner) and all(map(_takes_only_files, inner)))


def _names_file(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("@")


def _pair(name: str, value: Any) -> Pair:
    return Pair(name, "file", value[1:]) if _names_file(value) else Pair(name, "json", json.dumps(value))
