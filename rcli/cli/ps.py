"""``rcli ps``: what runs now, wherever it does."""

from __future__ import annotations

import typer

from rcli.app import App
from rcli.cli.options import world
from rcli.cli.steps import showing
from rcli.services import local
from rcli.services.work import underway
from rcli.services.work.underway import Hosts, Silent, Working
from rcli.settings import LOCAL
from rcli.ui import views


def ps(ctx: typer.Context) -> int:
    """List predictions and trainings that run or wait, here and on every host that you are signed in to.

    --host asks one of them. A host that does not answer is named, and the others are shown all the same;
    the exit code tells it.

    Example: rcli ps --host local
    """
    app = world(ctx)
    found: list[Working] = []
    code = 0
    for host, told in underway.on(_apis(app)):
        if isinstance(told, Silent):
            app.screen.warning(f"{host}: {told.error.message}")
            code = max(code, told.error.exit_code)
        else:
            found += told
    found.sort(key=lambda each: each.prediction.created_at or "", reverse=True)
    table = views.under_way(
        [(each.host, each.kind, each.prediction) for each in found], age=app.screen.is_terminal
    )
    raw = [each.to_json() for each in found]
    showing.rows(app, raw, (each.prediction.id for each in found), table, empty="nothing runs")
    return code


def _apis(app: App) -> Hosts:
    """The hosts that can be asked. An engine that does not run has nothing that runs, and stays so."""
    if app.flags.host not in (None, LOCAL):
        return [app.connect(app.flags.host)]
    named = [] if app.flags.host else [name for name in app.settings.hosts() if app.is_signed_in(name)]
    here = [LOCAL] if local.running(app.settings) else []
    return [app.connect(name, as_is=True) for name in (*here, *named)]
