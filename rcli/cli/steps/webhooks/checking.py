"""``rcli webhook check``: a handler under all that may happen, and how it did."""

from __future__ import annotations

import typer

from rcli.cli.options import also, world
from rcli.cli.steps.webhooks import handling
from rcli.errors import RcliError
from rcli.listener.check import Finding
from rcli.listener.check import check as run


@also(*handling.HANDLER)
def check(ctx: typer.Context) -> int:
    """Send your handler all that the documentation says may happen, and tell how it did.

    Duplicates, messages out of order and late, wrong and missing signatures, wrong clocks, unknown fields,
    large bodies, bursts, a slow connection. It sees answers, not what the handler does with the events.
    Exit code 1 if anything is not as it should be.

    Example: rcli webhook check --forward-to http://localhost:3000/webhook
    """
    app = world(ctx)
    endpoint, key = handling.endpoint(ctx), handling.key(ctx)
    app.screen.note(f"checking {endpoint.target}: this takes some seconds")
    found = run(endpoint, key)
    wrong = [finding for finding in found if not finding.ok]
    if app.flags.wants_json:
        app.screen.json([finding.to_json() for finding in found])
    elif app.flags.quiet:
        for finding in wrong:
            app.screen.line(finding.name)
    else:
        app.screen.table(("", "check", "what", "wanted", "got"), map(_row, found))
        for finding in wrong:
            app.screen.say(f"{finding.name}: {finding.hint}")
    return RcliError.exit_code if wrong else 0


def _row(finding: Finding) -> tuple[str, ...]:
    return ("ok" if finding.ok else "WRONG", finding.name, finding.about, finding.wanted, finding.got)
