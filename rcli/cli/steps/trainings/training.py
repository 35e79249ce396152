"""What ``rcli train`` does, step by step: the base, the destination, the inputs, the training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from rcli.app import App
from rcli.cli.steps.confirming import confirmed
from rcli.cli.steps.lookup import library
from rcli.cli.steps.request import asking
from rcli.cli.steps.request.resolving import resolve, split
from rcli.cli.steps.results.delivering import Wishes
from rcli.cli.steps.trainings import trying
from rcli.cli.steps.trainings.attending import Attention, attend, check_table, coming_back, command
from rcli.errors import Interrupted, InvalidInput, NotAllowed, NotFound, UsageError
from rcli.records import NO_TERMS, Terms
from rcli.references import ModelReference, is_folder
from rcli.services.library.records import Origin
from rcli.services.request.inputs import Inputs
from rcli.services.request.sending import Box
from rcli.services.request.sources import FileInput, Sources
from rcli.services.request.uploads import Uploads
from rcli.services.work import launch, training
from rcli.services.work.launch import Handling, Job, Resolved, Written
from rcli.services.work.training import HARDWARE, Training, TrainingLimit
from rcli.settings import LOCAL
from rcli.ui import views
from rcli.ui.live import Display

_EXAMPLE = "--destination local:me/model"


@dataclass(frozen=True)
class Making:
    """Whether a destination that is missing is made, and of which kind; ``agreed``: nobody is asked."""

    wanted: bool = False
    private: bool = False
    hardware: str | None = None
    agreed: bool = False


@dataclass(frozen=True)
class Order:
    """What the user wants of a training; ``destination`` and the inputs of ``tries`` as they were written.

    Pictures are brought within ``box`` and into the format ``kind``.
    """

    destination: str
    making: Making = Making()
    attention: Attention = Attention()  # noqa: RUF009
    tries: tuple[str, ...] = ()
    detach: bool = False
    file: str = "cog.yaml"
    terms: Terms = NO_TERMS
    box: Box | None = None
    kind: str | None = None


def perform(app: App, words: Sequence[str], written: Sequence[str], order: Order) -> None:
    """A training from the words of the command line to its new version."""
    name, rest = split(words, app.cwd)
    if name is None:
        raise UsageError("what is to be trained?", hint=f"rcli train owner/name key=value {_EXAMPLE}")
    host, reference = _destination(app, order.destination)
    _check_end(order)
    check_table(order.attention.table)
    sources = Sources(app.cwd, app.home, app.stdin.buffer, "zip")
    read = launch.read(rest, written, sources)
    found = _found(app, _on_host(app, name, host), order)
    model = replace(found, target=training.base(found.api, found.target))
    built = _built(app, name, model, read, sources)
    trial = trying.read(found, order.tries, sources)
    _check_limit(order, model.host)
    make = _prepared(app, model, reference, order.making)
    with app.screen.cockpit(f"{model.host} · {reference.full_name}") as display:
        begun = _begun(app, _job(app, model, built, display, order, make), reference, order)
        if order.detach:
            display.stop()
            _show_id(app, begun)
            return
        attend(app, begun, display, order.attention)
    if trial:
        trying.compare(app, found, begun, trial)


def _check_end(order: Order) -> None:
    """Raises UsageError for what is to be done at the end, where nobody waits for it."""
    if order.detach and (order.tries or order.attention.downloads or order.attention.table):
        raise UsageError(
            "--csv, --download and --try come at the end, and --detach does not wait for it",
            hint="rcli trainings watch --csv FILE --download",
        )


def _check_limit(order: Order, host: str) -> None:
    """Raises UsageError for a time that nobody would keep: services have none for trainings."""
    if order.detach and order.terms.cancel_after and host != LOCAL:
        raise UsageError(
            f"--timeout needs rcli to watch: {host} has no time limits for trainings",
            hint="leave --detach out",
        )


def _built(app: App, name: str, model: Resolved, read: Written, sources: Sources) -> Inputs:
    """The inputs, all that is wrong with them told before anything is made or sent."""
    answers = asking.answers(app, sources, everything=False)
    try:
        built = launch.build(model.target, read, answers)
    except InvalidInput as exc:
        exc.hint = exc.hint or f"rcli train {name} --help"
        raise
    with app.screen.display(name) as display:
        found = training.check_pictures(
            built.files, lambda said, share: display.phase("checking", said, share)
        )
    if found:
        app.screen.note(found)
    return built


def _destination(app: App, text: str) -> tuple[str | None, ModelReference]:
    """The host, None where it is the base's, and the model. Raises UsageError."""
    if not text:
        raise UsageError("where to is missing: the model that gets the new version", hint=_EXAMPLE)
    prefix, reference = app.parse(text)
    if not isinstance(reference, ModelReference) or reference.version:
        raise UsageError(f"{text!r} is no model that could get a version", hint=_EXAMPLE)
    return prefix or app.flags.host, reference


