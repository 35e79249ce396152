"""``rcli serve``: the engine as a server of its own, and the one that runs in the background."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from rcli.app import App
from rcli.cli.options import Command, group, world
from rcli.errors import Interrupted, RcliError
from rcli.services import local
from rcli.ui import inventory

app = group()


@app.callback(invoke_without_command=True, no_args_is_help=False)
def serve(
    ctx: typer.Context,
    port: Annotated[
        int | None, typer.Option("--port", "-p", min=0, max=65535, metavar="N", help="The port; 7878.")
    ] = None,
    bind: Annotated[
        str, typer.Option("--bind", metavar="ADDRESS", help="The address to listen on; this machine's own.")
    ] = local.LOOPBACK,
    token_file: Annotated[
        Path | None,
        typer.Option("--token-file", metavar="FILE", help="The file with the token that clients must show."),
    ] = None,
    access_log: Annotated[
        bool | None,
        typer.Option("--access-log/--no-access-log", help="A line for each request; so on a terminal."),
    ] = None,
    background: Annotated[
        bool, typer.Option("--background", "-b", help="Return when it answers, and leave it running.")
    ] = False,
) -> None:
    """Serve Replicate's HTTP API on this machine until Ctrl-C, or in the background until it is stopped.

    Takes over from an engine that runs already. Other programs connect with REPLICATE_BASE_URL and
    REPLICATE_API_TOKEN, which are printed. Other machines can only connect with --bind, for instance
    0.0.0.0, and that needs --token-file. In the background requests are told in rcli serve logs -f.

    Examples: rcli serve --port 7878
              rcli serve --background
    """
    if ctx.invoked_subcommand is not None:
        return
    app = world(ctx)
    logs_access = background or app.stderr.isatty() if access_log is None else access_log
    how = local.Serving(port, bind, token_file, logs_access)
    if background:
        _announce(app, local.serve_in_background(app.settings, how), "rcli serve stop stops")
    else:
        _serve(app, how)


def _serve(app: App, how: local.Serving) -> None:
    tell = app.screen.say if how.access_log else None
    try:
        local.serve(
            app.settings, how, announce=lambda state: _announce(app, state, "Ctrl-C stops"), tell=tell
        )
    except Interrupted as exc:
        app.screen.note("")  # the terminal has written ^C
        exc.hint = "the engine has stopped"
        raise


@app.command(cls=Command)
def status(ctx: typer.Context) -> None:
    """Show whether the engine runs and where, the models that it has loaded, its queue, memory and disk.

    Exit code 1 when it does not run.

    Example: rcli serve status --json
    """
    app = world(ctx)
    told = local.status(app.settings)
    if told is None:
        raise RcliError("the engine does not run", hint="rcli serve; or any local run starts it")
    if app.flags.wants_json:
        app.screen.json(told)
    else:
        app.screen.fields(
            [
                ("url", told["url"]),
                ("pid", str(told["pid"])),
                ("version", told["version"]),
                *inventory.engine(told),
            ]
        )


@app.command(cls=Command)
def stop(ctx: typer.Context) -> None:
    """Stop the engine: predictions that run get ten seconds to end. Exit code 1 when some go on.

    Example: rcli serve stop
    """
    app = world(ctx)
    if working := _under_way(app):
        app.screen.note(f"{working} under way: waiting for it, at most {local.DRAIN_SECONDS:.0f} s")
    if local.drain(app.settings):
        app.screen.say("the engine has stopped")
    else:
        app.screen.say("the engine does not run")


@app.command(cls=Command)
def logs(
    ctx: typer.Context,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="How many of the last lines.")] = 100,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")
    ] = False,
) -> None:
    """Print the engine's own log: what went wrong, and the requests if it tells them.

    Examples: rcli serve logs -n 20
              rcli serve logs -f
    """
    app = world(ctx)
    for line in (local.follow_log if follow else local.log_lines)(app.settings, lines):
        app.screen.line(line)


def _under_way(app: App) -> str | None:
    told = local.status(app.settings)
    number = told["running"] + told["queued"] if told else 0
    return (f"{number} predictions are" if number > 1 else "1 prediction is") if number else None


def _announce(app: App, state: local.EngineState, end: str) -> None:
    app.screen.say(f"serving Replicate's API on {state.url}/v1 ({end})")
    app.screen.say(f"export REPLICATE_BASE_URL={state.url}")
    home = app.settings.paths.config.parent if app.environ.get("RCLI_HOME") else None
    own = f"RCLI_HOME={shlex.quote(str(home))} " if home else ""
    app.screen.say(f'export REPLICATE_API_TOKEN="$({own}rcli auth token --host local)"')
