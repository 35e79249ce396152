"""What a prediction is made from, as the library keeps it: without secrets, and files by what they were."""

from __future__ import annotations

import copy
import hashlib
from pathlib import Path
from typing import Any

from rcli.errors import RcliError
from rcli.records import Json
from rcli.services.library.records import KeptFile, Origin
from rcli.services.models.catalog import Target
from rcli.services.models.schema import describes_inputs, input_fields
from rcli.services.request.inputs import Inputs
from rcli.services.request.sources import FileInput


def of(target: Target, built: Inputs, sent: Json) -> Origin:
    """``sent`` is what goes to the service, ``built`` the same before files were put in their places."""
    reference = _reference(target)
    if not describes_inputs(target.document):
        return Origin(reference, None, variables=target.told_variables)
    secrets = {each.name for each in input_fields(target.document) if each.is_secret}
    values = {name: copy.deepcopy(value) for name, value in sent.items() if name not in secrets}
    files = [_kept(file, sent) for file in built.files if file.at[0] not in secrets]
    for file in files:
        if file.url is None:
            _put(values, file.at, None)
    had = tuple(sorted(secrets & set(sent)))
    return Origin(reference, values, tuple(files), had, target.told_variables)


def digest(content: Path | bytes) -> str:
    """The SHA-256 in hexadecimal digits. Raises RcliError for a file that cannot be read."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    try:
        with content.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as exc:
        raise RcliError(f"cannot read {content}: {exc.strerror}") from exc


def _reference(target: Target) -> str:
    match target:
        case Target(kind="version", model=str(model), version_id=str(version)) if model:
            return f"{model}:{version}"
    return target.model or target.version_id or ""


def _kept(file: FileInput, sent: Json) -> KeptFile:
    address = _at(sent, file.at)
    url = address if isinstance(address, str) and not address.startswith("data:") else None
    path = str(file.path.absolute()) if file.path and not file.made else None
    return KeptFile(file.at, path, file.size, digest(file.content), url)


def _at(values: Any, at: tuple[str | int, ...]) -> Any:
    for step in at:
        values = values[step]
    return values


def _put(values: Any, at: tuple[str | int, ...], value: Any) -> None:
    *way, last = at
    _at(values, tuple(way))[last] = value
