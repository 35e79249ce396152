"""What a program is to do, and how its literals are written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from rcli.records import Json, Terms
from rcli.services.models.catalog import Target
from rcli.services.models.schema import output_kind, output_schema, resolve
from rcli.services.request.sources import FileInput
from rcli.settings import LOCAL, REPLICATE_URL, Host

Shape = Literal["stream", "text", "file", "files", "list", "any"]


class Code(str):
    """A value that is an expression of the program's language."""


@dataclass(frozen=True)
class Call:
    """One prediction. Code stands for files and secrets in ``input``.

    ``needed`` are the variables that the secrets come from; ``streams``: text is wanted as it comes.
    """

    host: Host
    target: Target
    input: Json = field(repr=False)
    files: tuple[FileInput, ...]
    needed: tuple[str, ...]
    terms: Terms
    streams: bool = False

    @property
    def is_streamed(self) -> bool:
        """Whether the clients' ``stream`` is called, which takes what their ``run`` takes."""
        return self.streams and self.reference is not None and self.shape == "stream"

    @property
    def reference(self) -> str | None:
        """What the clients' ``run`` takes, the version pinned; None for a deployment, or a bare version."""
        if self.target.kind == "deployment" or not self.target.name:
            return None
        version = f":{self.target.version_id}" if self.target.version_id else ""
        return f"{self.target.owner}/{self.target.name}{version}"

    @property
    def is_replicate(self) -> bool:
        """Whether the clients' default address is the host's."""
        return self.host.url == REPLICATE_URL

    @property
    def root(self) -> str:
        """The base URL as the clients want it."""
        return self.host.url.removesuffix("/v1")

    @property
    def has_file_objects(self) -> bool:
        """Whether the clients make objects of the files in an output: of ``https`` addresses, in ``run``."""
        return self.reference is not None and self.host.url.startswith("https:")

    @property
    def shape(self) -> Shape:
        """What is to be done with the output."""
        document = self.target.document
        match output_kind(document):
            case "text-stream":
                return "stream"
            case "text" | "file" | "files" as kind:
                return kind
            case "iterator":
                items = resolve(document, output_schema(document).get("items"))
                return "files" if items.get("format") == "uri" else "list"
        return "any"

    @property
    def gives_files(self) -> bool:
        """Then the clients have to poll: an answer that was waited for has data in the place of addresses."""
        return self.shape in ("file", "files")

    def preparations(self, comment: str, *first: str) -> list[str]:
        """The lines at the top that say what has to be there."""
        token = f"$(rcli auth token --host {self.host.name})" if self.host.name == LOCAL else "…"
        lines = [*first, f"export REPLICATE_API_TOKEN={token}"]
        if self.host.name == LOCAL:
            lines.append(f"export REPLICATE_BASE_URL={self.root}  (a port that stays: rcli serve)")
        elif not self.is_replicate:
            lines.append(f"export REPLICATE_BASE_URL={self.root}")
        return [f"{comment} {line}" for line in [*lines, *(f"export {name}=…" for name in self.needed)]]


def variable(name: str) -> str:
    """The environment variable for a secret input."""
    return re.sub(r"\W", "_", name.upper(), flags=re.ASCII)


def path_of(file: FileInput) -> str:
    """The file as the user named it, if the program's working folder leads there too."""
    written = file.written.removeprefix("@")
    return str(file.path) if written.startswith("~") else written


def quoted(text: str, escape: Callable[[int], str]) -> str:
    """A text in double quotes, as JSON has it; ``escape`` writes what cannot be seen, or turns the line."""
    written = json.dumps(text, ensure_ascii=False)
    return "".join(char if char.isprintable() else escape(ord(char)) for char in written)


def rendered(
    value: Any,
    scalar: Callable[[Any], str],
    depth: int,
    *,
    trailing: str = ",",
    key: Callable[[str], str] | None = None,
) -> str:
    """A JSON value over several lines, each level four spaces deeper; ``trailing`` follows the last item."""

    def inner(each: Any) -> str:
        return rendered(each, scalar, depth + 1, trailing=trailing, key=key)

    match value:
        case Code():
            return str(value)
        case dict() if value:
            items = [f"{(key or scalar)(name)}: {inner(each)}" for name, each in value.items()]
            return _block("{", items, "}", depth, trailing)
        case list() if value:
            return _block("[", [inner(each) for each in value], "]", depth, trailing)
        case dict() | list():
            return "{}" if isinstance(value, dict) else "[]"
    return scalar(value)


def _block(begin: str, items: list[str], end: str, depth: int, trailing: str) -> str:
    inner, outer = " " * 4 * (depth + 1), " " * 4 * depth
    return f"{begin}\n{inner}" + f",\n{inner}".join(items) + f"{trailing}\n{outer}{end}"
