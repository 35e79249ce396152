"""``rcli library``: what ran, after the service has forgotten it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from rcli import settings
from rcli.app import App
from rcli.cli.options import Command, Id, Limit, Yes, also, chosen, further, group, world
from rcli.cli.steps import showing
from rcli.cli.steps.confirming import confirmed
from rcli.cli.steps.lookup import library
from rcli.cli.steps.results import rescuing, saving
from rcli.errors import NotFound, RcliError, UsageError
from rcli.records import Json
from rcli.services import times
from rcli.services.library.queries import Filter
from rcli.services.library.records import Entry, Kind, Record
from rcli.services.results import safekeeping
from rcli.services.work import cost
from rcli.ui import views

app = group("What ran, kept on this machine when the service has forgotten it.")

KINDS: tuple[Kind, ...] = ("prediction", "training")

FILTERS = (
    further(["--kind"], "prediction or training; else both.", metavar="KIND"),
    further(["--model"], "Of models, or made for models, with this in their names.", metavar="NAME"),
    further(["--status"], "succeeded, failed, canceled, aborted, …", metavar="STATUS"),
    further(["--since"], "From a date or time on, or the last 2h, 7d.", metavar="WHEN"),
    further(["--before"], "Up to a date or time, or older than 2h, 7d.", metavar="WHEN"),
)


@app.command("list", cls=Command)
@also(*FILTERS)
def list_(
    ctx: typer.Context,
    limit: Limit = 20,
) -> None:
    """List what rcli ran, the newest first, and when the service deletes what was not saved.

    Example: rcli library list --model hello --since 7d
    """
    app = world(ctx)
    _show_rows(app, library(app, None).records(_filter(ctx), limit))


@app.command(cls=Command)
@also(*FILTERS)
def search(
    ctx: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="WORD…", help="Each of them has to occur.")],
    limit: Limit = 20,
) -> None:
    """Find what ran by words in its inputs, its output, its log or its error.

    Example: rcli library search cat space --status succeeded
    """
    app = world(ctx)
    _show_rows(app, library(app, None).records(_filter(ctx, " ".join(words)), limit))


@app.command(cls=Command)
def show(ctx: typer.Context, id: Id) -> None:
    """Show all that is kept of a prediction or training, without asking the service.

    Example: rcli library show last
    """
    app = world(ctx)
    record = _record(app, id)
    fields = views.kept(record.to_json(), _expiry(record), cost.of_record(record, app.settings))
    showing.record(app, _told(app, record), record.entry.id, fields)


@app.command("open", cls=Command)
def open_(ctx: typer.Context, id: Id) -> None:
    """Open the saved output: one file, or the folder of several. Without a desktop the path is printed.

    Example: rcli library open last
    """
    app = world(ctx)
    record = _record(app, id)
    folder = safekeeping.managed(app.settings.outputs, record.entry.id)
    files = safekeeping.present(record, folder)
    if not files:
        raise _not_here(record.entry)
    path = Path(files[0].path)
    saving.show_path(app, path if len(files) == 1 else path.parent)


@app.command(cls=Command)
@also(*FILTERS)
def export(
    ctx: typer.Context,
    file: Annotated[
        str | None, typer.Argument(metavar="[FILE]", help="A new file; without one it is stdout.")
    ] = None,
) -> None:
    """Write what is kept as JSON, a line for each prediction or training, the newest first.

    Example: rcli library export runs.jsonl
    """
    app = world(ctx)
    found = library(app, None).records(_filter(ctx))
    rows = (_told(app, record) for record in found)
    if file in (None, "-"):
        for row in rows:
            app.screen.event(row)
    else:
        number = _write(app.cwd / str(file), (json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
        app.screen.note(f"{_counted(number)} in {app.cwd / str(file)}")


@app.command(cls=Command)
def prune(
    ctx: typer.Context,
    older_than: Annotated[
        str, typer.Option("--older-than", metavar="TIME", help="30d, 12h, or a date; 0s forgets all.")
    ],
    yes: Yes = False,
) -> None:
    """Forget what is older than a time. Saved files stay where they are; old halves of them go.

    Example: rcli library prune --older-than 30d --yes
    """
    app = world(ctx)
    before = times.moment(older_than, "--older-than", _now())
    if not yes and not confirmed(app, f"Forget all that ran before {before[:19]} UTC?"):
        app.screen.say("nothing was forgotten")
        return
    forgotten = library(app, None).prune(Filter(host=app.flags.host, before=before))
    safekeeping.sweep(app.settings.outputs)
    app.screen.say(f"{_counted(forgotten)} forgotten")


@app.command(cls=Command)
def off(ctx: typer.Context) -> None:
    """Keep no more inputs and outputs from now on: only what ids and `last` need.

    Example: rcli library off
    """
    app = world(ctx)
    settings.write(app.settings.paths, ("library",), "off")
    app.screen.say("from now on no inputs and outputs are kept; what is there stays")
    app.screen.note("rcli library prune --older-than 0s forgets it, rcli config set library on keeps again")


@app.command(cls=Command)
def rescue(ctx: typer.Context) -> int:
    """Download all outputs that are on no disk of yours yet, as long as the services have them.

    Example: rcli library rescue
    """
    app = world(ctx)
    return rescuing.rescue(app)


def _filter(ctx: typer.Context, text: str | None = None) -> Filter:
    now, since, before = _now(), chosen(ctx, "--since"), chosen(ctx, "--before")
    kind = next((each for each in KINDS if each == chosen(ctx, "--kind")), None)
    if kind is None and chosen(ctx, "--kind"):
        raise UsageError(f"--kind takes {' or '.join(KINDS)}, not {chosen(ctx, '--kind')!r}")
    return Filter(
        kind=kind,
        model=chosen(ctx, "--model"),
        status=chosen(ctx, "--status"),
        host=world(ctx).flags.host,
        since=times.moment(since, "--since", now) if since else None,
        before=times.moment(before, "--before", now) if before else None,
        text=text,
    )


def _show_rows(app: App, found: Iterable[Record]) -> None:
    records = list(found)
    table = views.library([(each.to_json(), _expiry(each)) for each in records], age=app.screen.is_terminal)
    showing.rows(app, [_told(app, each) for each in records], (each.entry.id for each in records), table)
    if (soonest := safekeeping.soonest(records)) and soonest > _now():
        app.screen.note("rcli library rescue saves what the service deletes soon")


def _expiry(record: Record) -> datetime | None:
    return safekeeping.expiry(record)


def _record(app: App, text: str) -> Record:
    if not text:
        raise UsageError("no prediction or training is named", hint="rcli library list")
    kept = library(app, None)
    entry = kept.find(text)
    record = kept.record(entry.id, entry.host)
    assert record is not None
    return record


def _told(app: App, record: Record) -> Json:
    """A record as JSON, a training with what it has cost in US dollars, null where nobody knows."""
    spent = cost.of_record(record, app.settings)
    return record.to_json() | ({"cost": spent.amount} if spent else {})


def _not_here(entry: Entry) -> NotFound:
    is_training = entry.kind == "training"
    hint = f"trainings watch {entry.id} --download" if is_training else f"predictions download {entry.id}"
    return NotFound(f"no files of {entry.kind} {entry.id} are on this machine", hint=f"rcli {hint}")


def _counted(number: int) -> str:
    """What there is in the library, and the verb for it."""
    return "1 run is" if number == 1 else f"{number} runs are"


def _write(path: Path, lines: Iterator[str]) -> int:
    """Writes a new file that only its owner can read, whole or not at all; returns how many lines."""
    number = 0
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            try:
                for line in lines:
                    out.write(line)
                    number += 1
                out.flush()
            except BaseException:
                path.unlink()
                raise
    except FileExistsError as exc:
        raise UsageError(
            f"{path} exists already", hint="choose another name: nothing is overwritten"
        ) from exc
    except OSError as exc:
        raise RcliError(f"cannot write {path}: {exc.strerror}") from exc
    return number


def _now() -> datetime:
    return datetime.now(UTC)
