"""From a finished prediction's output to text, JSON and files on the disk. A paid result is never dropped."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Literal
from urllib.parse import urlsplit

from rcli.api.client import Client
from rcli.api.transfer import Downloaded, Job, Progress, download, download_all, safe_name
from rcli.api.transfer import NotSaved as NotSaved
from rcli.errors import RcliError, UsageError
from rcli.paths import make_private_folder, replace_private
from rcli.records import Json, Prediction
from rcli.services.schema import input_fields, output_kind, output_schema, resolve
from rcli.services.words import is_url

SIDECAR = "prediction.json"
"""The file in a managed folder that tells where the others came from."""

_DELIVERY = "replicate.delivery"
_DATA_URI = re.compile(r"data:[\w.+-]+/[\w.+-]+(;[^,\s]*)?,")
_DEEPEST = 100


@dataclass(frozen=True)
class PlannedFile:
    """A file to save; no other of the prediction has its name. ``has_name``: the URL gave it."""

    url: str = field(repr=False)
    name: str
    has_name: bool


@dataclass(frozen=True)
class Result:
    """What a prediction gave: ``files`` is one file or a list of them, ``json`` anything, files in it or not.

    ``text`` is set for the kind ``text`` alone, joined and exact.
    """

    kind: Literal["nothing", "text", "files", "json"]
    output: Any = field(repr=False)
    text: str | None = field(default=None, repr=False)
    files: tuple[PlannedFile, ...] = ()


@dataclass(frozen=True)
class Saved:
    """A file on the disk; ``size`` in bytes, ``url`` None for what was no file on the server."""

    path: Path
    size: int
    content_type: str
    url: str | None = field(repr=False)


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


def folder_name(prediction: Prediction) -> str:
    """The name of a prediction's managed folder: its id, made safe, since a server chose it."""
    return safe_name(prediction.id)


def check_target(path: Path) -> None:
    """Raises UsageError where ``-o`` cannot save: call it before anything is created on the server."""
    folder = path.parent
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}", hint=f"mkdir -p {shlex.quote(str(folder))}")
    if path.is_dir():
        raise UsageError(f"{path} is a folder", hint="-o takes the name of a file, --output-dir a folder")
    try:
        if os.path.lexists(path):
            raise UsageError(f"{path} exists already", hint="choose another name: nothing is overwritten")
        path.with_name(f"{path.name}-99").lstat()  # a name that is too long, or none at all
    except FileNotFoundError:
        pass
    except OSError as exc:
        raise UsageError(f"cannot save {path}: {exc.strerror}", hint="choose another name") from exc
    try:
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as exc:
        raise UsageError(f"cannot save in {folder}: {exc.strerror}", hint="choose another folder") from exc


def save(
    client: Client,
    result: Result,
    folder: Path,
    *,
    target: Path | None = None,
    origin: Json | None = None,
    progress: Progress = lambda done, total: None,
) -> tuple[Saved, ...]:
    """Saves the files in a folder, or what there is, be it text, JSON or one file, as ``target``.

    ``origin`` is kept beside the files in the folder, which then is the user's alone; see ``provenance``.
    Raises RcliErrors, after everything that could be saved was saved: UsageError when there are several files
    for one target.
    """
    if target and len(result.files) <= 1:
        content = _content(result)
        return (_saved(content, download(client, content, target, progress)),) if content else ()
    if not result.files:
        return ()
    with _folder(folder, private=origin is not None):
        saved = _save_all(client, result.files, folder, progress, private=origin is not None)
    if origin is not None:
        written = json.dumps(origin | {"files": [_row(each) for each in saved]}, indent=2, ensure_ascii=False)
        replace_private(folder / SIDECAR, written + "\n")
    if target:
        raise UsageError(
            f"the output is {len(saved)} files, not one for {target}", hint=f"they are in {folder}"
        )
    return saved


def provenance(prediction: Prediction, host: str, document: Json) -> Json:
    """Where a prediction's files came from; secret inputs are left out."""
    secrets = {each.name for each in input_fields(document) if each.is_secret}
    return {
        "id": prediction.id,
        "host": host,
        "model": prediction.model,
        "version": prediction.version,
        "created_at": prediction.created_at,
        "input": {name: value for name, value in prediction.input.items() if name not in secrets},
        "metrics": prediction.metrics,
    }


