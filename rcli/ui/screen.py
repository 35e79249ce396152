"""The only one who speaks: data to stdout, everything else to stderr, each fit for who reads it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from rcli.errors import ClosedPipe, RcliError, UsageError
from rcli.ui.clean import StreamCleaner, clean, is_writable, one_line, writable
from rcli.ui.logs import LogLines

if TYPE_CHECKING:
    from rich.console import Console

    from rcli.ui.board import Board
    from rcli.ui.live import Display
    from rcli.ui.rolling import RollingLog


class Screen:
    """Two streams and the user's wishes about them.

    On a terminal data is coloured and cleaned of control characters; in a pipe it is plain and byte-exact.
    """

    def __init__(
        self,
        stdout: TextIO,
        stderr: TextIO,
        environ: Mapping[str, str],
        *,
        quiet: bool = False,
        plain: bool = False,
        progress: str = "auto",
        jq: str | None = None,
    ) -> None:
        self._out = stdout
        self._err = stderr
        self._environ = environ
        self._progress = progress
        self._jq = jq
        self._cleaner = StreamCleaner()
        self._at_line_start = True
        self._display: Display | None = None
        self._log_lines = LogLines()
        self._log_is_open = False
        self.quiet = quiet
        self.plain = plain or environ.get("TERM") == "dumb"

    @cached_property
    def is_terminal(self) -> bool:
        return self._out.isatty()

    @cached_property
    def width(self) -> int:
        """Columns of a line of text: the terminal's, as far as lines are good to read."""
        return min(self.console.width, 100) if self.is_terminal else 80

    @cached_property
    def speaks(self) -> bool:
        """Whether a person reads stderr."""
        return self._err.isatty() and not self.quiet

    @property
    def sums_up(self) -> bool:
        """Whether what is over is summed up: for a person, or for the log of a script that asked for one."""
        return not self.quiet and (self._progress == "plain" or self.speaks)

    # data

    def text(self, piece: str) -> None:
        """A piece of text output, at once: byte-exact in a pipe, harmless on a terminal."""
        shown = self._cleaner.feed(piece) if self.is_terminal else piece
        if shown:
            self._at_line_start = shown.endswith("\n")
            self._write(self._out, shown)

    def end_text(self) -> None:
        """After the last piece: a newline of ours on a terminal, nothing in a pipe."""
        if self.is_terminal and not self._at_line_start:
            self._write(self._out, "\n")
            self._at_line_start = True

    def roll(self, piece: str) -> None:
        """A piece of a log that is the data: byte-exact in a pipe, on a terminal a bar is one line."""
        if self.is_terminal:
            _guarded(self._rolling.feed, piece)
        else:
            self.text(piece)

    def end_roll(self) -> None:
        """After the last piece of such a log, and whenever it breaks off."""
        if self.is_terminal:
            _guarded(self._rolling.end)

    def bytes(self, chunks: Iterable[bytes]) -> None:
        """Raw data to stdout. Raises UsageError on a terminal."""
        if self.is_terminal:
            raise UsageError("binary data does not go to a terminal", hint="-o FILE, or a pipe")
        self._flush(self._out)
        for chunk in chunks:
            _guarded(self._out.buffer.write, chunk)
            _guarded(self._out.buffer.flush)  # what comes slowly is to be seen at once

    def markdown(self, text: str) -> None:
        """A document: laid out on a terminal, where a link shows its address, byte-exact in a pipe."""
        if not self.is_terminal or self.plain:
            self.text(text)
            self.end_text()
            return
        from rich.markdown import Markdown

        _guarded(self.console.print, Markdown(clean(text), hyperlinks=False), width=self.width)

    def line(self, text: str) -> None:
        """One line of data."""
        self._write(self._out, (clean(text) if self.is_terminal else text) + "\n")

    def path(self, path: Path) -> None:
        """A saved file, whole; on a terminal a link."""
        if self.is_terminal and not self.plain:
            _guarded(self.console.print, _link(path), soft_wrap=True, highlight=False)
        else:
            self.line(str(path))

    def json(self, value: Any) -> None:
        """The API's own JSON, or what ``--jq`` makes of it: indented on a terminal."""
        for result in self._filtered(value):
            if isinstance(result, str) and self._jq:
                self.line(result)
            elif self.is_terminal:
                self._coloured(_dumped(result, indent=2))
            else:
                self.line(_dumped(result))

    def event(self, value: Any) -> None:
        """One JSON object on one line, at once."""
        for result in self._filtered(value):
            is_text = isinstance(result, str) and self._jq
            self.line(result if is_text else _dumped(result))

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str = "none") -> None:
        """A list: a table on a terminal, tab-separated without a head in a pipe."""
        lines = [[one_line("" if cell is None else str(cell)) for cell in row] for row in rows]
        if not self.is_terminal:
            for cells in lines:
                self.line("\t".join(cells))
        elif lines:
            self._grid(columns, lines)
        else:
            self.note(empty)

    def fields(self, pairs: Iterable[tuple[str, str | None]]) -> None:
        """One thing's fields, those without a value left out: aligned on a terminal, else tab-separated."""
        shown = [(label, clean(value).strip("\n")) for label, value in pairs if value is not None]
        if not self.is_terminal:
            for label, value in shown:
                self.line(f"{label}\t{value}")
            return
        width = max((len(label) for label, _ in shown), default=0) + 2
        for label, value in shown:
            self._field(label, value, width)

    # everything else

    def note(self, text: str) -> None:
        """A remark for a person at a terminal; nobody else sees it."""
        if self.speaks:
            self._tell(text)

    def say(self, text: str) -> None:
        """What a script's log should have too; ``--quiet`` silences it."""
        if not self.quiet:
            self._tell(text)

    def log(self, piece: str) -> None:
        """A piece of a model's log that was asked for: exact in a pipe, on a terminal in harmless lines."""
        if not self._err.isatty():
            self._log_is_open = not piece.endswith("\n")
            _told(self._err.write, writable(piece))
            _told(self._err.flush)
        elif told := self._log_lines.feed(piece):
            self._begin_line()
            self._put(told)

    def end_log(self) -> None:
        """After the last piece of a log; its last line may be without an end."""
        if told := self._log_lines.rest():
            self._begin_line()
            self._put(told)

    def trace(self, text: str) -> None:
        """A line that ``--debug`` asked for."""
        self._tell(text)

    def doing(self, text: str) -> None:
        """What takes its time just now: in the live display if there is one, else a remark."""
        if self._display and self._display.is_drawn:
            self._display.phase("starting", text)
        else:
            self.note(text)

    def warning(self, text: str) -> None:
        self._labelled("warning:", "yellow", text)

    def error(self, error: RcliError) -> None:
        """What happened, and in the next line what to do."""
        self._labelled("error:", "red", error.message)
        if error.hint:
            self._labelled("hint:", "cyan", error.hint)

    def display(self, title: str) -> Display:
        """A live display of one prediction on stderr; silent where nobody looks."""
        from rcli.ui import live

        if self._progress == "plain" and not self.quiet:
            self._display = live.Heartbeat(title, self.say)
        elif self.speaks and not self.plain and self._progress == "auto":
            self._display = live.Live(title, self._err, coloured=not self._environ.get("NO_COLOR"))
        else:
            self._display = live.Silent()
        return self._display

    def cockpit(self, title: str) -> Display:
        """A live display of one training, like ``display``; one that is drawn is a Cockpit."""
        from rcli.ui.cockpit import Cockpit
        from rcli.ui.live import Live

        if isinstance(self.display(title), Live):
            self._display = Cockpit(title, self._err, coloured=not self._environ.get("NO_COLOR"))
        assert self._display is not None
        return self._display

    def board(self, title: str, labels: Sequence[str]) -> Board:
        """A live display of several predictions, like ``display``."""
        from rcli.ui import board

        found: Board = board.Silent()
        if self._progress == "plain" and not self.quiet:
            found = board.Heartbeat(title, labels, self.say)
        elif self.speaks and not self.plain and self._progress == "auto":
            found = board.Live(title, labels, self._err, coloured=not self._environ.get("NO_COLOR"))
        self._display = found
        return found

    def finish(self) -> None:
        """All data is out. Raises ClosedPipe or RcliError when it could not be written."""
        self._flush(self._out)

    @cached_property
    def _rolling(self) -> RollingLog:
        from rcli.ui.rolling import RollingLog

        return RollingLog(self._out, animated=not self.plain)

    @cached_property
    def console(self) -> Console:
        return self._console(self._out)

    @cached_property
    def errors(self) -> Console:
        return self._console(self._err)

    def _console(self, stream: TextIO) -> Console:
        from rich.console import Console

        return Console(file=stream, color_system=None if self.plain else "auto", _environ=self._environ)

    def _filtered(self, value: Any) -> Iterable[Any]:
        if not self._jq:
            return [value]
        try:
            return list(program(self._jq).input_value(value))
        except ValueError as exc:
            raise _no_filter(exc) from exc

    def _coloured(self, text: str) -> None:
        from rich.highlighter import JSONHighlighter

        _guarded(self.console.print, JSONHighlighter()(clean(text)), soft_wrap=True)

    def _field(self, label: str, value: str, width: int) -> None:
        from rich.text import Text

        gap = "\n" if "\n" in value else " " * (width - len(label))
        _guarded(
            self.console.print, Text.assemble((label, "dim"), gap, value), soft_wrap=True, highlight=False
        )

    def _grid(self, columns: Sequence[str], lines: list[list[str]]) -> None:
        from rcli.ui import grid

        for part in grid.laid_out(columns, lines, self.console.width):
            _guarded(self.console.print, part)

    def _begin_line(self) -> None:
        """A remark does not go on where a text broke off, if both are on the same terminal."""
        if self._err.isatty():
            self.end_text()

    def _labelled(self, label: str, colour: str, text: str) -> None:
        self._begin_line()
        if (self._err.isatty() or self._environ.get("FORCE_COLOR")) and not self.plain:
            from rich.text import Text

            line = Text.assemble((label, f"bold {colour}"), " ", clean(text))
            with self.errors.capture() as rendered:
                self.errors.print(line, soft_wrap=True, highlight=False)
            self._put(rendered.get())
        else:
            self._put(clean(f"{label} {text}") + "\n")

    def _tell(self, text: str) -> None:
        """Lines on stderr; a live display moves down for them."""
        self._begin_line()
        self._put(clean(text) + "\n")

    def _put(self, text: str) -> None:
        """What is ready for a terminal goes to stderr, above a live display that stands there."""
        if self._log_is_open:
            self._log_is_open = False
            text = "\n" + text
        if self._display and self._display.is_drawn:
            _told(self._display.above, text)
        else:
            _told(self._err.write, text)
            _told(self._err.flush)

    def _write(self, stream: TextIO, text: str) -> None:
        _guarded(stream.write, writable(text))
        self._flush(stream)

    def _flush(self, stream: TextIO) -> None:
        _guarded(stream.flush)


