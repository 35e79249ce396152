"""What a person sees while a prediction runs: host and state, how far, the last log lines."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Protocol, Self, TextIO

from rcli.progress import fraction as share
from rcli.ui import frames
from rcli.ui.block import Block
from rcli.ui.clean import one_line
from rcli.ui.frames import State
from rcli.ui.logs import LogTail

HEARTBEAT = 10.0
"""Seconds after which ``--progress plain`` says again what goes on."""

_REFRESH = 0.1
_PATIENCE = 1.0
"""Seconds to wait for a picture that is being drawn: a terminal that takes nothing must hold nobody up."""


class Display(Protocol):
    """A display that is told what happens and stops at the first byte of output.

    ``title`` names the host and the model; ``is_drawn`` while there are lines on the terminal, or may be at
    any time: whatever else is written there goes through ``above``, which moves them down.
    """

    title: str

    @property
    def is_drawn(self) -> bool: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def phase(self, name: str, message: str = "", fraction: float | None = None) -> None: ...
    def logs(self, text: str, *, shown: bool = True) -> None: ...
    def above(self, text: str) -> None: ...
    def stop(self) -> None: ...


class Silent:
    """For pipes and ``--quiet``."""

    title = ""

    @property
    def is_drawn(self) -> bool:
        return False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def phase(self, name: str, message: str = "", fraction: float | None = None) -> None:
        """Shows nothing."""

    def logs(self, text: str, *, shown: bool = True) -> None:
        """Shows nothing."""

    def above(self, text: str) -> None:
        """There is nothing that stands in the way: whoever speaks writes."""

    def stop(self) -> None:
        """There is nothing to take away."""


class _Ticking(Silent):
    """A state that is shown every now and then by a thread, whether or not anything happens.

    The thread only reads: what it shows is replaced as a whole, never changed.
    """

    def __init__(self, title: str, every: float) -> None:
        now = time.monotonic()
        self.title = title
        self._state = State(began=now, since=now)
        self._tail = LogTail(frames.MOST_LINES)
        self._shows_log = True
        self._every = every
        self._over = Event()
        self._thread = Thread(target=self._tick, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def phase(self, name: str, message: str = "", fraction: float | None = None) -> None:
        if name != self._state.phase:
            self._tail.fraction = None
        known = share(message) if fraction is None else fraction
        self._state = self._state.entered(name, message, known, time.monotonic())

    def logs(self, text: str, *, shown: bool = True) -> None:
        """Not ``shown``: its lines are written elsewhere, and only how far they say it is counts."""
        self._shows_log = shown
        self._tail.feed(text)

    def stop(self) -> None:
        self._over.set()

    def _tick(self) -> None:
        while not self._over.wait(self._every):
            self._show()

    def _show(self) -> None:
        raise NotImplementedError

    @property
    def _lines(self) -> tuple[str, ...]:
        return self._tail.lines if self._shows_log else self._tail.open

    def _now(self) -> State:
        """The state, with what the log says of how far it is where nothing else does."""
        state = self._state
        return state if state.fraction is not None else replace(state, fraction=self._tail.fraction)


class Heartbeat(_Ticking):
    """``--progress plain``: a line for each new phase, and one every ten seconds for what goes on in it."""

    def __init__(self, title: str, say: Callable[[str], None], every: float = HEARTBEAT) -> None:
        super().__init__(title, every)
        self._say = say
        self._spoke = 0.0

    def phase(self, name: str, message: str = "", fraction: float | None = None) -> None:
        is_new = name != self._state.phase or not self._spoke
        super().phase(name, message, fraction)
        if is_new:
            self._speak("")

    def _tick(self) -> None:
        while not self._over.wait(max(self._spoke + self._every - time.monotonic(), self._every / 10)):
            if time.monotonic() - self._spoke >= self._every:
                self._show()

    def _show(self) -> None:
        self._speak("".join(f" · {line}" for line in self._lines[-1:]))

    def _speak(self, last_line: str) -> None:
        self._spoke = time.monotonic()
        self._say(f"{one_line(self.title)}: {frames.spoken(self._now(), self._spoke)}{last_line}")


class Live(_Ticking):
    """A few lines on stderr, written anew in place and gone at the end.

    The first picture comes after a moment: what is over by then needs none.
    """

    def __init__(self, title: str, stream: TextIO, *, coloured: bool, every: float = _REFRESH) -> None:
        super().__init__(title, every)
        self._block = Block(stream)
        self._coloured = coloured
        self._drawing = Lock()

    @property
    def is_drawn(self) -> bool:
        return self._thread.ident is not None and not self._over.is_set()

    def above(self, text: str) -> None:
        """Writes a text that ends its line where the picture was, and the picture below it.

        Raises OSError.
        """
        with self._drawing:
            if self._block.is_shown:
                self._block.show(self._picture(), text)
            else:
                self._block.write(text)

    def stop(self) -> None:
        super().stop()
        has_it = self._drawing.acquire(timeout=_PATIENCE)
        try:
            with suppress(OSError):  # there is nothing to take away from a terminal that has gone
                self._block.erase()
        finally:
            if has_it:
                self._drawing.release()

    def _show(self) -> None:
        with self._drawing:
            if not self._over.is_set():
                with suppress(OSError):  # who looked at it has gone, which the main thread hears too
                    self._block.show(self._picture())

    def _picture(self) -> list[str]:
        columns, rows = self._block.size()
        return frames.lines(
            self._now(),
            self.title,
            self._lines,
            time.monotonic(),
            columns,
            rows,
            coloured=self._coloured,
        )
