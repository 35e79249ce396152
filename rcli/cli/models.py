"""``rcli models``: what there is to run, and what it takes."""

from __future__ import annotations

import json

import typer

from rcli.cli.options import Command, Limit, Model, group, world
from rcli.cli.steps import resolving, showing
from rcli.cli.steps.model_help import OUTPUTS
from rcli.errors import UsageError
from rcli.references import ModelReference
from rcli.services import lists
from rcli.services.models import catalog, schema
from rcli.services.models.schema import Field
from rcli.services.request import words
from rcli.ui import views

app = group("List and show models and their inputs.")


@app.command("list", cls=Command)
def list_(ctx: typer.Context, limit: Limit = 20) -> None:
    """List models: those of this machine, or the service's newest.

    Example: rcli models list --host local
    """
    app = world(ctx)
    found = lists.first(limit, app.connect(app.default_host, as_is=True).models)
    table = views.models(found, brief=app.screen.is_terminal)
    showing.rows(app, [row.raw for row in found], (row.full_name for row in found), table)


@app.command(cls=Command)
def show(ctx: typer.Context, model: Model) -> None:
    """Show one model: what it is, its latest version, how often it ran.

    Example: rcli models show rcli/hello
    """
    app = world(ctx)
    prefix, reference = app.parse(model)
    if not isinstance(reference, ModelReference):
        raise UsageError(f"{model!r} is not a model's name", hint="write owner/name")
    record = catalog.find(app.connect(app.host_for(prefix, reference), as_is=True), reference)
    showing.record(app, record.raw, record.full_name, views.model(record))


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
