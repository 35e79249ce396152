"""What the documentation says may happen to a handler of webhooks: messages, and what should become of them.

https://replicate.com/docs/topics/webhooks and https://www.standardwebhooks.com; in short: any message may
come twice, late, out of order or from somebody else, and fields come and go.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from rcli import signing
from rcli.listener import sample
from rcli.listener.events import MADE_BY, Event, made
from rcli.records import Json
from rcli.webhooks import Kind, new_message_id

Verdict = Literal["taken", "refused"]
"""``taken``: answered 2xx, ``refused``: answered 4xx."""

LARGE = 2 << 20
"""Bytes of a large message."""

OFF, WAY_OFF = signing.TOLERANCE - 60, signing.TOLERANCE * 2
"""Seconds by which a message's time is off, within the tolerance and beyond it."""

_VERIFY = "verify the raw body with the headers webhook-id, -timestamp and -signature, and answer 401"
_TIMESTAMP = f"refuse a webhook-timestamp that is more than {signing.TOLERANCE} s away"
_IDEMPOTENT = "answer 2xx and ignore what you know already: by webhook-id, and after a terminal status"


@dataclass(frozen=True)
class Case:
    """Messages that are sent one after the other. ``hint`` tells what to do if that goes wrong."""

    name: str
    about: str
    wanted: Verdict
    messages: tuple[Event, ...]
    hint: str


class Forge:
    """Makes messages with the handler's key, at a time in Unix seconds."""

    def __init__(self, key: str, now: float) -> None:
        self.key, self.now = key, now
        self.moment = datetime.fromtimestamp(now, UTC)

    def message(self, payload: Json, kind: Kind, *, id: str = "", off: float = 0.0, key: str = "") -> Event:
        """``off``: by how many seconds its time is wrong; ``key``: another one than the handler's."""
        told = sample.as_told(payload, kind)
        id = id or new_message_id()
        return made(kind, told, id=id, key=key or self.key, origin="check", now=self.now + off)

    def body(self, body: bytes, kind: Kind = "completed") -> Event:
        """A message with exactly these bytes."""
        headers = {"content-type": "application/json", MADE_BY: "check"}
        return Event(new_message_id(), kind, body, headers, "check", self.now).signed(self.key, self.now)

    def prediction(self, **keys: Any) -> Json:
        return sample.prediction(self.moment) | keys


def cases(key: str, now: float) -> list[Case]:
    """All of them, in the order in which they are sent. Raises BadKey."""
    forge = Forge(key, now)
    return [make(forge) for make in _CASES]


def _events(forge: Forge) -> Case:
    payload = forge.prediction()
    messages = [forge.message(payload, kind) for kind in ("start", "output", "logs", "completed")]
    return Case(
        "events", "start, output, logs, completed", "taken", tuple(messages), "answer 2xx to every event"
    )


def _training(forge: Forge) -> Case:
    message = forge.message(sample.training(forge.moment), "completed")
    return Case("training", "a training's end", "taken", (message,), "trainings have the same webhooks")


def _ends(forge: Forge) -> Case:
    ends = {"failed": "it went wrong", "canceled": None, "aborted": None}
    told = [
        forge.message(forge.prediction(status=status, error=error, output=None, started_at=None), "completed")
        for status, error in ends.items()
    ]
    hint = "terminal are succeeded, failed, canceled and aborted"
    return Case("ends", "failed, canceled, aborted", "taken", tuple(told), hint)


def _duplicates(forge: Forge) -> Case:
    message = forge.message(forge.prediction(), "completed")
    again = message.signed(forge.key, forge.now + 1)
    return Case("duplicates", "one message three times", "taken", (message, message, again), _IDEMPOTENT)


def _reordered(forge: Forge) -> Case:
    payload = forge.prediction(output=["one ", "two "])
    short = payload | {"output": ["one "]}
    messages = (
        forge.message(payload, "output"),
        forge.message(payload, "start"),
        forge.message(short, "output"),
        forge.message(payload, "completed"),
    )
    return Case("reordered", "output before start", "taken", messages, _IDEMPOTENT)


