"""One picture of a running prediction as lines for a terminal: pure functions from a state to text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rcli.ui.clean import one_line

MOST_LINES = 3
"""How many lines of the log are shown below the head, where the terminal is high enough."""

_COLD = ("environment", "setup")
_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_WORTH_TELLING = 0.1
"""Seconds: a shorter wait is none."""

_COLOURS = {"bold": "1", "dim": "2", "cyan": "36", "green": "32", "yellow": "33", "red": "31"}

Segment = tuple[str, str]
"""A text and its style, a key of the colours or nothing."""


@dataclass(frozen=True)
class State:
    """What there is to show; times are those of one clock that only goes forward, in seconds.

    ``began`` is when the display was opened, ``since`` when the phase was entered; ``earlier`` are the waits
    before it by their names.
    """

    began: float
    since: float
    phase: str = "starting"
    message: str = ""
    fraction: float | None = None
    earlier: tuple[tuple[str, float], ...] = ()

    def entered(self, phase: str, message: str, fraction: float | None, now: float) -> State:
        """The state from now on; a phase that goes on keeps its clock."""
        if phase == self.phase:
            return replace(self, message=message, fraction=fraction)
        earlier = _added(self.earlier, _wait(self.phase), now - self.since)
        return replace(self, phase=phase, message=message, fraction=fraction, since=now, earlier=earlier)


def named(phase: str) -> str:
    """The phase for people: what a model does before it can run at all is its cold start."""
    return f"cold start: {phase}" if phase in _COLD else one_line(phase)


def clock(seconds: float) -> str:
    """``3.4 s``, ``2:05 min``, ``1:02:05 h``."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02} h" if hours else f"{minutes}:{rest:02} min"


def spoken(state: State, now: float) -> str:
    """One plain line: the phase, how far it is, and the time since the display was opened."""
    far = f" {state.fraction:.0%}" if state.fraction is not None else ""
    message = f": {one_line(state.message)}" if state.message else ""
    return f"{named(state.phase)}{far}{message} ({clock(now - state.began)})"


def lines(
    state: State, title: str, log: Sequence[str], now: float, columns: int, rows: int, *, coloured: bool
) -> list[str]:
    """The head and the end of the log, each cut to leave the terminal's last column free."""
    room = max(0, min(MOST_LINES, rows - 2))
    shown = [[("  " + one_line(line), "dim")] for line in log[len(log) - min(room, len(log)) :]]
    return [_painted(_cut(each, columns - 1), coloured) for each in [_head(state, title, now), *shown]]


def line(segments: Sequence[Segment], columns: int, *, coloured: bool) -> str:
    """Segments as one line, cut to so many cells."""
    return _painted(_cut(segments, columns), coloured)


def _head(state: State, title: str, now: float) -> list[Segment]:
    spinner = _SPINNER[int((now - state.began) * 10) % len(_SPINNER)]
    head = [(f"{spinner} ", "cyan"), (named(state.phase), "bold"), (f" {clock(now - state.since)}", "cyan")]
    if state.fraction is not None:
        head.append((f" {_bar(state.fraction)} {state.fraction:.0%}", "green"))
    if state.message:
        head.append((f" {one_line(state.message)}", ""))
    waits = [f"{name} {clock(seconds)}" for name, seconds in state.earlier if seconds >= _WORTH_TELLING]
    if waits:
        head.append((f"  {' · '.join([*waits, f'{clock(now - state.began)} in all'])}", "dim"))
    return [*head, (f"  {one_line(title)}", "dim")]


def _wait(phase: str) -> str:
    """Under which name a phase that is over stands behind the present one; none for rcli's own doings."""
    if phase in _COLD:
        return "cold start"
    return phase if phase in ("queued", "queue or cold start", "running") else ""


def _added(waits: tuple[tuple[str, float], ...], name: str, seconds: float) -> tuple[tuple[str, float], ...]:
    if not name:
        return waits
    summed = dict(waits)
    summed[name] = summed.get(name, 0.0) + seconds
    return tuple(summed.items())


def _bar(fraction: float, width: int = 10) -> str:
    full = int(min(max(fraction, 0.0), 1.0) * width)
    return "━" * full + "╌" * (width - full)


def _cut(segments: Sequence[Segment], columns: int) -> list[Segment]:
    """As much as fits into so many cells; an ellipsis says that there was more."""
    from rich.cells import cell_len  # only where something is drawn

    if sum(cell_len(text) for text, _ in segments) <= columns:
        return list(segments)
    kept: list[Segment] = []
    room = max(columns - 1, 0)
    for text, style in segments:
        if cell_len(text) > room:
            return [*kept, (_beginning(text, room) + "…", style)]
        kept.append((text, style))
        room -= cell_len(text)
    return kept


def _beginning(text: str, columns: int) -> str:
    """What of a text fits: a wide character at the edge is left out whole."""
    from rich.cells import chop_cells

    return chop_cells(text, columns)[0] if columns > 0 and text else ""


def _painted(segments: Sequence[Segment], coloured: bool) -> str:
    if not coloured:
        return "".join(text for text, _ in segments)
    return "".join(f"\x1b[{_COLOURS[style]}m{text}\x1b[0m" if style else text for text, style in segments)
