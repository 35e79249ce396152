"""From what the user named and wrote to a prediction that can be created, checked on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rcli.api import rehearsal
from rcli.api.client import Client
from rcli.api.endpoints import Replicate
from rcli.api.engine import Engine
from rcli.errors import NotAllowed, NotFound
from rcli.records import NO_TERMS, Json, Overrides, Prediction, Request, Terms
from rcli.services.library.records import Origin
from rcli.services.models import catalog
from rcli.services.models.catalog import Target
from rcli.services.models.schema import input_fields
from rcli.services.request import documents, inputs
from rcli.services.request.handover import carried
from rcli.services.request.piping import Piped
from rcli.services.request.sending import Box, Progress, Readying, uploader
from rcli.services.request.sources import FileInput, Sources
from rcli.services.request.uploads import Uploads
from rcli.services.work import origins
from rcli.services.work.predict import Running
from rcli.settings import LOCAL

SECRET = "<secret>"
"""What stands for the value of a secret input."""

Answers = Callable[[Json, Json], Sequence[inputs.Pair]]
"""Asks a person for what is not given yet; gets the model's document, and the values that are."""


@dataclass(frozen=True)
class Resolved:
    """A model on a host."""

    api: Replicate
    target: Target

    @property
    def host(self) -> str:
        return self.api.client.host.name


@dataclass(frozen=True)
class Job:
    """A prediction that only needs to be created."""

    api: Replicate
    target: Target
    input: Json = field(repr=False)
    origin: Origin
    terms: Terms = NO_TERMS

    def create(self) -> Prediction:
        return catalog.create(self.api, self.target, self.input, self.terms)


@dataclass(frozen=True)
class Written:
    """The user's inputs as they were written, and where relative paths and ``@-`` lead.

    ``given`` came all at once; ``pairs`` win over it, and it over the project's ``defaults``.
    """

    pairs: Sequence[inputs.Pair]
    given: Mapping[str, Any] = field(repr=False)
    sources: Sources
    defaults: Mapping[str, Any] = field(default_factory=dict)


def _nothing() -> None:
    """Nothing has to be done."""


def _untold(before: FileInput, after: FileInput) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True)
class Handling:
    """What is done with inputs on the way. ``box``: pictures are shrunk to it, and brought into the format
    ``kind``; ``made`` is told of each file that was packed or made anew, what it was and what it is now;
    ``ready`` is called when all is, before anything is sent.
    """

    box: Box | None = None
    uploads: Uploads | None = None
    answers: Answers | None = None
    made: Callable[[FileInput, FileInput], None] = _untold
    kind: str | None = None
    ready: Callable[[], None] = _nothing


PLAINLY = Handling()


def read(words: Sequence[str], options: Sequence[str], sources: Sources) -> Written:
    """The inputs among the words of a command line, and those that ``-i`` gave, alone or all at once.

    Expressions in them are replaced by what they make of standard input. Raises UsageError for what is no
    input, InvalidInput for what cannot be read.
    """
    piped = Piped(sources)
    whole = [piped.document(text) for text in options if documents.is_document(text)]
    pairs = inputs.parse_pairs([*words, *(text for text in options if not documents.is_document(text))])
    return Written(piped.pairs(pairs), documents.read(whole, sources), sources)


def of_folder(
    engine: Replicate, path: Path, file: str, overrides: Overrides
) -> tuple[Target, bool, tuple[str, ...]]:
    """A Cog project's present state as a version of the engine; whether it is new there; its warnings."""
    project = Engine(engine.client).register(path, file, overrides)
    owner, _, name = project.model.partition("/")
    target = Target("version", project.model, project.version.id, project.version.schema, owner, name)
    return target, project.first_seen, project.warnings


def prepare(
    api: Replicate,
    target: Target,
    written: Written,
    progress: Progress,
    engine: Client | None,
    handling: Handling = PLAINLY,
) -> Job:
    """Checks the inputs by the model's schema, then sends the files; InvalidInput comes before that.

    ``engine``: the one on this machine, if another host is asked, which could not read the engine's files.
    """
    return dispatch(api, target, build(target, written, handling.answers), progress, engine, handling)


def build(target: Target, written: Written, answers: Answers | None = None) -> inputs.Inputs:
    """The inputs that are to be sent. Raises InvalidInput with all that is wrong with them.

    ``answers`` are asked for once all that is written is right.
    """
    files, values = documents.split(written.given, input_fields(target.document))
    named = {pair.name for pair in written.pairs}
    built = inputs.build(
        target.document,
        [*(pair for pair in files if pair.name not in named), *written.pairs],
        {**written.defaults, **values},
        sources=written.sources,
        partial=answers is not None,
    )
    if answers is None:
        return built
    asked = answers(target.document, built.values)
    rest = inputs.build(target.document, asked, {}, sources=written.sources, partial=True)
    return inputs.merged(built, rest)


def dispatch(
    api: Replicate,
    target: Target,
    built: inputs.Inputs,
    progress: Progress,
    engine: Client | None,
    handling: Handling = PLAINLY,
) -> Job:
    """Sends the files; ``engine`` as for ``prepare``. Raises what ``inputs.resolve_files`` does."""
    with TemporaryDirectory(prefix="rcli-") as scratch:
        ready = Readying(Path(scratch), handling.box, progress, handling.made, handling.kind).inputs(built)
        handling.ready()
        upload = uploader(api, handling.uploads, progress)
        sent = inputs.resolve_files(ready, upload, named=api.client.host.name == LOCAL)
        sent = carried(sent, target.document, engine, upload) if engine else sent
        return Job(api, target, sent, origins.of(target, ready, sent))


def rehearse(
    api: Replicate,
    target: Target,
    written: Written,
    terms: Terms,
    handling: Handling,
    describe: Callable[[FileInput], str],
) -> Request:
    """The request that would create the prediction, with ``describe`` in the place of files.

    Files are packed and shrunk, and none is sent; nothing is created. The values of secrets are hidden.
    """
    built = build(target, written, handling.answers)
    with TemporaryDirectory(prefix="rcli-") as scratch:
        ready = Readying(Path(scratch), handling.box, lambda *_: None, handling.made).inputs(built)
    values = inputs.placed(ready, describe)
    secrets = {each.name for each in input_fields(target.document) if each.is_secret}
    values |= dict.fromkeys(secrets & values.keys(), SECRET)
    return rehearsal.request(api.client.host, lambda nobody: catalog.create(nobody, target, values, terms))


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
