"""Runs inside a model's environment: the server's launcher, and the predictor that wraps the user's.

``python shim.py`` starts coglet's server; coglet's worker then loads ``shim.py:Runner``, which loads the
user's own predictor and stands in for it. Standard library and cog only, Python 3.10 or newer.

The engine passes: ``RCLI_REFERENCE`` (the user's ``run.py:Runner``), ``RCLI_MODE`` (predict or train),
``RCLI_INBOX`` and ``RCLI_OUTBOX`` (folders for files in and out) and ``RCLI_NONCE`` (marks lines for the
engine). The prediction's id comes with each request's context.
"""

from __future__ import annotations

import asyncio
import collections.abc
import contextlib
import contextvars
import dataclasses
import datetime
import enum
import importlib
import importlib.util
import inspect
import io
import json
import math
import os
import queue
import resource
import shutil
import signal
import sys
import threading
import time
import traceback
import types
import typing
import urllib.parse
import urllib.request
import uuid

KEEPS_REPORTS = hasattr(signal, "sigwaitinfo")  # not on macOS
SERVER_STDERR = 101  # where coglet's worker keeps the descriptor that reaches the engine
CONTEXT_KEY = "rcli_prediction"
STREAMED = "rcli_streamed"  # the metric that stands for an item of the output
CLEANUP_SECONDS = 5  # how long an async generator's own cleaning up is waited for
POLL_SECONDS = 0.05  # a thread that waits in C cannot be interrupted, so it looks up this often
LINGER_SECONDS = 0.05
REST_NOW_SECONDS, REST_STEP_SECONDS = 0.01, 0.002  # for what the other threads have begun to send
BUSY_NS = 10_000  # more than this, and another thread has worked: at rest it is a tenth
REST_SECONDS = 3  # how long the logs of a model that ends its own process are waited for
PRINTS_SECONDS = 0.01  # coglet's "ready" overtakes the last prints of setup
DEEPEST = 100  # levels of an output: coglet cannot read more than 127
FICLONE = 0x40049409  # ioctl: share the blocks of another file (Linux)


# The launcher ----------------------------------------------------------------------------------------


def launch() -> None:
    """Serve until the engine goes away; blocks."""
    nonce = os.environ["RCLI_NONCE"]
    if KEEPS_REPORTS:  # before there are threads
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    threading.Thread(target=_end_with_engine, daemon=True).start()
    if KEEPS_REPORTS or hasattr(os, "waitid"):
        threading.Thread(target=_report_worker_exit, args=(nonce,), daemon=True).start()
    # The server imports cog only to report its version, which costs 100 ms of every cold start.
    sys.modules["cog"] = None  # type: ignore[assignment]
    import coglet

    coglet.server.serve(
        predictor_ref=f"{os.path.abspath(__file__)}:Runner", host="127.0.0.1", port=int(os.environ["PORT"])
    )


def _end_with_engine() -> None:
    """The engine holds the other end of standard input: when that closes, end this whole process group."""
    while os.read(0, 1024):
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _report_worker_exit(nonce: str) -> None:
    """Say how the worker ended, which coglet does not."""
    ended = (_signaled_end if KEEPS_REPORTS else _seen_end)()
    exited = ended.si_code == os.CLD_EXITED
    report = {"status": ended.si_status} if exited else {"signal": ended.si_status}
    os.write(2, f"\n{nonce} exit {json.dumps(report)}\n".encode())
    if KEEPS_REPORTS:  # coglet may want to know, too
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        signal.raise_signal(signal.SIGCHLD)


def _signaled_end() -> typing.Any:
    """From the signal that every thread has blocked: it stays to be had when coglet was faster to reap."""
    while True:
        told = signal.sigwaitinfo({signal.SIGCHLD})
        if told.si_code in (os.CLD_EXITED, os.CLD_KILLED, os.CLD_DUMPED):
            return told


