"""From what the user named and wrote to a prediction that can be created, checked on the way."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rcli.api.client import Client
from rcli.api.endpoints import Replicate
from rcli.api.engine import Engine
from rcli.errors import NotAllowed, NotFound
from rcli.records import Json, Overrides, Prediction
from rcli.services import catalog, documents, inputs
from rcli.services.catalog import Target
from rcli.services.handover import carried
from rcli.services.predict import Running
from rcli.services.schema import input_fields
from rcli.services.sources import Sources
from rcli.settings import LOCAL

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
    """The user's inputs as they were written, and where relative paths and ``@-`` lead.

    ``given`` came all at once; ``pairs`` win over it, and it over the project's ``defaults``.
    """

    pairs: Sequence[inputs.Pair]
    given: Mapping[str, Any] = field(repr=False)
    sources: Sources
    defaults: Mapping[str, Any] = field(default_factory=dict)


def read(words: Sequence[str], options: Sequence[str], sources: Sources) -> Written:
    """The inputs among the words of a command line, and those that ``-i`` gave, alone or all at once.

    Raises UsageError for what is no input, InvalidInput for what cannot be read.
    """
    whole = [text for text in options if documents.is_document(text)]
    pairs = inputs.parse_pairs([*words, *(text for text in options if not documents.is_document(text))])
    return Written(pairs, documents.read(whole, sources), sources)


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
    files, values = documents.split(written.given, input_fields(target.document))
    named = {pair.name for pair in written.pairs}
    built = inputs.build(
        target.document,
        [*(pair for pair in files if pair.name not in named), *written.pairs],
        {**written.defaults, **values},
        sources=written.sources,
    )

    def upload(content: Path | bytes, name: str, content_type: str) -> str:
        def told(sent: int, total: int | None) -> None:
            progress(f"uploading {name}", sent / total if total else None)

        with io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as file:
            return api.upload_file(file, name, content_type, told).url

    sent = inputs.resolve_files(built, upload, named=api.client.host.name == LOCAL)
    return Job(api, target, carried(sent, target.document, engine, upload) if engine else sent)


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
