"""``rcli doctor``: what may keep rcli from working here, with what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import typer

from rcli import credentials
from rcli.app import App
from rcli.cli.options import world
from rcli.errors import RcliError, UsageError
from rcli.paths import Paths
from rcli.services import engine_process
from rcli.services.health import Finding, engine, failed, folders, hosts, machine, project
from rcli.settings import LOCAL

_MARKS = {"good": "✓", "note": "·", "warning": "!", "problem": "✗"}
_RESERVE = 500


def doctor(ctx: typer.Context) -> int:
    """Find what keeps rcli from working: this machine, the hosts and their clocks, the terminal, the engine.

    In a Cog project that is looked at as well. Each finding comes with its mend; --quiet leaves out what is
    good. The exit code is 1 when there is a problem; notes and warnings are none.

    Example: rcli doctor
    """
    app = world(ctx)
    with app.screen.display("doctor") as display:
        found = []
        for each in _findings(app):
            display.phase("checking", each.topic)
            found.append(each)
    _show(app, [each for each in found if each.state != "good"] if app.flags.quiet else found)
    return RcliError.exit_code if any(each.state == "problem" for each in found) else 0


def _findings(app: App) -> Iterator[Finding]:
    yield machine.python()
    yield machine.uv()
    yield machine.runtime()
    paths = Paths.from_environ(app.environ)
    yield machine.config(paths)
    try:
        reserve = int(app.settings.get("engine.disk_reserve").value)
    except UsageError as error:
        yield failed("settings", error)
        yield from _storage(paths, paths.outputs, _RESERVE)
        yield _terminal(app)
        return
    yield from _default_host(app)
    yield from _storage(paths, app.settings.outputs, reserve)
    yield _terminal(app)
    yield engine.check(app.settings)
    yield from _hosts(app)
    if (app.cwd / "cog.yaml").is_file():
        yield from _project(app)


def _storage(paths: Paths, outputs: Path, reserve: int) -> Iterator[Finding]:
    """What rcli keeps, and on what; ``reserve`` in MiB."""
    yield from folders.check(paths, outputs)
    if broken := folders.library(paths):
        yield broken
    yield from machine.disk(paths, reserve)


def _default_host(app: App) -> Iterator[Finding]:
    """The host that commands talk to when they do not say: it may have been forgotten since it was set."""
    if (chosen := app.settings.get("host").value) not in (None, LOCAL):
        try:
            app.named_host(chosen)
        except UsageError as error:
            yield failed("settings", error)


def _hosts(app: App) -> Iterator[Finding]:
    if app.flags.host not in (None, LOCAL):
        app.named_host(app.flags.host)
    for name, host in app.settings.hosts().items():
        if app.flags.host in (None, name):
            try:
                token = credentials.find(app.settings, host)
            except RcliError as error:
                yield failed(f"host {name}", error)
                continue
            yield from hosts.check(app.client_with(host, token), token)


def _project(app: App) -> Iterator[Finding]:
    if engine_process.runs_here():
        yield from project.check(partial(app.engine, as_is=True), app.cwd)
    yield from project.pushing(app.environ)


def _terminal(app: App) -> Finding:
    from rcli.ui import pictures

    if not app.screen.is_terminal:
        return Finding("terminal", "good", "the output goes elsewhere: no colours, no pictures")
    drawn = pictures.protocol(app.screen.console, app.stdin)
    if drawn is None:
        return Finding("terminal", "note", "pictures cannot be shown here", "-o FILE saves them all the same")
    return Finding("terminal", "good", f"pictures are shown {drawn}")


def _show(app: App, found: list[Finding]) -> None:
    if app.flags.wants_json:
        app.screen.json([each.to_json() for each in found])
    elif not app.screen.is_terminal:
        app.screen.table((), [(each.state, each.topic, each.said, each.mend) for each in found])
    else:
        width = max((len(each.topic) for each in found), default=0)
        for each in found:
            app.screen.line(f"{_MARKS[each.state]} {each.topic:{width}}  {each.said}")
            if each.mend:
                app.screen.line(f"  {'':{width}}  → {each.mend}")