def _on_host(app: App, base: str, host: str | None) -> str:
    """The base as it is to be found on the destination's host. Raises UsageError if that is another one."""
    prefix, reference = app.parse(base)
    has_own = bool(prefix or app.flags.host) or is_folder(base)
    own = app.host_for(prefix, reference)
    if host is None or own == host:
        return base
    if has_own:
        raise UsageError(
            f"the base is on {own}, the destination on {host}: a training stays on one host",
            hint=f"--destination {own}:owner/name",
        )
    return f"{host}:{base}"


def _found(app: App, name: str, order: Order) -> Resolved:
    with app.screen.display(name) as display:
        return resolve(app, name, Wishes(order.file), display)


def _prepared(app: App, model: Resolved, reference: ModelReference, making: Making) -> Callable[[], None]:
    """Sees to it that the destination is there, or what makes it when all is ready to be sent.

    Raises NotFound, NotAllowed.
    """

    def is_there() -> None:
        """Nothing has to be made; the engine makes one by itself."""

    if model.host == LOCAL:
        return is_there
    match training.destination(model.api, reference):
        case "missing":
            return _maker(app, model, reference, making)
        case "foreign" if not making.agreed:
            if not app.may_ask:
                raise NotAllowed(
                    f"{reference.full_name} belongs to {reference.owner}, and you are somebody else",
                    hint="--yes tries it all the same",
                )
            if not confirmed(
                app, f"{reference.full_name} belongs to {reference.owner}. Try it all the same?"
            ):
                raise NotAllowed(f"nothing was sent: {reference.full_name} is not yours")
    return is_there


def _maker(app: App, model: Resolved, reference: ModelReference, making: Making) -> Callable[[], None]:
    """What makes the destination, if the user wants that."""
    missing = f"there is no model {reference.full_name} on {model.host}"
    visibility = "private" if making.private else "public"
    hardware = making.hardware or HARDWARE
    if not (making.wanted or making.agreed):
        if not app.may_ask:
            raise NotFound(missing, hint="--create-destination makes it (--private, --hardware SKU)")
        if not confirmed(app, f"{missing}. Make it, {visibility}, for {hardware}?"):
            raise NotFound(f"{missing}: nothing was sent", hint="--create-destination --private makes one")

    def make() -> None:
        model.api.create_model(reference.owner, reference.name, visibility, hardware)
        app.screen.say(f"made {reference.full_name} ({visibility}, {hardware})")

    return make


def _job(
    app: App, model: Resolved, built: Inputs, display: Display, order: Order, make: Callable[[], None]
) -> Job:
    """Packs the files, makes what is missing, and sends them."""

    def progress(message: str, share: float | None) -> None:
        display.phase("sending", message, share)

    uploads = Uploads(app.settings.paths.cache / "uploads.json")
    handling = Handling(
        order.box, uploads, made=lambda *files: _tell_packed(app, *files), kind=order.kind, ready=make
    )
    engine = app.neighbour(model.host)
    return launch.dispatch(model.api, model.target, built, progress, engine, handling)


def _tell_packed(app: App, before: FileInput, after: FileInput) -> None:
    """What became of a folder, of several files, or of a picture."""
    counts = []
    if before.archive:
        pictures, captions = training.contents(before)
        counts.append(f"{len(before.members)} file{'s' if len(before.members) > 1 else ''}")
        counts += [f"{pictures} pictures, {captions} of them with a caption"] if pictures else []
    sizes = f"{views.size(before.size)}, {'packed' if before.archive else 'sent'} as {after.name}"
    told = ", ".join([*counts, sizes, str(views.size(after.size))])
    app.screen.note(f"{before.written[1:].replace(' @', ' ')}: {told}")


def _begun(app: App, job: Job, reference: ModelReference, order: Order) -> Training:
    """Creates it. A signal waits for the answer: what has no id, nobody could come back to."""
    api, target = job.api, job.target
    assert target.version_id is not None
    base = target.owner, target.name, target.version_id
    begun: Training | None = None
    try:
        with app.signals.held():
            made = api.create_training(*base, reference.full_name, job.input, terms=order.terms)
            seconds = order.terms.cancel_after
            begun = Training(api, made, TrainingLimit(api, made.id, seconds) if seconds else None)
            _remember(app, begun, replace(job.origin, destination=reference.full_name))
    except Interrupted as exc:
        if begun is None:
            exc.hint = f"the training may have begun: rcli trainings list --host {api.client.host.name}"
            raise
        with coming_back(app, begun, order.attention, app.screen.display(reference.full_name)):
            raise
    return begun


def _remember(app: App, begun: Training, origin: Origin) -> None:
    kept = library(app, "training")
    if not kept.remember(begun.prediction, begun.host, origin):
        app.screen.warning(f"{kept.path} cannot be written: {begun.prediction.id} is not remembered")


def _show_id(app: App, begun: Training) -> None:
    if app.flags.wants_json:
        app.screen.json(begun.prediction.raw)
    else:
        app.screen.line(begun.prediction.id)
        app.screen.note(command(begun, "watch"))
