"""From what a user wrote as MODEL to a host, and what is to run there."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rcli.app import App
from rcli.cli.steps import named
from rcli.cli.steps.request.pinning import pinned, tell_changes
from rcli.cli.steps.results.delivering import Wishes
from rcli.errors import InvalidInput, NotFound, UsageError
from rcli.records import Json
from rcli.references import FolderReference, ModelReference, Reference, VersionReference, is_folder
from rcli.services import seen
from rcli.services.models import catalog
from rcli.services.models.catalog import Target
from rcli.services.request import variables
from rcli.services.work import launch
from rcli.services.work.launch import Resolved
from rcli.settings import LOCAL
from rcli.ui.live import Display
from rcli.ui.views import SHORT


def split(words: Sequence[str], cwd: Path) -> tuple[str | None, list[str]]:
    """The model, None when there is none, and the inputs: a word with ``=`` that is no folder is an input.

    In a Cog project the model may be left out. Raises UsageError when there are two.
    """
    models = [word for word in words if is_folder(word) or "=" not in word]
    if len(models) > 1:
        hint = "inputs are written key=value; --help behind the model tells them"
        raise UsageError(f"{models[1]!r} is no input", hint=hint)
    if models:
        return models[0], [word for word in words if word is not models[0]]
    if (cwd / "cog.yaml").is_file():
        return ".", list(words)
    return None, list(words)


def resolve(app: App, model: str, wishes: Wishes, display: Display) -> Resolved:
    """Asks the host for the model; the first line names both. Raises RcliErrors."""
    prefix, reference = app.parse(model)
    host = app.host_for(prefix, reference)
    if not isinstance(reference, FolderReference):
        _refuse_overrides(wishes)
    own = variables.parse(wishes.variables, app.environ)
    if own and host != LOCAL:
        raise UsageError(f"-e is for models on this machine: {host} keeps its models' variables itself")
    display.phase("connecting", f"to {host}")
    api = app.connect(host)
    if isinstance(reference, FolderReference):
        pin = None
        target, first_seen, warnings = launch.of_folder(api, reference.path, wishes.file, wishes.overrides)
    else:
        first_seen, warnings = False, ()
        with _missing_explained(app, prefix, reference):
            pin = pinned(app, host, reference, locked=wishes.locked)
            target = catalog.resolve(api, reference, pin)
    introduce(app, host, target, display)
    _keep(app, host, reference, target.document, target.version_id)
    if first_seen:
        app.screen.note(f"first run of {reference}: its code runs with your rights")
    for warning in warnings:
        app.screen.warning(warning)
    tell_changes(app, Resolved(api, target), reference, pin)
    if not wishes.giving.dry_run:
        target = variables.given(api, target, wishes.variables, own)
    return Resolved(api, target)


def introduce(app: App, host: str, target: Target, display: Display) -> None:
    """Says where what runs."""
    version = f":{target.version_id[:SHORT]}" if target.version_id else ""
    display.title = title(host, target)
    app.screen.note(f"{host} · {target.model}{version}")


def document(app: App, model: str, *, file: str = "cog.yaml", to_run: bool = False) -> Json:
    """The OpenAPI document of what a model's name means; ``to_run``: of what ``run`` would take.

    Raises RcliErrors, NotFound for a version whose document cannot be had by its id alone.
    """
    prefix, reference = app.parse(model)
    if isinstance(reference, FolderReference):
        document = app.engine().register(reference.path, file, to_run=False).version.schema
        _keep(app, LOCAL, reference, document)
        return document
    host = app.host_for(prefix, reference)
    api = app.connect(host)
    if to_run:
        with _missing_explained(app, prefix, reference):
            target = catalog.resolve(api, reference, pinned(app, host, reference, locked=False))
        _keep(app, host, reference, target.document, target.version_id)
        return target.document
    with _missing_explained(app, prefix, reference):
        target = catalog.resolve(api, reference, None)
    found = target.document
    _keep(app, host, reference, found, target.version_id)
    if isinstance(reference, VersionReference) and not found:
        raise NotFound(
            f"{host} tells no schema of a version by its id alone",
            hint=f"rcli models schema owner/name:{reference}",
        )
    return found


def title(host: str, target: Target) -> str:
    """What a display says of it."""
    return f"{host} · {target.model}" if target.model else host


@contextmanager
def schema_named(model: str) -> Iterator[None]:
    """An input that is refused leads to the list of those that are not."""
    try:
        yield
    except InvalidInput as exc:
        exc.hint = exc.hint or f"rcli models schema {shlex.quote(model)}"
        raise


def _keep(app: App, host: str, reference: Reference, document: Json, version: str | None = None) -> None:
    """What shells complete for this model from now on."""
    if isinstance(reference, VersionReference) or not document:
        return
    name = reference.full_name if isinstance(reference, ModelReference) else str(reference)
    seen.keep(app.settings.paths, host, name, document, version)


def _refuse_overrides(wishes: Wishes) -> None:
    """Raises UsageError: what runs elsewhere, or comes with rcli, has its environment already."""
    if wishes.overrides.to_json():
        raise UsageError(
            "--with, --any-python and --torch-backend are for a project in a folder",
            hint="rcli run ./folder --with 'numpy<2'",
        )


@contextmanager
def _missing_explained(app: App, prefix: str | None, reference: Reference) -> Iterator[None]:
    """What is not there may be a folder, or in the cloud."""
    try:
        yield
    except catalog.Misspelt:
        raise
    except NotFound as exc:
        if not (prefix or app.flags.host) and (app.cwd / str(reference) / "cog.yaml").is_file():
            raise NotFound(exc.message, hint=f"did you mean the folder ./{reference}?") from exc
        named.may_be_elsewhere(app, prefix, reference, exc)
        raise
