"""One training: what its base takes, where its new version goes, and its events from beginning to end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Literal

from rcli import images
from rcli.api.endpoints import Replicate
from rcli.api.transfer import Progress, download, safe_name
from rcli.errors import Canceled, InvalidInput, NoAnswer, NotAllowed, NotFound, PredictionFailed, UsageError
from rcli.paths import make_private_folder
from rcli.records import Finished, Json, Phase, Prediction, PredictionEvent
from rcli.references import ModelReference
from rcli.services import lists
from rcli.services.library import LAST
from rcli.services.models.catalog import Target
from rcli.services.request.packing import is_picture
from rcli.services.request.sources import FileInput
from rcli.services.results import safekeeping
from rcli.services.work import predict
from rcli.services.work.predict import Limit, Running
from rcli.settings import LOCAL

HARDWARE = "gpu-t4"
"""The SKU of a destination that is made, if the user names none."""

Hosts = Sequence[Replicate]
"""The APIs of the hosts where a training may be, in the order in which they are asked."""

PATIENCE = 300.0
"""Seconds for which a host may give no answer: the training goes on there, so watching it does too."""

CAPTIONS = frozenset({".txt", ".caption"})

_BEGIN = "rcli train --help"
_LOST = "no connection"
_FIRST_POLL = 0.1
_SLOWEST_POLL = 1.0
_MOST_NAMED = 10
_LISTED = 100


class TrainingLimit(Limit):
    """A training's time. The engine keeps it as well; services know none, so there this client must watch."""

    def _cancel(self, api: Replicate, id: str) -> None:
        api.cancel_training(id)


class Training(Running):
    """A training that was created, and what has been seen of it."""

    _lost: float | None = None
    """Since when the host gives no answer, by the client's clock."""

    @property
    def host(self) -> str:
        return self.api.client.host.name

    @property
    def version(self) -> str | None:
        """The new version as ``owner/name:id``, None before its end."""
        output = self.prediction.output
        version = output.get("version") if isinstance(output, dict) else None
        return version if isinstance(version, str) else None

    @property
    def weights(self) -> str | None:
        """The address of the new weights."""
        output = self.prediction.output
        weights = output.get("weights") if isinstance(output, dict) else None
        return weights if isinstance(weights, str) else None

    def events(self, *, streams: bool = True) -> Iterator[PredictionEvent]:
        """Everything from the first log line to the end, also when it is taken up again. Raises NoAnswer.

        The API's trainings have no stream; the engine has one for each, where it says what it waits for.
        """
        if self.host == LOCAL and not self.prediction.is_done:
            address = f"{self.api.client.host.url}/streams/{self.prediction.id}"
            urls = {**self.prediction.urls, "stream": address}
            self.prediction = replace(self.prediction, urls=urls)
        yield from super().events(streams=streams)

    def cancel(self) -> Prediction:
        """Cancels on the server and returns what it says."""
        self.prediction = self.api.cancel_training(self.prediction.id)
        return self.prediction

    def check(self) -> None:
        """Raises PredictionFailed or Canceled unless it succeeded."""
        try:
            predict.check(self.prediction)
        except (PredictionFailed, Canceled) as exc:
            exc.message = exc.message.replace("prediction", "training", 1)
            if self.limit and self.limit.is_over and isinstance(exc, Canceled):
                exc.message += f": its {self.limit.seconds} s were over"
            raise

    def ask(self) -> NoAnswer | None:
        """Asks for its state. What kept the host from answering for the moment; raised after ``PATIENCE``."""
        clock = self.api.client.clock
        try:
            self.prediction = self.api.training(self.prediction.id)
        except NoAnswer as exc:
            self._lost = clock() if self._lost is None else self._lost
            if self.host == LOCAL or clock() - self._lost > PATIENCE:
                raise
            return exc
        self._lost = None
        return None

    def _polled(self) -> Iterator[PredictionEvent]:
        wait = _FIRST_POLL
        while True:
            was_lost = self._lost is not None
            if silence := self.ask():
                yield Phase(_LOST, f"the training goes on; {silence.message}")
            else:
                yield from [Phase(self.prediction.status)] if was_lost else []
                yield from self._seen.polled(self.prediction)
                if self.prediction.is_done:
                    yield Finished(self.prediction)
                    return
            self.api.client.sleep(wait)
            wait = min(wait * 1.3, _SLOWEST_POLL)


