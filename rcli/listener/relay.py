"""The relay: follows predictions and trainings through the API, and makes the events that the service would.

Lists tell what there is and what has ended, streams that something is new, a GET what it is. All requests
share one pace. What is told is signed with the account's own key, under ids that a relay started again makes
the same, so whoever was told does not hear it twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Callable, Collection, Coroutine, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from rcli.api.endpoints import Replicate
from rcli.api.pace import Pace
from rcli.errors import NoAnswer, NotAllowed, NotFound, RateLimited, RcliError
from rcli.listener.changes import Message, message_id
from rcli.listener.events import Event, made
from rcli.listener.followed import Followed
from rcli.listener.listening import Intake, Notice
from rcli.listener.survey import Fetch, Get, Place, Survey
from rcli.listener.threads import follow_stream, in_thread
from rcli.records import Page, Prediction
from rcli.webhooks import Kind

QUESTIONS = 4
"""Predictions that are asked for at once."""

STREAMS = 8
"""Streams that are open at once: others are asked for now and then."""

SURVEYS = 0.2
"""Of the pace that surveys take while something goes on."""

IDLE, CALMER = 3.0, 1.1
"""How many times longer the pause from one survey to the next is when nothing goes on, and how it grows."""

TRAININGS = 5.0
"""How many times rarer surveys of trainings are: they are few and slow."""

FIRST_BACKOFF, LONGEST_BACKOFF = 1.0, 30.0
"""Seconds until the next try when the service does not answer."""

REMEMBERED = 1.0
"""Seconds at least from one note of how far the relay has come to the next; without news it is a minute."""

LONGEST_PAUSE = 60.0


@dataclass(frozen=True)
class Wanted:
    """Which predictions are told of. ``mine`` says of an id whether rcli made that prediction.

    ``model`` is owner/name, owner/name:version or a version's id, ``deployment`` owner/name.
    """

    mine: Callable[[str], bool] | None = None
    model: str | None = None
    deployment: str | None = None

    def takes(self, row: Prediction) -> bool:
        names = (row.model, row.version, f"{row.model}:{row.version}")
        return (
            (self.model is None or self.model in names)
            and (self.deployment is None or row.raw.get("deployment") == self.deployment)
            and (self.mine is None or self.mine(row.id))
        )

    @property
    def name(self) -> str:
        """The same for the same choice."""
        text = json.dumps([self.mine is not None, self.model, self.deployment])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class Relay:
    """A source of events. ``account`` names whose predictions they are, ``key`` is what they are signed with.

    ``since``: Unix seconds from which on it catches up, None to go on where the last relay ended, or to
    begin with what is created from now on.
    """

    def __init__(
        self,
        api: Replicate,
        pace: Pace,
        key: str,
        *,
        account: str,
        kinds: Collection[Kind],
        wanted: Wanted,
        since: float | None = None,
    ) -> None:
        self._api, self._pace, self._key = api, pace, key
        self._kinds, self._wanted, self._since = frozenset(kinds), wanted, since
        self.account = account
        self._mark = f"relay {api.client.host.name} {account} {wanted.name}"
        self._tasks: dict[asyncio.Task[None], str] = {}
        self._poked = asyncio.Event()
        self._next_survey: dict[str, float] = {}
        self._remembered: dict[str, tuple[Place, float]] = {}
        self._failures = self._streams = 0
        self._is_introduced = False

    @property
    def rate(self) -> tuple[int, int]:
        """How many requests the last 60 seconds had, and how many they may have."""
        return self._pace.last_minute, self._pace.per_minute

    async def run(self, intake: Intake) -> None:
        """See ``Source``. Raises NotAllowed."""
        surveys = self._begin(intake)
        try:
            while True:
                self._poked.clear()
                self._notice_defects()
                self._introduce(surveys, intake)
                pause = await self._tell(surveys, intake)
                self._remember(surveys, intake)
                pause = min(pause, self._launch(surveys, intake))
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):  # wait_for can swallow a cancellation
                        await self._poked.wait()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, intake: Intake) -> list[Survey]:
        lists: dict[str, tuple[Fetch, Get]] = {
            "predictions": (self._api.predictions, self._api.prediction),
            "trainings": (self._api.trainings, self._api.training),
        }
        if self._wanted.deployment:  # no training runs on one
            del lists["trainings"]
        return [self._survey(name, *calls, intake) for name, calls in lists.items()]

    def _survey(self, name: str, fetch: Fetch, get: Get, intake: Intake) -> Survey:
        now, mark = time.time(), self._mark_of(name)
        if self._since is None and (place := Place.read(intake.marks(mark).get(mark), now)):
            return Survey.going_on(name, fetch, get, place)
        return Survey(name, fetch, get, self._since, now)

    def _mark_of(self, name: str) -> str:
        return f"{self._mark} {name}"

    def _introduce(self, surveys: list[Survey], intake: Intake) -> None:
        """Says that it follows as soon as it is so: what is created from then on is certainly told of."""
        if not self._is_introduced and all(survey.is_complete for survey in surveys):
            self._is_introduced = True
            host = self._api.client.host.name
            who = host if self.account == host else f"{self.account} on {host}"
            most = f"{self._pace.per_minute} requests a minute"
            intake.tell(Notice(f"following {who} through the API, with at most {most}"))

    # telling

    async def _tell(self, surveys: list[Survey], intake: Intake) -> float:
        """Hands over what is due, and returns the seconds until something else will be."""
        now, pause = _now(), LONGEST_PAUSE
        for survey in surveys:
            for followed in list(survey.followed.values()):
                while message := followed.changes.due(now):
                    await intake.take(self._event(message))
                if followed.changes.is_over:
                    survey.settle(followed.record.id, followed.created)
                elif (wait := followed.changes.pause(now)) is not None:
                    pause = min(pause, wait)
        return pause

    def _event(self, message: Message) -> Event:
        return made(
            message.kind, message.payload, id=message.id, key=self._key, origin="relay", now=time.time()
        )

    def _remember(self, surveys: list[Survey], intake: Intake) -> None:
        """How far this has come; what is followed still begins anew after a kill, under the same ids."""
        for survey in surveys:
            place, now = survey.place(time.time()), _now()
            last, at = self._remembered.get(survey.name, (None, float("-inf")))
            if place is None or now - at < REMEMBERED:
                continue
            is_news = last is None or (last.since, last.done) != (place.since, place.done)
            if is_news or now - at >= 60 * REMEMBERED:
                intake.mark(self._mark_of(survey.name), place.to_text())
                self._remembered[survey.name] = place, now

    # asking

    def _launch(self, surveys: list[Survey], intake: Intake) -> float:
        """Asks for what is due, as far as there is room; seconds until more will be due."""
        now, running = _now(), set(self._tasks.values())
        for survey in surveys:
            if survey.name not in running and self._next_survey.get(survey.name, now) <= now:
                self._start(survey.name, self._look(survey, intake))
        self._open_streams(surveys)
        busy = sum(name not in {survey.name for survey in surveys} for name in running)
        waits = [
            self._next_survey[survey.name] - now for survey in surveys if survey.name in self._next_survey
        ]
        for at, survey, followed in self._due(surveys, running):
            if at > now:
                waits.append(at - now)
            elif busy < QUESTIONS:
                busy += 1
                followed.ask(now)
                self._start(followed.record.id, self._ask(survey, followed, intake))
        return min([wait for wait in waits if wait > 0], default=LONGEST_PAUSE)

    def _due(self, surveys: list[Survey], running: set[str]) -> Iterator[tuple[float, Survey, Followed]]:
        """Everything that will be asked for, by rank and time."""
        turns = [
            (turn, survey, followed)
            for survey in surveys
            for id, followed in survey.followed.items()
            if id not in running
            if (turn := followed.turn(is_listed=survey.is_listed(followed))) is not None
        ]
        for turn, survey, followed in sorted(turns, key=lambda each: each[0]):
            yield turn.at, survey, followed

    async def _look(self, survey: Survey, intake: Intake) -> None:
        """One survey, page by page."""
        count, cursor, seen = len(survey.followed), None, set[str | None]()
        try:
            while cursor not in seen:
                seen.add(cursor)
                began = _now()
                page = await in_thread(partial(survey.fetch, cursor))
                self._take_up(survey, page, began, intake)
                self._poked.set()
                if not survey.goes_on(page, len(seen)):
                    break
                cursor = page.next
        except NotFound as exc:
            survey.complete()
            intake.tell(Notice(f"the host has no list of {survey.name}: {exc.message}", is_warning=True))
            self._next_survey[survey.name] = float("inf")
        except RcliError as exc:
            self._next_survey[survey.name] = _now() + self._backoff(exc, intake)
        else:
            survey.complete()
            self._recovered(intake)
            self._next_survey[survey.name] = _now() + self._gap(survey, len(seen), count)

    def _take_up(self, survey: Survey, page: Page[Prediction], began: float, intake: Intake) -> None:
        for row, created in survey.new_rows(page):
            if not self._wanted.takes(row):
                continue
            if intake.knows(message_id(row.id, "completed")):
                survey.settle(row.id, created)
            else:
                survey.followed[row.id] = Followed(row, self._kinds, created, began)
        survey.see(page, began)

    def _gap(self, survey: Survey, pages: int, before: int) -> float:
        quick = 60 / (self._pace.per_minute * SURVEYS)
        is_idle = not before and not survey.followed
        survey.calm = min(IDLE, survey.calm * CALMER) if is_idle else 1.0
        return quick * pages * survey.calm * (TRAININGS if survey.name == "trainings" else 1)

    async def _ask(self, survey: Survey, followed: Followed, intake: Intake) -> None:
        began = _now()
        try:
            record = await in_thread(partial(survey.get, followed.record.id))
        except NotFound:  # deleted: there is nothing more to tell
            survey.settle(followed.record.id, followed.created)
        except RcliError as exc:
            followed.failed(_now())
            self._backoff(exc, intake)
        else:
            followed.answered(record, began)
            self._recovered(intake)

    def _open_streams(self, surveys: list[Survey]) -> None:
        for followed in (each for survey in surveys for each in survey.followed.values()):
            if self._streams >= STREAMS:
                return
            if followed.wants_stream:
                followed.has_stream = False
                self._streams += 1
                ring = partial(self._ring, followed)
                follow_stream(
                    self._api.client, followed.record.urls["stream"], ring, partial(self._ended, ring)
                )

    def _ring(self, followed: Followed) -> None:
        followed.ring()
        self._poked.set()

    def _ended(self, ring: Callable[[], None]) -> None:
        self._streams -= 1
        ring()

    # what goes wrong

    def _backoff(self, error: RcliError, intake: Intake) -> float:
        """Seconds until the next try. Raises NotAllowed: no patience helps against that."""
        if isinstance(error, NotAllowed):
            raise error
        self._failures += 1
        if self._failures == 1:
            reason = "throttles" if isinstance(error, RateLimited) else "does not answer"
            if not isinstance(error, NoAnswer | RateLimited):
                reason = f"answers {error.message}"
            intake.tell(Notice(f"the API {reason}: trying again", is_warning=True))
        return min(LONGEST_BACKOFF, FIRST_BACKOFF * 2.0 ** min(self._failures - 1, 10))

    def _recovered(self, intake: Intake) -> None:
        if self._failures:
            self._failures = 0
            intake.tell(Notice("the API answers again"))

    def _start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks[task] = name
        task.add_done_callback(lambda _: self._poked.set())

    def _notice_defects(self) -> None:
        """Takes the tasks that have ended away. Raises what one of them met."""
        for task in [task for task in self._tasks if task.done()]:
            del self._tasks[task]
            task.result()


def _now() -> float:
    return asyncio.get_running_loop().time()
