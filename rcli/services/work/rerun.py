"""A prediction once more: its model and inputs, from the service or, if that has forgotten, the library."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rcli.api.client import Client
from rcli.api.endpoints import Replicate
from rcli.errors import Interrupted, InvalidInput, NotFound, RcliError, UsageError
from rcli.records import Json, Prediction
from rcli.references import FolderReference, Reference
from rcli.services.library.records import KeptFile, Record
from rcli.services.models import catalog
from rcli.services.models.catalog import Target
from rcli.services.models.schema import input_fields
from rcli.services.request.handover import takes_files
from rcli.services.request.inputs import Inputs, Pair
from rcli.services.request.sending import Progress
from rcli.services.request.words import is_url
from rcli.services.work import launch, origins, predict
from rcli.services.work.launch import Handling, Job, Written

_PLACEHOLDER = "data:,"
"""Stands for a file that is sent again, so that the other inputs can be checked."""

_DELIVERY = "replicate.delivery"

Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Former:
    """What a prediction was made from, as far as somebody still knows; ``values`` are without secrets, and
    ``variables`` without values.
    """

    api: Replicate
    id: str
    reference: str
    values: Json = field(repr=False)
    files: Mapping[Place, KeptFile]
    secrets: frozenset[str] = frozenset()
    variables: tuple[str, ...] = ()


def find(api: Replicate, id: str, record: Record | None) -> Former:
    """``record``: what the library knows of it. Raises NotFound, RcliError if nobody has its inputs."""
    try:
        prediction = predict.find(api, id).prediction
    except NotFound:
        if record is None:
            raise
        prediction = None
    origin = record.origin if record else None
    values: Json | None = None
    if prediction and not prediction.data_removed:
        values = prediction.input
    elif origin:
        values = origin.input
    told = origin.reference if origin else ""
    reference = told if "/" in told else _reference(prediction, record) or told
    if values is None or not reference:
        raise RcliError(
            f"nobody has the inputs of prediction {id} any more: the service has removed them, "
            "and they are not in the library",
            hint="rcli run MODEL key=value",
        )
    files = {file.at: file for file in origin.files} if origin else {}
    secrets, variables = (frozenset(origin.secrets), origin.variables) if origin else (frozenset(), ())
    return Former(api, id, reference, dict(values), files, secrets, variables)


def missing_secrets(former: Former, document: Json, written: Written) -> list[str]:
    """The secret inputs that the prediction had, and that are stored nowhere, in the model's order."""
    given = _given(written)
    had = set(former.values) | former.secrets
    return [
        each.name
        for each in input_fields(document)
        if each.is_secret and each.name in had and each.name not in given
    ]


def refuse(secrets: list[str]) -> None:
    """Raises InvalidInput for secrets that nobody can be asked for."""
    if secrets:
        raise InvalidInput(
            f"{', '.join(secrets)}: secret inputs are stored nowhere, and have to be given again",
            hint=" ".join(f"-i {name}=…" for name in secrets),
        )


def with_secrets(written: Written, secrets: Mapping[str, str]) -> Written:
    asked = [Pair(name, "text", value) for name, value in secrets.items()]
    return replace(written, pairs=[*written.pairs, *asked])


def target(former: Former, reference: Reference) -> Target:
    """What ran then, which may be gone. Raises NotFound, UsageError."""
    if isinstance(reference, FolderReference):
        raise UsageError(f"prediction {former.id} names no model, but {reference}")
    return catalog.resolve(former.api, reference, None)


def prepare(
    former: Former,
    target: Target,
    written: Written,
    progress: Progress,
    engine: Client | None,
    handling: Handling,
) -> Job:
    """The same prediction, changed by what is written now; ``engine`` and ``handling`` as for ``launch``."""
    job = launch.dispatch(former.api, target, _again(former, target, written), progress, engine, handling)
    files = (*job.origin.files, *_inherited(former, job, _given(written)))
    return replace(job, origin=replace(job.origin, files=files))


def inputs_here(former: Former, target: Target, written: Written) -> Inputs:
    """What a program would send: files that are unchanged on this disk are taken from there.

    Raises InvalidInput, naming the input, for a file that is nowhere any more.
    """
    return _again(former, target, written, dict(_unchanged(former)))


