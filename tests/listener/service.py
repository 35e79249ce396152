"""A service whose predictions go on by themselves, and which may throttle, stall, fail and hang up."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from threading import Event, Lock
from typing import Any
from urllib.parse import parse_qs

from rcli.signing import new_key
from tests.recording_server import Answer, Recorded, RecordingServer, json_answer, problem

PAGE = 100


@dataclass(frozen=True)
class Plan:
    """A prediction's life. Times are seconds from its creation; its pieces come evenly in between."""

    id: str
    created: float
    starts: float = 0.05
    ends: float = 0.3
    pieces: int = 3
    status: str = "succeeded"
    model: str = "ada/poet"
    keys: dict[str, Any] = field(default_factory=dict)

    def at(self, now: float) -> dict[str, Any]:
        """The whole object as it is at this time (Unix seconds)."""
        age = now - self.created
        state = "starting" if age < self.starts else "processing" if age < self.ends else self.status
        done = min(1.0, max(0.0, (age - self.starts) / (self.ends - self.starts)))
        pieces = [f"word {number} " for number in range(int(self.pieces * done))]
        return {
            "id": self.id,
            "model": self.model,
            "version": "5c7d5dc6dd8bf75c1acaa8565735e7986bc5b66206b55cca93cb72c9bf15ccaa",
            "input": {"prompt": "naïve ☃"},
            "output": pieces or None,
            "logs": "".join(f"wrote {piece}\n" for piece in pieces),
            "error": "no more words" if state == "failed" else None,
            "status": state,
            "source": "api",
            "created_at": _text(self.created),
            "started_at": _text(self.created + self.starts) if age >= self.starts else None,
            "completed_at": _text(self.created + self.ends) if age >= self.ends else None,
            "urls": {"get": f"https://api.replicate.com/v1/predictions/{self.id}"},
        } | self.keys


class Faults:
    """What goes wrong, by chance: ``often`` of all requests, always in the same order of kinds."""

    def __init__(self, often: float, seed: int, stall: float = 1.0) -> None:
        self._often, self._stall = often, stall
        self._random = Random(seed)
        self._lock = Lock()
        self.released = Event()

    def next(self) -> Answer | None:
        with self._lock:
            is_fault, kind = self._random.random() < self._often, self._random.randrange(4)
        if not is_fault:
            return None
        match kind:
            case 0:
                return problem(429, {"Retry-After": "1"}, detail="Request was throttled.")
            case 1:
                return problem(503, detail="try later", status=503)
            case 2:
                return Answer(hangs_up=True)
        self.released.wait(self._stall)
        return Answer(hangs_up=True)


class Service(RecordingServer):
    """``arrived`` are the times of all requests, by the monotonic clock."""

    def __init__(self, faults: Faults | None = None) -> None:
        super().__init__()
        self.key = new_key()
        self.arrived: list[float] = []
        self.refuses = False
        self.has_trainings = True
        self._faults = faults
        self._plans: dict[str, Plan] = {}
        self._trainings: dict[str, Plan] = {}

    def __exit__(self, *exc: object) -> None:
        if self._faults:
            self._faults.released.set()
        super().__exit__(*exc)

    def create(self, id: str, **keys: Any) -> Plan:
        """Creates a prediction now, or at ``created``."""
        plan = Plan(id, **{"created": time.time(), **keys})
        self._plans[id] = plan
        return plan

    def create_training(self, id: str, **keys: Any) -> Plan:
        plan = Plan(id, **{"created": time.time(), **keys})
        self._trainings[id] = plan
        return plan

    def create_streamed(self, id: str, **keys: Any) -> Plan:
        """A prediction whose stream brings each piece when it is there."""
        urls = {"stream": f"{self.url}/stream/{id}"}
        plan = Plan(id, **{"created": time.time(), **keys}, keys={"urls": urls})

        def parts() -> Iterator[bytes]:
            yield b": hello\n\n"
            for number in range(plan.pieces):
                due = plan.created + plan.starts + (plan.ends - plan.starts) * (number + 1) / plan.pieces
                time.sleep(max(0.0, due - time.time()))
                yield b"event: output\nid: 1:%d\ndata: word\n\n" % number
            yield b"event: done\nid: 1:999\ndata: {}\n\n"

        self.answer(f"GET /stream/{id}", Answer(200, parts, {"Content-Type": "text/event-stream"}))
        self._plans[id] = plan
        return plan

    def delete(self, id: str) -> None:
        del self._plans[id]

    def plan(self, id: str) -> Plan:
        return self._plans[id]

    def take(self, request: Recorded) -> Answer:
        self.arrived.append(time.monotonic())
        if self._faults and (fault := self._faults.next()):
            return fault
        if self.refuses:
            return problem(401, detail="You did not pass a valid authentication token", status=401)
        if not self.has_trainings and "trainings" in request.path:
            return problem(404, detail="Not found", status=404)
        match request.path.removeprefix("/v1").strip("/").split("/"):
            case ["account"]:
                return json_answer({"type": "user", "username": "ada"})
            case ["webhooks", "default", "secret"]:
                return json_answer({"key": self.key})
            case ["predictions" | "trainings" as kind]:
                return self._page(kind, request)
            case ["predictions" | "trainings" as kind, id] if plan := self._of(kind).get(id):
                self.requests.append(request)
                return json_answer(plan.at(time.time()))
        return super().take(request)

    def most_in(self, seconds: float) -> int:
        """The most requests that came in any span of so many seconds."""
        times = sorted(self.arrived)
        return max((sum(at <= other < at + seconds for other in times) for at in times), default=0)

    def _of(self, kind: str) -> dict[str, Plan]:
        return self._plans if kind == "predictions" else self._trainings

    def _page(self, kind: str, request: Recorded) -> Answer:
        """The newest first, without their logs."""
        skipped = int(parse_qs(request.query).get("cursor", ["0"])[0])
        plans = sorted([*self._of(kind).values()], key=lambda plan: plan.created, reverse=True)
        shown = [plan.at(time.time()) for plan in plans[skipped : skipped + PAGE]]
        rows = [{key: value for key, value in row.items() if key != "logs"} for row in shown]
        more = f"{self.url}/v1/{kind}?cursor={skipped + PAGE}" if len(plans) > skipped + PAGE else None
        return json_answer({"next": more, "previous": None, "results": rows})


def _text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
