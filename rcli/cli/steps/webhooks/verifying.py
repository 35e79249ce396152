"""``rcli webhook verify`` and ``secret``: whether a message is genuine, and the key that says so."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated

import typer

from rcli import signing
from rcli.app import App
from rcli.cli.options import also, chosen, further, world
from rcli.cli.steps.webhooks import handling
from rcli.errors import InvalidInput, RcliError, UsageError
from rcli.listener.events import SIGNED
from rcli.services.request.sources import Sources

MessageFile = Annotated[
    str | None,
    typer.Argument(
        metavar="[FILE]", help="The message: headers, an empty line, the body; or a saved event. - is stdin."
    ),
]


@dataclass(frozen=True)
class Received:
    """A message as somebody received it."""

    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@also(
    further(["--header"], "A header of the message.", metavar="NAME:VALUE", multiple=True),
    further(["--body"], "A file with the body, byte for byte; - is stdin.", metavar="FILE"),
    further(["--any-time"], "However old it is."),
    *handling.SECRET,
)
def verify(ctx: typer.Context, file: MessageFile = None) -> int:
    """Tell whether Replicate has signed a message, and if not, which check it fails.

    \b
    Examples: rcli webhook verify message.txt
              rcli webhook verify --any-time event.json
    """
    app = world(ctx)
    message = _read(ctx, app, file)
    outcomes = dict(_outcomes(message, handling.key(ctx), any_time=bool(chosen(ctx, "--any-time"))))
    wrong = [name for name, flaw in outcomes.items() if flaw]
    if app.flags.wants_json:
        app.screen.json({"ok": not wrong, "checks": {name: flaw or "ok" for name, flaw in outcomes.items()}})
    elif not app.flags.quiet:
        app.screen.fields([(name, flaw or "ok") for name, flaw in outcomes.items()])
    return RcliError.exit_code if wrong else 0


@also(*handling.SECRET)
def secret(ctx: typer.Context) -> None:
    """Print the key with which your account's webhooks are signed, for the handler that verifies them.

    Official clients look for it in REPLICATE_WEBHOOK_SIGNING_SECRET.

    Example: rcli webhook secret
    """
    app, key = world(ctx), handling.key(ctx)
    if app.flags.wants_json:
        app.screen.json({"key": key})
    else:
        app.screen.line(key)


def _outcomes(message: Received, key: str, *, any_time: bool) -> Iterator[tuple[signing.Check, str | None]]:
    """Each check and what is wrong, None if nothing is."""
    headers, now = message.headers, time.time()
    timestamp = headers.get("webhook-timestamp", "")
    yield "headers", _flaw(lambda: _present(headers))
    if all(headers.get(name) for name in SIGNED):
        yield "timestamp", None if any_time else _flaw(lambda: signing.check_time(timestamp, now))
        yield "signature", _signature_flaw(key, message)


def _present(headers: Mapping[str, str]) -> None:
    if missing := [name for name in SIGNED if not headers.get(name)]:
        raise signing.Unverified("headers", f"the message has no {' and no '.join(missing)}")


def _signature_flaw(key: str, message: Received) -> str | None:
    """A body that was copied by hand has often gained or lost the end of its last line."""
    changes = {
        "without the line end behind it": message.body.rstrip(b"\r\n"),
        "with a line end behind it": message.body + b"\n",
        "with line feeds alone": message.body.replace(b"\r\n", b"\n"),
    }
    flaw = _body_flaw(key, message, message.body)
    for change, body in changes.items():
        if flaw and _body_flaw(key, message, body) is None:
            return f"the body is not as it was sent: {change} the signature is good"
    return flaw


def _body_flaw(key: str, message: Received, body: bytes) -> str | None:
    return _flaw(lambda: signing.check_signature(key, message.headers, body))


def _flaw(check: Callable[[], None]) -> str | None:
    try:
        check()
    except signing.Unverified as exc:
        return exc.message
    return None


def _read(ctx: typer.Context, app: App, file: str | None) -> Received:
    """The message from the file, with what the options say in its place. Raises UsageError."""
    given = [_header(each) for each in chosen(ctx, "--header") or ()]
    body = chosen(ctx, "--body")
    if file is None and body is None:
        if app.stdin.isatty() or given:
            raise UsageError("there is no message", hint="rcli webhook verify message.txt, or --body FILE")
        file = "-"
    found = _parsed(_bytes(app, file)) if file else Received({}, b"")
    headers = {**found.headers, **dict(given)}
    return Received(headers, found.body if body is None else _bytes(app, body))


def _parsed(content: bytes) -> Received:
    """A saved event, or a message as HTTP writes it, with its first line or without. Raises UsageError."""
    if content.lstrip().startswith(b"{"):
        return _saved(content)
    head, gap, body = content.replace(b"\r\n\r\n", b"\n\n", 1).partition(b"\n\n")
    lines = head.decode("utf-8", "replace").splitlines()
    headers = [_header(line) for line in lines if not line.startswith(("POST ", "HTTP/"))]
    if not gap:
        raise UsageError("the message has no empty line between headers and body", hint="--body FILE")
    return Received(dict(headers), body)


def _saved(content: bytes) -> Received:
    try:
        raw = json.loads(content)
        headers = {str(name).lower(): str(value) for name, value in raw["headers"].items()}
        body = raw["body"].encode("utf-8", "surrogateescape")
    except (ValueError, KeyError, AttributeError, TypeError) as exc:
        raise UsageError(
            "this JSON is no saved event: it needs headers and body",
            hint="one line of what rcli webhook listen --save wrote; a body alone goes to --body",
        ) from exc
    return Received(headers, body)


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not name.strip():
        raise UsageError(f"{line[:80]!r} is no header", hint="--header 'webhook-id: msg_…'")
    return name.strip().lower(), value.strip()


def _bytes(app: App, name: str) -> bytes:
    try:
        return Sources(app.cwd, app.home, app.stdin.buffer).content(name)
    except InvalidInput as exc:
        exc.hint = exc.hint or "rcli webhook verify message.txt; - is standard input"
        raise