def _dumped(value: Any, indent: int | None = None) -> str:
    """JSON as people read it; what no stream can take stays escaped."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    return text if is_writable(text) else json.dumps(value, indent=indent)


def program(expression: str, option: str = "--jq") -> Any:
    """What ``--jq`` runs. Raises UsageError for what is not in that language."""
    import jq

    try:
        return jq.compile(expression)
    except ValueError as exc:
        raise _no_filter(exc, option) from exc


def _no_filter(error: ValueError, option: str = "--jq") -> UsageError:
    return UsageError(f"{option}: {error}", hint="the language: https://jqlang.org/manual")


def _guarded(write: Any, *args: Any, **options: Any) -> None:
    """A reader that went away is an error of ours: Typer would swallow the system's."""
    try:
        write(*args, **options)
    except BrokenPipeError as exc:
        raise ClosedPipe from exc
    except OSError as exc:
        raise RcliError(f"cannot write the output: {exc.strerror}") from exc


def _told(write: Any, *args: Any, **options: Any) -> None:
    """A remark that cannot be written, on a full disk, is no reason to give up what was paid for."""
    try:
        write(*args, **options)
    except BrokenPipeError as exc:
        raise ClosedPipe from exc
    except OSError:
        pass


def _link(path: Path) -> Any:
    from rich.style import Style
    from rich.text import Text

    return Text(clean(str(path)), Style(link=path.as_uri()))