class Remembered(Training):
    """One that its host has forgotten, as the library has kept it: nobody is asked."""

    def events(self, *, streams: bool = True) -> Iterator[PredictionEvent]:
        """What was seen of it. Raises NotFound if that was not its end."""
        yield from super().events(streams=False)

    def ask(self) -> None:
        """Raises NotFound for one of which the end is not known."""
        if not self.prediction.is_done:
            id, status = self.prediction.id, self.prediction.status
            raise NotFound(
                f"{self.host} has forgotten training {id}, and it was {status} when rcli saw it last",
                hint=f"rcli library show {id}",
            )


def base(api: Replicate, target: Target) -> Target:
    """What is trained: one version, its document that of its training's inputs.

    Raises UsageError for what cannot be trained, or does not say which version it is.
    """
    if target.kind == "deployment" or not target.owner:
        name = target.model or target.version_id
        raise UsageError(f"{name} is no model to train", hint="rcli train owner/name:version")
    document = inputs_document(target.document, f"{target.owner}/{target.name}")
    version = target.version_id or _latest(api, target)
    return replace(target, kind="version", version_id=version, document=document)


def inputs_document(document: Json, model: str) -> Json:
    """The OpenAPI document with the inputs of a training in the place of a prediction's.

    So all that reads, asks for and checks inputs does the same for both. An empty one says nothing. Raises
    UsageError for a version without training.
    """
    components = document.get("components")
    schemas = components.get("schemas") if isinstance(components, dict) else None
    if not isinstance(components, dict) or not isinstance(schemas, dict):
        return document
    if "TrainingInput" not in schemas:
        raise UsageError(
            f"{model} cannot be trained: this version of it has no training",
            hint="a Cog project names one in cog.yaml: train: train.py:train",
        )
    schemas = {**schemas, "Input": schemas["TrainingInput"], "Output": schemas.get("TrainingOutput", {})}
    return {**document, "components": {**components, "schemas": schemas}}


def destination(api: Replicate, reference: ModelReference) -> Literal["ready", "missing", "foreign"]:
    """Whether the destination is there and belongs to whoever the token belongs to.

    Raises NotAllowed for one that is not there and could not be made: models are made for oneself alone.
    """
    try:
        api.model(reference.owner, reference.name)
    except NotFound:
        if not _is_own(api, reference.owner):
            user = api.account().username
            raise NotAllowed(
                f"there is no model {reference.full_name}, and {user} cannot make one for {reference.owner}",
                hint=f"--destination {user}/{reference.name}",
            ) from None
        return "missing"
    return "ready" if _is_own(api, reference.owner) else "foreign"


def check_pictures(files: Sequence[FileInput], progress: Callable[[str, float | None], None]) -> str | None:
    """Opens each picture that would be sent; their sizes and formats in words, None without any.

    Raises InvalidInput with the names of those that are broken.
    """
    found = [place for file in files for place in _pictures(file)]
    bad: list[str] = []
    for number, (name, path) in enumerate(found):
        progress(name, number / len(found))
        if reason := images.defect(path):
            bad.append(f"{name}: {reason}")
    if not bad:
        return _measures([size for _, path in found if (size := images.measured(path))])
    more = [f"… and {len(bad) - _MOST_NAMED} more"] if len(bad) > _MOST_NAMED else []
    count = "1 picture" if len(bad) == 1 else f"{len(bad)} pictures"
    lines = "\n  ".join([f"{count} of {len(found)} cannot be opened:", *bad[:_MOST_NAMED], *more])
    raise InvalidInput(lines, hint="take them out, or save them anew, and start again")


def _measures(sizes: Sequence[tuple[int, int, str]]) -> str | None:
    """``3 pictures, JPEG and PNG, 640×480 to 1024×1024``."""
    if not sizes:
        return None
    smallest, largest = (pick(sizes, key=lambda size: size[0] * size[1])[:2] for pick in (min, max))
    bounds = dict.fromkeys(f"{width}×{height}" for width, height in (smallest, largest))
    formats = " and ".join(sorted({kind for _, _, kind in sizes}))
    count = "1 picture" if len(sizes) == 1 else f"{len(sizes)} pictures"
    return f"{count}, {formats}, {' to '.join(bounds)}"


def contents(file: FileInput) -> tuple[int, int]:
    """How many pictures a folder has, and how many of them a text beside them that describes them."""
    names = {PurePath(member.name) for member in file.members}
    pictures = {name for name in names if is_picture(name)}
    captions = {name.with_suffix("") for name in names if name.suffix.lower() in CAPTIONS}
    return len(pictures), sum(name.with_suffix("") in captions for name in pictures)


def find(api: Replicate, id: str) -> Training:
    """A training that exists already. Raises NotFound."""
    try:
        return Training(api, api.training(id))
    except NotFound as exc:
        raise _unknown(api, id) from exc


