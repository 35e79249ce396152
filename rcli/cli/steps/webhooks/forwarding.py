"""What ``rcli webhook listen`` is asked to do with events: where they go, and which of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from rcli.app import App
from rcli.errors import UsageError
from rcli.listener import commands
from rcli.listener.events import Event
from rcli.listener.forward import Endpoint
from rcli.listener.listening import Wishes
from rcli.listener.saving import Saved
from rcli.ui.screen import program
from rcli.webhooks import KINDS, Kind

ALL = frozenset(KINDS)


@dataclass(frozen=True)
class Asked:
    """The options as they were written."""

    forward_to: str | None = None
    forward: Sequence[str] = ()
    headers: Sequence[str] = ()
    events: Sequence[str] = ()
    filter: str | None = None
    save: Path | None = None
    exec: str | None = None
    retries: bool = True


def wishes(app: App, asked: Asked) -> Wishes:
    """Raises UsageError for what cannot be read, RcliError for a file that cannot be written."""
    chosen = kinds(asked.events, "--events") or ALL
    passes = _filter(asked.filter) if asked.filter else None
    return Wishes(
        endpoints=endpoints(asked),
        wants=lambda event: event.kind in chosen and (passes is None or passes(event)),
        retries=asked.retries,
        saved=Saved(app.cwd / asked.save) if asked.save else None,
    )


def endpoints(asked: Asked) -> tuple[Endpoint, ...]:
    """Every address once, with all events that it is to get."""
    headers = tuple(_header(each) for each in asked.headers)
    found: dict[str, frozenset[Kind]] = {}
    if asked.forward_to:
        found[address(asked.forward_to, "--forward-to")] = ALL
    for each in asked.forward:
        target, wanted = _forward(each)
        found[target] = found.get(target, frozenset()) | wanted
    made = [Endpoint(target, wanted, headers) for target, wanted in found.items()]
    if asked.exec:
        made.append(Endpoint(commands.target(asked.exec)))
    return tuple(made)


def kinds(written: Sequence[str], option: str) -> frozenset[Kind]:
    """``completed,output`` as kinds. Raises UsageError."""
    names = [name.strip() for text in written for name in text.split(",")]
    for name in names:
        if name not in KINDS:
            raise UsageError(f"{option}: {name!r} is none of {', '.join(KINDS)}", hint=f"{option} completed")
    return frozenset(cast("list[Kind]", names))


def address(text: str, option: str) -> str:
    """An address of a handler; ``localhost:3000/hook`` is one, too. Raises UsageError."""
    url = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good:
        raise UsageError(
            f"{option} takes a URL, not {text!r}", hint=f"{option} http://localhost:3000/webhook"
        )
    return url


def _forward(text: str) -> tuple[str, frozenset[Kind]]:
    names, equals, url = text.partition("=")
    if not equals or "/" in names or ":" in names:
        return address(text, "--forward"), ALL
    return address(url, "--forward"), kinds([names], "--forward")


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    is_good = colon and name.strip() and name.isascii() and " " not in name.strip() and value.isprintable()
    if not is_good:
        raise UsageError(f"--header takes NAME: VALUE, not {text!r}", hint="--header 'X-Api-Key: abc'")
    return name.strip(), value.strip()


def _filter(expression: str) -> Callable[[Event], bool]:
    """Whether the expression makes something of the payload that is not null or false, as ``jq -e`` says."""
    compiled = program(expression, "--filter")

    def passes(event: Event) -> bool:
        try:
            return any(result not in (None, False) for result in compiled.input_value(event.payload))
        except ValueError:  # such as the length of a number: this event is not what was asked for
            return False

    return passes
