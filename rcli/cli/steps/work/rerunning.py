"""``rcli predictions rerun``: the same once more, or with something changed."""

from __future__ import annotations

from typing import Annotated

import typer

from rcli.app import App
from rcli.cli.options import (
    FINISH,
    TERMS,
    VARIABLES,
    Detach,
    Id,
    Inputs,
    Logs,
    Output,
    OutputDir,
    also,
    world,
)
from rcli.cli.steps.lookup import library, place
from rcli.cli.steps.request import changes
from rcli.cli.steps.request.resolving import introduce, schema_named
from rcli.cli.steps.request.terms import terms
from rcli.cli.steps.results.delivering import Wishes
from rcli.cli.steps.results.finish import finish
from rcli.cli.steps.work import performing
from rcli.errors import UsageError
from rcli.services.models.catalog import Target
from rcli.services.request import variables
from rcli.services.request.sources import Sources
from rcli.services.request.uploads import Uploads
from rcli.services.work import launch
from rcli.services.work import rerun as again
from rcli.services.work.launch import Handling, Job, Written
from rcli.services.work.rerun import Former
from rcli.settings import LOCAL
from rcli.ui.live import Display

Changes = Annotated[
    list[str] | None, typer.Argument(metavar="[KEY=VALUE]…", help="Inputs that are to be different.")
]


@also(VARIABLES, *TERMS, *FINISH)
def rerun(
    ctx: typer.Context,
    id: Id,
    words: Changes = None,
    input: Inputs = None,
    output: Output = None,
    output_dir: OutputDir = None,
    detach: Detach = False,
    logs: Logs = False,
) -> None:
    """Run the same version of a model on the same inputs again, changed by -i.

    Inputs come from the service, or from the library when the service has deleted them. Secret ones, and
    values of -e, are stored nowhere and have to be given again; -e NAME takes yours once more.

    Example: rcli predictions rerun last -i seed=2
    """
    app = world(ctx)
    wishes = Wishes(
        variables=changes.variables(ctx),
        detach=detach,
        target=output,
        folder=output_dir,
        terms=terms(ctx),
        logs=logs,
        finish=finish(ctx, output),
    )
    written = launch.read(words or [], input or [], Sources(app.cwd, app.home, app.stdin.buffer))
    performing.check_target(app, wishes)
    host, whole = place(app, id)
    former = again.find(app.connect(host), whole, library(app).known(whole, host))
    target = _target(app, host, former, wishes)
    written = _with_secrets(app, former, target, written)

    def prepare(display: Display) -> tuple[str, Job]:
        introduce(app, host, target, display)

        def progress(message: str, share: float | None) -> None:
            display.phase("sending", message, share)

        with schema_named(former.reference):
            handling = Handling(uploads=Uploads(app.settings.paths.cache / "uploads.json"))
            job = again.prepare(former, target, written, progress, app.neighbour(host), handling)
            return host, job

    performing.carry_out(app, former.reference, prepare, wishes)


def _target(app: App, host: str, former: Former, wishes: Wishes) -> Target:
    _, reference = app.parse(former.reference)
    target = again.target(former, reference)
    written = _with_variables(app, former, wishes.variables)
    own = variables.parse(written, app.environ)
    if own and host != LOCAL:
        raise UsageError(f"-e is for models on this machine: {host} keeps its models' variables itself")
    return variables.given(former.api, target, written, own)


def _with_variables(app: App, former: Former, written: tuple[str, ...]) -> tuple[str, ...]:
    """What ``-e`` says now, and the variables of then: the caller's own as they are here and now, and others'
    values are asked for. Raises UsageError where nobody can be asked, or one is no more here.
    """
    had = variables.again(former.variables, written, app.environ)
    if had.passed:
        app.screen.note(f"{', '.join(had.passed)}: as it was then, from your environment")
    if not had.missing or not app.may_ask:
        variables.refuse(had.missing)
        return (*had.passed, *written)
    from rcli.ui import prompts  # imports a whole terminal toolkit

    asked = [f"{name}={prompts.secret(f'-e {name}:', app.stderr)}" for name in had.missing]
    return (*had.passed, *asked, *written)


def _with_secrets(app: App, former: Former, target: Target, written: Written) -> Written:
    """Asks for the secrets that the first run had. Raises InvalidInput where nobody can be asked."""
    missing = again.missing_secrets(former, target.document, written)
    if not missing or not app.may_ask:
        again.refuse(missing)
        return written
    from rcli.ui import prompts  # imports a whole terminal toolkit

    return again.with_secrets(written, {name: prompts.secret(f"{name}:", app.stderr) for name in missing})
