"""The two displays that speak: one redraws itself, one writes a line now and then."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable

import pyte
import pytest

from rcli.ui.live import Heartbeat, Live, Silent

PATIENCE = 60.0


class Written(io.StringIO):
    """A stream that can be waited for."""

    def __init__(self) -> None:
        super().__init__(newline="")
        self._grown = threading.Condition()

    def write(self, text: str) -> int:
        with self._grown:
            count = super().write(text)
            self._grown.notify_all()
        return count

    def until(self, told: Callable[[str], bool]) -> str:
        with self._grown:
            assert self._grown.wait_for(lambda: told(self.getvalue()), PATIENCE), self.getvalue()
            return self.getvalue()


def seen(text: str, columns: int = 80) -> list[str]:
    screen = pyte.Screen(columns, 24)
    pyte.Stream(screen).feed(text)
    return [line.rstrip() for line in screen.display if line.strip()]


def test_the_picture_is_drawn_again_while_nothing_happens() -> None:
    stream = Written()

    with Live("local · me/dinos", stream, coloured=False, every=0.01) as display:
        display.phase("setup")
        text = stream.until(lambda text: text.count("cold start: setup") > 5)

    assert "local · me/dinos" in seen(text)[0]
    assert seen(stream.getvalue()) == []


def test_what_is_over_at_once_draws_nothing() -> None:
    stream = Written()

    with Live("local", stream, coloured=False, every=60) as display:
        display.phase("running")

    assert stream.getvalue() == ""


def test_nothing_is_drawn_once_it_was_stopped() -> None:
    stream = Written()

    with Live("local", stream, coloured=False, every=0.01) as display:
        stream.until(lambda text: bool(seen(text)))
        display.stop()
        ended = stream.getvalue()
        display.phase("saving")

    assert stream.getvalue() == ended


def test_a_log_s_bar_is_the_share_until_the_phase_changes() -> None:
    stream = Written()

    with Live("local", stream, coloured=False, every=0.01) as display:
        display.phase("running")
        display.logs("step 9/20\n")
        stream.until(lambda text: "running" in text and "45%" in text)
        display.phase("saving")
        text = stream.until(lambda text: "saving" in text)

    assert "45%" not in text[text.index("saving") :]


def test_a_log_that_is_written_elsewhere_is_not_shown_twice() -> None:
    stream = Written()

    with Live("local", stream, coloured=False, every=0.01) as display:
        display.logs("the picture is read\nstep 9/20", shown=False)
        text = stream.until(lambda text: "45%" in text)

    assert "the picture is read" not in text
    assert "step 9/20" in text


def test_what_is_said_stands_above_the_picture() -> None:
    stream = Written()

    with Live("local", stream, coloured=False, every=0.01) as display:
        display.above("before the first\r\n")
        stream.until(lambda text: "starting" in text)
        display.above("said\r\n")

        assert seen(stream.getvalue())[:2] == ["before the first", "said"]
        assert "starting" in seen(stream.getvalue())[2]
    assert seen(stream.getvalue()) == ["before the first", "said"]


def test_a_terminal_that_has_gone_ends_nothing() -> None:
    tried = threading.Event()

    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            tried.set()
            raise OSError(5, "Input/output error")

    with Live("local", Gone(), coloured=False, every=0.01) as display:
        assert tried.wait(PATIENCE)
        with pytest.raises(OSError, match="Input/output error"):
            display.above("said\r\n")

    assert not display.is_drawn


def test_a_heartbeat_tells_each_phase_once_and_what_goes_on_in_it() -> None:
    stream = Written()

    with Heartbeat("local · me/dinos", lambda line: print(line, file=stream), every=0.05) as display:
        display.phase("connecting", "to local")
        display.phase("setup")
        display.phase("setup", "loading")
        stream.until(lambda text: "setup: loading" in text)
        display.phase("running")
        display.logs("the picture is read\nstep 9/20\n")
        text = stream.until(lambda text: "45%" in text)

    lines = text.splitlines()
    assert list(dict.fromkeys(line.partition(" (")[0] for line in lines)) == [
        "local · me/dinos: connecting: to local",
        "local · me/dinos: cold start: setup",
        "local · me/dinos: cold start: setup: loading",
        "local · me/dinos: running",
        "local · me/dinos: running 45%",
    ]
    assert re.fullmatch(r".* to local \(\d+\.\d s\)", lines[0])
    assert lines[-1].endswith(" s) · step 9/20")


def test_a_heartbeat_that_was_stopped_is_silent() -> None:
    stream = Written()

    with Heartbeat("local", lambda line: print(line, file=stream), every=0.01) as display:
        display.phase("running")
        stream.until(lambda text: text.count("running") > 1)
    display._thread.join(PATIENCE)
    ended = stream.getvalue()

    assert not display._thread.is_alive()
    assert stream.getvalue() == ended


def test_a_display_for_nobody_does_nothing() -> None:
    with Silent() as display:
        display.phase("running", "x", 0.5)
        display.logs("x")
        display.above("x")

        assert not display.is_drawn
