"""Which version of a model a project runs, and what changed since."""

from __future__ import annotations

from collections.abc import Sequence

from rcli.app import App
from rcli.cli.steps.lookup import library
from rcli.errors import UsageError
from rcli.references import DeploymentReference, FolderReference, ModelReference, Reference, VersionReference
from rcli.services.models import lock, newer
from rcli.services.models.differences import Change
from rcli.services.models.lock import Lock
from rcli.services.work.launch import Resolved
from rcli.settings import nearest
from rcli.ui.views import SHORT

_MOST_CHANGES = 12


def lock_of(app: App) -> Lock:
    """The lock beside ``rcli.toml``, or without that the nearest; where it would be if there is none.

    Raises UsageError for one that cannot be read.
    """
    project = app.settings.project
    found = project / lock.NAME if project else nearest(app.cwd, lock.NAME)
    return Lock.read(found or app.cwd / lock.NAME)


def pinned(app: App, host: str, reference: Reference, *, locked: bool) -> str | None:
    """The version that the project has for a model that is named without one.

    Raises UsageError where ``locked`` demands one that is not there.
    """
    match reference:
        case ModelReference(version=None):
            own = lock_of(app)
            model = reference.full_name
            version = app.settings.locked_version(model) or own.version(host, model)
            if version is None and locked:
                raise UsageError(
                    f"{host}:{model} is not pinned in {own.path}", hint=f"rcli lock {host}:{model}"
                )
            return version
        case DeploymentReference() if locked:
            raise UsageError(
                f"--locked: what {reference} runs is not chosen here", hint="run the model itself"
            )
        case ModelReference() | VersionReference() | FolderReference() | DeploymentReference():
            return None


def tell_changes(app: App, model: Resolved, reference: Reference, pin: str | None) -> None:
    """A warning when the inputs of the latest version are others than of that which is pinned, or ran last.

    What is pinned is compared where a person watches: it costs a request.
    """
    if not isinstance(reference, ModelReference) or reference.version:
        return
    if pin is None:
        last = library(app).last_version(reference.full_name, model.host)
        changes = newer.since(model.api, reference, model.target, last)
        _warn(app, f"{reference}: the latest version is not the one that ran last", changes)
    elif app.screen.speaks:
        changes = newer.ahead(model.api, reference, model.target)
        _warn(app, f"{reference}: the latest version is not {pin[:SHORT]}, which is pinned here", changes)


def lines(changes: Sequence[Change]) -> list[str]:
    """One for each change, as far as they are worth reading here."""
    shown = [f"  {change}" for change in changes[:_MOST_CHANGES]]
    return [*shown, *([f"  … {len(changes) - _MOST_CHANGES} more"] if len(changes) > _MOST_CHANGES else [])]


def _warn(app: App, what: str, changes: Sequence[Change]) -> None:
    if not changes:
        return
    breaks = any(change.breaks for change in changes)
    verdict = "what is marked ! breaks callers" if breaks else "nothing of it breaks callers"
    app.screen.warning("\n".join([f"{what}, and has other inputs ({verdict}):", *lines(changes)]))