def _seen_end() -> typing.Any:
    """By looking, which does not reap, and comes too late now and then."""
    while True:
        try:
            return os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
        except ChildProcessError:
            time.sleep(POLL_SECONDS)


def _take_own_signals() -> None:
    """The server's mask was inherited."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})


def _die_with_server() -> None:
    """A worker that is busy in C does not notice that its server is gone; Linux can tell it."""
    if sys.platform.startswith("linux"):
        import ctypes

        pr_set_pdeathsig = 1
        ctypes.CDLL(None, use_errno=True).prctl(pr_set_pdeathsig, signal.SIGKILL, 0, 0, 0)


def _explain_fatal_signals() -> None:
    """Write where a segmentation fault happened to the server's stderr: the worker's pipes die with it."""
    import faulthandler

    with contextlib.suppress(OSError, ValueError):
        os.fstat(SERVER_STDERR)
        faulthandler.enable(file=SERVER_STDERR, all_threads=False)


def _send_logs_before_exit() -> None:
    """os._exit() ends the threads in which coglet sends what was printed: let them come to rest first."""
    worker, leave = os.getpid(), os._exit

    def exit_when_sent(status: int) -> typing.NoReturn:
        if os.getpid() == worker:
            _flush()
            _rest()
        leave(status)

    os._exit = exit_when_sent


def _rest() -> None:
    """Wait until no thread works any more, or time is up."""
    deadline = time.monotonic() + REST_SECONDS
    while time.monotonic() < deadline:
        used = time.process_time()
        time.sleep(LINGER_SECONDS)
        if time.process_time() - used < LINGER_SECONDS / 50:
            return


# Failures --------------------------------------------------------------------------------------------


class Failure(Exception):
    """What the engine reads: JSON with ``error`` (one message) and ``traceback`` (text, may be empty)."""

    def __init__(self, error: str, trace: str = "") -> None:
        text = json.dumps({"error": error, "traceback": trace})
        # coglet takes an async failure whose text has "cancelled" in it for a cancellation: escape a letter.
        super().__init__(text.replace("ancelled", "\\u0061ncelled"))


def _failure(exc: BaseException) -> Failure:
    if isinstance(exc, Failure):
        return exc
    return Failure(_message(exc), _trace(exc))


def _message(exc: BaseException) -> str:
    if isinstance(exc, SystemExit):
        return f"the model called sys.exit({'' if exc.code is None else repr(exc.code)})"
    try:
        text = str(exc)
    except Exception:  # noqa: BLE001 (a model's own class may do anything)
        text = ""
    if isinstance(exc, KeyError) or not text.strip():
        return traceback.format_exception_only(type(exc), exc)[-1].strip()
    return text


def _trace(exc: BaseException) -> str:
    """The traceback from the model's first line on: the frames above it are ours and coglet's."""
    tb = exc.__traceback__
    while tb is not None and tb.tb_frame.f_code.co_filename in (__file__, _LOADER):
        tb = tb.tb_next
    if tb is not None and tb.tb_frame.f_code.co_filename.startswith("<frozen importlib"):
        while tb.tb_next is not None and tb.tb_frame.f_code.co_filename.startswith("<frozen importlib"):
            tb = tb.tb_next
    return "".join(traceback.format_exception(type(exc), exc, tb))


_LOADER = ""  # the file of cog's loader, once it is imported
_STOPS: tuple[type[BaseException], ...] = (asyncio.CancelledError, GeneratorExit)


def _is_stop(exc: BaseException) -> bool:
    """Cancellation must pass through untouched: coglet looks at its type."""
    import coglet

    return isinstance(exc, (*_STOPS, coglet.CancelationException))


class _Reporting:
    """Everything that a model can raise, sys.exit included, becomes a Failure; its output is flushed.

    The end is held back for a moment where logs may still be on their way: after a failure or cancellation,
    for which the engine must be attached, and for what child processes or C code wrote: it goes a longer way.
    """

    def __enter__(self) -> None:
        self._children, self._others = _ended_children(), _work_of_others()

    def __exit__(self, kind: object, exc: BaseException | None, trace: object) -> None:
        for seconds in self._pauses(exc):
            time.sleep(seconds)
        _raise_failure(exc)

    async def __aenter__(self) -> None:
        self.__enter__()

    async def __aexit__(self, kind: object, exc: BaseException | None, trace: object) -> None:
        for seconds in self._pauses(exc):
            await asyncio.sleep(seconds)
        _raise_failure(exc)

    def _pauses(self, exc: BaseException | None) -> typing.Iterator[float]:
        """The seconds to wait, one after the other."""
        if self._lingers(exc):
            yield LINGER_SECONDS
            return
        deadline, others = time.monotonic() + REST_NOW_SECONDS, self._others
        while (now := _work_of_others()) - others > BUSY_NS and time.monotonic() < deadline:
            others = now
            yield REST_STEP_SECONDS

    def _lingers(self, exc: BaseException | None) -> bool:
        _flush()
        failed = exc is not None and not isinstance(exc, GeneratorExit)
        return failed or _is_unread() or _ended_children() != self._children


def _is_unread() -> bool:
    """Whether what was written past Python still waits in the pipes that coglet reads."""
    import fcntl
    import termios

    with contextlib.suppress(OSError):
        return any(any(fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4))) for descriptor in (1, 2))
    return False


def _work_of_others() -> int:
    """Nanoseconds for which other threads have worked: those that send what was written, among them."""
    return time.process_time_ns() - time.thread_time_ns()


def _ended_children() -> int:
    """A number that grows with every child process that was waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_minflt + used.ru_majflt


