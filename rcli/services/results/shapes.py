"""What a model's output is: text, files, or JSON with files somewhere in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from rcli.api.transfer import safe_name
from rcli.records import Json
from rcli.services.models.schema import output_kind, output_schema, resolve
from rcli.services.request.words import is_url
from rcli.services.results.naming import free

SIDECAR = "prediction.json"
"""The file in a managed folder that tells where the others came from."""

_DELIVERY = "replicate.delivery"
_DATA_URI = re.compile(r"data:[\w.+-]+/[\w.+-]+(;[^,\s]*)?,")
_DEEPEST = 100


@dataclass(frozen=True)
class PlannedFile:
    """A file to save; no other of the prediction has its name."""

    url: str = field(repr=False)
    name: str


@dataclass(frozen=True)
class Result:
    """What a prediction gave: ``files`` is one file or a list of them, ``json`` anything, files in it or not.

    ``text`` is set for the kind ``text`` alone, joined and exact.
    """

    kind: Literal["nothing", "text", "files", "json"]
    output: Any = field(repr=False)
    text: str | None = field(default=None, repr=False)
    files: tuple[PlannedFile, ...] = ()


def plan(output: Any, document: Json, api_url: str) -> Result:
    """Tells text, JSON and files apart by the model's schema.

    Where the schema says nothing, an address counts as a file if it is a ``data:`` URI, or is served by
    Replicate or by the API at ``api_url`` itself.
    """
    urls = list(dict.fromkeys(_urls(output, [output_schema(document)], document, urlsplit(api_url).netloc)))
    files = tuple(_planned(urls))
    match output:
        case None:
            return Result("nothing", output)
        case [] if _lists_files(document):
            return Result("nothing", output)
        case str() if not urls:
            return Result("text", output, output)
        case list() if output_kind(document) == "text-stream" and all(
            isinstance(each, str) for each in output
        ):
            return Result("text", output, "".join(output))
        case str():
            return Result("files", output, files=files)
        case list() if output and all(each in urls for each in output):
            return Result("files", output, files=files)
    return Result("json", output, files=files)


def _lists_files(document: Json) -> bool:
    """Whether the model's output is a list of files by its schema."""
    whole = _alternatives([output_schema(document)], document)
    items = [schema["items"] for schema in whole if "items" in schema]
    return any(schema.get("format") == "uri" for schema in _alternatives(items, document))


def _urls(value: Any, nodes: list[Any], document: Json, own: str, depth: int = 0) -> Iterator[str]:
    """Every file in a value that one of the schemas describes, in order."""
    schemas = _alternatives(nodes, document)
    match value:
        case str() if _is_file(value, schemas, own):
            yield value
        case list() if depth < _DEEPEST:
            items = [schema["items"] for schema in schemas if "items" in schema]
            for item in value:
                yield from _urls(item, items, document, own, depth + 1)
        case dict() if depth < _DEEPEST:
            for key, inner in value.items():
                yield from _urls(inner, _members(schemas, key), document, own, depth + 1)


def _alternatives(nodes: list[Any], document: Json) -> list[Json]:
    """The schemas and the members of their unions."""
    whole = [resolve(document, node) for node in nodes]
    unions = [node[key] for node in whole for key in ("anyOf", "oneOf") if isinstance(node.get(key), list)]
    return whole + [resolve(document, part) for union in unions for part in union]


def _members(schemas: list[Json], key: str) -> list[Any]:
    found = []
    for schema in schemas:
        properties = schema.get("properties")
        if isinstance(properties, dict) and key in properties:
            found.append(properties[key])
        elif "additionalProperties" in schema:
            found.append(schema["additionalProperties"])
    return found


def _is_file(text: str, schemas: list[Json], own: str) -> bool:
    if any(schema.get("type") == "string" for schema in schemas):
        return is_url(text) and any(schema.get("format") == "uri" for schema in schemas)
    if not text.startswith(("http://", "https://")):
        return bool(_DATA_URI.match(text))
    try:
        address = urlsplit(text)
    except ValueError:  # brackets without an address of IPv6 in them
        return False
    host = address.hostname or ""
    return is_url(text) and (address.netloc == own or host == _DELIVERY or host.endswith(f".{_DELIVERY}"))


def _planned(urls: list[str]) -> Iterator[PlannedFile]:
    taken = {SIDECAR}
    for index, url in enumerate(urls):
        name = safe_name(url)
        has_name = not url.startswith("data:") and name != "output"
        if not has_name and len(urls) > 1:
            name = f"output-{index}{Path(name).suffix}"
        name = free(name, taken)
        taken.add(name.casefold())
        yield PlannedFile(url, name)
