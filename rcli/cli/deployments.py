"""``rcli deployments``: names that stay while the version behind them changes, on instances of their own."""

from __future__ import annotations

from typing import Annotated

import typer

from rcli.app import App
from rcli.cli.options import (
    CODE,
    FINISH,
    GIVING,
    SEVERAL,
    TERMS,
    Command,
    Detach,
    Every,
    Inputs,
    Limit,
    Logs,
    Output,
    OutputDir,
    Sku,
    Yes,
    also,
    group,
    world,
)
from rcli.cli.run import run as run_model
from rcli.cli.steps import named, showing
from rcli.cli.steps.confirming import confirmed
from rcli.errors import UsageError
from rcli.records import Deployment, Json
from rcli.services import lists
from rcli.services.models import deployments, versions
from rcli.settings import LOCAL
from rcli.ui import inventory

app = group("Run a model under a name of your own, on instances of your own.")

Name = Annotated[str, typer.Argument(metavar="DEPLOYMENT", help="[OWNER/]NAME; without OWNER yours.")]
Model = Annotated[str, typer.Argument(metavar="MODEL", help="owner/name, or owner/name:VERSION.")]
Pairs = Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]…", help="Inputs.")]
VersionId = Annotated[
    str | None,
    typer.Option("--version", metavar="VERSION", help="An id, the beginning of one, or latest."),
]
Least = Annotated[
    int | None, typer.Option("--min", min=0, max=5, metavar="N", help="So many instances always run: 0 to 5.")
]
Most = Annotated[
    int | None, typer.Option("--max", min=0, max=20, metavar="N", help="No more than so many: 0 to 20.")
]


@app.command("list", cls=Command)
def list_(ctx: typer.Context, limit: Limit = 20, all: Every = False) -> None:
    """List your deployments and what their releases run.

    Example: rcli deployments list --host local
    """
    app = world(ctx)
    found = lists.first(limit, app.default_api().deployments, all=all)
    table = inventory.deployments(found, brief=app.screen.is_terminal)
    showing.rows(app, [row.raw for row in found], (row.full_name for row in found), table)


@app.command(cls=Command)
def show(ctx: typer.Context, deployment: Name) -> None:
    """Show a deployment: its release, what that runs, and on how many instances.

    Example: rcli deployments show local:shop
    """
    app = world(ctx)
    host, reference = named.deployment(app, deployment)
    api = app.connect(host, as_is=True)
    with deployments.known(api, reference):
        _tell(app, api.deployment(reference.owner, reference.name))


@app.command(cls=Command)
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Under your own account.")],
    model: Model,
    hardware: Sku = None,
    least: Least = 0,
    most: Most = 1,
) -> None:
    """Make a deployment of a model: of the version that is named, or else of its latest one.

    On this machine --hardware may be left out. From --min 1 on it costs money also when nobody uses it.

    Example: rcli deployments create shop local:me/echo --max 2
    """
    app = world(ctx)
    host, reference, written = named.version(app, model)
    api = app.connect(host, as_is=True)
    local = host == LOCAL
    if not (hardware or local):
        raise UsageError(
            "no hardware is named", hint="--hardware SKU; rcli hardware list tells what there is"
        )
    version = versions.find(api, reference, written)
    body = {
        "name": name,
        "model": reference.full_name,
        "version": version.id,
        "hardware": hardware or "cpu",
        "min_instances": least,
        "max_instances": most,
    }
    made = api.create_deployment(body)
    _tell(app, made)
    app.screen.note(f"rcli deployments run {host}:{made.full_name} runs it")


@app.command(cls=Command)
def update(
    ctx: typer.Context,
    deployment: Name,
    version: VersionId = None,
    hardware: Sku = None,
    least: Least = None,
    most: Most = None,
) -> None:
    """Change what a deployment runs, or on what: that is a new release, with the next number.

    Example: rcli deployments update local:shop --version latest --max 3
    """
    app = world(ctx)
    changes = _changes(hardware, least, most)
    if version is None and not changes:
        raise UsageError(
            "nothing to change is named", hint=f"rcli deployments update {deployment} --version latest"
        )
    host, reference = named.deployment(app, deployment)
    api = app.connect(host, as_is=True)
    with deployments.known(api, reference):
        if version is not None:
            changes["version"] = deployments.version_of(api, reference, version)
        _tell(app, api.update_deployment(reference.owner, reference.name, changes))


@app.command(cls=Command)
def scale(ctx: typer.Context, deployment: Name, least: Least = None, most: Most = None) -> None:
    """Change on how many instances a deployment runs. --min 0 --max 0 takes it offline.

    Example: rcli deployments scale local:shop --min 0 --max 5
    """
    app = world(ctx)
    changes = _changes(None, least, most)
    if not changes:
        raise UsageError("say how many", hint=f"rcli deployments scale {deployment} --min 0 --max 5")
    host, reference = named.deployment(app, deployment)
    api = app.connect(host, as_is=True)
    with deployments.known(api, reference):
        _tell(app, api.update_deployment(reference.owner, reference.name, changes))


@app.command(cls=Command)
def delete(ctx: typer.Context, deployment: Name, yes: Yes = False) -> None:
    """Delete a deployment. Replicate wants it to have been offline and unused for 15 minutes before.

    Offline means without instances: rcli deployments scale NAME --min 0 --max 0. On this machine only work
    in hand forbids it.

    Example: rcli deployments delete local:shop --yes
    """
    app = world(ctx)
    host, reference = named.deployment(app, deployment)
    api = app.connect(host, as_is=True)
    with deployments.known(api, reference):
        found = api.deployment(reference.owner, reference.name)
    if not yes and not confirmed(app, f"Delete the deployment {found.full_name} on {host}?"):
        app.screen.say("nothing was deleted")
        return
    deployments.delete(api, found)
    showing.deleted(app, "deployment", found.full_name)


@app.command(cls=Command)
@also(*GIVING, *TERMS, *SEVERAL, *CODE, *FINISH)
def run(
    ctx: typer.Context,
    deployment: Name,
    pairs: Pairs = None,
    input: Inputs = None,
    output: Output = None,
    output_dir: OutputDir = None,
    detach: Detach = False,
    logs: Logs = False,
) -> int | None:
    """Run a deployment and get its output, as rcli run deployments/OWNER/NAME does.

    Example: rcli deployments run local:shop text=world
    """
    app = world(ctx)
    host, reference = named.deployment(app, deployment)
    words = [f"{host}:{reference}", *(pairs or [])]
    return run_model(ctx, words, input, output, output_dir, detach=detach, logs=logs)


def _changes(hardware: str | None, least: int | None, most: int | None) -> Json:
    """What is named, by the API's names."""
    named = {"hardware": hardware, "min_instances": least, "max_instances": most}
    return {key: value for key, value in named.items() if value is not None}


def _tell(app: App, found: Deployment) -> None:
    showing.record(app, found.raw, found.full_name, inventory.deployment(found))
