"""``rcli models``: what there is to run, what it takes, and the models that are one's own."""

from __future__ import annotations

import json
from functools import partial
from typing import Annotated, Literal

import typer

from rcli.app import App
from rcli.cli.options import (
    Command,
    Every,
    Limit,
    Model,
    Sku,
    Words,
    Yes,
    also,
    chosen,
    further,
    group,
    world,
)
from rcli.cli.steps import named, showing
from rcli.cli.steps.confirming import confirmed
from rcli.cli.steps.request import resolving
from rcli.cli.steps.request.model_help import OUTPUTS
from rcli.errors import NotFound, RcliError, UsageError
from rcli.records import Json
from rcli.references import ModelReference
from rcli.services import lists, seen
from rcli.services.models import catalog, schema
from rcli.services.models.schema import Field
from rcli.services.request import words
from rcli.services.work.training import HARDWARE
from rcli.settings import LOCAL
from rcli.ui import inventory, views

app = group("Find models and see what they take; make, change and delete your own.")

Name = Annotated[str, typer.Argument(metavar="MODEL", help="owner/name, with a host before it or without.")]
Private = Annotated[
    bool, typer.Option("--private/--public", help="Who can see and run it: you alone, or everybody.")
]
Sort = Annotated[
    Literal["version", "created"] | None,
    typer.Option("--sort", metavar="BY", help="By the time of the latest version, or of the model: created."),
]

ABOUT = (
    further(["--description"], "What it does, in a sentence.", metavar="TEXT"),
    further(["--github-url"], "Where its source is.", metavar="URL"),
    further(["--paper-url"], "The paper that tells of it.", metavar="URL"),
    further(["--license-url"], "Under which licence it is.", metavar="URL"),
)
CREATE_ALONE = (further(["--cover-image-url"], "A picture for its page.", metavar="URL"),)
UPDATE_ALONE = (
    further(["--weights-url"], "Where its weights are.", metavar="URL"),
    further(["--readme"], "A file in Markdown; - is standard input.", metavar="FILE"),
)


@app.command("list", cls=Command)
def list_(
    ctx: typer.Context,
    limit: Limit = 20,
    all: Every = False,
    sort: Sort = None,
    reverse: Annotated[bool, typer.Option("--reverse", help="The oldest first.")] = False,
) -> None:
    """List models, those with the newest versions first: of this machine, or of the service.

    Example: rcli models list --host local
    """
    app = world(ctx)
    by = {None: "", "version": "latest_version_created_at", "created": "model_created_at"}[sort]
    api = app.default_api()
    fetch = partial(api.models, sort=by, direction="asc" if reverse else "")
    found = lists.first(limit, fetch, all=all)
    seen.keep_models(app.settings.paths, api.client.host.name, found)
    table = views.models(found, brief=app.screen.is_terminal)
    showing.rows(app, [row.raw for row in found], (row.full_name for row in found), table)


@app.command(cls=Command)
def search(ctx: typer.Context, words: Words, limit: Limit = 20, all: Every = False) -> None:
    """Find models by words, the best first.

    Example: rcli models search picture --host local
    """
    app = world(ctx)
    api = app.default_api()
    found = lists.first(limit, partial(api.search_models, " ".join(words)), all=all)
    seen.keep_models(app.settings.paths, api.client.host.name, found)
    table = views.models(found, brief=app.screen.is_terminal)
    empty = "nothing was found"
    showing.rows(app, [row.raw for row in found], (row.full_name for row in found), table, empty=empty)


@app.command(cls=Command)
def show(ctx: typer.Context, model: Model) -> None:
    """Show one model: what it is, its latest version, how often it ran.

    Example: rcli models show rcli/hello
    """
    app = world(ctx)
    host, reference = named.model(app, model)
    api = app.connect(host, as_is=True)
    with named.sought(app, model):
        record = catalog.find(api, reference)
    showing.record(app, record.raw, record.full_name, views.model(record))


@app.command(cls=Command)
def readme(ctx: typer.Context, model: Name) -> None:
    """Show a model's README: laid out on a terminal, as it was written in a pipe.

    Example: rcli models readme rcli/upscale
    """
    app = world(ctx)
    host, reference = named.model(app, model)
    api = app.connect(host, as_is=True)
    try:
        text = api.readme(reference.owner, reference.name)
    except NotFound as exc:
        with named.sought(app, model):
            catalog.find(api, reference)
        raise NotFound(f"{reference.full_name} has no README", hint=f"rcli models show {model}") from exc
    if app.flags.wants_json:
        app.screen.json({"readme": text})
    else:
        app.screen.markdown(text)


