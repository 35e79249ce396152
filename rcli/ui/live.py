"""What a person sees while a prediction runs: host and state, how far, the last log lines."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from rcli.ui.clean import one_line
from rcli.ui.logs import LogTail
from rcli.ui.logs import fraction as share

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.text import Text

_HEARTBEAT = 10.0


class Display(Protocol):
    """A display that is told what happens and stops at the first byte of output.

    ``title`` names the host and the model; ``is_drawn`` while there are lines on the terminal to be redrawn.
    """

    title: str

    @property
    def is_drawn(self) -> bool: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def phase(self, name: str, message: str = "", fraction: float | None = None) -> None: ...
    def logs(self, text: str) -> None: ...
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

    def logs(self, text: str) -> None:
        """Shows nothing."""

    def stop(self) -> None:
        """There is nothing to take away."""


class Heartbeat(Silent):
    """``--progress plain``: a line for each new phase, and one each ten seconds for what goes on in it."""

    def __init__(self, title: str, say: Callable[[str], None]) -> None:
        self.title = title
        self._say = say
        self._started = time.monotonic()
        self._spoke = 0.0
        self._name = ""
        self._line = ""
        self._tail = LogTail()

    def phase(self, name: str, message: str = "", fraction: float | None = None) -> None:
        changed = name != self._name
        self._name, self._line = name, f"{_named(name)}: {message}" if message else _named(name)
        if changed or self._is_due():
            self._speak(self._line)

    def logs(self, text: str) -> None:
        self._tail.feed(text)
        if self._is_due():
            self._speak(" · ".join((self._line, *self._tail.lines[-1:])))

    def _is_due(self) -> bool:
        return time.monotonic() - self._spoke > _HEARTBEAT

    def _speak(self, line: str) -> None:
        self._spoke = time.monotonic()
        self._say(f"{self.title}: {line} ({_clock(self._spoke - self._started)})")


class Live(Silent):
    """A few lines on stderr, redrawn in place and gone at the end."""

    def __init__(self, title: str, console: Console) -> None:
        from rich.live import Live as RichLive

        self.title = title
        self._started = time.monotonic()
        self._phase = ("starting", "")
        self._fraction: float | None = None
        self._tail = LogTail()
        self._live = RichLive(
            get_renderable=self._render,
            console=console,
            transient=True,
            refresh_per_second=10,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._stopped = False

    @property
    def is_drawn(self) -> bool:
        return self._live.is_started

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def phase(self, name: str, message: str = "", fraction: float | None = None) -> None:
        self._phase = (name, message)
        self._fraction = share(message) if fraction is None else fraction

    def logs(self, text: str) -> None:
        self._tail.feed(text)
        self._fraction = self._tail.fraction

    def stop(self) -> None:
        if not self._stopped:
            self._stopped = True
            self._live.stop()

    def _render(self) -> Group:
        from rich.console import Group
        from rich.text import Text

        lines = [self._head(), *(Text(f"  {line}", "dim") for line in self._tail.lines)]
        for line in lines:
            line.no_wrap = True
            line.overflow = "ellipsis"
        return Group(*lines)

    def _head(self) -> Text:
        from rich.text import Text

        name, message = self._phase
        head = Text.assemble((_named(name), "bold"), " ", (_clock(time.monotonic() - self._started), "cyan"))
        if self._fraction is not None:
            head.append(f" {_bar(self._fraction)} {self._fraction:.0%}", "green")
        if message:
            head.append(f" {one_line(message)}")
        return head.append(f"  {one_line(self.title)}", "dim")


def _named(phase: str) -> str:
    """The phase for people: what a model does before it can run at all is its cold start."""
    return f"cold start: {phase}" if phase in ("environment", "setup") else phase


def _bar(fraction: float, width: int = 10) -> str:
    full = round(min(max(fraction, 0.0), 1.0) * width)
    return "━" * full + "╌" * (width - full)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)}:{rest:04.1f}" if minutes else f"{rest:.1f} s"
