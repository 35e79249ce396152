"""From what the user named and wrote to a prediction that can be created, checked on the way."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from rcli.api.client import Client
from rcli.api.endpoints import Replicate
from rcli.api.engine import Engine
from rcli.errors import NotAllowed, NotFound
from rcli.records import Json, Overrides, Prediction
from rcli.services import catalog, inputs
from rcli.services.catalog import Target
from rcli.services.handover import carried
from rcli.services.predict import Running

Progress = Callable[[str, float | None], None]
"""What is being sent, and how much of it: 0 to 1."""


@dataclass(frozen=True)
class Job:
    """A prediction that only needs to be created."""

    api: Replicate
    target: Target
    input: Json = field(repr=False)

    def create(self) -> Prediction:
        return catalog.create(self.api, self.target, self.input)


@dataclass(frozen=True)
class Written:
    """The user's inputs as they were written, and where relative paths and ``@-`` lead."""

    pairs: Sequence[inputs.Pair]
    cwd: Path
    home: Path
    stdin: BinaryIO
    defaults: Mapping[str, Any] = field(default_factory=dict)


def of_folder(
    engine: Replicate, path: Path, file: str, overrides: Overrides
) -> tuple[Target, bool, tuple[str, ...]]:
    """A Cog project's present state as a version of the engine; whether it is new there; its warnings."""
    project = Engine(engine.client).register(path, file, overrides)
    owner, _, name = project.model.partition("/")
    target = Target("version", project.model, project.version.id, project.version.schema, owner, name)
    return target, project.first_seen, project.warnings


def prepare(
    api: Replicate, target: Target, written: Written, progress: Progress, engine: Client | None
) -> Job:
    """Checks the inputs by the model's schema, then sends the files; InvalidInput comes before that.

    ``engine``: the one on this machine, if another host is asked, which could not read the engine's files.
    """
    built = inputs.build(
        target.document,
        written.pairs,
        written.defaults,
        cwd=written.cwd,
        home=written.home,
        stdin=written.stdin,
    )

    def upload(content: Path | bytes, name: str, content_type: str) -> str:
        def told(sent: int, total: int | None) -> None:
            progress(f"uploading {name}", sent / total if total else None)

        with io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as file:
            return api.upload_file(file, name, content_type, told).url

    values = inputs.resolve_files(built, upload)
    return Job(api, target, carried(values, target.document, engine, upload) if engine else values)


def document_of(running: Running) -> Json:
    """The schema of what made a prediction, ``{}`` where the service does not tell."""
    prediction = running.prediction
    owner, _, name = prediction.model.partition("/")
    if not prediction.version or prediction.version == "hidden" or not name:
        return {}
    try:
        return running.api.version(owner, name, prediction.version).schema
    except (NotFound, NotAllowed):
        return {}
