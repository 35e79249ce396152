"""``rcli auth``: signing in and out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from rcli import credentials
from rcli.app import App, sign_in_hint
from rcli.cli.options import Command, group, world
from rcli.errors import NoAnswer, NotAllowed, RcliError, UsageError
from rcli.settings import LOCAL, REPLICATE, Host

app = group("Sign in to a host and out of it.")


@app.command(cls=Command)
def login(
    ctx: typer.Context,
    with_token: Annotated[bool, typer.Option("--with-token", help="Read the token from stdin.")] = False,
) -> None:
    """Sign in to a host.

    The token is tried, then stored for this host's address alone.

    \b
    Examples: rcli auth login
              rcli auth login --with-token < token.txt
    """
    app = world(ctx)
    host = _host(app)
    secret = credentials.check_form(app.stdin.read() if with_token else _asked(app, host))
    account = app.client_with(host, secret).account()
    where = credentials.keep(app.settings, host, secret)
    app.screen.say(f"signed in to {host.name} as {account.username}; the token is kept in {where}")
    if host.name == REPLICATE and "REPLICATE_API_TOKEN" in app.environ:
        app.screen.warning("REPLICATE_API_TOKEN is set too, and wins over the stored token")


@app.command(cls=Command)
def logout(ctx: typer.Context) -> None:
    """Forget the stored token of a host.

    Example: rcli auth logout
    """
    app = world(ctx)
    host = _host(app)
    if not credentials.forget(app.settings, host):
        raise RcliError(f"no token is stored for {host.name}", hint="rcli auth status")
    app.screen.say(f"signed out of {host.name}")


@app.command(cls=Command)
def status(ctx: typer.Context) -> None:
    """Show who is signed in where. Exit code 4 when nobody is, 5 when no host could be asked.

    Example: rcli auth status
    """
    app = world(ctx)
    chosen = app.flags.host
    hosts = [app.named_host(chosen)] if chosen else list(app.settings.hosts().values())
    states = [_state(app, host) for host in hosts]
    rows = [(state.host, state.account, state.token) for state in states]
    if app.flags.wants_json:
        app.screen.json([dict(zip(("host", "account", "token"), row, strict=True)) for row in rows])
    else:
        app.screen.table(("host", "account", "token"), rows)
    if not any(state.account for state in states):
        silent = next((state.silence for state in states if state.silence), None)
        raise silent or NotAllowed("not signed in", hint=sign_in_hint(chosen or REPLICATE))


@app.command(cls=Command)
def token(ctx: typer.Context) -> None:
    """Print the token of a host, for other programs.

    Example: rcli auth token --host local
    """
    app = world(ctx)
    name = app.flags.host or app.default_host
    found = credentials.find(
        app.settings, Host(LOCAL, "", "engine") if name == LOCAL else app.named_host(name)
    )
    if found is None:
        hint = "rcli serve starts it" if name == LOCAL else sign_in_hint(name)
        raise NotAllowed(f"there is no token for {name}", hint=hint)
    app.screen.line(found.secret)


def _host(app: App) -> Host:
    name = app.flags.host or REPLICATE
    if name == LOCAL:
        raise UsageError("the engine on this machine needs no sign-in", hint="rcli auth token --host local")
    return app.named_host(name)


def _asked(app: App, host: Host) -> str:
    if not app.may_ask:
        raise UsageError(
            "there is no terminal to ask for the token", hint="rcli auth login --with-token < token.txt"
        )
    from rcli.ui.prompts import secret

    app.screen.note("tokens are made at https://replicate.com/account/api-tokens")
    return secret(f"Token for {host.name}:", app.stderr)


@dataclass(frozen=True)
class _State:
    """Who is signed in to a host, None if nobody is for sure, and where the token is from."""

    host: str
    account: str | None
    token: str
    silence: NoAnswer | None = None


def _state(app: App, host: Host) -> _State:
    found = credentials.find(app.settings, host)
    if found is None:
        return _State(host.name, None, "not signed in")
    try:
        return _State(host.name, app.client_with(host, found.secret).account().username, found.origin)
    except NotAllowed:
        return _State(host.name, None, f"{found.origin}: refused")
    except NoAnswer as exc:
        return _State(host.name, None, f"{found.origin}: no answer", exc)
