"""``rcli train --try``: the new version beside its base, on the same inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rcli.app import App
from rcli.cli.steps.request.resolving import title
from rcli.cli.steps.results.delivering import Wishes
from rcli.cli.steps.work.performing import carry_out
from rcli.errors import InvalidInput
from rcli.references import ModelReference
from rcli.services.models import catalog
from rcli.services.request.inputs import Inputs
from rcli.services.request.sources import Sources
from rcli.services.request.uploads import Uploads
from rcli.services.work import launch
from rcli.services.work.launch import Handling, Job, Resolved
from rcli.services.work.training import Training
from rcli.ui.live import Display


def read(base: Resolved, tries: Sequence[str], sources: Sources) -> Inputs | None:
    """The inputs of both runs, checked by what the base takes. None without any. Raises InvalidInput."""
    if not tries:
        return None
    try:
        return launch.build(base.target, launch.read((), tries, sources))
    except InvalidInput as exc:
        exc.message = f"--try: {exc.message}"
        raise


def compare(app: App, base: Resolved, training: Training, trial: Inputs) -> None:
    """The base's output, then the new version's."""
    if training.version is None:
        app.screen.warning("--try: the training tells no version")
        return
    model, _, id = training.version.partition(":")
    owner, _, name = model.partition("/")
    new = catalog.resolve(base.api, ModelReference(owner, name, id), None)
    for each in (base, replace(base, target=new)):
        app.screen.note(f"{title(each.host, each.target)}:")
        _run(app, each, trial)
        app.screen.end_text()


def _run(app: App, model: Resolved, trial: Inputs) -> None:
    def job(display: Display) -> tuple[str, Job]:
        def progress(message: str, share: float | None) -> None:
            display.phase("sending", message, share)

        handling = Handling(uploads=Uploads(app.settings.paths.cache / "uploads.json"))
        engine = app.neighbour(model.host)
        return model.host, launch.dispatch(model.api, model.target, trial, progress, engine, handling)

    carry_out(app, title(model.host, model.target), job, Wishes())
