"""What a person sees while a prediction runs: host and state, how far, the last log lines."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self

from rcli.ui.clean import one_line
from rcli.ui.logs import LogTail

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.text import Text

_HEARTBEAT = 10.0


class Display(Protocol):
    """A display that is told what happens and stops at the first byte of output."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def phase(self, name: str, message: str = "", fraction: float | None = None) -> None: ...
    def logs(self, text: str) -> None: ...
    def stop(self) -> None: ...


class Silent:
    """For pipes and ``--quiet``."""

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
    """``--progress plain``: a line for each change, and at most one each ten seconds for logs."""

    def __init__(self, title: str, say: Callable[[str], None]) -> None:
        self._title = title
        self._say = say
        self._started = time.monotonic()
        self._spoke = 0.0
        self._last = ""
        self._tail = LogTail()

    def phase(self, name: str, message: str = "", fraction: float | None = None) -> None:
        line = f"{name}: {message}" if message else name
        if line != self._last:
            self._last = line
            self._speak(line)

    def logs(self, text: str) -> None:
        self._tail.feed(text)
        if time.monotonic() - self._spoke > _HEARTBEAT:
            self._speak(" · ".join((self._last, *self._tail.lines[-1:])))

    def _speak(self, line: str) -> None:
        self._spoke = time.monotonic()
        self._say(f"{self._title}: {line} ({_clock(self._spoke - self._started)})")


class Live:
    """A few lines on stderr, redrawn in place and gone at the end."""

    def __init__(self, title: str, console: Console) -> None:
        from rich.live import Live as RichLive

        self._title = title
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

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def phase(self, name: str, message: str = "", fraction: float | None = None) -> None:
        self._phase = (name, message)
        self._fraction = fraction

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
        head = Text.assemble((name, "bold"), " ", (_clock(time.monotonic() - self._started), "cyan"))
        if self._fraction is not None:
            head.append(f" {_bar(self._fraction)} {self._fraction:.0%}", "green")
        if message:
            head.append(f" {one_line(message)}")
        return head.append(f"  {one_line(self._title)}", "dim")


def _bar(fraction: float, width: int = 10) -> str:
    full = round(min(max(fraction, 0.0), 1.0) * width)
    return "━" * full + "╌" * (width - full)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(seconds, 60)
    return f"{int(minutes)}:{rest:04.1f}" if minutes else f"{rest:.1f} s"