def _raise_failure(exc: BaseException | None) -> None:
    if exc is not None and not _is_stop(exc):
        raise _failure(exc) from None


def _flush() -> None:
    """Give out unfinished lines now: coglet would prefix them to the next prediction's logs.

    A model may have put anything in the place of its streams, None included.
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()


# Files in --------------------------------------------------------------------------------------------


def _kind(annotation: typing.Any) -> str | None:
    """``path`` or ``file`` for an annotation that takes files, in Optional, unions and lists too."""
    from cog import File

    if annotation is File:
        return "file"
    if isinstance(annotation, type) and issubclass(annotation, os.PathLike):
        return "path"
    kinds = (_kind(inner) for inner in typing.get_args(annotation))
    return next((kind for kind in kinds if kind), None)


def _receive(value: typing.Any, kind: str, inbox: str) -> typing.Any:
    """Turn the engine's ``file:`` addresses into what the model expects; finish coglet's downloads.

    Raises Failure for an address that is not a real file strictly below this prediction's input folder.
    """
    from cog import URLPath

    if isinstance(value, list):
        return [_receive(item, kind, inbox) for item in value]
    if isinstance(value, URLPath):
        return value.convert()
    if not isinstance(value, str):
        return value
    from cog import Path

    path = Path(_inside(value, inbox))
    return path.open("rb") if kind == "file" else path


def _inside(address: str, inbox: str) -> str:
    parts = urllib.parse.urlsplit(address)
    real = os.path.realpath(urllib.request.url2pathname(parts.path))
    home = os.path.realpath(inbox)
    below = real.startswith(home + os.sep) and os.path.isfile(real)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or not below:
        raise Failure("an input file lies outside this prediction's own input folder")
    return real


# Files out -------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class _Output:
    """Makes JSON of what a model gives; ``depth`` is how many lists and objects are around the value."""

    outbox: str
    depth: int = 0

    def value(self, value: typing.Any) -> typing.Any:
        """The same value with every file in it handed to the engine and replaced by its name there.

        Raises Failure for what JSON cannot hold; objects of unknown classes are left to coglet.
        """
        if value is None or type(value) in (bool, int):
            return value
        if isinstance(value, enum.Enum):
            return self.value(value.value)
        if isinstance(value, str):
            return _text(value)
        if isinstance(value, float):
            return _finite(value)
        if isinstance(value, os.PathLike):
            return _hand_over(os.fsdecode(value), self.outbox)
        if isinstance(value, io.IOBase) or _is_temporary(value):
            return _write_out(value, self.outbox)
        return self._container(value)

    def _container(self, value: typing.Any) -> typing.Any:
        if isinstance(value, dict):
            return self._object(value)
        if isinstance(value, (list, tuple, set, frozenset, types.GeneratorType)):
            inner = self._inner()
            return [inner.value(item) for item in value]
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return self._object({each.name: getattr(value, each.name) for each in dataclasses.fields(value)})
        for dump in ("model_dump", "dict"):  # pydantic 2 and 1
            if hasattr(value, dump) and (hasattr(value, "model_fields") or hasattr(value, "__fields__")):
                return self.value(getattr(value, dump)())
        if type(value).__module__ == "numpy":
            return self.value(value.tolist())
        if isinstance(value, (datetime.date, datetime.time)):
            return value.isoformat()
        return value

    def _object(self, fields: dict[typing.Any, typing.Any]) -> dict[typing.Any, typing.Any]:
        inner = self._inner()
        return {_key(name): inner.value(item) for name, item in fields.items()}

    def _inner(self) -> _Output:
        if self.depth == DEEPEST:
            raise Failure("the output is nested too deeply, or contains itself")
        return _Output(self.outbox, self.depth + 1)


def _text(text: str) -> str:
    """The text as UTF-8 can hold it: half a surrogate pair is shown by its number."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _finite(number: float) -> float:
    if not math.isfinite(number):
        raise Failure(f"the output has the number {number} in it, which JSON does not know")
    return number


