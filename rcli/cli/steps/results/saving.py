"""``rcli predictions download`` and ``open``: outputs that are fetched, and looked at, later."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from rcli.app import App
from rcli.cli.options import NAMES, SHOW, Id, Output, OutputDir, also, world
from rcli.cli.steps.lookup import found, library, place
from rcli.cli.steps.results.delivering import STDOUT, Wishes
from rcli.cli.steps.results.finish import PLAIN, Finish, about, finish, open_first, preview
from rcli.cli.steps.work import performing
from rcli.cli.steps.work.following import explain_failure, taken_up_again
from rcli.errors import NotFound, RcliError, UsageError
from rcli.services.library.records import Record, SavedFile
from rcli.services.results import outputs, safekeeping
from rcli.services.work import predict
from rcli.services.work.predict import Running
from rcli.settings import LOCAL
from rcli.ui import browser, views
from rcli.ui.live import Display

QUIET = Finish(previews=False)
_SAVED_AS_IT_IS = "saved already as it is (--output-dir FOLDER saves it anew):"


@also(*NAMES, *SHOW)
def download(ctx: typer.Context, id: Id, output: Output = None, output_dir: OutputDir = None) -> None:
    """Save the output of a prediction that has ended, and print the paths.

    What is in the managed folder already is not fetched again, and a large file that broke off goes on where
    it was.

    Example: rcli predictions download last --output-dir cats --name "{model}-{n}{ext}"
    """
    app = world(ctx)
    if output == STDOUT:
        raise UsageError("download saves files", hint=f"rcli predictions watch {id} -o -")
    wishes = Wishes(target=output, folder=output_dir, finish=finish(ctx, output))
    performing.check_target(app, wishes)
    host, whole = place(app, id)
    known = library(app).known(whole, host)
    is_managed = not output and not output_dir
    if is_managed and (files := safekeeping.present(known, safekeeping.managed(app.settings.outputs, whole))):
        app.screen.note("saved already:" if _changes_nothing(wishes.finish) else _SAVED_AS_IT_IS)
        _tell(app, files, wishes.finish)
        return
    running = _ended(app, host, whole, known)
    folder = app.cwd / output_dir if output_dir else safekeeping.managed(app.settings.outputs, whole)
    target = app.cwd / output if output else None
    with app.screen.display(running.prediction.model) as display, taken_up_again(running, wishes.where):
        saved = fetch(running, host, folder, display, target=target, managed=is_managed, finish=wishes.finish)
    files = outputs.kept(saved)
    library(app).remember_files(whole, host, files)
    if app.flags.wants_json:
        app.screen.json(running.prediction.raw)
    elif not files:
        app.screen.note("the model gave no output")
    _tell(app, files, wishes.finish)


def _changes_nothing(finish: Finish) -> bool:
    return finish.template is None and not finish.embeds


def fetch(
    running: Running,
    host: str,
    folder: Path,
    display: Display,
    *,
    target: Path | None = None,
    managed: bool = False,
    finish: Finish = PLAIN,
) -> tuple[outputs.Saved, ...]:
    """Saves an output, and shows how far that is. Raises what ``safekeeping.save`` does."""

    def progress(done: int, total: int | None) -> None:
        of = f" of {views.size(total)}" if total else ""
        display.phase("saving", f"{views.size(done)}{of}", done / total if total else None)

    return safekeeping.save(
        running,
        host,
        folder,
        progress,
        target=target,
        managed=managed,
        template=finish.template,
        embeds=finish.embeds,
    )


def open_(ctx: typer.Context, id: Id) -> None:
    """Open a prediction's page in the browser; without one its address is printed.

    A prediction of this machine has no page: the paths of its output files are printed, or else its address.

    Example: rcli predictions open last
    """
    app = world(ctx)
    running = found(app, id)
    prediction, host = running.prediction, running.api.client.host.name
    page = prediction.urls.get("web")
    if host != LOCAL and page:
        show_page(app, page)
    elif files := safekeeping.present(
        library(app).known(prediction.id, host), safekeeping.managed(app.settings.outputs, prediction.id)
    ):
        _tell(app, files, QUIET)
    else:
        app.screen.note("it has no page and no saved files; this is its address in the API:")
        app.screen.line(prediction.urls.get("get", ""))


def show_page(app: App, address: str) -> None:
    if browser.opens(address, app.environ):
        app.screen.note(f"opened {address}")
    else:
        app.screen.line(address)


def show_path(app: App, path: Path) -> None:
    if browser.opens_file(path, app.environ):
        app.screen.note(f"opened {path}")
    else:
        app.screen.path(path)


def _ended(app: App, host: str, id: str, known: Record | None) -> Running:
    """A prediction that has an output. Raises RcliErrors for any other."""
    kept = library(app)
    try:
        running = predict.find(app.connect(host, as_is=True), id)
    except NotFound as exc:
        if known:
            kept.mark_removed(known.entry)
            raise NotFound(
                f"{host} does not know prediction {id} any more",
                hint=f"rcli library show {id} tells what was kept of it",
            ) from exc
        raise
    kept.refresh(running.prediction, host)
    _check(app, running, known)
    return running


def _check(app: App, running: Running, known: Record | None) -> None:
    try:
        safekeeping.check(running.prediction)
    except RcliError as exc:
        if known and known.saved:
            exc.message += f"; it was saved as {', '.join(file.path for file in known.saved)}"
        raise
    if running.prediction.output is None:
        explain_failure(app, running.prediction)
        running.check()


def _tell(app: App, files: Sequence[SavedFile], finish: Finish) -> None:
    """The paths, and pictures; with --json the paths go to stderr, since stdout has the record."""
    paths = [Path(file.path) for file in files]
    for file, path in zip(files, paths, strict=True):
        if app.flags.wants_json:
            app.screen.say(file.path)
            continue
        app.screen.path(path)
        told = about(path) if app.screen.speaks else None
        app.screen.note(", ".join(filter(None, (told, views.size(file.size)))))
    if not app.flags.wants_json:
        preview(app, finish, paths)
    if finish.opens:
        open_first(app, paths)
