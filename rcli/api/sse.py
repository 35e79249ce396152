"""Server-sent events: a pure parser by the HTML standard, and streams that survive broken connections.

https://html.spec.whatwg.org/multipage/server-sent-events.html, with two differences: an event carries only an
id of its own, and comments come out as events named ``""``, because Replicate says "408" in one.
"""

from __future__ import annotations

from collections.abc import Iterator

from rcli.api.client import Client
from rcli.api.failures import Disconnected, no_api
from rcli.errors import NoAnswer
from rcli.records import ServerEvent

FRUITLESS_CONNECTIONS = 5
_SILENCE = 90.0
"""Seconds: Replicate ends idle streams by itself before that, the engine sends a comment every 15."""
_IDLE = 5.0
"""Seconds: a stream that lasted this long before its 408 was idle, and not refused."""
_MAX_WAIT = 5.0
_BOM = b"\xef\xbb\xbf"


class Parser:
    """Takes bytes as they come, in any pieces, and gives each event as soon as its last byte is there."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._after_cr = False
        self._at_start = True
        self._name = ""
        self._data: list[bytes] = []
        self._id: str | None = None
        self.retry: float | None = None
        """Seconds that the server asks to wait before a reconnect."""

    def feed(self, chunk: bytes) -> list[ServerEvent]:
        """The events that these bytes complete."""
        if self._after_cr and chunk:
            chunk = chunk.removeprefix(b"\n")
            self._after_cr = False
        if b"\n" not in chunk and b"\r" not in chunk:
            self._pieces.append(chunk)
            return []
        self._after_cr = chunk.endswith(b"\r")
        lines = b"".join([*self._pieces, chunk]).splitlines()
        self._pieces = [] if chunk.endswith((b"\r", b"\n")) else [lines.pop()]
        if self._at_start:
            lines[0] = lines[0].removeprefix(_BOM)
            self._at_start = False
        return self._events(lines)

    def _events(self, lines: list[bytes]) -> list[ServerEvent]:
        events: list[ServerEvent] = []
        for line in lines:
            if line.startswith(b"data: "):
                self._data.append(line[6:])
            elif not line:
                if self._data:
                    events.append(self._event())
                self._name, self._data, self._id = "", [], None
            elif line.startswith(b":"):
                events.append(ServerEvent("", _text(line[1:].removeprefix(b" "))))
            else:
                self._field(line)
        return events

    def _event(self) -> ServerEvent:
        return ServerEvent(self._name or "message", _text(b"\n".join(self._data)), self._id)

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        match name:
            case b"event":
                self._name = _text(value)
            case b"data":
                self._data.append(value)
            case b"id" if b"\0" not in value:
                self._id = _text(value)
            case b"retry" if value.isdigit():
                self.retry = int(value) / 1000


def events(client: Client, url: str) -> Iterator[ServerEvent]:
    """The events of a stream up to and with ``done``, each as it arrives and each once; comments too.

    A broken connection is taken up again after the last id; what the server then repeats is dropped by its
    id. Raises NoAnswer when reconnecting brings nothing, or would repeat events that have no id: ask for the
    prediction itself then.
    """
    stream = _Stream(client, url)
    while True:
        yield from stream.connection()
        if stream.is_done:
            return
        stream.wait()


class _Stream:
    """What has to be known from one connection to the next."""

    def __init__(self, client: Client, url: str) -> None:
        self.is_done = False
        self._client = client
        self._url = url
        self._parser = Parser()
        self._last_id: str | None = None
        self._seen: set[str] = set()
        self._has_unnumbered = False
        self._fruitless = 0
        self._failure: NoAnswer | None = None

    def connection(self) -> Iterator[ServerEvent]:
        """What one connection brings that is new; ends with ``done``, or when the connection does."""
        earlier, started = frozenset(self._seen), self._client.clock()
        self._failure = None
        self._fruitless += 1
        try:
            for event in self._received():
                if event.event:
                    if event.id in earlier:
                        continue
                    self._take(event)
                elif event.data.startswith("408") and self._client.clock() - started >= _IDLE:
                    self._fruitless = 0
                yield event
                if self.is_done:
                    return
        except Disconnected as exc:
            self._failure = exc

    def wait(self) -> None:
        """Before the next connection. Raises NoAnswer when there is no use in one."""
        if self._has_unnumbered:
            raise self._failure or NoAnswer("the stream ended too early, and its events have no ids")
        if self._fruitless >= FRUITLESS_CONNECTIONS:
            raise self._failure or NoAnswer("the stream ends again and again without an event")
        backoff = 0.1 * 2**self._fruitless
        self._client.sleep(min(_MAX_WAIT, max(backoff, self._parser.retry or 0)))

    def _take(self, event: ServerEvent) -> None:
        self.is_done = event.event == "done"
        self._fruitless = 0
        if event.id is None:
            self._has_unnumbered = True
        else:
            self._seen.add(event.id)
            self._last_id = event.id

    def _received(self) -> Iterator[ServerEvent]:
        headers = {"Accept": "text/event-stream", "Accept-Encoding": "identity", "Cache-Control": "no-store"}
        if self._last_id is not None:
            headers["Last-Event-ID"] = self._last_id
        with self._client.stream(self._url, headers, timeout=_SILENCE) as response:
            if not response.headers.get("content-type", "").startswith("text/event-stream"):
                raise no_api(response)
            self._parser = Parser()
            for chunk in response.iter_raw():
                yield from self._parser.feed(chunk)


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")
