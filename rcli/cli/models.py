"""``rcli models``: what there is to run, and what it takes."""

from __future__ import annotations

import json
from typing import Any

import typer

from rcli.app import App
from rcli.cli import showing
from rcli.cli.options import Command, Limit, Model, group, world
from rcli.errors import NotFound, UsageError
from rcli.references import FolderReference, ModelReference, VersionReference
from rcli.services import catalog, lists, schema, words
from rcli.services.schema import Field
from rcli.ui import views

_OUTPUTS = {"text-stream": "text, piece by piece", "iterator": "values, one by one", "json": "JSON"}

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
    document = _document(app, model)
    fields = schema.input_fields(document)
    table = ("input", "takes", "default", "bounds", "description"), [_row(field) for field in fields]
    empty = "this model takes no inputs, or tells none"
    showing.rows(app, document, (field.name for field in fields), table, empty=empty)
    if not app.flags.wants_json:
        app.screen.note(f"output: {_OUTPUTS.get(kind := schema.output_kind(document), kind)}")


def _document(app: App, text: str) -> dict[str, Any]:
    prefix, reference = app.parse(text)
    if isinstance(reference, FolderReference):
        return app.engine().register(reference.path, "cog.yaml", to_run=False).version.schema
    api = app.connect(app.host_for(prefix, reference))
    document = catalog.resolve(api, reference, locked=None).document
    if isinstance(reference, VersionReference) and not document:
        raise NotFound(
            f"{api.client.host.name} tells no schema of a version by its id alone",
            hint=f"rcli models schema owner/name:{reference}",
        )
    return document


def _row(field: Field) -> tuple[str | None, ...]:
    """One input: a default that is there is shown as JSON, so that an empty text can be seen."""
    default = json.dumps(field.default, ensure_ascii=False) if field.has_default else None
    bounds = [f"{_number(field.minimum)}…" if field.minimum is not None else "", _most(field)]
    return (
        field.name,
        words.wanted(field),
        "required" if field.required else default,
        "".join(bounds) or _lengths(field),
        " ".join(filter(None, (field.description, "(deprecated)" if field.deprecated else ""))) or None,
    )


def _most(field: Field) -> str:
    if field.maximum is None:
        return ""
    most = _number(field.maximum)
    return most if field.minimum is not None else f"…{most}"


def _lengths(field: Field) -> str | None:
    """How many characters a text may have."""
    if field.min_length is None and field.max_length is None:
        return None
    least = "" if field.min_length is None else field.min_length
    return f"{least}…{'' if field.max_length is None else field.max_length} characters"


def _number(value: float) -> str:
    """Whole numbers with all their digits: a seed's bound is no 2.14748e+09."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e16 else f"{value:g}"