@app.command(cls=Command)
def examples(ctx: typer.Context, model: Name, limit: Limit = 20, all: Every = False) -> None:
    """List what a model was given as examples, and what it made of it.

    On this machine they are what its latest version made last.

    Example: rcli models examples rcli/hello
    """
    app = world(ctx)
    host, reference = named.model(app, model)
    api = app.connect(host, as_is=True)
    try:
        fetch = partial(api.examples, reference.owner, reference.name)
        found = lists.first(limit, fetch, all=all)
    except NotFound:
        with named.sought(app, model):
            catalog.find(api, reference)
        raise
    table = inventory.examples(found, brief=app.screen.is_terminal)
    showing.rows(app, [row.raw for row in found], (row.id for row in found), table)


@app.command("schema", cls=Command)
def schema_(ctx: typer.Context, model: Model = ".") -> None:
    """Show a model's inputs with their types, ranges and defaults, and what it puts out.

    Example: rcli models schema rcli/smollm2
    """
    app = world(ctx)
    document = resolving.document(app, model)
    fields = schema.input_fields(document)
    table = ("input", "takes", "default", "bounds", "description"), [_row(field) for field in fields]
    empty = "this model takes no inputs, or tells none"
    showing.rows(app, document, (field.name for field in fields), table, empty=empty)
    if not app.flags.wants_json:
        app.screen.note(f"output: {OUTPUTS.get(kind := schema.output_kind(document), kind)}")


@app.command(cls=Command)
@also(*ABOUT, *CREATE_ALONE)
def create(ctx: typer.Context, model: Name, private: Private = True, hardware: Sku = None) -> None:
    """Make a model of your own, without a version yet; rcli push gives it one.

    Without --hardware it is for cpu on this machine, and for gpu-t4 elsewhere.

    Example: rcli models create local:me/painter --description "Paints what you say"
    """
    app = world(ctx)
    host, reference = named.model(app, model)
    api = app.connect(host, as_is=True)
    _refuse_version(reference)
    visibility = "private" if private else "public"
    about = _said(ctx, ("description", "github_url", "paper_url", "license_url", "cover_image_url"))
    sku = hardware or ("cpu" if host == LOCAL else HARDWARE)
    made = api.create_model(reference.owner, reference.name, visibility, sku, about)
    showing.record(app, made.raw, made.full_name, views.model(made))
    app.screen.note(f"rcli push FOLDER {host}:{made.full_name} gives it a version")


@app.command(cls=Command)
@also(*ABOUT, *UPDATE_ALONE)
def update(ctx: typer.Context, model: Name) -> None:
    """Change what is told about a model of yours; an empty text removes it.

    Example: rcli models update local:me/painter --description "Paints" --readme README.md
    """
    app = world(ctx)
    changes = _said(ctx, ("description", "github_url", "paper_url", "license_url", "weights_url"))
    if (file := chosen(ctx, "--readme")) is not None:
        changes["readme"] = _text(app, file)
    if not changes:
        raise UsageError("nothing to change is named", hint=f'rcli models update {model} --description "…"')
    host, reference = named.model(app, model)
    api = app.connect(host, as_is=True)
    _refuse_version(reference)
    catalog.find(api, reference)
    changed = api.update_model(reference.owner, reference.name, changes)
    showing.record(app, changed.raw, changed.full_name, views.model(changed))


@app.command(cls=Command)
def delete(ctx: typer.Context, model: Name, yes: Yes = False) -> None:
    """Delete a model of yours. It has to be private, and its versions have to be deleted before.

    Example: rcli models delete local:me/painter --yes
    """
    app = world(ctx)
    host, reference = named.model(app, model)
    api = app.connect(host, as_is=True)
    _refuse_version(reference)
    found = catalog.find(api, reference)
    if not yes and not confirmed(app, f"Delete the model {found.full_name} on {host}?"):
        app.screen.say("nothing was deleted")
        return
    try:
        api.delete_model(reference.owner, reference.name)
    except RcliError as exc:
        if found.latest_version and not exc.hint:
            exc.hint = f"rcli versions delete {host}:{found.full_name}:{found.latest_version.id}"
        raise
    showing.deleted(app, "model", found.full_name)


def _row(field: Field) -> tuple[str | None, ...]:
    """One input: a default that is there is shown as JSON, so that an empty text can be seen."""
    default = json.dumps(field.default, ensure_ascii=False) if field.has_default else None
    return (
        field.name,
        words.wanted(field),
        "required" if field.required else default,
        words.bounds(field),
        " ".join(filter(None, (field.description, "(deprecated)" if field.deprecated else ""))) or None,
    )


def _refuse_version(reference: ModelReference) -> None:
    if reference.version:
        raise UsageError(f"{reference} is a version, not a model", hint="rcli versions --help")


def _said(ctx: typer.Context, names: tuple[str, ...]) -> Json:
    """What the options say, by the API's names."""
    said = {name: chosen(ctx, "--" + name.replace("_", "-")) for name in names}
    return {name: value for name, value in said.items() if value is not None}


def _text(app: App, file: str) -> str:
    """Raises RcliErrors for what cannot be read as text."""
    from rcli.services.request.sources import Sources

    return Sources(app.cwd, app.home, app.stdin.buffer).text(file)
