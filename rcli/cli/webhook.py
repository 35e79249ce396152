"""``rcli webhook``: what Replicate tells by webhook, on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rcli.cli.options import Command, also, group, world
from rcli.cli.steps.webhooks import relaying
from rcli.cli.steps.webhooks.checking import check
from rcli.cli.steps.webhooks.forwarding import Asked
from rcli.cli.steps.webhooks.replaying import replay
from rcli.cli.steps.webhooks.triggering import trigger
from rcli.cli.steps.webhooks.verifying import secret, verify

app = group()

ForwardTo = Annotated[
    str | None, typer.Option("--forward-to", metavar="URL", help="Pass every event on to this address.")
]
Forward = Annotated[
    list[str] | None,
    typer.Option("--forward", metavar="EVENTS=URL", help="Pass some on: completed=http://localhost:3000/x."),
]
Header = Annotated[
    list[str] | None,
    typer.Option("--header", metavar="NAME:VALUE", help="A header for the messages that are passed on."),
]
Events = Annotated[
    list[str] | None,
    typer.Option("--events", metavar="EVENTS", help="Only these: start,output,logs,completed."),
]
Filter = Annotated[
    str | None, typer.Option("--filter", metavar="JQ", help="Only events for which this is true.")
]
Save = Annotated[
    Path | None, typer.Option("--save", metavar="FILE", help="Append every event to a JSON Lines file.")
]
Execute = Annotated[
    str | None,
    typer.Option("--exec", metavar="COMMAND", help="Run this for every event, the payload on its stdin."),
]
Port = Annotated[
    int | None,
    typer.Option("--port", min=0, max=65535, metavar="N", help="Receive on this port; 0: any."),
]
PrintSecret = Annotated[
    bool, typer.Option("--print-secret", help="Show the key that your handler verifies with.")
]
NoRetry = Annotated[bool, typer.Option("--no-retry", help="Do not repeat what the handler did not take.")]
PublicUrl = Annotated[
    str | None,
    typer.Option("--public-url", metavar="URL", help="What your tunnel or proxy is called outside."),
]
Bind = Annotated[
    str, typer.Option("--bind", metavar="ADDRESS", help="Receive on this address; this machine's own.")
]
SecretFile = Annotated[
    Path | None,
    typer.Option("--secret-file", metavar="FILE", help="The signing key, where the token may not read it."),
]


@app.callback()
def webhook() -> None:
    """Receive webhooks on this machine, pass them on, and try handlers."""


@app.command(cls=Command)
@also(*relaying.RELAYING)
def listen(
    ctx: typer.Context,
    forward_to: ForwardTo = None,
    forward: Forward = None,
    headers: Header = None,
    events: Events = None,
    filter_: Filter = None,
    save: Save = None,
    command: Execute = None,
    print_secret: PrintSecret = False,
    no_retry: NoRetry = False,
    port: Port = None,
    bind: Bind = "127.0.0.1",
    path: Annotated[str, typer.Option("--path", metavar="PATH", help="Receive at this path.")] = "/",
    public_url: PublicUrl = None,
    secret_file: SecretFile = None,
) -> None:
    """Receive webhooks, show them, and pass them on to your handler.

    Without --port rcli follows what runs through the API and makes the events that the service would
    send, signed as it signs them: nothing has to be reachable from outside. With --port it is the server
    that your tunnel leads to, and passes on what the service sends, byte for byte. Either way events are
    kept on disk, and what the handler does not take is tried again. Keys: arrows choose, r resends, d
    shows details, o opens the prediction's page, q quits.

    \b
    Examples: rcli webhook listen --forward-to http://localhost:3000/webhook
              rcli webhook listen --port 8787 --forward-to http://localhost:3000/webhook
    """
    app = world(ctx)
    asked = Asked(
        forward_to, forward or (), headers or (), events or (), filter_, save, command, not no_retry
    )
    if port is None and public_url is None:
        relaying.listen(ctx, asked, secret_file, print_secret=print_secret)
        return
    from rcli.cli.steps.webhooks import receiving  # starlette and uvicorn, for this way alone

    relaying.refuse_options(ctx)
    at = receiving.Address(port or 0, bind, path, public_url)
    receiving.listen(app, asked, at, secret_file, print_secret=print_secret)


app.command(cls=Command)(replay)
app.command(cls=Command)(trigger)
app.command(cls=Command)(check)
app.command(cls=Command)(verify)
app.command(cls=Command)(secret)
