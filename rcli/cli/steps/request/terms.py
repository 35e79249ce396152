"""The options that go along with a creation: how long it may take, and whom the service tells."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from rcli.cli.options import chosen
from rcli.errors import UsageError
from rcli.records import Terms
from rcli.services import times

EVENTS = ("start", "output", "logs", "completed")

_SHORTEST = 5
_LONGEST_WAIT = 60


def terms(ctx: typer.Context) -> Terms:
    """What the options of a command say. Raises UsageError for what no service takes."""
    webhook: str | None = chosen(ctx, "--webhook")
    told = _events(chosen(ctx, "--webhook-events") or ())
    if told and not webhook:
        raise UsageError(
            "--webhook-events needs an address to tell", hint="--webhook https://example.com/hook"
        )
    if webhook is not None and not webhook.startswith(("https://", "http://")):
        raise UsageError(f"--webhook takes a URL, not {webhook!r}", hint="--webhook https://example.com/hook")
    return Terms(_wait(chosen(ctx, "--prefer-wait")), _limit(chosen(ctx, "--timeout")), webhook, told)


def _limit(text: str | None) -> int | None:
    if text is None:
        return None
    seconds = times.duration(text, "--timeout")
    if seconds < _SHORTEST:
        raise UsageError(f"--timeout takes {_SHORTEST} s at least", hint=f"--timeout {_SHORTEST}s")
    return seconds


def _wait(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or not 1 <= int(text) <= _LONGEST_WAIT:
        raise UsageError(
            f"--prefer-wait takes 1 to {_LONGEST_WAIT} seconds, not {text!r}", hint="--prefer-wait 30"
        )
    return int(text)


def _events(written: Sequence[str]) -> tuple[str, ...]:
    names = dict.fromkeys(name.strip() for text in written for name in text.split(","))
    for name in names:
        if name not in EVENTS:
            raise UsageError(f"--webhook-events: {name!r} is none of {', '.join(EVENTS)}")
    return tuple(names)