def _key(name: typing.Any) -> typing.Any:
    if isinstance(name, enum.Enum):
        return _key(name.value)
    return _text(name) if isinstance(name, str) else name


def _is_temporary(value: typing.Any) -> bool:
    """NamedTemporaryFile gives a file in a wrapper that is none by its class."""
    return type(value).__module__ == "tempfile" and hasattr(value, "read")


def _place(name: str, outbox: str) -> tuple[str, str]:
    """A fresh place in the prediction's outbox: (what the engine is told, where the bytes go)."""
    token = uuid.uuid4().hex
    folder = os.path.join(outbox, _prediction_id(), token)
    # Names need not be UTF-8 on the disk; a character of one byte keeps them as short as they were.
    name = os.fsencode(name).decode("utf-8", "replace").replace("\ufffd", "_")
    os.makedirs(folder, 0o700)
    return f"rcli-output:{token}/{name}", os.path.join(folder, name)


def _hand_over(path: str, outbox: str) -> str:
    """Copy one output file; where the file system can, the copy shares its blocks.

    Not a hard link: a model that writes the same ``out.png`` again would change an earlier result.
    """
    real = os.path.realpath(path)
    if not os.path.exists(real):
        raise Failure(f"the model returned a file that does not exist: {path}")
    if not os.path.isfile(real):
        raise Failure(f"the model returned something that is not a file: {path}")
    name, target = _place(os.path.basename(path), outbox)
    with open(real, "rb") as source, open(target, "wb") as copy:
        if not _share_blocks(source.fileno(), copy.fileno()):
            shutil.copyfile(real, target)
    return name


def _share_blocks(source: int, copy: int) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    import fcntl

    try:
        fcntl.ioctl(copy, FICLONE, source)
    except OSError:
        return False
    return True


def _write_out(stream: typing.Any, outbox: str) -> str:
    """Write an open file or a BytesIO from its beginning."""
    if stream.seekable():
        stream.seek(0)
    given = getattr(stream, "name", None)
    name = os.path.basename(given) if isinstance(given, str) else ""
    name, target = _place("output" if name in ("", ".", "..") else name, outbox)
    with open(target, "wb") as copy:
        while data := stream.read(1 << 20):
            copy.write(data.encode() if isinstance(data, str) else data)
    return name


