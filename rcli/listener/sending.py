"""Messages that a command makes: sent to one endpoint at once, outside any listener."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from rcli.listener.changes import Changes, Message
from rcli.listener.events import Event, Origin, made
from rcli.listener.forward import Delivery, Endpoint, Forwarder
from rcli.records import Prediction
from rcli.webhooks import Kind


def send(events: Sequence[Event], endpoint: Endpoint) -> list[Delivery]:
    """One attempt each, one after the other."""

    async def run() -> list[Delivery]:
        forwarder = Forwarder()
        try:
            return [await forwarder.deliver(event, endpoint) for event in events]
        finally:
            await forwarder.close()

    return asyncio.run(run())


def told_of(record: Prediction, kind: Kind) -> Message | None:
    """What an event of this kind tells of a prediction as it is, None if there is no such event yet."""
    changes = Changes([kind])
    changes.look(record)
    return changes.due(0.0)


def signed(message: Message, key: str, origin: Origin, now: float) -> Event:
    """At ``now``, in Unix seconds. Raises BadKey."""
    return made(message.kind, message.payload, id=message.id, key=key, origin=origin, now=now)