def localized(output: Any, saved: Sequence[Saved]) -> Any:
    """The output with the paths of the saved files in place of their URLs."""
    return _replaced(output, {each.url: str(each.path) for each in saved if each.url})


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
        name = _free(name, taken)
        taken.add(name.casefold())
        yield PlannedFile(url, name, has_name)


def _free(name: str, taken: set[str]) -> str:
    """The name, numbered if it is taken: macOS does not tell ``A.png`` from ``a.png``."""
    stem, suffix = os.path.splitext(name)
    number = 0
    while name.casefold() in taken:
        number += 1
        name = f"{stem}-{number}{suffix}"
    return name


def _content(result: Result) -> str | None:
    """What goes to a single target, as an address; text and JSON as data, to be saved by the same rules."""
    if result.files:
        return result.files[0].url
    match result.kind:
        case "nothing":
            return None
        case "text":
            content_type, text = "text/plain", result.text or ""
        case _:
            content_type = "application/json"
            text = json.dumps(result.output, indent=2, ensure_ascii=False) + "\n"
    return f"data:{content_type};base64,{base64.b64encode(text.encode(errors='replace')).decode()}"


@contextmanager
def _folder(folder: Path, *, private: bool) -> Iterator[None]:
    """Makes a folder to save in; one in which nothing was saved is gone afterwards. Raises NotSaved."""
    is_new = not folder.exists()
    try:
        make_private_folder(folder) if private else folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise NotSaved(
            f"cannot save in {folder}: {exc.strerror}", hint="--output-dir saves elsewhere"
        ) from exc
    try:
        yield
    finally:
        if is_new:
            with suppress(OSError):  # it is not empty
                folder.rmdir()


def _save_all(
    client: Client, files: Sequence[PlannedFile], folder: Path, progress: Progress, *, private: bool
) -> tuple[Saved, ...]:
    """Raises the worst of what went wrong, when the others are saved."""
    total = _Total(progress, len(files))
    jobs = [Job(file.url, folder / file.name, total.of(index), private) for index, file in enumerate(files)]
    results = download_all(client, jobs)
    failures = [result for result in results if isinstance(result, RcliError)]
    saved = tuple(
        _saved(file.url, result if file.has_name else _with_extension(result))
        for file, result in zip(files, results, strict=True)
        if isinstance(result, Downloaded)
    )
    if failures:
        worst = max(failures, key=lambda failure: failure.exit_code)
        if saved:
            worst.message += f" ({len(saved)} of {len(files)} files are in {folder})"
        raise worst
    return saved


class _Total:
    """Adds up the bytes of several downloads; how many there will be is known when all have said it."""

    def __init__(self, progress: Progress, number: int) -> None:
        self._progress = progress
        self._done = [0] * number
        self._all: list[int | None] = [None] * number
        self._lock = Lock()

    def of(self, index: int) -> Progress:
        def tell(done: int, total: int | None) -> None:
            with self._lock:
                self._done[index], self._all[index] = done, total
                known = [each for each in self._all if each is not None]
                whole = sum(known) if len(known) == len(self._all) else None
                self._progress(sum(self._done), whole)

        return tell


def _with_extension(file: Downloaded) -> Downloaded:
    """Gives a file whose URL has no name the extension of its content, unless that name is taken."""
    import mimetypes

    extension = "" if file.path.suffix else mimetypes.guess_extension(file.content_type) or ""
    better = file.path.with_name(file.path.name + extension)
    try:
        os.link(file.path, better)
        file.path.unlink()
    except OSError:  # taken, or a disk without hard links: the name without extension will do
        return file
    return Downloaded(better, file.size, file.content_type)


def _saved(url: str, file: Downloaded) -> Saved:
    return Saved(file.path, file.size, file.content_type, url)


def _row(saved: Saved) -> Json:
    return {"name": saved.path.name, "size": saved.size, "content_type": saved.content_type}


def _replaced(value: Any, paths: Mapping[str, str], depth: int = 0) -> Any:
    match value:
        case str():
            return paths.get(value, value)
        case list() if depth < _DEEPEST:
            return [_replaced(item, paths, depth + 1) for item in value]
        case dict() if depth < _DEEPEST:
            return {key: _replaced(inner, paths, depth + 1) for key, inner in value.items()}
    return value
