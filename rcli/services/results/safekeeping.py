"""Outputs that are fetched later than the run: where they are already, and what is left to save."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from rcli.api import partial
from rcli.api.transfer import Progress, safe_name
from rcli.errors import RcliError
from rcli.records import TERMINAL, Prediction
from rcli.services.library.records import Record, SavedFile
from rcli.services.request.words import is_url
from rcli.services.results import outputs, provenance, shapes
from rcli.services.results.naming import Template
from rcli.services.results.outputs import TEXT, Saved
from rcli.services.results.shapes import SIDECAR, Result
from rcli.services.work import launch
from rcli.services.work.predict import Running
from rcli.settings import REPLICATE

_KEPT = timedelta(hours=1)
"""How long Replicate keeps the data of a prediction that was made by its API."""


def managed(outputs: Path, id: str) -> Path:
    """The managed folder of a prediction."""
    return outputs / safe_name(id)


def sweep(outputs: Path) -> None:
    """Removes from the managed folders what downloads that broke off have left, if it is older than a day."""
    partial.sweep(outputs)


def present(record: Record | None, folder: Path) -> tuple[SavedFile, ...]:
    """The files of an output if all of them are on this disk, as the library or the folder tells."""
    saved = record.saved if record and record.saved else _told_by(folder)
    return saved if all(map(_is_there, saved)) else ()


def expiry(record: Record) -> datetime | None:
    """When the service deletes an output that is nowhere else; None if there is nothing to lose.

    The weights of a training stay with its version.
    """
    if record.entry.kind != "prediction":
        return None
    if record.entry.host != REPLICATE or record.removed or record.saved or not record.completed_at:
        return None
    if not _has_files(record):
        return None
    try:
        return datetime.fromisoformat(record.completed_at) + _KEPT
    except ValueError:
        return None


def may_be_lost(record: Record) -> bool:
    """Whether the service may have what is not here: files, or the end of a prediction."""
    if record.removed:
        return False
    if record.entry.status not in TERMINAL:
        return True
    return _has_files(record) and not (record.saved and all(map(_is_there, record.saved)))


def check(prediction: Prediction) -> None:
    """Raises RcliError for a prediction without an output that could be saved."""
    if not prediction.is_done:
        raise RcliError(
            f"prediction {prediction.id} has not ended: it is {prediction.status}",
            hint=f"rcli predictions watch {prediction.id}",
        )
    if prediction.output is None and prediction.data_removed:
        raise RcliError(
            f"the service has removed the output of prediction {prediction.id}",
            hint=f"rcli library show {prediction.id} tells what was kept of it",
        )


def planned(running: Running) -> Result:
    """What there is to save; text and JSON without files are none of it."""
    return shapes.plan(running.prediction.output, launch.document_of(running), running.api.client.host.url)


def save(
    running: Running,
    host: str,
    folder: Path,
    progress: Progress,
    *,
    target: Path | None = None,
    managed: bool = False,
    template: Template | None = None,
    embeds: bool = False,
) -> tuple[Saved, ...]:
    """Saves an output in a folder, text and JSON too, or as ``target``. Raises what ``outputs.save`` does.

    In a ``managed`` folder, which is the user's alone, it is told where the files came from; with ``embeds``
    in the files, too. ``template`` names them.
    """
    client, document = running.api.client, launch.document_of(running)
    result = shapes.plan(running.prediction.output, document, client.host.url)
    told = provenance.told(running.prediction, host, document)
    origin = told if managed else None
    if origin and (text := outputs.keep_text(client, result, folder, origin)):
        return (text,)
    if target is None and not result.files and result.kind != "nothing":
        name = TEXT if result.kind == "text" else "output.json"
        outputs.make_folder(folder, private=managed)
        target = folder / name
    return outputs.save(
        client,
        result,
        folder,
        target=target,
        origin=origin,
        names=template.of(running.prediction, len(result.files)) if template else None,
        embedded=told if embeds else None,
        progress=progress,
    )


def _has_files(record: Record) -> bool:
    """Whether an output leads to files, as far as it can be told without the model's schema."""
    pending = [record.output]
    while pending:
        value = pending.pop()
        if isinstance(value, str) and is_url(value):
            return True
        pending += value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return False


def _told_by(folder: Path) -> tuple[SavedFile, ...]:
    """The files of a managed folder, by what was written beside them."""
    try:
        rows = json.loads((folder / SIDECAR).read_text(encoding="utf-8"))["files"]
        return tuple(_row(folder, row) for row in rows)
    except (OSError, ValueError, LookupError, TypeError):  # another program's file, or half of ours
        return ()


def _row(folder: Path, row: dict[str, object]) -> SavedFile:
    return SavedFile(
        str(folder / Path(str(row["name"])).name), int(str(row["size"])), str(row["content_type"])
    )


def _is_there(file: SavedFile) -> bool:
    try:
        return Path(file.path).stat().st_size == file.size
    except OSError:
        return False


def soonest(records: Iterable[Record]) -> datetime | None:
    """When the first of these outputs is deleted."""
    return min(filter(None, map(expiry, records)), default=None)
