"""A replica: one running copy of a model under coglet, making predictions until it is stopped or crashes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from rcli.engine.runtime import http, scratch
from rcli.engine.runtime.calls import Calls
from rcli.engine.runtime.exchange import Event, Exchange, Log, Metric, Output, Started
from rcli.engine.runtime.hints import explained, hint_for
from rcli.engine.runtime.project import Project
from rcli.engine.runtime.supervisor import Plan, Server
from rcli.engine.schema import with_streaming
from rcli.errors import RcliError

__all__ = ["Event", "Log", "Metric", "Outcome", "Output", "Replica", "SetupFailed", "Started"]

GRACE_SECONDS = 5.0  # code that is blocked in C cannot be canceled: after this its process is killed
AGAIN_SECONDS = 1.0
STARTS = 5  # how often a start is repeated because somebody else took the port
CUT_OFF = "… what was printed right before the crash may be missing\n"
SETUP_LINES = 10_000  # what a failed setup may show of its prints
SLOW_POLL, QUICK_POLL = 0.5, 0.003
LAST_WORDS_SECONDS = 1.0
IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
PREFIX = re.compile(
    r"^(?:(?:Prediction failed|Training failed|Async \w+ failed|Generator iteration error): )+"
)
SETUP_PREFIX = re.compile(r"^(?:(?:worker setup failed(?: \(slot [^)]*\))?|[Ss]etup failed): )+")
LOST_WORKER = (
    "Worker crashed",
    "Slot socket error",
)  # how coglet's answers begin that have no worker behind them
FAILURE = re.compile(r"Failure: (\{.*\})", re.DOTALL)


class SetupFailed(RcliError):
    """The model did not get ready; ``logs`` is what it printed, with its traceback."""

    def __init__(self, message: str, logs: str = "", *, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.logs = logs


@dataclass(frozen=True)
class Outcome:
    """How a prediction ended. ``predict_time`` is in seconds; ``crashed``: the replica is of no more use."""

    status: Literal["succeeded", "failed", "canceled"]
    output: Any
    error: str | None
    metrics: dict[str, Any]
    predict_time: float
    crashed: bool


@dataclass
class _Running:
    """A prediction in flight: where its events go, and whether somebody wants it to end."""

    emit: Callable[[Event], None]
    began: float
    free: Callable[[], None]
    started: bool = False
    answered: bool = False
    canceled: bool = False
    line_is_open: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, event: Event) -> None:
        """Pass an event on; whichever comes first, Started stands before it, and only once."""
        if not self.started:
            self.started = True
            self.emit(Started())
        if not isinstance(event, Started):
            self.emit(event)
        if isinstance(event, Log):
            self.line_is_open = not event.text.endswith("\n")

    def answer(self) -> None:
        """The model is done with it; what is left is to be read."""
        self.answered = True
        self.free()


class Replica:
    """Start one with ``await Replica.start(...)``, end it with ``await replica.stop()``."""

    def __init__(self, server: Server, *, iterates: bool) -> None:
        self._server = server
        self._iterates = iterates
        self._running: dict[str, _Running] = {}
        self._calls = Calls(server.port)
        self._discarded = scratch.Discarded(lambda: bool(self._running))
        self.ready = False
        server.on_output = self._pass_on

    @classmethod
    async def start(
        cls,
        *,
        project: Project,
        folder: Path,
        python: Path,
        document: dict[str, Any],
        concurrency: int,
        inbox: Path,
        outbox: Path,
        environ: Mapping[str, str],
        weights: str | None,
        mode: Literal["predict", "train"],
        log: Path,
        records: Path,
        setup_timeout: float,
        on_log: Callable[[str], None],
        variables: tuple[tuple[str, str], ...] = (),
    ) -> Replica:
        """Run the model in its working copy ``folder`` until its setup is through.

        ``document`` is the model's OpenAPI document; ``records`` is where running processes are noted for
        ``leftovers.sweep``; ``setup_timeout`` is in seconds; ``weights`` is an address, or any text that
        setup() understands; ``on_log`` gets what setup prints; ``variables`` win over cog.yaml's.
        Raises SetupFailed, after which nothing is left running.
        """
        reference = project.run if mode == "predict" else project.train
        if reference is None:
            raise SetupFailed(f"cog.yaml names nothing to {mode}")
        plan = Plan(
            *(reference, mode, folder, python, concurrency, inbox, outbox, environ),
            *(project.environment, weights, log, records, variables),
        )
        for _ in range(STARTS):
            try:
                await asyncio.to_thread(_prepare, plan, document)
                server = await Server.spawn(plan)
            except OSError as exc:
                raise SetupFailed(f"the model's process cannot be started: {exc}") from exc
            replica = cls(server, iterates=_iterates(document, mode))
            try:
                if await replica._get_ready(setup_timeout, on_log):
                    return replica
            except BaseException:
                await server.kill()
                raise
            await server.kill()
        raise SetupFailed("no free port was found for the model's server")

    @property
    def alive(self) -> bool:
        """Whether it can still make predictions."""
        return self._server.alive

    async def ended(self) -> None:
        """Returns when it can make no more predictions, for whatever reason."""
        await self._server.ended.wait()

    @property
    def pid(self) -> int:
        """The server's process id, which is also that of its session."""
        return self._server.pid

    async def predict(
        self,
        identifier: str,
        given: dict[str, Any],
        emit: Callable[[Event], None],
        free: Callable[[], None] = lambda: None,
    ) -> Outcome:
        """Make one prediction; ``emit`` gets its events in order. Not more at once than ``concurrency``.

        ``free`` is called when the model can take another one although this one's end is not told yet.
        ``identifier`` must be the engine's own: coglet makes a path of it. Inputs that are None are left out,
        because coglet refuses null even for optional inputs.
        """
        if not IDENTIFIER.fullmatch(identifier):
            raise ValueError(f"not a prediction id of ours: {identifier!r}")
        running = self._running[identifier] = _Running(emit, asyncio.get_running_loop().time(), free)
        body = {
            "input": {name: value for name, value in given.items() if value is not None},
            "context": {"rcli_prediction": identifier},
        }
        exchange = Exchange(
            self._calls,
            identifier,
            iterates=self._iterates,
            emit=running.tell,
            is_alive=lambda: self.alive,
            on_answer=running.answer,
        )
        try:
            answer = await exchange.run(body)
            return await self._outcome(answer, running)
        except http.Broken:
            return await self._crash(running)
        finally:
            del self._running[identifier]
            running.ended.set()
            self._discarded.add(identifier)

    async def cancel(self, identifier: str, grace: float = GRACE_SECONDS) -> None:
        """Cancel a prediction; if its code is not interrupted within ``grace`` seconds, kill the replica."""
        running = self._running.get(identifier)
        if running is None or running.answered:
            return
        running.canceled = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                while not running.ended.is_set():
                    await self._interrupt(identifier, running)
        if not running.ended.is_set():
            await self._server.kill()

    async def _interrupt(self, identifier: str, running: _Running) -> None:
        """Ask once. The interruption is lost where coglet overlooks errors, so it is asked for again."""
        with contextlib.suppress(http.Broken):
            await self._calls.call("POST", f"/predictions/{identifier}/cancel")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(AGAIN_SECONDS):
                await running.ended.wait()

    async def stop(self) -> None:
        """End the processes, all of the session, and remove the working copy."""
        self.ready = False
        if self._running:
            await self._server.kill()
        else:
            await self._server.end()
        self._calls.close()
        await self._discarded.close()
        await asyncio.to_thread(shutil.rmtree, self._server.plan.folder, ignore_errors=True)

    async def _get_ready(self, seconds: float, on_log: Callable[[str], None]) -> bool:
        """Wait for the end of setup; False if the port was taken by somebody else."""
        logs: deque[str] = deque(maxlen=SETUP_LINES)

        def keep(text: str) -> None:
            logs.append(text)
            on_log(text)

        self._server.on_setup = keep
        try:
            async with asyncio.timeout(seconds):
                health = await self._settled()
        except TimeoutError:
            raise SetupFailed(f"the model's setup took longer than {seconds:g} s", "".join(logs)) from None
        if self._server.port_was_taken:
            return False
        if health.get("status") not in ("READY", "BUSY") or not self._server.setup_ended:
            raise await self._setup_failure(health, logs)
        self._server.on_setup = lambda text: None
        self.ready = True
        return True

    async def _settled(self) -> dict[str, Any]:
        """The server's health once setup is over or cannot be any more; empty if the server is gone.

        Until the shim says that setup is through, an answer on the port may come from somebody else's server.
        """
        while self._server.alive:
            self._server.news.clear()
            with contextlib.suppress(http.Broken):
                answer = await self._calls.call("GET", "/health-check")
                status = answer.body.get("status") if isinstance(answer.body, dict) else None
                if status == "SETUP_FAILED" or (
                    self._server.setup_ended and status not in ("STARTING", "UNKNOWN")
                ):
                    return dict(answer.body)
            with contextlib.suppress(TimeoutError):
                pause = QUICK_POLL if self._server.setup_ended else SLOW_POLL
                async with asyncio.timeout(pause):
                    await self._server.news.wait()
        return await self._last_words() if self._server.worker_end else {}

    async def _last_words(self) -> dict[str, Any]:
        """A worker whose setup fails says why and ends; the server may be later than the news of the end."""
        with contextlib.suppress(http.Broken, TimeoutError):
            async with asyncio.timeout(LAST_WORDS_SECONDS):
                while True:
                    answer = await self._calls.call("GET", "/health-check")
                    if isinstance(answer.body, dict) and answer.body.get("status") == "SETUP_FAILED":
                        return dict(answer.body)
                    await asyncio.sleep(QUICK_POLL)
        return {}

    async def _setup_failure(self, health: dict[str, Any], logs: Iterable[str]) -> SetupFailed:
        told = str((health.get("setup") or {}).get("logs", ""))
        if health.get("user_healthcheck_error"):
            return SetupFailed(f"the model is not healthy: {health['user_healthcheck_error']}", "".join(logs))
        failure = _failure(told)
        if failure is None:
            reason = SETUP_PREFIX.sub("", told)
            if not reason or "worker crashed" in reason:
                reason = await self._reason()
            return SetupFailed(f"the model's setup failed: {reason}", "".join(logs))
        error, trace = failure
        whole = "".join([*logs, trace])
        return SetupFailed(f"the model's setup failed: {error}", whole, hint=hint_for(whole))

    def _pass_on(self, text: str) -> None:
        """What subprocesses and C code print belongs to the prediction that runs, if there is just one."""
        known = list(self._running.values())
        running = [each for each in known if not each.answered] or known
        if len(running) == 1:
            running[0].tell(Log(text))

    async def _outcome(self, answer: http.Answer, running: _Running) -> Outcome:
        body = answer.body if isinstance(answer.body, dict) else {}
        metrics = dict(body.get("metrics") or {})
        seconds = float(metrics.pop("predict_time", 0.0))
        if body.get("status") == "succeeded":
            return Outcome("succeeded", body.get("output"), None, metrics, seconds, crashed=False)
        if body.get("status") == "canceled":
            return Outcome("canceled", None, None, metrics, seconds, crashed=not self.alive)
        message = _complaint(answer.status, body)
        failure = _failure(message)
        lost = message.startswith(LOST_WORKER) or answer.status in (409, 503)
        if failure is None and (lost or not self.alive):
            return await self._crash(running)
        error, trace = failure or (PREFIX.sub("", message), "")
        if trace:
            running.tell(Log(f"\n{trace}" if running.line_is_open else trace))
        return Outcome("failed", None, explained(error, trace), metrics, seconds, crashed=False)

    async def _crash(self, running: _Running) -> Outcome:
        """The process is gone, or of no use: say why."""
        seconds = asyncio.get_running_loop().time() - running.began
        if running.canceled:
            return Outcome("canceled", None, None, {}, seconds, crashed=True)
        reason = await self._reason()
        if "signal" in reason:
            running.tell(Log(f"\n{CUT_OFF}" if running.line_is_open else CUT_OFF))
        return Outcome("failed", None, reason, {}, seconds, crashed=True)

    async def _reason(self) -> str:
        return f"the model's process crashed ({await self._server.how_it_ended()})"


