"""The hosts: whether they answer, take the token, and agree about the time."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from rcli import credentials
from rcli.api.endpoints import Replicate
from rcli.credentials import Token
from rcli.errors import NotAllowed, RcliError
from rcli.records import Account
from rcli.services.health import Finding, failed
from rcli.settings import REPLICATE

SKEW_NOTICED = 30.0
"""Seconds by which clocks may differ; an answer takes some of them."""

SKEW_HARMFUL = 300.0
"""Seconds from which on webhooks count as forged, and certificates as not valid yet."""


def check(api: Replicate, token: Token | None) -> Iterator[Finding]:
    """``api`` speaks to a host with this token."""
    topic = f"host {api.client.host.name}"
    try:
        if token and api.client.host.name == REPLICATE:
            credentials.check_kind(token.secret)
        with api.client.exchange("GET", "account") as response:
            response.read()
            date, now = response.headers.get("date"), time.time()
    except NotAllowed as error:
        yield _refused(topic, api, token, error)
        return
    except RcliError as error:
        yield failed(topic, error, "problem" if token else "warning")
        return
    try:
        account = Account.from_json(api.client.parsed(response))
    except NotAllowed as error:
        yield _refused(topic, api, token, error)
    except RcliError as error:
        yield failed(topic, error, "problem" if token else "warning")
        return
    else:
        origin = f"; the token is from {token.origin}" if token else ""
        yield Finding(topic, "good", f"signed in as {account.username}{origin}")
    if date:
        yield from _clock(topic, date, now)


def _refused(topic: str, api: Replicate, token: Token | None, error: NotAllowed) -> Finding:
    if token is None:
        login = credentials.sign_in_hint(api.client.host)
        return Finding(topic, "note", "it answers; nobody is signed in", login)
    said = f"the token from {token.origin} is not taken: {error.message}"
    return Finding(topic, "problem", said, credentials.sign_in_hint(api.client.host, token.origin))


def _clock(topic: str, date: str, now: float) -> Iterator[Finding]:
    """``date`` is the header's text, ``now`` the time here when it came, in Unix seconds."""
    try:
        ahead = now - parsedate_to_datetime(date).timestamp()
    except ValueError:
        return
    if abs(ahead) < SKEW_NOTICED:
        yield Finding("clock", "good", f"agrees with {topic.removeprefix('host ')}")
        return
    said = f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} {topic.removeprefix('host ')}"
    mend = "sudo sntp -sS time.apple.com" if sys.platform == "darwin" else "sudo timedatectl set-ntp true"
    yield Finding("clock", "problem" if abs(ahead) >= SKEW_HARMFUL else "warning", said, mend)
