"""Direct mode: the server to which the service sends its webhooks, through the user's own tunnel or address.

Whoever finds the address may send: bodies, times, connections and memory are bounded, and what the account's
key has not signed is refused with the reason. Each message is on disk before it is acknowledged.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from rcli import signing
from rcli.connections import Connection, Server
from rcli.errors import RcliError
from rcli.listener.events import SIGNED, Event
from rcli.listener.forward import NOT_PASSED_ON
from rcli.listener.keys import Keys
from rcli.listener.kinds import Kinds
from rcli.listener.listening import Intake, Notice
from rcli.listener.threads import in_thread

BODY_LIMIT = 16 << 20
"""Bytes of one message."""

HELD_LIMIT = 64 << 20
"""Bytes of all messages that are being received; more are told to come again."""

GRACE_SECONDS = 2
"""For answers that are under way in the end."""

ARRIVAL_SECONDS = 60.0
"""For the whole body."""

COMPLAIN_SECONDS = 2.0
"""From one notice of a refused message to the next: anybody can send those."""

CLOCK_HINT = "set this machine's clock: timedatectl set-ntp true (or somebody sends an old message again)"
KEY_HINT = "is it for another account or host? rcli webhook secret; rcli auth status"

_DROPPED = NOT_PASSED_ON | {"accept-encoding"}


class Slow(Connection):
    """Bounds for a server that is open to the world."""

    head_seconds = 10.0
    body_seconds = 10.0
    most = 256


class Refused(Exception):
    """A message that is not taken: the status of the answer, and why."""

    def __init__(self, status: int, reason: str, *, hint: str | None = None) -> None:
        super().__init__(reason)
        self.status, self.reason, self.hint = status, reason, hint


@dataclass
class Receiver:
    """A source of events: a server on ``listener``, a bound socket, that takes messages at ``path``."""

    listener: socket.socket
    path: str
    keys: Keys
    clock: Callable[[], float] = time.time
    protocol: type[Connection] = Slow

    async def run(self, intake: Intake) -> None:
        """See ``Source``. It never ends by itself."""
        desk = _Desk(self.keys, intake, self.clock)
        app = Starlette(routes=[Route(self.path, desk.receive, methods=["POST"])])
        server = _Server(app, self.protocol, grace=GRACE_SECONDS)
        serving = asyncio.create_task(server.serve(sockets=[self.listener]))
        try:
            await asyncio.shield(serving)
        finally:
            server.stopping.set()
            await serving


class _Server(Server):
    """Serves until it is told to stop; signals are the main thread's."""

    def __init__(self, app: Starlette, protocol: type[Connection], *, grace: int) -> None:
        super().__init__(app, protocol, grace=grace)
        self.stopping = asyncio.Event()

    async def main_loop(self) -> None:
        await self.stopping.wait()


class _Desk:
    """Takes the messages in."""

    def __init__(self, keys: Keys, intake: Intake, clock: Callable[[], float]) -> None:
        self._keys, self._intake, self._clock = keys, intake, clock
        self._kinds = Kinds()
        self._held = 0
        self._complaints = Complaints(intake)

    async def receive(self, request: Request) -> JSONResponse:
        try:
            event = await self._received(request)
        except Refused as refused:
            self._complaints.take(refused)
            return _refusal(refused)
        return JSONResponse({"received": event.id})

    async def _received(self, request: Request) -> Event:
        """Raises Refused."""
        content = bytearray()
        try:
            async with asyncio.timeout(ARRIVAL_SECONDS):
                async for chunk in request.stream():
                    self._held += len(chunk)
                    content += chunk
                    self._check_room(len(content))
            return await self._taken(dict(request.headers.items()), bytes(content))
        except TimeoutError as exc:
            raise Refused(408, "the message did not arrive in time") from exc
        except ClientDisconnect as exc:
            raise Refused(400, "the message broke off") from exc
        finally:
            self._held -= len(content)

    def _check_room(self, size: int) -> None:
        if size > BODY_LIMIT:
            raise Refused(413, f"the message is larger than {BODY_LIMIT >> 20} MB")
        if self._held > HELD_LIMIT:
            raise Refused(503, "too much is arriving at once")

    async def _taken(self, headers: dict[str, str], body: bytes) -> Event:
        await self._verify(headers, body)
        passed = {name: value for name, value in headers.items() if name not in _DROPPED}
        event = Event(headers[SIGNED[0]], "completed", body, passed, "direct", self._clock())
        if not event.prediction:
            raise Refused(422, "the message tells of no prediction")
        event = replace(event, kind=self._kinds.of(event.payload))
        try:
            await self._intake.take(event)
        except RcliError as exc:  # the sender keeps it, and comes again with it
            raise Refused(503, exc.message, hint=exc.hint) from exc
        return event

    async def _verify(self, headers: dict[str, str], body: bytes) -> None:
        """The user may have replaced the key: a bad signature has the service asked for it once more."""
        try:
            try:
                signing.verify(self._keys.key(), headers, body, now=self._clock())
            except signing.Unverified as exc:
                if exc.check != "signature":
                    raise
                key = await in_thread(self._keys.renewed)
                signing.verify(key, headers, body, now=self._clock())
        except signing.Unverified as exc:
            raise self._reason(exc, headers, body) from exc
        except RcliError as exc:
            raise Refused(503, exc.message, hint=exc.hint) from exc

    def _reason(self, exc: signing.Unverified, headers: dict[str, str], body: bytes) -> Refused:
        if exc.check == "headers":
            return Refused(400, exc.message)
        if exc.check == "timestamp" and self._is_only_late(headers, body):
            return Refused(401, f"{exc.message}; its signature is good", hint=CLOCK_HINT)
        return Refused(401, exc.message, hint=KEY_HINT if exc.check == "signature" else None)

    def _is_only_late(self, headers: dict[str, str], body: bytes) -> bool:
        """Whether this is a message of the service, and one of the two clocks is wrong, or it was kept."""
        try:
            signing.verify(self._keys.key(), headers, body, now=int(headers[SIGNED[1]]))
        except (signing.Unverified, ValueError):
            return False
        return True


class Complaints:
    """Notices of what was refused: the first at once, then one in a while, with the number of the others."""

    def __init__(self, intake: Intake) -> None:
        self._intake = intake
        self._last: Refused | None = None
        self._others = 0
        self._is_quiet = False

    def take(self, refused: Refused) -> None:
        self._others += self._last is not None
        self._last = refused
        if not self._is_quiet:
            self._tell()

    def _tell(self) -> None:
        refused, others = self._last, self._others
        self._last, self._others, self._is_quiet = None, 0, refused is not None
        if refused is None:
            return
        more = f" (and {others} before it)" if others else ""
        hint = f"; {refused.hint}" if refused.hint else ""
        self._intake.tell(Notice(f"refused a message: {refused.reason}{more}{hint}", is_warning=True))
        asyncio.get_running_loop().call_later(COMPLAIN_SECONDS, self._tell)


def _refusal(refused: Refused) -> JSONResponse:
    body = {"title": "Not taken", "detail": refused.reason, "status": refused.status}
    headers = {"connection": "close"} if refused.status in (408, 413, 503) else {}
    return JSONResponse(body, refused.status, headers)