def _prepare(plan: Plan, document: dict[str, Any]) -> None:
    """Lay out what coglet expects to find."""
    for folder in (plan.inbox, plan.outbox, plan.log.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    schema = plan.folder / ".cog" / "openapi_schema.json"
    schema.parent.mkdir(exist_ok=True)
    schema.write_text(json.dumps(_for_coglet(document, plan.mode)))
    scratch.prepare()


def _for_coglet(document: dict[str, Any], mode: str) -> dict[str, Any]:
    """The document with streaming allowed; a training is to coglet a prediction with a training's inputs."""
    inner = with_streaming(document)
    if mode == "train":
        schemas = inner["components"]["schemas"]
        schemas |= {"Input": schemas["TrainingInput"], "Output": schemas["TrainingOutput"]}
    return inner


def _iterates(document: dict[str, Any], mode: str) -> bool:
    schemas = document.get("components", {}).get("schemas", {})
    output = schemas.get("Output" if mode == "predict" else "TrainingOutput") or {}
    return output.get("x-cog-array-type") == "iterator"


def _complaint(status: int, body: dict[str, Any]) -> str:
    """The error of a failed prediction, or of inputs that coglet refused."""
    if isinstance(body.get("detail"), list):
        return "; ".join(f"{item['loc'][-1]}: {item['msg']}" for item in body["detail"])
    return str(body.get("error") or f"the model's server answered with status {status}")


def _failure(text: str) -> tuple[str, str] | None:
    """(error, traceback) of the shim's Failure, wherever in coglet's text it stands."""
    found = FAILURE.search(text)
    if found is None:
        return None
    told = json.loads(found[1])
    return _storable(told["error"]), _storable(told["traceback"])


def _storable(text: str) -> str:
    """A model's text may hold half of a surrogate pair, which UTF-8 cannot."""
    return text.encode("utf-8", "backslashreplace").decode()