# The predictor ---------------------------------------------------------------------------------------


@dataclasses.dataclass
class Job:
    """What one call of the model needs: the function, its annotations, the folders for its files."""

    call: typing.Callable[..., typing.Any]
    hints: dict[str, typing.Any]
    inbox: str
    outbox: str

    def inputs(self, given: dict[str, typing.Any]) -> dict[str, typing.Any]:
        """The model's arguments: files as paths, and the plain default where cog's Input() stands."""
        from cog.input import FieldInfo

        inbox = os.path.join(self.inbox, _prediction_id())
        kinds = {name: _kind(self.hints.get(name)) for name in given}
        ready = {
            name: _receive(value, kind, inbox) if (kind := kinds[name]) else value
            for name, value in given.items()
        }
        for name, parameter in inspect.signature(self.call).parameters.items():
            if name not in ready and isinstance(parameter.default, FieldInfo):
                ready[name] = parameter.default.default
        return ready

    def send(self, value: typing.Any) -> typing.Any:
        return _Output(self.outbox).value(value)


def _prediction_id() -> str:
    from cog import current_scope

    identifier = current_scope().context.get(CONTEXT_KEY, "")
    if not identifier or os.sep in identifier or identifier.startswith("."):
        raise Failure("the request names no prediction")
    return str(identifier)


def _once(job: Job) -> typing.Callable[..., typing.Any]:
    """A plain function; it may also give back an iterator, which is then passed on item by item."""

    def run(self: typing.Any, **given: typing.Any) -> typing.Any:
        with _Reporting():
            result = job.call(**job.inputs(given))
            if not isinstance(result, collections.abc.Iterator) or isinstance(result, io.IOBase):
                return job.send(result)
        return _items(job, result)

    return run


def _items(job: Job, result: typing.Iterator[typing.Any]) -> typing.Iterator[typing.Any]:
    with _Reporting():
        for item in result:
            yield job.send(item)


def _awaited(job: Job) -> typing.Callable[..., typing.Any]:
    """A coroutine function, which keeps its concurrency."""

    async def run(self: typing.Any, **given: typing.Any) -> typing.Any:
        async with _Reporting():
            result = await job.call(**job.inputs(given))
            if not isinstance(result, collections.abc.Iterator) or isinstance(result, io.IOBase):
                return job.send(result)
        return _items(job, result)

    return run


def _collected(job: Job) -> typing.Callable[..., typing.Any]:
    """An async generator of a concurrent model: coglet collects it before it sends, and metrics at once."""
    from cog import current_scope

    async def run(self: typing.Any, **given: typing.Any) -> typing.AsyncIterator[typing.Any]:
        async with _Reporting():
            async for item in job.call(**job.inputs(given)):
                sent = job.send(item)
                current_scope().record_metric(STREAMED, json.dumps(sent))
                yield sent

    return run


def _bridged(job: Job, loop: asyncio.AbstractEventLoop) -> typing.Callable[..., typing.Any]:
    """An async generator as a plain one, so that coglet streams it: its own event loop runs in a thread."""

    def run(self: typing.Any, **given: typing.Any) -> typing.Iterator[typing.Any]:
        # Closed by hand: a cancellation that strikes here would leave it to the garbage collector.
        with _Reporting(), contextlib.closing(_drain(job.call(**job.inputs(given)), loop)) as items:
            for item in items:
                yield job.send(item)

    return run


def _drain(
    source: typing.AsyncIterator[typing.Any], loop: asyncio.AbstractEventLoop
) -> typing.Generator[typing.Any, None, None]:
    """Items of an async iterator that runs on another thread's loop, in this thread's context."""
    items: queue.SimpleQueue[tuple[str, typing.Any]] = queue.SimpleQueue()

    async def pump() -> None:
        try:
            async for item in source:
                items.put(("item", item))
            items.put(("end", None))
        except BaseException as exc:  # noqa: BLE001 (it is raised again in the other thread)
            items.put(("error", exc))
        finally:
            items.put(("over", None))

    tasks: list[asyncio.Task[None]] = []
    context = contextvars.copy_context()
    loop.call_soon_threadsafe(lambda: tasks.append(loop.create_task(pump())), context=context)
    try:
        yield from _arrivals(items)
    finally:
        loop.call_soon_threadsafe(lambda: [task.cancel() for task in tasks])
        with contextlib.suppress(queue.Empty):
            while items.get(timeout=CLEANUP_SECONDS)[0] != "over":
                pass


