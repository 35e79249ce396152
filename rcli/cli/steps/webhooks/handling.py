"""What the commands share that send messages to a handler: where to, with which key, and how it went."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from rcli.app import App
from rcli.cli.options import chosen, further, world
from rcli.cli.steps.webhooks.forwarding import Asked, endpoints
from rcli.cli.steps.webhooks.receiving import signing_keys
from rcli.errors import NoAnswer, RcliError, UsageError
from rcli.listener.events import Event
from rcli.listener.forward import Delivery, Endpoint
from rcli.signing import check_key

VARIABLE = "REPLICATE_WEBHOOK_SIGNING_SECRET"
"""Where official clients look for the key."""

SECRET = (
    further(
        ["--secret-file"], f"A file with the signing key; otherwise {VARIABLE}, or the host.", metavar="FILE"
    ),
)
HANDLER = (
    further(["--forward-to"], "The handler's address.", metavar="URL"),
    further(["--header"], "A header for the handler.", metavar="NAME:VALUE", multiple=True),
    *SECRET,
)


def endpoint(ctx: typer.Context) -> Endpoint:
    """Raises UsageError without ``--forward-to``."""
    url = chosen(ctx, "--forward-to")
    if not url:
        raise UsageError("no handler is named", hint="--forward-to http://localhost:3000/webhook")
    (found,) = endpoints(Asked(forward_to=url, headers=chosen(ctx, "--header") or ()))
    return found


def key(ctx: typer.Context, host: str | None = None) -> str:
    """The key in the file, else in the environment, else the host's. Raises RcliErrors."""
    app, file = world(ctx), chosen(ctx, "--secret-file")
    if file is None and (written := app.environ.get(VARIABLE, "").strip()):
        check_key(written)
        return written
    return signing_keys(app, host or app.default_host, Path(file) if file else None).key()


def tell(app: App, events: Sequence[Event], deliveries: Sequence[Delivery]) -> int:
    """A line for each message, and the exit code."""
    for event, delivery in zip(events, deliveries, strict=True):
        came = delivery.error or str(delivery.status)
        if app.flags.wants_json:
            app.screen.event(
                {
                    "id": event.id,
                    "event": event.kind,
                    "prediction": event.payload,
                    "target": delivery.target,
                    "status": delivery.status,
                    "seconds": delivery.seconds,
                    "error": delivery.error,
                }
            )
        elif app.flags.quiet:
            app.screen.line(event.id)
        else:
            cells = (event.kind, event.prediction, event.status, came, f"{delivery.seconds * 1000:.0f} ms")
            app.screen.line("\t".join(cells))
    failed = [each for each in deliveries if not each.ok]
    if not failed:
        return 0
    silent = [each for each in failed if each.status is None]
    if silent:
        app.screen.say("hint: see that the handler runs, then try again")
    return (NoAnswer if silent else RcliError).exit_code
