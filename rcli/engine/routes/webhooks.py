"""Webhooks: what a creation may ask for, and the key with which they are signed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, get_args
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse

from rcli.engine.data.webhooks import Subscription, WebhookEvent
from rcli.engine.problems import InvalidField, invalid_request
from rcli.engine.routes import engine_of, links_of
from rcli.engine.runtime.outgoing import loopback_address
from rcli.engine.web.bases import lasting
from rcli.engine.work.webhooks import Followed

WEBHOOK_KEYS: dict[str, type | tuple[type, ...]] = {"webhook": str, "webhook_events_filter": list}
"""What the body of a creation may hold beside its own keys."""

LONGEST_URL = 8192
EVENTS: tuple[WebhookEvent, ...] = get_args(WebhookEvent)
DEFAULT_EVENTS: frozenset[WebhookEvent] = frozenset({"output", "completed"})


async def get_webhook_secret(request: Request) -> JSONResponse:
    return JSONResponse({"key": engine_of(request).webhook_key})


async def read_subscription(body: Mapping[str, Any]) -> Subscription | None:
    """Whom the body of a creation asks to tell, None for nobody. Raises Problem 422."""
    fields = list(_wrong_events(body.get("webhook_events_filter", ())))
    url = body.get("webhook")
    if url is not None and (flaw := await _flaw(url)):
        fields.insert(0, InvalidField("format", "webhook", flaw))
    if fields:
        raise invalid_request(fields)
    if url is None:
        return None
    return Subscription(url, frozenset(body.get("webhook_events_filter", DEFAULT_EVENTS)))


def send_webhooks(request: Request, live: Followed, subscription: Subscription | None) -> None:
    """Tells the subscriber of what was just created, with links as this request's client sees them."""
    engine = engine_of(request)
    if subscription is not None and subscription.events:
        engine.webhooks.follow(live, subscription, lasting(links_of(request).base, engine.port))


def _wrong_events(events: list[Any]) -> Iterator[InvalidField]:
    for number, event in enumerate(events):
        if event not in EVENTS:
            field = f"webhook_events_filter.{number}"
            yield InvalidField("enum", field, f"{field} must be one of the following: {', '.join(EVENTS)}")


async def _flaw(url: str) -> str | None:
    """What is wrong with the address, None if messages may be sent there."""
    if not url:
        return "The webhook URL is empty (E4875)"
    if len(url) > LONGEST_URL or not re.fullmatch(r"[\x21-\x7e]+", url):
        return f"Must be a URL of at most {LONGEST_URL} visible ASCII characters"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        return f"Does not match format 'uri': {exc}"
    match parts.scheme:
        case "https" if parts.hostname:
            return None
        case "http" if parts.hostname and await loopback_address(parts.hostname, port or 80):
            return None
        case "http":
            return "Plain http is sent to this machine only: use an https URL"
        case _:
            return "Must be an https URL"
