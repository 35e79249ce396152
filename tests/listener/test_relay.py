"""The relay against a service on loopback: what it tells, in which order, and how much it asks."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from standardwebhooks import Webhook

from rcli.api.client import Client
from rcli.api.endpoints import Replicate
from rcli.api.network import Network
from rcli.api.pace import Pace, Paced
from rcli.errors import NotAllowed
from rcli.listener.events import MADE_BY, Event
from rcli.listener.journal import Journal
from rcli.listener.listening import Notice
from rcli.listener.relay import Relay, Wanted
from rcli.listener.threads import NAME
from rcli.records import TERMINAL
from rcli.settings import Host
from rcli.webhooks import KINDS, THROTTLE, Kind
from tests.listener.service import Faults, Service

PATIENCE = 60.0
COUNT = 16
FAST = 6000
"""Requests a minute, so that a test does not take long."""


class Kept:
    """An intake that keeps events in a journal, as the listener does; ``came`` are those that were new."""

    def __init__(self, journal: Journal) -> None:
        self.came: list[Event] = []
        self.times: list[float] = []
        self.notices: list[Notice] = []
        self._journal = journal
        self._changed = asyncio.Event()

    async def take(self, event: Event, marks: Mapping[str, str] | None = None) -> bool:
        is_new = self._journal.add(event, [], dict(marks or {}))
        if is_new:
            self.came.append(event)
            self.times.append(time.monotonic())
            self._changed.set()
        return is_new

    def tell(self, notice: Notice) -> None:
        self.notices.append(notice)
        self._changed.set()

    def knows(self, id: str) -> bool:
        return self._journal.knows(id)

    def marks(self, prefix: str = "") -> Mapping[str, str]:
        return self._journal.marks(prefix)

    def mark(self, name: str, value: str) -> None:
        self._journal.mark(name, value)

    async def until(self, told: Callable[[Kept], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not told(self):
                self._changed.clear()
                await self._changed.wait()

    @property
    def is_following(self) -> bool:
        return any(notice.text.startswith("following") for notice in self.notices)

    def of(self, id: str) -> list[Event]:
        return [event for event in self.came if event.prediction == id]

    def ended(self) -> list[str]:
        return [event.prediction for event in self.came if event.kind == "completed"]


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as service:
        yield service


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal.open(tmp_path / "journal.db", "test")
    yield journal
    journal.close()


Follow = Callable[[Kept], Coroutine[Any, Any, None]]


def relay(
    service: Service,
    journal: Journal,
    follow: Follow,
    *,
    kinds: Collection[Kind] = KINDS,
    wanted: Wanted | None = None,
    since: float | None = None,
    per_minute: int = FAST,
) -> Kept:
    """Runs a relay while ``follow`` goes on, and gives what it told. It ends as a kill would end it."""
    pace = Pace(per_minute)
    network = Paced(Network(), pace, 2.0)
    client = Client(
        Host("cloud", f"{service.url}/v1", "test"), "r8_x", transport=network, sleep=network.sleep
    )

    async def act() -> Kept:
        kept = Kept(journal)
        made = Relay(
            Replicate(client),
            pace,
            service.key,
            account="ada",
            kinds=kinds,
            wanted=wanted or Wanted(),
            since=since,
        )
        running = asyncio.create_task(made.run(kept))
        following = asyncio.create_task(follow(kept))
        await asyncio.wait([running, following], return_when=asyncio.FIRST_COMPLETED)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        if not running.cancelled():
            following.cancel()
            running.result()
        following.result()
        return kept

    try:
        return asyncio.run(act())
    finally:
        client.close()
        for thread in threading.enumerate():
            if thread.name == NAME:
                thread.join(PATIENCE)


def follows(*acts: Callable[[], object], ends: int = 1) -> Follow:
    """Waits until the relay follows, does something, and waits for so many ends."""

    async def follow(kept: Kept) -> None:
        await kept.until(lambda kept: kept.is_following)
        for act in acts:
            act()
        await kept.until(lambda kept: len(kept.ended()) >= ends)

    return follow


def ended(events: list[Event]) -> set[str]:
    return {event.prediction for event in events if event.kind == "completed"}


def kinds_of(events: list[Event]) -> list[str]:
    return [event.kind for event in events]


# what is told


def test_a_prediction_is_told_of_from_its_start_to_its_end(service: Service, journal: Journal) -> None:
    kept = relay(service, journal, follows(lambda: service.create("p1", ends=0.8)))

    told = kept.of("p1")
    assert kinds_of(told)[0] == "start"
    assert kinds_of(told)[-1] == "completed"
    assert {"output", "logs"} <= set(kinds_of(told))
    assert [event.status for event in told[:-1]] == ["processing"] * (len(told) - 1)
    assert told[-1].status == "succeeded"
    assert told[-1].payload == service_object(service, "p1")


def test_what_it_sends_is_signed_with_the_account_s_key_and_says_who_made_it(
    service: Service, journal: Journal
) -> None:
    kept = relay(service, journal, follows(lambda: service.create("p1")))

    for event in kept.came:
        assert Webhook(service.key).verify(event.body, dict(event.headers)) == json.loads(event.body)
        assert event.headers[MADE_BY] == "relay"
        assert event.headers["content-type"] == "application/json"


def test_output_and_logs_are_told_twice_a_second_at_most(service: Service, journal: Journal) -> None:
    kept = relay(service, journal, follows(lambda: service.create_streamed("p1", ends=2.0, pieces=100)))

    outputs = [event for event in kept.of("p1") if event.kind == "output"]
    times = [at for event, at in zip(kept.came, kept.times, strict=True) if event.kind == "output"]
    lengths = [len(event.payload["output"]) for event in outputs]
    assert lengths == sorted(set(lengths))
    assert 2 <= len(outputs) <= 5
    assert all(later - earlier >= THROTTLE * 0.9 for earlier, later in pairwise(times))


def test_a_training_is_told_of_too(service: Service, journal: Journal) -> None:
    kept = relay(service, journal, follows(lambda: service.create_training("t1", pieces=0)))

    assert kinds_of(kept.of("t1")) == ["start", "completed"]


def test_how_it_ends_is_told_whatever_the_end(service: Service, journal: Journal) -> None:
    def create() -> None:
        for status in sorted(TERMINAL):
            service.create(status, status=status, pieces=0)

    kept = relay(service, journal, follows(create, ends=len(TERMINAL)), kinds=["completed"])

    assert sorted((event.prediction, event.status) for event in kept.came) == [
        (status, status) for status in sorted(TERMINAL)
    ]


def test_only_what_is_asked_for_is_told_and_lists_are_enough_for_ends(
    service: Service, journal: Journal
) -> None:
    kept = relay(service, journal, follows(lambda: service.create("p1")), kinds=["completed"])

    assert kinds_of(kept.came) == ["completed"]
    assert len(service.asked("GET /v1/predictions/p1")) <= 2


# which predictions


def test_what_was_there_before_is_not_told_of(service: Service, journal: Journal) -> None:
    service.create("old", created=time.time() - 1)
    service.create("goes-on", created=time.time() - 1, ends=1.5)

    kept = relay(service, journal, follows(lambda: service.create("new")))

    assert {event.prediction for event in kept.came} == {"new"}


def test_since_catches_up_over_all_pages(service: Service, journal: Journal) -> None:
    now = time.time()
    for number in range(130):
        service.create(f"p{number}", created=now - 600 + number)
    service.create("too-old", created=now - 3000)

    kept = relay(service, journal, follows(ends=130), kinds=["completed"], since=now - 1800)

    assert sorted(kept.ended()) == sorted(f"p{number}" for number in range(130))


def test_one_model_one_deployment_or_one_s_own_can_be_chosen(service: Service, journal: Journal) -> None:
    now = time.time()
    service.create("poem", created=now - 10)
    service.create("picture", created=now - 9, model="ada/painter")
    service.create("deployed", created=now - 8, keys={"deployment": "ada/fast"})

    chosen = {
        "model": relay(service, journal, follows(ends=1), wanted=Wanted(model="ada/painter"), since=now - 60),
        "deployment": relay(
            service, journal, follows(), wanted=Wanted(deployment="ada/fast"), since=now - 60
        ),
        "mine": relay(service, journal, follows(), wanted=Wanted(mine={"poem"}.__contains__), since=now - 60),
    }

    assert {name: {event.prediction for event in kept.came} for name, kept in chosen.items()} == {
        "model": {"picture"},
        "deployment": {"deployed"},
        "mine": {"poem"},
    }


def test_a_prediction_that_rcli_remembers_late_is_its_own_all_the_same(
    service: Service, journal: Journal
) -> None:
    mine: set[str] = set()

    async def follow(kept: Kept) -> None:
        await kept.until(lambda kept: kept.is_following)
        service.create("p1")
        service.create("p2")
        lists = len(service.arrived)
        while len(service.arrived) < lists + 4:
            await asyncio.sleep(0.01)
        mine.add("p1")
        await kept.until(lambda kept: bool(kept.ended()))

    kept = relay(service, journal, follow, wanted=Wanted(mine=mine.__contains__))

    assert {event.prediction for event in kept.came} == {"p1"}


# after a restart


def test_a_restart_goes_on_where_the_last_relay_ended(service: Service, journal: Journal) -> None:
    async def until_started(kept: Kept) -> None:
        await kept.until(lambda kept: kept.is_following)
        service.create("before", ends=0.2)
        await kept.until(lambda kept: "before" in kept.ended())
        service.create("meanwhile", ends=1.5)
        await kept.until(lambda kept: bool(kept.of("meanwhile")))

    first = relay(service, journal, until_started)
    service.create("while-down", ends=0.1)

    second = relay(service, journal, follows(ends=2))

    assert sorted(second.ended()) == ["meanwhile", "while-down"]
    assert kinds_of(first.of("meanwhile") + second.of("meanwhile")).count("start") == 1


def test_what_one_choice_has_seen_is_not_taken_for_what_another_has(
    service: Service, journal: Journal
) -> None:
    relay(service, journal, follows(lambda: service.create("p1")))
    service.create("p2", model="ada/painter")
    wait_for_the_clock()

    kept = relay(
        service,
        journal,
        follows(lambda: service.create("p3", model="ada/painter")),
        wanted=Wanted(model="ada/painter"),
    )

    assert kept.ended() == ["p3"]


# a service that is not well


def test_nothing_is_lost_or_told_twice_when_the_service_fails_and_the_relay_is_killed(
    journal: Journal,
) -> None:
    random, plans, came = Random(7), [f"p{number}" for number in range(COUNT)], list[Event]()
    with Service(Faults(0.15, seed=7, stall=0.2)) as service:

        async def follow(kept: Kept) -> None:
            if not came:
                await kept.until(lambda kept: kept.is_following)
            for _ in range(min(len(plans), 6)):
                service.create(plans.pop(), ends=random.uniform(0.05, 0.6))
            killed_after = random.randint(1, 12)
            await kept.until(
                lambda kept: len(kept.came) >= killed_after or len(ended(came + kept.came)) == COUNT
            )

        runs = 0
        while len(ended(came)) < COUNT:
            came += relay(service, journal, follow).came
            runs += 1

    assert runs > 1
    assert len({event.id for event in came}) == len(came)
    for id in ended(came):
        kinds = kinds_of([event for event in came if event.prediction == id])
        assert (kinds[0], kinds[-1]) == ("start", "completed")
        assert (kinds.count("start"), kinds.count("completed")) == (1, 1)


def test_a_token_that_is_no_good_any_more_ends_the_relay(service: Service, journal: Journal) -> None:
    service.refuses = True

    with pytest.raises(NotAllowed):
        relay(service, journal, follows())


def test_a_host_without_trainings_is_followed_all_the_same(service: Service, journal: Journal) -> None:
    service.has_trainings = False

    kept = relay(service, journal, follows(lambda: service.create("p1")))

    assert kept.ended() == ["p1"]
    assert [notice.is_warning for notice in kept.notices if "trainings" in notice.text] == [True]


def test_a_deleted_prediction_is_forgotten(service: Service, journal: Journal) -> None:
    async def follow(kept: Kept) -> None:
        await kept.until(lambda kept: kept.is_following)
        service.create("gone", ends=60)
        await kept.until(lambda kept: bool(kept.of("gone")))
        service.delete("gone")
        service.create("p1")
        await kept.until(lambda kept: kept.ended() == ["p1"])

    kept = relay(service, journal, follow)

    assert kinds_of(kept.of("gone"))[0] == "start"


# how much it asks


def test_it_asks_no_more_than_its_pace_allows(service: Service, journal: Journal) -> None:
    def create() -> None:
        for number in range(5):
            service.create(f"p{number}")

    began = time.monotonic()
    relay(service, journal, follows(create, ends=5), per_minute=240)

    a_second = 240 * 0.9 / 60
    assert len(service.arrived) <= 3 + (time.monotonic() - began) * a_second + 1


def service_object(service: Service, id: str) -> object:
    return service.plan(id).at(time.time())


def wait_for_the_clock() -> None:
    """Until a new relay's start is certainly later than what was created before."""
    began = time.time()
    while time.time() <= began:
        pass