def _again(
    former: Former, target: Target, written: Written, here: Mapping[Place, str] | None = None
) -> Inputs:
    """The inputs as they were, changed by what is written now, with lost files, and those that are ``here``,
    taken from this disk.

    Raises InvalidInput, naming the input, for a file that is neither on the service nor unchanged here.
    """
    given = _given(written)
    secret = {each.name for each in input_fields(target.document) if each.is_secret}
    base = {name: value for name, value in former.values.items() if name not in given | secret}
    shapes = {each.name: each for each in input_fields(target.document)}
    files_at = {name: value for name, value in base.items() if takes_files(shapes.get(name))}
    lost = dict(_lost(files_at, former, here or {}))
    held = {name: _held(base[name], (name,), lost) for name in base}
    built = launch.build(target, replace(written, defaults=held))
    files = [replace(written.sources.file(path), at=at) for at, path in lost.items()]
    return Inputs(built.values, (*built.files, *files))


def _inherited(former: Former, job: Job, given: set[str]) -> Iterator[KeptFile]:
    """What was known of files that go along as they did, so that the next rerun knows it too."""
    sent = {file.at for file in job.origin.files}
    for at, file in former.files.items():
        if at[0] not in given and at not in sent:
            yield file


def _given(written: Written) -> set[str]:
    return {pair.name for pair in written.pairs} | set(written.given)


def _reference(prediction: Prediction | None, record: Record | None) -> str:
    """The model and its version, or the deployment, as the service tells it."""
    if prediction:
        deployment = prediction.raw.get("deployment")
        model, version = prediction.model, prediction.version
    elif record:
        deployment, model, version = None, record.entry.model, record.entry.version
    else:
        return ""
    if isinstance(deployment, str) and deployment.count("/") == 1:
        return f"deployments/{deployment}"
    if not model:
        return version or ""
    return f"{model}:{version}" if version and version != "hidden" else model


def _unchanged(former: Former) -> Iterator[tuple[Place, str]]:
    """The files of this disk that still are what they were."""
    for at, kept in former.files.items():
        path = Path(kept.path or "")
        if path.is_file() and path.stat().st_size == kept.size and origins.digest(path) == kept.sha256:
            yield at, str(path)


def _lost(values: Json, former: Former, here: Mapping[Place, str]) -> Iterator[tuple[Place, str]]:
    """The places whose file the service does not have any more, and where the same file is on this disk."""
    client = former.api.client
    for at, value in _leaves(values):
        if at in here:
            yield at, here[at]
            continue
        kept = former.files.get(at)
        if value is None and kept is None:
            continue
        if isinstance(value, str) and not (is_url(value) and _is_watched(value, kept, client)):
            continue
        if not isinstance(value, str | None) or (isinstance(value, str) and _is_alive(client, value)):
            continue
        yield at, _found(str(at[0]), kept)


def _leaves(values: Json) -> Iterator[tuple[Place, Any]]:
    pending: list[tuple[Place, Any]] = [((name,), value) for name, value in values.items()]
    while pending:
        at, value = pending.pop(0)
        if isinstance(value, list):
            pending = [((*at, index), item) for index, item in enumerate(value)] + pending
        else:
            yield at, value


def _is_watched(url: str, kept: KeptFile | None, client: Client) -> bool:
    """Whether an address is one that passes: an upload, or an output of another prediction."""
    if url.startswith("data:"):
        return False
    address = urlsplit(url)
    host = address.hostname or ""
    own = address.netloc == urlsplit(client.host.url).netloc
    return kept is not None or own or host == _DELIVERY or host.endswith(f".{_DELIVERY}")


def _is_alive(client: Client, url: str) -> bool:
    try:
        with client.stream(url, {"Range": "bytes=0-0", "Accept-Encoding": "identity"}):
            return True
    except Interrupted:
        raise
    except RcliError:
        return False


def _found(name: str, kept: KeptFile | None) -> str:
    """The path of the file as it was. Raises InvalidInput."""
    hint = f"-i {name}=@FILE"
    if kept is None:
        raise InvalidInput(f"{name}: the file that it was is not there any more", hint=hint)
    if kept.path is None:
        raise InvalidInput(f"{name}: the service has lost it, and no file here was the same", hint=hint)
    path = Path(kept.path)
    if not path.is_file():
        raise InvalidInput(f"{name}: the service has lost it, and {path} is not there any more", hint=hint)
    if path.stat().st_size != kept.size or origins.digest(path) != kept.sha256:
        raise InvalidInput(f"{name}: the service has lost it, and {path} has changed since", hint=hint)
    return kept.path


def _held(value: Any, at: Place, lost: Collection[Place]) -> Any:
    """The value with the places of lost files held."""
    if at in lost:
        return _PLACEHOLDER
    if isinstance(value, list):
        return [_held(item, (*at, index), lost) for index, item in enumerate(value)]
    return value
