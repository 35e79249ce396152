"""What is done with an output beyond saving it: names, provenance, previews, programs that open it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from rcli.app import App
from rcli.cli.further import chosen
from rcli.errors import UsageError
from rcli.services.results import media
from rcli.services.results.media import Medium
from rcli.services.results.naming import Template
from rcli.ui import browser, views


@dataclass(frozen=True)
class Finish:
    """``template`` for the names of files; ``embeds`` where they came from; ``previews`` pictures;
    ``opens`` the first file, ``web`` the prediction's page.
    """

    template: Template | None = None
    embeds: bool = False
    previews: bool = True
    opens: bool = False
    web: bool = False


PLAIN = Finish()


def finish(ctx: typer.Context, target: str | None) -> Finish:
    """What the command line asks for. Raises UsageError for a name that is no template, or one too many."""
    name = chosen(ctx, "--name")
    if name is not None and target is not None:
        raise UsageError("--name and -o both name the file", hint="--name goes with --output-dir")
    return Finish(
        template=Template.parse(name) if name is not None else None,
        embeds=bool(chosen(ctx, "--provenance")),
        previews=not chosen(ctx, "--no-preview"),
        opens=bool(chosen(ctx, "--open")),
        web=bool(chosen(ctx, "--web")),
    )


def about(path: Path) -> str | None:
    """What a picture, a sound or a film is, for a person: ``1024×768 PNG``, ``3.20 s WAV``."""
    from rcli import images

    if described := images.describe(path):
        return described
    try:
        medium = media.read(path)
    except OSError:
        return None
    return _told(medium) if medium else None


def preview(app: App, wishes: Finish, saved: Sequence[Path]) -> None:
    """Pictures for a person at a terminal that can show them."""
    if not (wishes.previews and app.screen.is_terminal and app.screen.speaks and not app.screen.plain):
        return
    if app.settings.get("preview").value == "off":
        return
    from rcli.ui import pictures

    if not pictures.may_show(app.screen.console, app.stdin):
        return
    shown = pictures.show(app.screen.console, saved)
    if shown == pictures.MOST < len(saved):
        app.screen.note(f"the first {shown} pictures of {len(saved)} files")


def open_first(app: App, saved: Sequence[Path]) -> None:
    """With the program that the system has for it."""
    if not saved:
        app.screen.warning("--open: no file was saved")
    elif not browser.opens_file(saved[0].absolute(), app.environ):
        app.screen.warning(f"--open: there is nothing here that shows {saved[0]}")


def open_page(app: App, page: str | None) -> None:
    if not page:
        app.screen.warning("--web: this prediction has no page")
    elif not browser.opens(page, app.environ):
        app.screen.warning(f"--web: there is no browser here: {page}")


def _told(medium: Medium) -> str:
    size = "{}×{}".format(*medium.size) if medium.size else None
    return " ".join(filter(None, (size, views.seconds(medium.seconds) or "length unknown,", medium.kind)))