def _late(forge: Forge) -> Case:
    payload = forge.prediction()
    messages = tuple(forge.message(payload, kind) for kind in ("completed", "logs", "output"))
    return Case("late", "logs and output after the end", "taken", messages, _IDEMPOTENT)


def _fields(forge: Forge) -> Case:
    empty = forge.prediction(output=None, logs=None, metrics=None, model="", deployment=None)
    known = {name: empty[name] for name in ("id", "status", "urls", "created_at", "input")}
    strange = forge.prediction(new_field={"deep": [None, 1e300]}, output={"image": None, "seed": 1 << 53})
    told = tuple(forge.message(payload, "completed") for payload in (empty, known, strange))
    return Case("fields", "null, missing and unknown fields", "taken", told, "any field may be null or new")


def _bytes(forge: Forge) -> Case:
    payload = forge.prediction(input={"prompt": "naïve ☃ </script>"}, metrics={"predict_time": 1.0})
    spread = json.dumps(payload, indent=1, ensure_ascii=True)
    told = (forge.body(spread.encode()), forge.body(json.dumps(payload, ensure_ascii=False).encode()))
    hint = "verify the bytes as they came, not JSON that was read and written again"
    return Case("bytes", "JSON with spaces, escapes and UTF-8", "taken", told, hint)


def _large(forge: Forge) -> Case:
    message = forge.message(forge.prediction(logs="x" * LARGE), "completed")
    return Case("large", "a body of 2 MB", "taken", (message,), "allow bodies of some megabytes")


def _two_signatures(forge: Forge) -> Case:
    message = forge.message(forge.prediction(), "completed")
    other = forge.message(forge.prediction(), "completed", id=message.id, key=signing.new_key())
    both = f"{other.headers['webhook-signature']} {message.headers['webhook-signature']}"
    told = _with(message, {"webhook-signature": both})
    hint = "webhook-signature is a list apart by spaces: any valid one will do"
    return Case("two signatures", "of which the second is valid", "taken", (told,), hint)


def _clock_off(forge: Forge) -> Case:
    told = tuple(forge.message(forge.prediction(), "completed", off=off) for off in (-OFF, OFF))
    return Case("clock off", f"by {OFF} s, which is allowed", "taken", told, _TIMESTAMP)


def _forged(forge: Forge) -> Case:
    told = forge.message(forge.prediction(), "completed", key=signing.new_key())
    return Case("forged", "signed with another key", "refused", (told,), _VERIFY)


def _changed(forge: Forge) -> Case:
    message = forge.message(forge.prediction(), "completed")
    told = replace(message, body=message.body.replace(b'"succeeded"', b'"failed"   '))
    return Case("changed", "another body than was signed", "refused", (told,), _VERIFY)


def _unsigned(forge: Forge) -> Case:
    message = forge.message(forge.prediction(), "completed")
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    told = tuple(_without(message, missing) for missing in (*((name,) for name in names), names))
    return Case("unsigned", "without one of the headers, or any", "refused", told, _VERIFY)


def _stale(forge: Forge) -> Case:
    told = forge.message(forge.prediction(), "completed", off=-WAY_OFF)
    return Case("stale", f"signed {WAY_OFF} s ago", "refused", (told,), _TIMESTAMP)


def _future(forge: Forge) -> Case:
    told = forge.message(forge.prediction(), "completed", off=WAY_OFF)
    return Case("future", f"signed {WAY_OFF} s from now", "refused", (told,), _TIMESTAMP)


def _with(message: Event, headers: dict[str, str]) -> Event:
    return replace(message, headers={**message.headers, **headers})


def _without(message: Event, names: tuple[str, ...]) -> Event:
    kept = {name: value for name, value in message.headers.items() if name not in names}
    return replace(message, headers=kept)


_CASES: tuple[Callable[[Forge], Case], ...] = (
    _events,
    _training,
    _ends,
    _duplicates,
    _reordered,
    _late,
    _fields,
    _bytes,
    _large,
    _two_signatures,
    _clock_off,
    _forged,
    _changed,
    _unsigned,
    _stale,
    _future,
)
