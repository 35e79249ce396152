"""Files of the local engine as inputs on another host, which cannot read them there: fetched, then sent."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rcli.api.client import Client
from rcli.api.transfer import download, safe_name
from rcli.records import Json
from rcli.services.models.schema import Field, input_fields
from rcli.services.request.inputs import Upload, send
from rcli.services.request.sources import FileInput


def carried(values: Json, document: Json, engine: Client, upload: Upload) -> Json:
    """The inputs with every address of the engine replaced, where the model takes files or tells nothing.

    Raises RcliErrors when a file cannot be fetched or sent.
    """
    origin = engine.host.url.removesuffix("/v1") + "/"
    shapes = {field.name: field for field in input_fields(document)}
    sent: dict[str, str] = {}

    def settled(value: Any, shape: Field | None) -> Any:
        match value:
            case str() if value.startswith(origin) and takes_files(shape):
                if value not in sent:
                    sent[value] = _carry(engine, value, upload)
                return sent[value]
            case list():
                return [settled(item, shape) for item in value]
        return value

    return {name: settled(value, shapes.get(name)) for name, value in values.items()}


def takes_files(shape: Field | None) -> bool:
    """Whether an input, or an item or alternative of it, is a file; one that is not described may be."""
    if shape is None:
        return True
    parts = (*shape.variants, *((shape.item,) if shape.item else ()))
    return shape.kind == "file" or any(map(takes_files, parts))


def _carry(engine: Client, url: str, upload: Upload) -> str:
    name = safe_name(url)
    with TemporaryDirectory(prefix="rcli-") as folder:
        fetched = download(engine, url, Path(folder) / name, lambda done, total: None)
        file = FileInput((), url, fetched.path, name, fetched.size, fetched.content_type)
        return send(file, upload)