def _arrivals(items: queue.SimpleQueue[tuple[str, typing.Any]]) -> typing.Iterator[typing.Any]:
    """Items up to the end, or up to an error, which is raised.

    A function of its own: an exception from another thread may strike at a jump that CPython 3.11 leaves out
    of the try statement around it, but never between two functions.
    """
    while True:
        what, value = _wait(items)
        if what == "error":
            raise value
        if what == "end":
            return
        yield value


def _wait(items: queue.SimpleQueue[tuple[str, typing.Any]]) -> tuple[str, typing.Any]:
    while True:
        with contextlib.suppress(queue.Empty):
            return items.get(timeout=POLL_SECONDS)


def _thread_loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return loop


def _hints(call: typing.Callable[..., typing.Any]) -> dict[str, typing.Any]:
    """The annotations as types; unresolvable ones are left out, as coglet does."""
    try:
        return typing.get_type_hints(call)
    except (NameError, TypeError, AttributeError):
        return {}


def _trainer(reference: str) -> typing.Any:
    """What cog.yaml names under train: cog's own loader refuses classes without run() and predict()."""
    path, _, name = reference.partition(":")
    module_name = os.path.basename(path).replace(".py", "")
    spec = importlib.util.spec_from_file_location(module_name, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[module_name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    trainer = getattr(module, name)
    return trainer() if inspect.isclass(trainer) else trainer


def _selected(user: typing.Any, mode: str) -> typing.Callable[..., typing.Any]:
    """The function to call: train, run or predict of an object, or the function itself."""
    if inspect.isfunction(user):
        return user
    if mode == "train":
        if not callable(getattr(user, "train", None)):
            raise Failure("the object that cog.yaml names under train has no train() method")
        return user.train  # type: ignore[no-any-return]
    from cog.predictor import _user_method_owner

    return user.run if _user_method_owner(type(user), "run") else user.predict  # type: ignore[no-any-return]


def _runner(job: Job, loop: asyncio.AbstractEventLoop | None) -> typing.Callable[..., typing.Any]:
    if inspect.isasyncgenfunction(job.call):
        run = _bridged(job, loop) if loop else _collected(job)
    elif inspect.iscoroutinefunction(job.call):
        run = _awaited(job)
    else:
        run = _once(job)
    run.__annotations__ = {name: hint for name, hint in job.hints.items() if name != "return"}
    return run


# Setup -----------------------------------------------------------------------------------------------


def _weights(setup: typing.Callable[..., typing.Any], folder: str) -> dict[str, typing.Any]:
    """The arguments of setup(): the weights as text, or as a path where only a path is annotated.

    What has to be fetched for that goes into ``folder``, which lasts as long as the replica.
    """
    if "weights" not in inspect.signature(setup).parameters:
        return {}
    weights: typing.Any = os.environ.get("COG_WEIGHTS") or None
    hint = _hints(setup).get("weights")
    if weights and _kind(hint) and not _takes_text(hint):
        weights = _weights_file(weights, _kind(hint), folder)
    return {"weights": weights}


def _takes_text(annotation: typing.Any) -> bool:
    return annotation is str or any(_takes_text(inner) for inner in typing.get_args(annotation))


def _weights_file(weights: str, kind: str | None, folder: str) -> typing.Any:
    from cog import Path, URLPath

    address = urllib.parse.urlsplit(weights)
    if address.scheme in ("http", "https"):
        weights = _fetched(weights, os.path.join(folder, _base_name(address.path)))
    found = Path.validate(urllib.request.url2pathname(address.path) if address.scheme == "file" else weights)
    path = found.convert() if isinstance(found, URLPath) else found
    return path.open("rb") if kind == "file" else path


def _base_name(path: str) -> str:
    name = os.path.basename(urllib.parse.unquote(path))
    return "weights" if name in ("", ".", "..") or "\0" in name else name


def _fetched(address: str, place: str) -> str:
    """Not by cog's own means: its copy in the system's temporary folder would outlast the replica."""
    os.makedirs(os.path.dirname(place), 0o700, exist_ok=True)
    with urllib.request.urlopen(address) as source, open(place, "wb") as copy:
        shutil.copyfileobj(source, copy, 1 << 20)
    return place


def _setup(
    user: typing.Any, nonce: str, loop: asyncio.AbstractEventLoop | None, folder: str
) -> typing.Callable[..., typing.Any]:
    """The wrapped setup(): async where coglet shall run it on the loop of an async run()."""
    setup: typing.Any = getattr(user, "setup", None)

    def plain(self: typing.Any) -> None:
        with _Reporting():
            if setup is not None:
                result = setup(**_weights(setup, folder))
                if inspect.iscoroutine(result) and loop is not None:
                    asyncio.run_coroutine_threadsafe(result, loop).result()
            _ready(nonce)

    async def awaited(self: typing.Any) -> None:
        async with _Reporting():
            await setup(**_weights(setup, folder))
            _ready(nonce)

    return awaited if inspect.iscoroutinefunction(setup) and loop is None else plain


def _ready(nonce: str) -> None:
    """Warm what coglet imports at the first output, then tell the engine that setup is through."""
    with contextlib.suppress(ImportError):
        importlib.import_module("numpy")
    _flush()
    time.sleep(PRINTS_SECONDS)
    os.write(SERVER_STDERR, f"\n{nonce} ready\n".encode())


def _build() -> type:
    """Load the user's predictor and make the class that coglet is to load instead of it."""
    global _LOADER
    with _Reporting():
        reference, mode = os.environ.pop("RCLI_REFERENCE"), os.environ.pop("RCLI_MODE")
        inbox, outbox = os.environ.pop("RCLI_INBOX"), os.environ.pop("RCLI_OUTBOX")
        nonce = os.environ.pop("RCLI_NONCE")
        import cog.predictor

        _LOADER = cog.predictor.__file__ or ""
        load = _trainer if mode == "train" else cog.predictor.load_predictor_from_ref
        user = load(reference)
        call = _selected(user, mode)
        concurrent = int(os.environ.get("COG_MAX_CONCURRENCY", "1")) > 1
        loop = _thread_loop() if inspect.isasyncgenfunction(call) and not concurrent else None
        job = Job(call, _hints(call), inbox, outbox)
        weights = os.path.join(os.path.dirname(inbox), "weights")
        setup = _setup(user, nonce, loop, weights)
        members: dict[str, typing.Any] = {"run": _runner(job, loop), "setup": setup}
        if callable(getattr(user, "healthcheck", None)):
            members["healthcheck"] = _healthcheck(user.healthcheck)
        return types.new_class("Runner", (), exec_body=lambda names: names.update(members))


def _healthcheck(check: typing.Callable[..., typing.Any]) -> typing.Callable[..., typing.Any]:
    if inspect.iscoroutinefunction(check):

        async def awaited(self: typing.Any) -> typing.Any:
            return await check()

        return awaited
    return lambda self: check()


if __name__ == "__main__":
    launch()
elif "RCLI_REFERENCE" in os.environ:
    # The module must not stand in the way of a model's own "import shim".
    sys.modules["_rcli_shim"] = sys.modules.pop(__name__, sys.modules[__name__])
    _take_own_signals()
    _die_with_server()
    _explain_fatal_signals()
    _send_logs_before_exit()
    Runner = _build()