def look_up(hosts: Hosts, text: str) -> Training:
    """By its id, by the beginning of one of the newest, or ``last``; the hosts are asked in turn.

    Raises NotFound, and UsageError when several begin so.
    """
    if text == LAST:
        return _newest(hosts)
    for api in hosts:
        rows = lists.first(_LISTED, api.trainings)
        found = [row for row in rows if row.id.startswith(text)]
        if len(found) > 1:
            raise UsageError(
                f"several trainings begin with {text!r}: {', '.join(row.id for row in found[:5])}",
                hint="write more of the id",
            )
        if found:
            return find(api, found[0].id)
        with suppress(NotFound):
            return find(api, text)
    raise _unknown(hosts[0], text)


def _newest(hosts: Hosts) -> Training:
    """The one that was made last, on whichever host that was."""
    found = [(api, row) for api in hosts for row in lists.first(1, api.trainings)]
    if not found:
        where = " or ".join(api.client.host.name for api in hosts)
        raise NotFound(f"there is no training yet on {where}", hint=_BEGIN)
    api, row = max(found, key=lambda each: _created(each[1]))
    return find(api, row.id)


def _created(row: Prediction) -> datetime:
    """When it was made; what does not tell it, or not in a way that can be read, is the oldest."""
    try:
        created = datetime.fromisoformat(row.created_at or "")
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)
    return created.replace(tzinfo=created.tzinfo or UTC)


def running(hosts: Hosts) -> Training:
    """The one that has not ended. Raises NotFound if there is none, UsageError if there are several."""
    rows = [(api, row) for api in hosts for row in lists.first(_LISTED, api.trainings)]
    found = [(api, row.id) for api, row in rows if not row.is_done]
    if not found:
        where = " or ".join(api.client.host.name for api in hosts)
        raise NotFound(f"no training runs on {where}", hint="rcli trainings watch last" if rows else _BEGIN)
    if len(found) > 1:
        ids = ", ".join(id for _, id in found)
        raise UsageError(f"{len(found)} trainings run: {ids}", hint=f"rcli trainings watch {found[0][1]}")
    return find(*found[0])


def save_weights(training: Training, outputs: Path, progress: Progress) -> Path:
    """Downloads the new weights into the managed folder of the training.

    Raises RcliErrors, NotSaved among them, and NotFound where the service gives none.
    """
    weights, id = training.weights, training.prediction.id
    if weights is None or not weights.startswith(("http://", "https://", "data:")):
        raise NotFound(f"training {id} tells no address of its weights")
    folder = safekeeping.managed(outputs, id)
    make_private_folder(folder)
    target = folder / safe_name(weights)
    return download(training.api.client, weights, target, progress, private=True).path


def ended_within(training: Training, seconds: float | None, told: Callable[[str], None]) -> bool:
    """Whether it ends in this time, None: as long as it takes. ``told`` hears its states. Raises NoAnswer."""
    client = training.api.client
    ends = None if seconds is None else client.clock() + seconds
    wait = _FIRST_POLL
    while True:
        silence = training.ask()
        if training.prediction.is_done:
            return True
        told(_LOST if silence else training.prediction.status)
        left = wait if ends is None else ends - client.clock()
        if left <= 0:
            return False
        client.sleep(min(wait, left))
        wait = min(wait * 1.3, _SLOWEST_POLL)


def _unknown(api: Replicate, id: str) -> NotFound:
    host = api.client.host.name
    return NotFound(f"there is no training {id} on {host}", hint=f"rcli trainings list --host {host}")


def _latest(api: Replicate, target: Target) -> str:
    """Official models run without a version, and are trained at one."""
    latest = api.model(target.owner, target.name).latest_version
    if latest is None:
        raise NotFound(f"{target.model} has no version that could be trained")
    return latest.id


def _is_own(api: Replicate, owner: str) -> bool:
    """Whether models of this owner are the account's; where nobody tells, they may be."""
    try:
        return api.account().username == owner
    except NotFound:
        return True


def _pictures(file: FileInput) -> Iterator[tuple[str, Path]]:
    """What pretends to be a picture, with where it is."""
    if file.members:
        is_folder = file.path is not None and file.path.is_dir() and " @" not in file.written
        folder = f"{file.written[1:].rstrip('/')}/" if is_folder else ""
        places = [(folder + member.name, member.path) for member in file.members]
    else:
        places = [(file.written[1:], file.path)] if file.path and file.data is None else []
    yield from ((name, path) for name, path in places if is_picture(path))
