"""``rcli files``: what was uploaded for models to read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from rcli.app import App
from rcli.cli.options import Command, Every, Limit, Output, OutputDir, Yes, group, world
from rcli.cli.steps import showing
from rcli.cli.steps.confirming import confirmed
from rcli.errors import UsageError
from rcli.services import files, lists
from rcli.services.files import Progress
from rcli.services.request.sources import FileInput, Sources
from rcli.ui import inventory, views
from rcli.ui.live import Display

app = group("Upload files for models to read, look at them, save and delete them.")

Id = Annotated[str, typer.Argument(metavar="FILE_ID", help="An id, or the beginning of one.")]
Ids = Annotated[list[str], typer.Argument(metavar="FILE_ID…", help="Ids, or beginnings of them.")]
Address = Annotated[
    str, typer.Argument(metavar="FILE_ID", help="An id, the beginning of one, or a signed address.")
]
Paths = Annotated[list[str], typer.Argument(metavar="FILE…", help="Files of less than 100 MB.")]
Type = Annotated[
    str | None, typer.Option("--type", metavar="TYPE", help="What it is, such as image/png, if not as named.")
]


@app.command("list", cls=Command)
def list_(ctx: typer.Context, limit: Limit = 20, all: Every = False) -> None:
    """List what was uploaded and has not expired, the newest first.

    Example: rcli files list --host local
    """
    app = world(ctx)
    found = lists.first(limit, app.default_api().files, all=all)
    table = inventory.files(found, brief=app.screen.is_terminal)
    showing.rows(app, [row.raw for row in found], (row.id for row in found), table)


@app.command(cls=Command)
def show(ctx: typer.Context, id: Id) -> None:
    """Show a file: its name, size and type, until when it is kept, and the address that models take.

    Example: rcli files show 3k9 --host local
    """
    app = world(ctx)
    found = files.find(app.default_api(), id)
    showing.record(app, found.raw, found.id, inventory.file(found))


@app.command(cls=Command)
def upload(ctx: typer.Context, paths: Paths, type: Type = None) -> None:
    """Upload files and print the addresses that models take; -q prints their ids.

    Inputs need none of this: rcli run uploads what stands behind an @.

    Example: rcli files upload cat.png --host local
    """
    app = world(ctx)
    sources = Sources(app.cwd, app.home, app.stdin.buffer)
    chosen = [_file(sources, written, type) for written in paths]
    api = app.default_api()
    for file in chosen:
        with app.screen.display(file.name) as display:
            made = files.upload(api, file, _progress(display, f"uploading {file.name}"))
        if app.flags.wants_json:
            app.screen.event(made.raw)
        else:
            app.screen.line(made.id if app.flags.quiet else made.url)


@app.command(cls=Command)
def download(ctx: typer.Context, id: Address, output: Output = None, output_dir: OutputDir = None) -> None:
    """Save a file under its own name, or as -o says, and print the path. Nothing is overwritten.

    Replicate gives contents to signed addresses alone, which may stand in the place of the id.

    Example: rcli files download 3k9 --host local -o copy.png
    """
    app = world(ctx)
    if output == "-":
        raise UsageError("download saves files", hint=f"rcli api files/{id}/download")
    api = app.default_api()
    named = id if id.startswith(("http://", "https://")) else files.find(api, id)
    target = _target(app, files.name_of(named), output, output_dir)
    with app.screen.display(target.name) as display:
        saved = files.save(api, named, target, _progress(display, f"saving {target.name}"))
    if app.flags.wants_json and not isinstance(named, str):
        app.screen.json(named.raw)
        app.screen.say(str(saved.path))
    else:
        app.screen.path(saved.path)
        app.screen.note(views.size(saved.size))


@app.command(cls=Command)
def delete(ctx: typer.Context, ids: Ids, yes: Yes = False) -> None:
    """Delete files. Predictions that were given one cannot read it any more.

    Example: rcli files delete 3k9 --host local --yes
    """
    app = world(ctx)
    api = app.default_api()
    found = [files.find(api, id) for id in ids]
    named = ", ".join(f"{file.id} ({file.raw.get('name') or 'no name'})" for file in found)
    if not yes and not confirmed(app, f"Delete {named} on {api.client.host.name}?"):
        app.screen.say("nothing was deleted")
        return
    for file in found:
        api.delete_file(file.id)
        showing.deleted(app, "file", file.id)


def _file(sources: Sources, written: str, type: str | None) -> FileInput:
    """Raises InvalidInput for what is not there, cannot be read, or is too large."""
    if written == "-":
        raise UsageError("standard input has no name to upload it under", hint="save it as a file before")
    file = sources.file(written)
    if file.data is not None:
        raise UsageError(
            f"{written} is no regular file: its size is unknown", hint="save it as a file before"
        )
    return replace(file, content_type=type) if type else file


def _progress(display: Display, doing: str) -> Progress:
    def progress(done: int, total: int | None) -> None:
        of = f" of {views.size(total)}" if total else ""
        display.phase("sending", f"{doing}: {views.size(done)}{of}", done / total if total else None)

    return progress


def _target(app: App, name: str, output: str | None, folder: Path | None) -> Path:
    """Raises UsageError for a file that is there, or a folder that is not."""
    target = app.cwd / output if output else app.cwd / (folder or Path()) / name
    if target.is_dir():
        target = target / name
    if target.exists():
        raise UsageError(f"{target} exists already", hint="-o FILE saves it under another name")
    if not target.parent.is_dir():
        raise UsageError(f"there is no folder {target.parent}")
    return target
