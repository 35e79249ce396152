"""``rcli auth``: signing in and out, with one account a host or several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from rcli import credentials
from rcli.app import App
from rcli.cli.options import Command, group, world
from rcli.credentials import TOKENS_PAGE, VARIABLE, Kept, Token
from rcli.errors import NoAnswer, NotAllowed, RcliError, UsageError
from rcli.records import Json
from rcli.settings import LOCAL, REPLICATE, Host, Settings

app = group("Sign in to hosts and out of them, with one account or several.")

Account = Annotated[
    str | None, typer.Argument(metavar="[ACCOUNT]", help="Whose; rcli auth status lists all.")
]


@app.command(cls=Command)
def login(
    ctx: typer.Context,
    with_token: Annotated[bool, typer.Option("--with-token", help="Read the token from stdin.")] = False,
) -> None:
    """Sign in to a host.

    The token is tried, then stored for this host's address alone. Another account is kept beside the first,
    and is the one that is used from then on.

    \b
    Examples: rcli auth login
              rcli auth login --with-token < token.txt
    """
    app = world(ctx)
    host = _host(app)
    secret = credentials.check_form(app.stdin.read() if with_token else _asked(app, host))
    name = _tried(app, host, secret)
    where = credentials.keep(app.settings, host, name, secret)
    app.screen.say(f"signed in to {host.name} as {name}; the token is kept in {where}")
    _tell_variable(app, host)


@app.command(cls=Command)
def logout(
    ctx: typer.Context,
    account: Account = None,
    all: Annotated[bool, typer.Option("--all", help="All accounts of this host.")] = False,
) -> None:
    """Forget the stored token of a host: of the account in use, or of the one that is named.

    \b
    Examples: rcli auth logout
              rcli auth logout ada
    """
    app = world(ctx)
    host = _host(app)
    kept = credentials.kept_for(app.settings, host)
    if not kept:
        hint = f"unset {VARIABLE}, which is the token in use" if _wins(app, host) else "rcli auth status"
        raise RcliError(f"no token is stored for {host.name}", hint=hint)
    leaving = kept if all else [_named(host, kept, account)]
    for each in leaving:
        app.settings = _reread(app)
        credentials.forget(app.settings, host, each.account)
        app.screen.say(f"signed out of {host.name}{_as(each.account)}")
    app.settings = _reread(app)
    if left := [each for each in credentials.kept_for(app.settings, host) if each.is_active]:
        app.screen.say(f"{host.name} is used as {left[0].account} now")
    if _wins(app, host):
        app.screen.warning(f"{VARIABLE} is set, and goes on being used: unset {VARIABLE}")


@app.command(cls=Command)
def switch(ctx: typer.Context, account: Account = None) -> None:
    """Use another account of a host; without a name the other one of two.

    Example: rcli auth switch ada
    """
    app = world(ctx)
    host = _host(app)
    kept = credentials.kept_for(app.settings, host)
    others = [each for each in kept if not each.is_active]
    if account is None and len(others) != 1:
        raise _no_choice(host, kept)
    chosen = _named(host, kept, account or others[0].account)
    credentials.use(app.settings, host, chosen.account)
    app.screen.say(f"{host.name} is used as {chosen.account} now")
    _tell_variable(app, host)


@app.command(cls=Command)
def status(ctx: typer.Context) -> None:
    """Show who is signed in where. Exit code 4 when nobody is, 5 when no host could be asked.

    Every account is listed, and tried; the one in use has a star.

    Example: rcli auth status
    """
    app = world(ctx)
    chosen = app.flags.host
    hosts = [app.named_host(chosen)] if chosen else list(app.settings.hosts().values())
    states = [state for host in hosts for state in _states(app, host)]
    if app.flags.wants_json:
        app.screen.json([state.to_json() for state in states])
    else:
        rows = [(state.host, state.account, "*" if state.is_used else "", state.token) for state in states]
        app.screen.table(("host", "account", "used", "token"), rows)
    if not any(state.works for state in states):
        silent = next((state.silence for state in states if state.silence), None)
        raise silent or _signed_out(app, chosen or REPLICATE)


@app.command(cls=Command)
def token(ctx: typer.Context, account: Account = None) -> None:
    """Print the token of a host, for other programs.

    Example: rcli auth token --host local
    """
    app = world(ctx)
    name = app.flags.host or app.default_host
    host = Host(LOCAL, "", "engine") if name == LOCAL else app.named_host(name)
    if account is not None:
        _named(host, credentials.kept_for(app.settings, host), account)
    found = credentials.find(app.settings, host, account)
    if found is None:
        hint = "rcli serve starts it" if name == LOCAL else credentials.sign_in_hint(host)
        raise NotAllowed(f"there is no token for {name}", hint=hint)
    app.screen.line(found.secret)


def _signed_out(app: App, name: str) -> NotAllowed:
    """Nobody is signed in: no token is there, or those that are there were refused."""
    host = app.named_host(name)
    used = credentials.find(app.settings, host)
    said = f"not signed in: {host.name} refuses the token from {used.origin}" if used else "not signed in"
    return NotAllowed(said, hint=credentials.sign_in_hint(host, used.origin if used else ""))


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

    if host.name == REPLICATE:
        app.screen.note(f"tokens are made at {TOKENS_PAGE}")
    return secret(f"Token for {host.name}:", app.stderr)


def _tried(app: App, host: Host, secret: str) -> str:
    """Whose token it is. Raises NotAllowed for one that the host does not take, and says what kind it is."""
    if host.name == REPLICATE:
        credentials.check_kind(secret)
    try:
        return app.client_with(host, Token(secret, "")).account().username
    except NotAllowed as exc:
        if host.name == REPLICATE:
            exc.hint = f"copy it from {TOKENS_PAGE}"
        raise
    except NoAnswer as exc:
        raise NoAnswer(
            f"{exc.message}; the token could not be tried, and is not kept", hint=exc.hint
        ) from exc


def _wins(app: App, host: Host) -> bool:
    """Whether a token in the environment takes the place of those that are stored."""
    return host.name == REPLICATE and bool(app.environ.get(VARIABLE, "").strip())


def _tell_variable(app: App, host: Host) -> None:
    if _wins(app, host):
        app.screen.warning(f"{VARIABLE} is set too, and wins over the stored token: unset {VARIABLE}")


def _named(host: Host, kept: list[Kept], account: str | None) -> Kept:
    """The account of that name, or the one in use. Raises RcliError, with the nearest, for others."""
    for each in kept:
        if each.is_active if account is None else each.account == account:
            return each
    from difflib import get_close_matches

    near = get_close_matches(account or "", [each.account for each in kept], n=1)
    hint = f"did you mean {near[0]}?" if near else "rcli auth status"
    raise RcliError(f"nobody is signed in to {host.name} as {account}", hint=hint)


def _no_choice(host: Host, kept: list[Kept]) -> RcliError:
    """The error for who wants another account without naming one, where there is not just one other."""
    login = credentials.sign_in_hint(host)
    if not kept:
        return RcliError(f"no token is stored for {host.name}", hint=login)
    if len(kept) == 1:
        only = kept[0].account or "one account"
        return UsageError(f"{only} is all that is stored for {host.name}", hint=f"{login} adds another")
    names = ", ".join(each.account for each in kept)
    return UsageError(
        f"which account of {host.name}? There are {names}", hint=f"rcli auth switch {kept[-1].account}"
    )


def _reread(app: App) -> Settings:
    return Settings.read(app.environ, app.cwd)


def _as(account: str) -> str:
    return f" as {account}" if account else ""


@dataclass(frozen=True)
class _State:
    """An account of a host, None if nobody is signed in for sure, and where its token is from."""

    host: str
    account: str | None
    token: str
    is_used: bool = False
    works: bool = False
    silence: RcliError | None = None

    def to_json(self) -> Json:
        return {"host": self.host, "account": self.account, "used": self.is_used, "token": self.token}


def _states(app: App, host: Host) -> list[_State]:
    """All accounts of a host; the variable's is one of them, and wins."""
    kept = credentials.kept_for(app.settings, host)
    used = credentials.find(app.settings, host)
    if used is None:
        return [_State(host.name, None, "not signed in")]
    is_variable = used.origin == VARIABLE
    states = [_state(app, host, used, None, is_used=True)] if is_variable else []
    for each in kept:
        if token := credentials.find(app.settings, host, each.account):
            states.append(_state(app, host, token, each.account, is_used=each.is_active and not is_variable))
    return states


def _state(app: App, host: Host, token: Token, account: str | None, *, is_used: bool) -> _State:
    try:
        name = app.client_with(host, token).account().username
    except NotAllowed:
        return _State(host.name, account or None, f"{token.origin}: refused", is_used)
    except RcliError as exc:
        return _State(host.name, account or None, f"{token.origin}: no answer", is_used, silence=exc)
    return _State(host.name, name, token.origin, is_used, works=True)
