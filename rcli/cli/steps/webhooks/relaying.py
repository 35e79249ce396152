"""``rcli webhook listen`` without a port: the relay makes the events of what runs on the host."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import overload

import typer

from rcli.app import App
from rcli.cli.options import chosen, further, world
from rcli.cli.steps import named
from rcli.cli.steps.lookup import library
from rcli.cli.steps.webhooks.forwarding import ALL, Asked, kinds, wishes
from rcli.cli.steps.webhooks.hearing import hear
from rcli.errors import UsageError
from rcli.listener.keys import Keys
from rcli.listener.listening import Wishes
from rcli.listener.relay import Relay, Wanted
from rcli.listener.running import Place, Running
from rcli.listener.running import named as listener_name
from rcli.services import times
from rcli.webhooks import Kind

RELAYING = (
    further(["--mine"], "Only of what rcli ran."),
    further(["--model"], "Only of this model, or this version of it.", metavar="MODEL"),
    further(["--deployment"], "Only of what ran on this deployment.", metavar="NAME"),
    further(["--since"], "Catch up: from a date or time on, or the last 30m, 1h.", metavar="WHEN"),
)
"""Options of ``listen`` for this way alone."""


def listen(ctx: typer.Context, asked: Asked, secret_file: Path | None, *, print_secret: bool) -> None:
    """Follows what runs until the user ends it. Raises RcliErrors."""
    app = world(ctx)
    host, wanted = _wanted(ctx, app)
    wished = wishes(app, asked)
    api, pace = app.paced(host)
    keys = Keys.given(app.cwd / secret_file) if secret_file else Keys.of(api, app.settings.paths.webhooks)
    relay = Relay(
        api,
        pace,
        keys.key(),
        account=api.account().username,
        kinds=_kinds(asked, wished),
        wanted=wanted,
        since=_since(chosen(ctx, "--since")),
    )
    title = _Title(_first_line(host, wished), relay)
    app.screen.say(f"{title[0]}: beginning to follow (Ctrl-C stops)")
    if print_secret:
        app.screen.say(keys.key())
    place = Place(app.settings.paths.webhooks, listener_name(host, f"relay {wanted.name}", wished.endpoints))
    with Running(place, relay, wished, keys=keys, environ=app.environ) as running:
        hear(app, running, title)


def refuse_options(ctx: typer.Context) -> None:
    """Raises UsageError when the service itself is to send: it knows nothing of the relay's choices."""
    for name in ("--mine", "--model", "--deployment", "--since"):
        if chosen(ctx, name):
            raise UsageError(
                f"{name} is for listening without --port: here the service sends what it was asked to",
                hint="choose with --filter, such as --filter '.model == \"owner/name\"'",
            )


@dataclass(frozen=True)
class _Title(Sequence[str]):
    """The lines above the list; the second one tells how much the relay has asked just now."""

    first: str
    relay: Relay

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        asked, most = self.relay.rate
        return [self.first, f"{self.relay.account} · {asked} of at most {most} requests a minute"][index]

    def __len__(self) -> int:
        return 2


def _wanted(ctx: typer.Context, app: App) -> tuple[str, Wanted]:
    """The host, and what is followed there. Raises UsageError."""
    model, deployment = chosen(ctx, "--model"), chosen(ctx, "--deployment")
    if model and deployment:
        raise UsageError("a deployment says which model it runs", hint=f"--deployment {deployment}")
    host, name, on = app.default_host, None, None
    if model:
        host, reference = named.model(app, model)
        name = reference.full_name + (f":{reference.version}" if reference.version else "")
    if deployment:
        host, found = named.deployment(app, deployment)
        on = f"{found.owner}/{found.name}"
    kept = library(app, None)
    mine = (lambda id: kept.known(id, host) is not None) if chosen(ctx, "--mine") else None
    return host, Wanted(mine, name, on)


def _kinds(asked: Asked, wished: Wishes) -> frozenset[Kind]:
    """What anybody gets: who shows or saves events, or is an endpoint for some of them."""
    shown = kinds(asked.events, "--events") or ALL
    if not wished.endpoints or asked.save or asked.exec:
        return shown
    return shown & frozenset(kind for each in wished.endpoints for kind in each.events)


def _since(text: str | None) -> float | None:
    if text is None:
        return None
    return datetime.fromisoformat(times.moment(text, "--since", datetime.now(UTC))).timestamp()


def _first_line(host: str, wished: Wishes) -> str:
    to = ", ".join(each.name for each in wished.endpoints)
    return f"what runs on {host}" + (f" → {to}" if to else "")
